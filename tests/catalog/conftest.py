from __future__ import annotations

import inspect

import pytest

from searchengine.catalog import roots, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.engines import CATALOG_FILE
from tests.catalog.builder import spec

SQLITE = ["sqlite"]
POSTGRES = [pytest.param("postgres", marks=pytest.mark.postgres)]


def pytest_generate_tests(metafunc):
    """Tests of a catalog run on both databases, unless their module has a list `DATABASES` of its own.

    Those that name the catalog's file are SQLite's.
    """
    if "where" in metafunc.fixturenames:
        databases = getattr(metafunc.module, "DATABASES", [*SQLITE, *POSTGRES])
        if "path" in inspect.signature(metafunc.function).parameters:
            databases = SQLITE
        metafunc.parametrize("where", databases, indirect=True)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "library" / CATALOG_FILE


@pytest.fixture
def where(request, path):
    """Where a catalog is, or will be: a file, or a database that a server has made."""
    return path if request.param == "sqlite" else request.getfixturevalue("postgres_catalog")


@pytest.fixture
def catalog(where):
    with Catalog.open(where, create=True) as opened:
        yield opened


@pytest.fixture
def space(catalog):
    with catalog.write() as session:
        return spaces.create_space(session, spec())


@pytest.fixture
def root(catalog):
    with catalog.write() as session:
        return roots.add_root(session, b"/photos")
