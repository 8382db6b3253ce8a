"""The deployment files: valid by their schemas, as safe as they say, and calling commands that are there."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from searchengine.cli import program

DEPLOY = Path(__file__).parent.parent / "deploy"
MANIFESTS = sorted(
    path for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.name != "kustomization.yaml"
)
OURS = "imgsearch"


def documents():
    return [each for path in MANIFESTS for each in yaml.safe_load_all(path.read_text())]


def pods():
    """(name, pod template's spec) of everything that runs."""
    found = {}
    for each in documents():
        spec = each.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            found[each["metadata"]["name"]] = template["spec"]
    return found


COMPOSE = ["compose.yaml", "nas.yaml"]
UNITS = sorted((DEPLOY / "systemd").iterdir())


def compose(name="compose.yaml"):
    return yaml.safe_load((DEPLOY / name).read_text())


def call(arguments):
    """Whether imgsearch has such a command with such options."""
    name, *rest = arguments
    command = program.get_command(None, name)
    assert command is not None, name
    known = {option for parameter in command.params for option in parameter.opts}
    assert [each for each in rest if each.startswith("-") and each not in known] == []


@pytest.mark.parametrize("name", COMPOSE)
def test_the_compose_file_is_valid(name):
    if importlib.util.find_spec("check_jsonschema") is None:
        pytest.skip("check-jsonschema, which has the schema, isn't installed (pip install check-jsonschema)")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.compose-spec",
            DEPLOY / name,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_docker_takes_the_compose_file():
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip("docker compose isn't here")
    done = subprocess.run(
        [
            "docker",
            "compose",
            "-f",
            DEPLOY / "compose.yaml",
            "--env-file",
            DEPLOY / ".env.example",
            "config",
            "-q",
        ],
        capture_output=True,
        text=True,
        env={
            "PATH": "/usr/bin:/usr/local/bin",
            "IMGSEARCH_TOKEN": "t",
            "RAY_AUTH_TOKEN": "r",
            "POSTGRES_PASSWORD": "p",
            "PHOTOS": "/p",
        },
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_the_manifests_are_valid(path):
    kubernetes_validate = pytest.importorskip(
        "kubernetes_validate", reason="kubernetes-validate, which has the schemas, isn't installed"
    )
    for each in yaml.safe_load_all(path.read_text()):
        kubernetes_validate.validate(each, kubernetes_validate.latest_version(), strict=True)


def test_every_manifest_is_applied():
    listed = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())["resources"]
    assert sorted(listed) == [path.name for path in MANIFESTS]


@pytest.mark.parametrize("name", sorted(pods()))
def test_pods_are_nobody_and_may_do_nothing(name):
    spec = pods()[name]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert "privileged" not in security
        if container["image"] == OURS:
            assert security["readOnlyRootFilesystem"] is True
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("name", ["server", "postgres", "milvus", "ray-head"])
def test_what_serves_is_probed(name):
    for container in pods()[name]["containers"]:
        assert "livenessProbe" in container
    if name == "server":
        probes = [container[probe] for probe in ("startupProbe", "readinessProbe")]
        assert all(probe["httpGet"]["path"] == "/healthz" for probe in probes)


def test_what_pods_refer_to_is_there():
    named = {(each["kind"], each["metadata"]["name"]) for each in documents()}
    for name, spec in pods().items():
        volumes = {volume["name"] for volume in spec["volumes"]}
        for volume in spec["volumes"]:
            if claim := volume.get("persistentVolumeClaim"):
                assert ("PersistentVolumeClaim", claim["claimName"]) in named, name
            if settings := volume.get("configMap"):
                assert ("ConfigMap", settings["name"]) in named, name
        templates = next(
            (
                each["spec"].get("volumeClaimTemplates", [])
                for each in documents()
                if each["metadata"]["name"] == name and each["kind"] == "StatefulSet"
            ),
            [],
        )
        volumes |= {template["metadata"]["name"] for template in templates}
        for container in spec["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes, name
            for source in container.get("envFrom", []):
                assert ("ConfigMap", source["configMapRef"]["name"]) in named, name
    text = "".join(path.read_text() for path in MANIFESTS)
    for host in re.findall(r"(?:://|@)([a-z][a-z-]*):\d+", text):
        assert ("Service", host) in named


def test_secrets_come_from_outside():
    for path in (*MANIFESTS, DEPLOY / "compose.yaml"):
        for line in path.read_text().splitlines():
            if re.search(r"(TOKEN|PASSWORD)\s*:", line):
                assert "${" in line, line
    assert not any(each["kind"] == "Secret" for each in documents())
    assert all(
        line.startswith("#") or not line or not re.match(r"\w*(TOKEN|PASSWORD)=.", line)
        for line in (DEPLOY / ".env.example").read_text().splitlines()
    )


def test_the_commands_that_are_called_are_there():
    called = 0
    for spec in pods().values():
        for container in spec["containers"]:
            if container["image"] == OURS and "args" in container and "command" not in container:
                call(container["args"])
                called += 1
            elif container["image"] == OURS and container["command"][0] == "sh":
                (line,) = re.findall(r"imgsearch ([^|]+)", container["command"][-1])
                call(line.split())
                called += 1
    for service in [each for name in COMPOSE for each in compose(name)["services"].values()]:
        if service["image"] == OURS and service["command"]:
            call(service["command"])
            called += 1
    for unit in UNITS:
        for line in re.findall(
            r"^ExecStart=/opt/imgsearch/bin/imgsearch (.+)$", unit.read_text(), re.MULTILINE
        ):
            call(line.split())
            called += 1
    assert called >= 8


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd isn't here")
def test_systemd_takes_the_units(tmp_path):
    for unit in UNITS:  # it wants the programs to be there
        (tmp_path / unit.name).write_text(
            unit.read_text().replace("/opt/imgsearch/bin/imgsearch", "/bin/true")
        )
    done = subprocess.run(
        ["systemd-analyze", "verify", *tmp_path.iterdir()], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("file", COMPOSE)
def test_compose_services_are_nobody_and_are_checked(file):
    for name, service in compose(file)["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "healthcheck" in service, name
        if service["image"] == OURS:
            assert (service["user"], service["read_only"]) == ("10001:10001", True), name
        for needed in service.get("depends_on", {}):
            assert needed in compose(file)["services"], name


def test_the_image_is_nobodys_and_copies_what_is_there():
    text = (DEPLOY / "Dockerfile").read_text()
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert "/healthz" in text
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE):
        *sources, _ = line.split()
        assert all((DEPLOY.parent / source).exists() for source in sources)
