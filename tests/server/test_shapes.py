"""A shape says of an answer what the dataclass says that it is filled from."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from searchengine.server.shapes import shape
from searchengine.status import IndexReport, Status
from searchengine.understanding.describe import Description


def members(of):
    return of.model_json_schema()["properties"]


def test_members_are_described_in_the_words_of_the_docstring():
    index = members(shape(IndexReport))
    assert index["recall"]["description"].startswith("Share of the nearest ten that a search finds")
    assert "\n" not in index["kind"]["description"]
    assert "null before the first run" in members(shape(Status))["space"]["description"]
    assert shape(IndexReport).model_json_schema()["description"] == "How the vectors are searched."


def test_dataclasses_within_are_shapes_too():
    library = shape(Status).model_json_schema()
    assert library["properties"]["spaces"]["items"] == {"$ref": "#/$defs/SpaceReport"}
    assert {"$ref": "#/$defs/IndexReport"} in library["properties"]["index"]["anyOf"]
    assert library["$defs"]["SpaceReport"]["additionalProperties"] is False
    assert "box" in shape(Description).model_json_schema()["$defs"]["Object"]["properties"]


def test_members_are_left_out_added_and_sent_otherwise():
    status = members(shape(Status, without=("roots",), bytes=str, address=str))
    assert "roots" not in status
    assert status["bytes"]["type"] == status["address"]["type"] == "string"
    assert status["bytes"]["description"].startswith("Size of the library on disk")
    told = members(shape(Status, address=Annotated[str, Field(description="Where it is.")]))
    assert told["address"]["description"] == "Where it is."


def test_what_has_other_members_is_refused():
    report = {"kind": "exact", "reason": "", "vectors": 1, "snapshot": None, "note": None, "recall": 1.0}
    assert shape(IndexReport).model_validate(report)
    for other in (report | {"more": 1}, {"kind": "exact"}):
        with pytest.raises(ValidationError):
            shape(IndexReport).model_validate(other)


@pytest.mark.parametrize("of", [Status, Description])
def test_every_member_has_its_sentence(of):
    schema = shape(of).model_json_schema()
    every = [schema, *schema["$defs"].values()]
    assert [
        name for each in every for name, kind in each["properties"].items() if "description" not in kind
    ] == []
