"""A catalog with one of everything that an export has to carry."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from searchengine.catalog import labels, ocr, record, removal, roots, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.files import contents_by_hash, files_below
from searchengine.engines import CATALOG_FILE
from searchengine.images.description import Description
from tests.catalog.builder import at, facts, picture, put, spec, unit


@pytest.fixture(scope="session")
def full(tmp_path_factory):
    """A library: pictures with all that there can be, a copy, a video, one deleted, one out of reach.

    Not to be changed.
    """
    library = tmp_path_factory.mktemp("full") / "library"
    with Catalog.open(library / CATALOG_FILE, create=True) as catalog:
        with catalog.write() as session:
            space = spaces.create_space(session, spec(), precision="int8")
            root = roots.add_root(session, b"/photos")
            other = roots.add_root(session, b"/mnt/old\xff disk")
        said = Description("Rex", "at the lake", ("dog", "Straße"), "Lisbon, Portugal", 4)
        everything = facts(
            "everything",
            taken_at=datetime(2021, 6, 1, 10, 11, 12),
            camera="Canon EOS 5D",
            lens="EF 50mm",
            focal_length=50.0,
            latitude=48.85,
            longitude=2.35,
            perceptual_hash=bytes(range(8)),
            flags=("truncated",),
            description=said,
        )
        video = record.Picture(
            at(root, "clip.mp4"),
            facts("video", duration=9.5),
            np.array([unit(1), unit(2), unit(3)]),
            (0.0, 2.5, 7.25),
        )
        beside = record.SidecarText("12-34", Description(caption="from a sidecar", rating=-1))
        put(
            catalog,
            space,
            record.Picture(at(root, "2021/a.jpg"), everything, unit(0)[None], sidecar=beside),
            record.Picture(at(other, b"caf\xe9.jpg"), everything, unit(0)[None]),
            video,
            picture(root, "deleted.jpg", "deleted"),
            picture(other, "away.jpg", "away"),
            failures=[record.Failure(at(root, "broken.jpg"), "can't be decoded")],
        )
        with catalog.write() as session:
            ids = contents_by_hash(session, [everything.hash, facts("away").hash])
            ocr.record(session, {ids[everything.hash]: "EXIT 4711", ids[facts("away").hash]: ""})
            labels.put_examples(session, "rex", [ids[everything.hash]], shows=True)
            labels.put_examples(session, "cat", [ids[everything.hash]], shows=False)
            removal.remove_files(session, [files_below(session, root.id, b"deleted.jpg")[b"deleted.jpg"].id])
            removal.mark_missing(session, [files_below(session, other.id, b"away.jpg")[b"away.jpg"].id])
    return library
