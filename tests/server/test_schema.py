"""/openapi.json against the server: whatever it allows is answered, and answered as it says."""

from __future__ import annotations

import shutil

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from searchengine import Library
from searchengine.server.app import application
from searchengine.server.settings import Settings

OPERATIONS = {
    "/api/search": ["get", "post"],
    "/api/images/{image}": ["get"],
    "/api/images/{image}/thumbnail": ["get"],
    "/api/images/{image}/preview": ["get"],
    "/api/images/{image}/original": ["get"],
    "/api/images/{image}/similar": ["get"],
    "/api/status": ["get"],
    "/api/progress": ["get"],
    "/api/failures": ["get"],
    "/api/facets": ["get"],
    "/api/paths": ["post"],
    "/api/export": ["get"],
    "/api/duplicates": ["get"],
    "/api/classify": ["post"],
    "/api/objects": ["post"],
    "/api/describe": ["post"],
    "/api/clusters": ["get"],
    "/api/labels": ["get"],
    "/api/labels/{name}": ["delete", "patch"],
    "/api/labels/{name}/suggest": ["get"],
    "/api/labels/{name}/examples": ["get", "post"],
    "/api/labels/{name}/examples/{image}": ["delete"],
    "/api/labels/{name}/train": ["post"],
    "/api/session": ["post"],
    "/healthz": ["get"],
    "/metrics": ["get"],
}
# No schema can say which texts are queries, which are cursors that a page gave, which labels exclude each
# other, or how many pictures there are; to one 2.0 is an integer.
ASKED = (
    *("/predict", "/api/search", "/api/export", "/api/failures", "/api/duplicates", "/api/paths"),
    *("/api/classify", "/api/clusters", "/api/labels/{name}", "/api/labels/{name}/examples"),
)
EMBEDDING = {"/ping": ["get"], "/predict": ["post"]}
# Each request here starts the application and ends it, and with it the processes that decode: the answers of
# those that decode are held against their shapes in test_understanding.
DECODING = ("/api/objects", "/api/describe")
EACH = [
    (path, method)
    for path, methods in (OPERATIONS | EMBEDDING).items()
    for method in methods
    if path not in DECODING
]


TOKEN = "correct horse battery staple"


@pytest.fixture(scope="module")
def described(place, tmp_path_factory):
    """The schema, bound to the application of a library whose labels may be changed."""
    settings = Settings(allowed_hosts=("testserver",), embedding_api=True, token=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with Library.open(
        shutil.copytree(place.library, tmp_path_factory.mktemp("schema") / "library")
    ) as library:
        library.teacher.add("rex", [1])
        yield schemathesis.openapi.from_asgi("/openapi.json", application(library, settings), headers=headers)


def test_every_path_and_method_is_described(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert {path: sorted(methods) for path, methods in paths.items()} == OPERATIONS


def test_every_shape_has_a_name_of_its_own(client):
    shapes = client.get("/openapi.json").json()["components"]["schemas"]
    assert [
        name for name in shapes if "__" in name
    ] == []  # where two are called alike, modules' names come in


@pytest.mark.parametrize(("path", "method"), EACH)
def test_every_operation_answers_as_described(path, method, described):
    operation = described[path][method.upper()]
    excluded = [positive_data_acceptance] if path in ASKED else []

    @given(
        case=st.one_of(
            operation.as_strategy(),
            operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE),
        )
    )
    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def conforms(case):
        case.call_and_validate(excluded_checks=excluded, headers={"Authorization": f"Bearer {TOKEN}"})

    conforms()
