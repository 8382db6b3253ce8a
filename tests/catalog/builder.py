"""Short ways to say what is in a catalog."""

from __future__ import annotations

import hashlib

import numpy as np

from searchengine.catalog import record
from searchengine.encoders.spec import ModelSpec, Preprocessing

DIM = 8


def spec(**changes):
    values = {
        "name": "test",
        "weights": "ab" * 32,
        "dim": DIM,
        "preprocessing": Preprocessing((32, 32), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        "context_length": 16,
        "logit_scale": 100.0,
    }
    return ModelSpec(**{**values, **changes})


def unit(seed, dim=DIM):
    """A unit vector, float32, always the same for a seed."""
    row = np.random.default_rng(seed).standard_normal(dim).astype(np.float32)
    return row / np.linalg.norm(row)


def facts(what, **more):
    """A content: the same bytes for the same `what`."""
    data = str(what).encode()
    return record.ContentFacts(hashlib.sha256(data).digest(), len(data), 40, 30, "JPEG", **more)


def at(root, path, *, size=None, mtime_ns=1):
    path = path if isinstance(path, bytes) else path.encode()
    return record.FileAt(root.id, path, len(path) if size is None else size, mtime_ns)


def picture(root, path, what, **more):
    """A file at `path` that holds the content `what`, with a vector made from it."""
    seed = int.from_bytes(hashlib.sha256(str(what).encode()).digest()[:4], "big")
    return record.Picture(at(root, path), facts(what, **more), unit(seed)[None])


def put(catalog, space, *pictures, failures=()):
    """One batch, one transaction."""
    with catalog.write() as session:
        return record.record_batch(session, space.id, pictures, failures)
