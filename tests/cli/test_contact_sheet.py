from __future__ import annotations

import os
from html.parser import HTMLParser

import pytest

from searchengine.cli.contact_sheet import (
    KEPT_SHEETS,
    MOST_PICTURES,
    contact_sheet,
    sheet_to_open,
    write_sheet,
)
from searchengine.errors import ImageError

WEBP = b"RIFF....WEBP"


class Reader(HTMLParser):
    """Collects what a page shows and points at."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text.append(data.strip())

    def all(self, tag, attribute):
        return [attributes.get(attribute) for name, attributes in self.tags if name == tag]


def test_a_sheet_needs_nothing_but_itself(result, page):
    sheet = Reader(contact_sheet(page(result()), lambda *_: WEBP, title="a dog"))
    assert sheet.all("img", "src") == ["data:image/webp;base64,UklGRi4uLi5XRUJQ"]
    assert not {"script", "link", "iframe"} & {tag for tag, _ in sheet.tags}
    assert "default-src 'none'" in " ".join(filter(None, sheet.all("meta", "content")))


def test_a_sheet_has_the_query_the_pictures_and_their_captions(result, page):
    sheet = Reader(contact_sheet(page(result(), result(rank=2, id=18)), lambda *_: WEBP, title="a dog"))
    for part in ("a dog", "2 of 412 pictures", "1", "2", "rex.jpg", "0.312"):
        assert part in sheet.text
    assert sheet.all("a", "href") == ["file:///photos/2023/rex.jpg"] * 2
    assert sheet.all("img", "alt") == ["rex.jpg"] * 2


def test_nothing_in_a_name_or_a_query_becomes_markup(result, page):
    nasty = '/photos/"><script>alert(1)</script>&.jpg'
    html = contact_sheet(page(result(path=nasty)), lambda *_: WEBP, title="<b>&amp;</b>")
    sheet = Reader(html)
    assert "<b>&amp;</b>" in sheet.text
    assert "script" not in {tag for tag, _ in sheet.tags}
    assert sheet.all("img", "alt") == ["script>&.jpg"]


def test_a_path_that_is_not_utf_8_makes_a_sheet_that_is(result, page, tmp_path):
    html = contact_sheet(page(result(path="/caf\udce9.jpg")), lambda *_: WEBP, title="\udcff")
    write_sheet(html, tmp_path / "sheet.html")
    assert "file:///caf%E9.jpg" in (tmp_path / "sheet.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("error", [ImageError("gone"), FileNotFoundError("gone")])
def test_a_picture_that_cannot_be_reached_leaves_a_gap_and_not_an_error(result, page, error):
    def thumbnail(id_, time):
        if id_ == 17:
            raise error
        return WEBP

    sheet = Reader(contact_sheet(page(result(), result(id=18)), thumbnail, title="a dog"))
    assert len(sheet.all("img", "src")) == 1
    assert "The picture cannot be reached now." in sheet.text


def test_the_relevance_line_is_drawn_once(result, page):
    results = [result(rank=rank, relevant=rank <= 2) for rank in range(1, 6)]
    sheet = Reader(contact_sheet(page(*results), lambda *_: WEBP, title="a dog"))
    assert sheet.text.count("Less relevant below") == 1
    assert sheet.all("figure", "class") == [None, None, "less", "less", "less"]


def test_a_sheet_is_not_made_of_more_pictures_than_a_browser_shows(result, page):
    results = [result(rank=rank) for rank in range(1, MOST_PICTURES + 3)]
    sheet = Reader(contact_sheet(page(*results), lambda *_: WEBP, title="a dog"))
    assert len(sheet.all("img", "src")) == MOST_PICTURES
    assert "500 of 412 pictures; 502 were asked for, a sheet holds 500" in sheet.text


def test_a_sheet_that_cannot_be_written_leaves_nothing_behind_and_names_the_file(tmp_path):
    (tmp_path / "sheet.html").mkdir()
    for file in (tmp_path / "sheet.html", tmp_path / "nowhere" / "sheet.html"):
        with pytest.raises(OSError, match="sheet") as caught:
            write_sheet("<html>", file)
        assert caught.value.filename == str(file)
    assert os.listdir(tmp_path) == ["sheet.html"]


def test_only_the_last_opened_sheets_are_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for age in range(KEPT_SHEETS + 5):
        file = sheet_to_open()
        write_sheet("<html>", file)
        os.utime(file, (1000 + age, 1000 + age))
    kept = sorted(file.stat().st_mtime for file in file.parent.iterdir())
    assert kept == [1000 + age for age in range(5, KEPT_SHEETS + 5)]
