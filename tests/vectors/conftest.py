from __future__ import annotations

import pytest

from tests.vectors.memory import MemorySource


@pytest.fixture
def source():
    return MemorySource()
