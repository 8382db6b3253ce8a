from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from searchengine.duplicates import neighbours
from searchengine.duplicates.neighbours import near_embeddings, near_hashes
from searchengine.duplicates.symmetries import symmetric_hashes
from searchengine.images.hashes import hamming_distance, perceptual_hash


def vectors_with_twins(count, twins, dim=32):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((count, dim))
    vectors[-twins:] = vectors[:twins] + 0.05 * rng.standard_normal((twins, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


def hashes_with_twins(count, twins, bits):
    rng = np.random.default_rng(0)
    hashes = np.unpackbits(rng.integers(0, 256, (count, 8), dtype=np.uint8), axis=1)
    for twin in range(twins):
        hashes[count - twins + twin] = hashes[twin]
        hashes[count - twins + twin, rng.permutation(64)[:bits]] ^= 1
    return np.packbits(hashes, axis=1)


def share_found(pairs, count, twins):
    found = set(map(tuple, pairs.tolist()))
    return sum((twin, count - twins + twin) in found for twin in range(twins)) / twins


@pytest.fixture
def in_lists(monkeypatch):
    monkeypatch.setattr(neighbours, "EXACT", 1000)


def test_twins_are_among_the_nearest_embeddings():
    pairs, cosines = near_embeddings(vectors_with_twins(500, 50))
    assert share_found(pairs, 500, 50) == 1
    assert cosines.max() > 0.98
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert len(np.unique(pairs, axis=0)) == len(pairs)


def test_so_they_are_when_lists_are_searched(in_lists):
    pairs, _ = near_embeddings(vectors_with_twins(12_000, 500))
    assert share_found(pairs, 12_000, 500) > 0.97


def test_near_hashes_are_found_and_others_are_not():
    pairs = near_hashes(hashes_with_twins(500, 50, bits=8))
    assert share_found(pairs, 500, 50) == 1
    assert len(pairs) < 60


def test_so_they_are_in_lists(in_lists):
    pairs = near_hashes(hashes_with_twins(10_000, 500, bits=4))
    assert share_found(pairs, 10_000, 500) > 0.9


@pytest.mark.parametrize("count", [0, 1])
def test_a_picture_alone_has_no_neighbours(count):
    assert near_embeddings(vectors_with_twins(2, 1)[:count])[0].shape == (0, 2)
    assert near_hashes(hashes_with_twins(2, 1, bits=0)[:count]).shape == (0, 2)


def test_pictures_without_structure_are_near_nothing():
    assert near_hashes(np.zeros((3, 8), np.uint8)).shape == (0, 2)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turns", range(4))
def test_one_of_eight_hashes_is_that_of_the_turned_picture(turns, mirrored):
    rng = np.random.default_rng(3)
    rough = Image.fromarray(rng.integers(0, 256, (7, 9, 3), dtype=np.uint8))
    pixels = np.asarray(rough.resize((200, 150), Image.Resampling.BICUBIC))
    turned = np.rot90(pixels[:, ::-1] if mirrored else pixels, turns)
    own = perceptual_hash(Image.fromarray(pixels))
    other = perceptual_hash(Image.fromarray(np.ascontiguousarray(turned)))
    variants = symmetric_hashes(np.frombuffer(own, np.uint8)[None])[0]
    assert variants[0].tobytes() == own
    assert min(hamming_distance(variant.tobytes(), other) for variant in variants) <= 8
