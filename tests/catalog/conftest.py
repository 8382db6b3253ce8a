from __future__ import annotations

import pytest

from searchengine.catalog import roots, spaces
from searchengine.catalog.catalog import FILE_NAME, Catalog
from tests.catalog.builder import spec


@pytest.fixture
def path(tmp_path):
    return tmp_path / "library" / FILE_NAME


@pytest.fixture
def catalog(path):
    with Catalog.open(path, create=True) as opened:
        yield opened


@pytest.fixture
def space(catalog):
    with catalog.write() as session:
        return spaces.create_space(session, spec())


@pytest.fixture
def root(catalog):
    with catalog.write() as session:
        return roots.add_root(session, b"/photos")
