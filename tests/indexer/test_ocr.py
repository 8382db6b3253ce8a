"""The text in pictures: read where that is asked for, found by its words, and kept."""

from __future__ import annotations

import json
import time

import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw, ImageFont

from indexer.text import catch_up, recognize
from indexer.update import Update
from searchengine import Library
from searchengine.catalog.catalog import Catalog
from searchengine.cli import program
from searchengine.errors import UsageError
from searchengine.layout import Layout
from searchengine.verify.library import verify


def write(path, *lines):
    picture = Image.new("RGB", (640, 60 + 90 * len(lines)), "white")
    pen = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        pen.text((30, 30 + 90 * number), line, font=ImageFont.load_default(48), fill="black")
    picture.save(path)


def upper_name(paths):
    """Stands in for the reader, where that isn't the subject: a picture says its name."""
    if b"slow" in paths[0]:
        time.sleep(60)
    return None if b"gone" in paths[0] else paths[0].rpartition(b"/")[2].decode().upper()


@pytest.fixture
def stand_in(monkeypatch):
    monkeypatch.setattr(catch_up, "read_text", upper_name)
    monkeypatch.setattr(recognize, "is_installed", lambda: True)


def texts(library):
    with Library.open(library) as opened:
        found = opened.search("type:png", k=None)
        return {hit.path.rpartition("/")[2]: opened.image(hit.id).text for hit in found}


def matching(library, query):
    with Library.open(library) as opened:
        return sorted(hit.path.rpartition("/")[2] for hit in opened.search(query, k=None))


@pytest.mark.slow
def test_text_is_read_found_and_shown(tmp_path, encoder):
    pytest.importorskip("rapidocr", reason="needs the extra ocr")
    photos, library = tmp_path / "photos", tmp_path / "library"
    photos.mkdir()
    write(photos / "a.png", "Invoice 4711", "Bicycle repair")
    write(photos / "b.png", "Lighthouse")
    Image.new("RGB", (300, 200), "green").save(photos / "c.png")
    Update(library).run([photos])
    assert matching(library, '"invoice"') == []
    summary = Update(library, ocr=True).run([photos])
    assert summary.unchanged == 3
    assert summary.stages["text"] > 0
    assert texts(library) == {"a.png": "Invoice 4711\nBicycle repair", "b.png": "Lighthouse", "c.png": None}
    assert matching(library, '"bicycle repair"') == ["a.png"]
    assert matching(library, '-"lighthouse"') == ["a.png", "c.png"]
    assert verify(library).sound


def test_what_was_asked_for_once_goes_on_until_it_is_dropped(tmp_path, encoder, photos, library, stand_in):
    write(photos / "one.png", "x")
    Update(library, ocr=True).run([photos])
    write(photos / "two.png", "y")
    Update(library).run([photos])
    assert texts(library) | {"one.png": "ONE.PNG", "two.png": "TWO.PNG"} == texts(library)
    assert matching(library, '"two png"') == ["two.png"]
    Update(library, ocr=False).run([photos])
    write(photos / "three.png", "z")
    Update(library).run([photos])
    assert set(texts(library).values()) == {None}
    assert verify(library).sound


def test_a_library_that_nobody_asked_to_read_is_not_read(photos, library, encoder, stand_in):
    assert "text" not in Update(library).run([photos]).stages


def test_what_takes_too_long_is_left_and_what_is_away_is_tried_again(
    photos, library, encoder, stand_in, monkeypatch
):
    monkeypatch.setattr(catch_up, "SECONDS", 3)
    for name in ("slow", "gone", "quick"):
        write(photos / f"{name}.png", name)
    Update(library, ocr=True).run([photos])
    with Catalog.open(Layout(library).catalog) as catalog, catalog.read() as session:
        (left,) = catch_up.ocr.unread(session, after=0, most=10).values()
    assert left[0].endswith(b"/gone.png")
    assert texts(library) | {"slow.png": None, "gone.png": None, "quick.png": "QUICK.PNG"} == texts(library)


def test_without_the_extra_it_says_what_to_install(photos, library, index, stand_in, monkeypatch):
    index(photos, ocr=True)
    monkeypatch.setattr(recognize, "is_installed", lambda: False)
    with pytest.raises(UsageError, match=r"imgsearch\[ocr\]"):
        index(photos, ocr=True)
    write(photos / "later.png", "x")
    result = CliRunner().invoke(program, ["--library", str(library), "index", str(photos), "--json"])
    assert json.loads(result.stdout)["added"] == 1
    assert "the text in 1 picture isn't read: pip install 'imgsearch[ocr]'" in result.stderr
    assert index(photos).illegible == 1
