from __future__ import annotations

import pytest

from searchengine import Library
from tests.catalog.builder import spec


@pytest.fixture
def library(scene_library):
    with Library.open(scene_library) as opened:
        yield opened


@pytest.fixture
def clip():
    """A model whose probabilities sum to 1."""
    return spec(logit_scale=100.0)


@pytest.fixture
def siglip():
    """A model that tells of each label by itself."""
    return spec(logit_scale=100.0, logit_bias=-10.0)
