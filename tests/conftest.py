"""What every test may ask for: the shared data, and a library of rendered scenes on the built-in model."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexer.update import Update
from tests.pictures import paint_scenes

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared data folder: photos, hostile files, duplicates, real embeddings."""
    folder = Path(os.environ.get("IMGSEARCH_SHARED", REPOSITORY.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip(f"there is no shared data at {folder}; say where it is with IMGSEARCH_SHARED")
    return folder


@pytest.fixture(scope="session")
def scenes(tmp_path_factory) -> dict[str, Path]:
    """Rendered pictures of known content, by what they show."""
    return paint_scenes(tmp_path_factory.mktemp("scenes"))


@pytest.fixture(scope="session")
def scene_library(scenes, tmp_path_factory) -> Path:
    """A library of `scenes`, made by the real indexer with the built-in model. Not to be changed."""
    library = tmp_path_factory.mktemp("scene library") / "library"
    summary = Update(library, model="builtin").run([next(iter(scenes.values())).parent])
    assert summary.added == len(scenes)
    return library
