"""What is said beside pictures follows its files, and costs no more than reading them."""

from __future__ import annotations

import os
import shutil

import pytest
from PIL import Image, PngImagePlugin
from sqlalchemy import delete, select

from indexer.update import Update
from indexer.watching.changes import Changed, folders_to_look_at
from searchengine.catalog import words
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.images import images
from searchengine.catalog.models import Content, ContentText
from searchengine.catalog.visibility import settle
from tests.images.made import xmp


@pytest.fixture
def saying(library):
    """Ratings by the names of the pictures in whose texts a word stands."""

    def find(word):
        with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
            ids = session.scalars(select(Content.id).where(words.has(word))).all()
            found = images(session, ids).values()
            return {os.path.basename(row.files[0].path).decode(): row.description.rating for row in found}

    return find


def counts(summary):
    return {
        key: value
        for key, value in summary.to_dict().items()
        if value and key not in ("duration_s", "stages")
    }


def write(path, *keywords, **said):
    path.write_text(xmp(keywords=keywords, **said))
    return path


@pytest.mark.parametrize("name", ["a.jpg.xmp", "a.xmp", "a.XMP", "a.jpg.XMP"])
def test_it_is_read_with_the_picture_whatever_the_program_calls_it(index, photos, saying, name):
    write(photos / name, "rex", rating=4)
    assert counts(index(photos)) == {"seen": 3, "added": 3}
    assert saying("rex") == {"a.jpg": 4}
    assert counts(index(photos)) == {"seen": 3, "unchanged": 3}


def test_it_comes_changes_and_goes_without_reading_the_picture(index, photos, saying, encoder):
    index(photos)
    sidecar = write(photos / "a.jpg.xmp", "rex", rating=4)
    for change, found in (
        (lambda: None, {"a.jpg": 4}),
        (lambda: write(sidecar, "rex", rating=2), {"a.jpg": 2}),
        (sidecar.unlink, {}),
    ):
        change()
        summary = index(photos)
        assert counts(summary) == {"seen": 3, "updated": 1, "unchanged": 2}
        assert "read" not in summary.stages
        assert saying("rex") == found
        assert counts(index(photos)) == {"seen": 3, "unchanged": 3}
    assert encoder.images == 3


def test_a_survey_tells_it_from_a_picture_that_has_changed(index, photos, library):
    index(photos)
    write(photos / "a.xmp", "rex")
    found = Update(library).survey([photos])
    assert [entry.path for _, entry in found.to_describe] == [b"a.jpg"]
    assert found.to_read == 0


def test_the_one_that_names_the_picture_goes_before_the_shared_one(index, photos, saying):
    write(photos / "a.xmp", "anna", rating=2)
    write(photos / "a.jpg.xmp", "rex")
    index(photos)
    assert saying("rex") == {"a.jpg": 2}
    assert saying("anna") == {}


def test_a_single_file_is_looked_at_in_the_same_way(index, photos, saying):
    write(photos / "a.xmp", "rex")
    index(photos / "a.jpg")
    assert saying("rex") == {"a.jpg": None}
    assert counts(index(photos)) == {"seen": 3, "added": 2, "unchanged": 1}
    (photos / "a.xmp").unlink()
    assert counts(index(photos / "a.jpg")) == {"seen": 1, "updated": 1}
    assert saying("rex") == {}


def test_it_moves_with_its_picture(index, photos, saying, encoder):
    write(photos / "a.jpg.xmp", "rex")
    index(photos)
    for name in ("a.jpg", "a.jpg.xmp"):
        shutil.move(photos / name, photos / "trip" / name)
    assert counts(index(photos)) == {"seen": 3, "moved": 1, "unchanged": 2}
    assert saying("rex") == saying("trip a") == {"a.jpg": None}
    assert encoder.images == 3


def test_copies_have_each_their_own(index, photos, saying):
    shutil.copy(photos / "a.jpg", photos / "copy.jpg")
    write(photos / "copy.jpg.xmp", "rex")
    index(photos)
    assert len(saying("rex")) == 1  # under the name of whichever was recorded first
    (photos / "copy.jpg").unlink()
    index(photos)
    assert saying("rex") == {}


def test_a_broken_one_says_nothing_and_harms_nobody(index, photos, saying):
    (photos / "a.jpg.xmp").write_bytes(b"\0not XML")
    (photos / "b.png.xmp").mkdir()
    assert counts(index(photos)) == {"seen": 3, "added": 3}
    assert counts(index(photos)) == {"seen": 3, "unchanged": 3}
    write(photos / "a.jpg.xmp", "rex")
    index(photos)
    assert saying("rex") == {"a.jpg": None}


def test_excluded_ones_are_not_read(index, photos, saying):
    write(photos / "a.jpg.xmp", "rex")
    index(photos, exclude=["*.xmp"])
    assert saying("rex") == {}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_one_that_can_not_be_read_is_told_and_tried_again(index, photos, saying):
    index(photos)
    sidecar = write(photos / "a.jpg.xmp", "rex")
    sidecar.chmod(0)
    summary = index(photos)
    assert counts(summary) == {"seen": 3, "unchanged": 3}
    assert [problem.path for problem in summary.problems] == [os.fsencode(photos / "a.jpg")]
    sidecar.chmod(0o600)
    assert counts(index(photos)) == {"seen": 3, "updated": 1, "unchanged": 2}
    assert saying("rex") == {"a.jpg": None}


def test_what_an_older_version_did_not_read_is_read_with_rehash(index, photos, library, saying, encoder):
    Image.new("RGB", (40, 30), "red").save(photos / "rex.jpg", xmp=xmp(keywords=["anna"]).encode())
    chunks = PngImagePlugin.PngInfo()
    chunks.add_itxt("XML:com.adobe.xmp", xmp(keywords=["rex"], rating=2))
    Image.new("RGB", (40, 30), "blue").save(photos / "rex.png", pnginfo=chunks)
    index(photos)
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.write() as session:
        session.execute(delete(ContentText))
        settle(session, words.differences(session))
    assert saying("anna") == {}
    assert saying("rex") == {"rex.jpg": None, "rex.png": None}
    seen = encoder.images
    assert counts(index(photos, rehash=True)) == {"seen": 5, "updated": 5}
    assert encoder.images == seen
    assert saying("anna") == {"rex.jpg": None}
    assert saying("rex") == {"rex.jpg": None, "rex.png": 2}


def test_watch_looks_when_one_changes(photos):
    changed = [Changed(os.fsencode(photos / "trip" / "c.xmp"), in_place=True)]
    folder = os.fsencode(photos)
    looked_at = folders_to_look_at(
        changed, [folder], library=b"/elsewhere", excluded=None, knows=lambda path: False
    )
    assert looked_at == {os.path.join(folder, b"trip")}
