"""What every test may ask for: the shared data, and a library of rendered scenes on the built-in model."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from indexer.update import Update
from searchengine import reach
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.models import Base
from tests.pictures import paint_scenes
from tests.servers import postgres

REPOSITORY = Path(__file__).parent.parent

# Several parts of the suite share the cores: that something is slow for once says nothing.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
reach.PATIENCE = 10.0


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared data folder: photos, hostile files, duplicates, real embeddings."""
    folder = Path(os.environ.get("IMGSEARCH_SHARED", REPOSITORY.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip(f"there is no shared data at {folder}; say where it is with IMGSEARCH_SHARED")
    return folder


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL server; skips where there is none."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def emptied_catalog(postgres_server):
    """Gives the URL of an empty catalog, the same every time: a tenth of the time that making one takes."""
    name = postgres_server.database()
    url = postgres_server.url(name)
    Catalog.open(url, create=True).close()
    tables = ", ".join([*Base.metadata.tables, "text_index"])

    def empty() -> str:
        postgres_server.tell(f"TRUNCATE {tables} RESTART IDENTITY", database=name)
        return url

    return empty


@pytest.fixture
def postgres_catalog(emptied_catalog) -> str:
    """The URL of an empty catalog. Who changes more than its rows makes a `new_database`."""
    return emptied_catalog()


@pytest.fixture
def new_database(postgres_server) -> str:
    """The URL of a database in which nothing has been made."""
    return postgres_server.url(postgres_server.database())


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
