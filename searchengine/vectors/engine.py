"""FAISS, imported the one way that suits it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from typing import Any

# Threads that wait by spinning starve each other as soon as another process is busy: 28 ms instead of 2.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Any, because its type stubs come with some versions only and leave out what is used here.
faiss: Any = import_module("faiss")


@cache
def pool(threads: int) -> ThreadPoolExecutor:
    """Threads to share one query's work among; FAISS shares out queries only."""
    # The setting is a thread's own: each does its share by itself.
    return ThreadPoolExecutor(threads, "scan", initializer=lambda: faiss.omp_set_num_threads(1))
