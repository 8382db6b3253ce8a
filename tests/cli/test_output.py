from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace

from searchengine.as_json import to_json
from searchengine.cli.output import as_csv, as_json, as_json_lines, as_paths
from searchengine.results import SearchResults

ODD = "/photos/caf\udce9\n.jpg"


def test_json_is_the_contracts_object(result, page):
    assert json.loads(b"".join(as_json(page(result(copies=("/b.jpg",), flags=("truncated",)))))) == {
        "query": "a dog",
        "space": "builtin",
        "total": 412,
        "took_ms": 18.3,
        "results": [
            {
                "rank": 1,
                "id": 17,
                "hash": "d06" + "0" * 61,
                "path": "/photos/2023/rex.jpg",
                "copies": ["/b.jpg"],
                "score": 0.3124,
                "relevant": True,
                "offline": False,
                "flags": ["truncated"],
                "region": None,
                "width": 4000,
                "height": 3000,
                "format": "JPEG",
                "taken_at": "2023-05-01T10:11:12",
                "camera": "Canon EOS 5D",
                "edits": [],
                "time": None,
                "duration": None,
                "title": None,
                "caption": None,
                "keywords": [],
                "place": None,
                "rating": None,
            }
        ],
    }


def test_json_is_readable_utf_8_and_keeps_the_bytes_of_a_path_that_is_not(result):
    (line,) = as_json_lines([result(path=ODD, camera="Фото")])
    assert "Фото".encode() in line
    assert os.fsencode(json.loads(line)["path"]) == b"/photos/caf\xe9\n.jpg"


def test_what_was_written_is_read_back(result, page):
    given = page(
        result(rank=1, path=ODD, flags=("truncated",), region=(0.1, 0.2, 0.5, 0.6), keywords=("a", "b")),
        result(rank=2, taken_at=None, edits=("/c.jpg",)),
    )
    sent = json.loads(to_json({**given.to_dict(), "next": "abc"}))
    sent["results"][0]["thumbnail"] = "/api/images/17/thumbnail"  # the server's own
    assert SearchResults.from_dict(sent) == replace(given, next="abc", took_ms=round(given.took_ms, 1))


def test_json_lines_are_one_result_a_line(result):
    lines = b"".join(as_json_lines([result(rank=1), result(rank=2, path=ODD)])).splitlines()
    assert [json.loads(line)["rank"] for line in lines] == [1, 2]


def test_csv_has_a_header_and_joins_copies(result):
    rows = [result(copies=("/a, b.jpg", "/c.jpg"), region=(0, 0, 10, 20)), result(path=ODD, taken_at=None)]
    first, second = csv.DictReader(io.StringIO(b"".join(as_csv(rows)).decode()))
    assert list(first) == list(rows[0].to_dict())
    assert first["copies"] == "/a, b.jpg|/c.jpg"
    assert first["region"] == "0|0|10|20"
    assert first["relevant"] == "true"
    assert second["path"] == "/photos/caf\\udce9\n.jpg"
    assert second["taken_at"] == ""


def test_paths_are_the_file_systems_bytes(result):
    assert b"".join(as_paths([result(), result(path=ODD)], end=b"\0")) == (
        b"/photos/2023/rex.jpg\0/photos/caf\xe9\n.jpg\0"
    )


def test_any_value_can_be_json():
    assert to_json({"path": "\udcff"}) == rb'{"path": "\udcff"}'
