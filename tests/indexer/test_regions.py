"""Regions: embedded where that is asked for, of what there was before too, and dropped again."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import update

from indexer.regions.catch_up import blank_picture, in_context
from indexer.switching.switch import Switch
from indexer.upkeep.repair import repair
from searchengine import Library
from searchengine.catalog import regions, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.models import Embedding
from searchengine.encoders import load_encoder
from searchengine.encoders.spec import ModelSpec
from searchengine.layout import Layout
from searchengine.verify.library import verify
from tests.pictures import paint

SIZE = (320, 240)
TILES = 12  # of a picture of four by three
BLANK = 1  # picture that each run that embeds regions looks at beside them


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for number in range(3):
        paint(folder / f"{number}.png", number, size=SIZE)
    return folder


def embeddings(library):
    with Catalog.open(Layout(library).catalog) as catalog, catalog.read() as session:
        space = spaces.active_space(session)
        assert regions.count_lacking(session, space.id) == 0 or not space.regions
        return spaces.embedding_counts(session)[space.id]


def test_what_was_indexed_before_gets_its_regions_and_keeps_its_embedding(photos, library, index, encoder):
    index(photos)
    assert (encoder.images, embeddings(library)) == (3, 3)
    summary = index(photos, regions=True)
    assert (summary.unchanged, summary.added) == (3, 0)
    assert summary.stages["regions"] > 0
    assert (encoder.images, embeddings(library)) == (3 + 3 * TILES + BLANK, 3 + 3 * TILES)
    index(photos, regions=True)
    assert encoder.images == 3 + 3 * TILES + BLANK
    assert verify(library).sound


def test_what_was_asked_for_once_goes_on_until_it_is_dropped(photos, library, index, encoder):
    index(photos, regions=True)
    paint(photos / "later.png", 7, size=SIZE)
    paint(photos / "tiny.png", 8)
    index(photos)
    assert embeddings(library) == 5 + 4 * TILES
    assert len(Library.open(library).search("", k=None)) == 5
    index(photos, regions=False)
    assert embeddings(library) == 5
    assert verify(library).sound
    paint(photos / "last.png", 9, size=SIZE)
    assert "regions" not in index(photos).stages
    assert embeddings(library) == 6


def test_a_run_that_is_stopped_keeps_what_is_done_and_the_next_goes_on(photos, library, index, encoder):
    for number in range(3, 6):
        paint(photos / f"{number}.png", number, size=SIZE)
    index(photos)
    encode = encoder.encode_images

    def stopped(pixels):
        if encoder.images >= 6 + 3 * TILES + BLANK:  # the first three pictures are one batch
            raise KeyboardInterrupt
        return encode(pixels)

    encoder.encode_images = stopped
    assert index(photos, regions=True).outcome == "interrupted"
    encoder.encode_images = encode
    index(photos)
    assert embeddings(library) == 6 + 6 * TILES
    assert encoder.images == 6 + 6 * TILES + 2 * BLANK
    assert verify(library).sound


def test_another_model_gets_the_regions_too(photos, library, index, encoder, monkeypatch):
    index(photos, regions=True)

    class Other(type(encoder)):
        spec = ModelSpec("other", "1" * 64, 192, encoder.spec.preprocessing, 77, 100.0)

    other = Other()
    monkeypatch.setattr(Switch, "_load_encoder", lambda self: other)
    assert Switch(library, "other").run().embedded == 3
    assert (other.images, embeddings(library)) == (3 + 3 * TILES + BLANK, 3 + 3 * TILES)
    assert verify(library).sound


def test_a_damaged_picture_takes_its_regions_along_when_it_is_repaired(photos, library, index, encoder):
    index(photos, regions=True)
    with Catalog.open(Layout(library).catalog) as catalog, catalog.write() as session:
        whole = (Embedding.content_id == 1) & (Embedding.part == 0)
        session.execute(update(Embedding).where(whole).values(vector=bytes(384)))
    repair(library)
    assert embeddings(library) == 2 + 2 * TILES
    index(photos)
    assert embeddings(library) == 3 + 3 * TILES
    assert verify(library).sound


def test_a_region_is_searched_as_a_part_of_its_picture_and_stands_back_a_little():
    dog, beach, street, blank = np.eye(4, dtype=np.float32)
    on_beach, on_street = (in_context(dog[None], place, blank)[0] for place in (beach, street))
    assert np.linalg.norm([on_beach, on_street], axis=1) == pytest.approx([1, 1])
    assert on_beach @ (dog + beach) > on_street @ (dog + beach)
    assert 0.97 < on_beach @ dog == on_street @ dog < 1


def test_a_blank_picture_goes_with_few_words():
    encoder = load_encoder("builtin")
    words = encoder.encode_texts(["a dog on a beach", "two red cars", "a forest", "a cat in a kitchen"])
    blank = blank_picture(encoder)
    assert np.linalg.norm(blank) == pytest.approx(1, abs=1e-5)
    assert (words @ blank).mean() < 0.1
