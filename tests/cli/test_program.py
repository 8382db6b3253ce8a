from __future__ import annotations

import time

import pytest

import searchengine
from searchengine.cli import COMMANDS
from searchengine.cli.place import Place
from searchengine.cli.program import unknown_command

HEAVY = ("numpy", "rich", "sqlalchemy", "PIL", "faiss", "torch", "onnxruntime", "open_clip", "indexer")
HEAVY += ("fastapi", "uvicorn", "pydantic")


def loaded(stderr):
    """Names of the modules that `python -X importtime` lists."""
    return {line.rpartition(b"|")[2].strip().decode() for line in stderr.splitlines() if b"|" in line}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["-h"], []])
def test_help_is_instant_because_nothing_heavy_is_imported(imgsearch_process, arguments):
    start = time.perf_counter()
    done = imgsearch_process(*arguments, python=("-X", "importtime"))
    took = time.perf_counter() - start
    print(f"imgsearch {' '.join(arguments)}: {took * 1000:.0f} ms, -X importtime included")  # noqa: T201
    assert {name.partition(".")[0] for name in loaded(done.stderr)}.isdisjoint(HEAVY)


def test_a_commands_own_help_imports_nothing_heavy_either(imgsearch_process):
    for name in ("search", "similar", "status", "evaluate", "serve"):
        done = imgsearch_process(name, "--help", python=("-X", "importtime"))
        assert done.returncode == 0
        assert {module.partition(".")[0] for module in loaded(done.stderr)}.isdisjoint(HEAVY)


def test_help_lists_every_command_with_its_line(imgsearch):
    text = imgsearch("--help").output
    for name, command in COMMANDS.items():
        assert f"  {name} " in text
        assert command.help in text
    assert "_IMGSEARCH_COMPLETE=bash_source" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_loads_and_has_help_with_an_example(name, imgsearch):
    command = COMMANDS[name].load()
    assert command.name == name
    for flag in ("-h", "--help"):
        done = imgsearch(name, flag)
        assert done.exit_code == 0
        assert f"    imgsearch {name}" in done.output
    assert COMMANDS[name].help.endswith(".")
    for parameter in command.params:
        if parameter.param_type_name == "option":
            assert parameter.help, f"{name} {parameter.opts[0]} has no help"


def test_the_version_is_the_packages(imgsearch):
    assert imgsearch("--version").output == f"imgsearch {searchengine.__version__}\n"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("serch", "Did you mean search"),
        ("failure", "Did you mean failures?"),
        ("dog", "To look for it: imgsearch search dog"),
    ],
)
def test_an_unknown_command_gets_the_nearest_names(typed, said, imgsearch):
    done = imgsearch(typed)
    assert done.exit_code == 2
    assert said in done.stderr
    assert said in unknown_command([typed], list(COMMANDS))


def test_who_forgot_the_word_search_gets_the_whole_command(imgsearch):
    done = imgsearch("a", "dog", "on a beach", "-k", "3")
    assert done.stderr.endswith("imgsearch search a dog 'on a beach' -k 3\n")


def test_an_unknown_option_of_the_program_is_wrong_usage(imgsearch):
    done = imgsearch("--libary", "x", "status")
    assert done.exit_code == 2
    assert "--library" in done.stderr


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("imgsearch s", {"search", "serve", "similar", "status", "switch-model"}),
        ("imgsearch --lib", {"--library"}),
        ("imgsearch search --for", {"--format"}),
        ("imgsearch search dog -cat --so", {"--sort"}),
        ("imgsearch search --frmat x --so", {"--sort"}),
        ("imgsearch search --format js", {"json", "jsonl"}),
        ("imgsearch similar --format c", {"csv"}),
    ],
)
def test_the_shell_completes(line, found, imgsearch_process):
    env = {
        "_IMGSEARCH_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split()) - 1),
    }
    done = imgsearch_process(env=env)
    assert {text.partition(",")[2] for text in done.stdout.decode().split()} == found


def test_the_shells_script_is_the_shells(imgsearch_process):
    done = imgsearch_process(env={"_IMGSEARCH_COMPLETE": "fish_source"})
    assert b"complete --no-files --command imgsearch" in done.stdout


def test_the_library_is_where_the_option_the_environment_or_nobody_says(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("IMGSEARCH_LIBRARY", raising=False)
    monkeypatch.chdir(tmp_path)
    assert Place("~/photos").library == tmp_path / "photos"
    assert Place("photos").library == tmp_path / "photos"
    assert tmp_path / "data" in Place().library.parents


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("before", "after", "env"),
    [
        (["--library", "there"], [], {}),
        ([], ["--library", "there"], {}),
        (["--library", "elsewhere"], ["--library=there"], {}),
        ([], [], {"IMGSEARCH_LIBRARY": "there"}),
        (["--library", "there"], [], {"IMGSEARCH_LIBRARY": "elsewhere"}),
        ([], ["--library", "there"], {"IMGSEARCH_LIBRARY": "elsewhere"}),
    ],
)
def test_a_library_that_is_not_there_is_an_error_that_names_it(before, after, env, imgsearch, empty):
    done = imgsearch(*before, "search", "dog", *after, env=env)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert f"no library at {empty / 'there'}" in done.stderr
    assert "imgsearch --library" in done.stderr


@pytest.mark.parametrize("command", [["similar", "x.jpg"], ["status"], ["failures"]])
def test_no_command_that_reads_makes_a_library(command, imgsearch, empty):
    assert imgsearch("--library", "there", *command).exit_code == 1
    assert not list(empty.iterdir())


def test_the_help_lists_every_command_before_the_options(imgsearch):
    shown = imgsearch("--help").stdout
    for name, command in COMMANDS.items():
        assert shown.index(f"\n  {name} ") < shown.index("\nOptions:\n"), command
