"""What is said beside a picture, from the command line."""

from __future__ import annotations

import json
from random import Random

from data.render import render
from data.scenes import arranged
from tests.images.made import xmp


def test_a_sidecar_is_all_it_takes_from_the_command_line(imgsearch, tmp_path):
    folder, library = tmp_path / "photos", tmp_path / "library"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        render(arranged({("dog", None): 1}, "beach", Random(name)), 256).save(folder / name)
    index = ("--library", library, "index", folder, "--quiet", "--json")
    assert json.loads(imgsearch(*index, "--model", "builtin").stdout)["added"] == 2
    (folder / "b.jpg.xmp").write_text(xmp(keywords=["bella"], rating=4))
    assert json.loads(imgsearch(*index).stdout)["updated"] == 1
    search = ("--library", library, "search", "--format", "json")
    (hit,) = json.loads(imgsearch(*search, "bella", "rating:4", '"bella"').stdout)["results"]
    assert (hit["path"], hit["keywords"], hit["rating"]) == (str(folder / "b.jpg"), ["bella"], 4)
    refused = imgsearch("--library", library, "search", '"..."')
    assert refused.exit_code == 2
    (folder / "b.jpg.xmp").unlink()
    assert json.loads(imgsearch(*index).stdout)["updated"] == 1
    assert json.loads(imgsearch(*search, '"bella"').stdout)["results"] == []
