"""Whether two small pictures show the same one: turned, mirrored, cropped, recoloured, but the same.

One sketch is laid over the other by the eight symmetries of the square and then by the affine map that
fits best, found from coarse to fine: B. D. Lucas and T. Kanade (1981) in the inverse compositional form of
S. Baker and I. Matthews, "Lucas-Kanade 20 Years On" (2004), with brightness and contrast divided out and
pixels that don't fit (an overlay) weighted down. Then the two are compared block by block: pictures that
are alike as a whole (sky above, sea below) have nothing in common in the small, and a text over one
picture spoils a few blocks only.

All of it is done for many pairs at once; b stands for their number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

SIDE = 64
"""Pixels each way of a sketch: a whole picture in grey, stretched to a square."""

SYMMETRIES = 8

_COARSE = 16
_SHIFT = 3  # coarse pixels tried each way: a crop of a fifth in a corner is a shift of 3.2
# (side, steps, how many of a pair's maps go in): all symmetries start, only the promising ones go on.
_STAGES = ((16, 6, 3), (32, 5, 2), (SIDE, 3, 1))
# Correlations below which it isn't worth going on: of the first look, and at side 32. Of 600 edits 3 have
# less than 0.46 at first, of 548 photos and the photo nearest to each three quarters do.
_WORTH_TRYING, _PROMISING = 0.45, 0.5

_BLOCK = 8  # pixels of a sketch; a fair part of a face, too large for the grain of a JPEG
_NOISE = 2.0  # grey levels (of 255): what varies less in both pictures is too flat to compare
_LEAST_VALID = 0.5  # of a block, for it to count
_LEAST_BLOCKS = 8.0  # blocks' worth of structure in common; below, nothing can be said
_MOST_STRETCH = 0.45  # entries of the map minus the identity: a crop of a fifth, and some turn, are 0.3
_PAIRS_AT_ONCE = 256  # some 100 MB


@dataclass(frozen=True, slots=True)
class Alignment:
    """How well b pairs agree where they lie over each other.

    Attributes:
        score: (b,) float32 in -1 to 1: mean correlation of the blocks, structured ones counting more;
            0 where there is nothing to compare.
        overlap: (b,) float32: the part of the second picture that the first covers.
    """

    score: Array
    overlap: Array


def symmetric(pictures: Array, symmetry: int) -> Array:
    """Pictures (b, s, s) under one of the eight symmetries: 0 is the picture as it is, from 4 on mirrored."""
    turned = np.rot90(pictures, symmetry % 4, axes=(1, 2))
    return turned[:, :, ::-1] if symmetry >= 4 else turned


def align(first: Array, second: Array) -> Alignment:
    """Lay the first pictures over the second ones and compare.

    Args:
        first: (b, SIDE, SIDE) float32, grey levels 0 to 255.
        second: The same.
    """
    parts = [
        _align(first[start : start + _PAIRS_AT_ONCE], second[start : start + _PAIRS_AT_ONCE])
        for start in range(0, len(first), _PAIRS_AT_ONCE)
    ]
    if not parts:
        return Alignment(np.zeros(0, np.float32), np.zeros(0, np.float32))
    return Alignment(
        np.concatenate([part.score for part in parts]), np.concatenate([part.overlap for part in parts])
    )


def _align(first: Array, second: Array) -> Alignment:
    maps, ways, fit = _starts(first, second)
    score, overlap = np.zeros(len(first), np.float32), np.zeros(len(first), np.float32)
    trying = np.flatnonzero(fit.max(axis=1) >= _WORTH_TRYING)
    if len(trying):
        found = _refined(first[trying], second[trying], maps[trying], ways[trying], fit[trying])
        score[trying], overlap[trying] = found.score, found.overlap
    return Alignment(score, overlap)


def _refined(first: Array, second: Array, maps: Array, ways: NDArray[np.int64], fit: Array) -> Alignment:
    """From the starts of `_starts` to the best map, from coarse to fine, and what it shows."""
    count = len(first)
    each = np.arange(count)
    for side, steps, entering in _STAGES:
        best = np.argsort(-fit, axis=1, kind="stable")[:, :entering]
        maps, ways = maps[each[:, None], best], ways[each[:, None], best]
        if side == SIDE:
            break
        moving = _oriented(np.repeat(_reduced(first, side), entering, axis=0), ways.ravel())
        fixed = np.repeat(_reduced(second, side), entering, axis=0)
        fitted, fit = _fit(moving, fixed, maps.reshape(-1, 2, 3), steps)
        maps, fit = fitted.reshape(count, entering, 2, 3), fit.reshape(count, entering)
    score, overlap = np.zeros(count, np.float32), np.zeros(count, np.float32)
    left = np.flatnonzero(fit.max(axis=1) >= _PROMISING)
    if len(left):
        moving, fixed = _oriented(first[left], ways[left, 0]), second[left]
        final, _ = _fit(moving, fixed, maps[left, 0], steps)
        warped, valid = _warp(moving, final)
        agreed = _agreement(warped, valid, fixed)
        stretched = np.abs(final[:, :, :2] - np.eye(2, dtype=np.float32)).max(axis=(1, 2)) > _MOST_STRETCH
        score[left], overlap[left] = np.where(stretched, 0, agreed), valid.mean(axis=(1, 2))
    return Alignment(score, overlap)


def _oriented(pictures: Array, ways: NDArray[np.int64]) -> Array:
    """Each picture (b, s, s) under its own symmetry (b,)."""
    result = np.empty_like(pictures)
    for way in range(SYMMETRIES):
        rows = ways == way
        result[rows] = symmetric(pictures[rows], way)
    return result


def _starts(first: Array, second: Array) -> tuple[Array, NDArray[np.int64], Array]:
    """For each symmetry the shift at which the middles correlate best: maps, symmetries, correlations.

    The maps are (b, 8, 2, 3), the others (b, 8).
    """
    count, inner = len(first), _COARSE - 2 * _SHIFT
    span = 2 * _SHIFT + 1
    small, target = _detail(_reduced(first, _COARSE)), _detail(_reduced(second, _COARSE))
    middle: Array = target[:, _SHIFT:-_SHIFT, _SHIFT:-_SHIFT].reshape(count, -1)
    middle = np.asarray(_normalized(middle, np.ones_like(middle)) / (inner * inner), np.float32)
    turned = np.stack([symmetric(small, way) for way in range(SYMMETRIES)], axis=1)
    windows = np.lib.stride_tricks.sliding_window_view(turned, (inner, inner), axis=(2, 3))
    cut = windows.reshape(count, SYMMETRIES * span * span, inner * inner)
    # The middle's mean is 0, so the window's drops out.
    correlation = (cut @ middle[:, :, None])[:, :, 0] / (cut.std(axis=2) + 1e-3)
    correlation = correlation.reshape(count, SYMMETRIES, span * span)
    shift = correlation.argmax(axis=2)
    maps = np.tile(np.array([[1, 0, 0], [0, 1, 0]], np.float32), (count, SYMMETRIES, 1, 1))
    maps[:, :, 0, 2] = (shift % span - _SHIFT) * (2 / _COARSE)
    maps[:, :, 1, 2] = (shift // span - _SHIFT) * (2 / _COARSE)
    ways = np.tile(np.arange(SYMMETRIES), (count, 1))
    return maps, ways, np.asarray(correlation.max(axis=2), np.float32)


def _detail(pictures: Array) -> Array:
    """Less the mean of the 5 x 5 pixels around: without it a bright side decides where the picture lies."""
    padded = np.pad(pictures, ((0, 0), (2, 2), (2, 2)), mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(1, 2)).mean(axis=(3, 4))
    return np.asarray(pictures - around, np.float32)


def _reduced(pictures: Array, side: int) -> Array:
    """Means of blocks: (b, S, S) → (b, side, side)."""
    factor = pictures.shape[1] // side
    blocks = pictures.reshape(len(pictures), side, factor, side, factor)
    return np.asarray(blocks.mean(axis=(2, 4)), np.float32)


@cache
def _grid(side: int) -> Array:
    """Centres of the pixels in -1 to 1, as columns (x, y, 1): (side², 3)."""
    axis = (np.arange(side, dtype=np.float32) + 0.5) * (2 / side) - 1
    y, x = np.meshgrid(axis, axis, indexing="ij")
    return np.stack([x.ravel(), y.ravel(), np.ones(side * side, np.float32)], axis=1)


def _warp(pictures: Array, maps: Array) -> tuple[Array, Array]:
    """Read pictures (b, s, s) where the maps (b, 2, 3) point to, bilinearly; and which points lie inside."""
    count, side, _ = pictures.shape
    points = _grid(side) @ maps.transpose(0, 2, 1)  # (b, s², 2)
    valid = (np.abs(points) <= 1).all(axis=2)
    place = np.clip((points + 1) * (side / 2) - 0.5, 0, side - 1.001)
    corner = place.astype(np.int32)
    right, down = np.moveaxis(place - corner, 2, 0).astype(np.float32)
    flat = pictures.reshape(count, -1)
    start = corner[:, :, 1] * side + corner[:, :, 0]
    top = np.take_along_axis(flat, start, 1) * (1 - right) + np.take_along_axis(flat, start + 1, 1) * right
    start += side
    low = np.take_along_axis(flat, start, 1) * (1 - right) + np.take_along_axis(flat, start + 1, 1) * right
    read = top * (1 - down) + low * down
    return read.reshape(count, side, side), valid.reshape(count, side, side).astype(np.float32)


def _normalized(values: Array, weights: Array) -> Array:
    """Rows (b, n) with weighted mean 0 and weighted deviation 1."""
    total = weights.sum(axis=1, keepdims=True) + 1e-6
    centred = values - (values * weights).sum(axis=1, keepdims=True) / total
    deviation = np.sqrt((centred * centred * weights).sum(axis=1, keepdims=True) / total)
    return np.asarray(centred / (deviation + 1e-3), np.float32)


def _fit(moving: Array, fixed: Array, maps: Array | None, steps: int) -> tuple[Array, Array]:
    """The affine maps (b, 2, 3) that lay `moving` (b, s, s) over `fixed`, and the correlation (b,)."""
    count, side, _ = fixed.shape
    grid = _grid(side)
    if maps is None:
        maps = np.tile(np.array([[1, 0, 0], [0, 1, 0]], np.float32), (count, 1, 1))
    every = np.ones((count, side * side), np.float32)
    target = _normalized(fixed.reshape(count, -1), every)
    down, right = np.gradient(target.reshape(fixed.shape), 2 / side, axis=(1, 2))
    slopes = np.stack([right.reshape(count, -1), down.reshape(count, -1)], axis=2)
    # Derivative of the picture by the six entries of the map: (b, s², 6).
    jacobian = (slopes[:, :, :, None] * grid[None, :, None, :]).reshape(count, -1, 6).astype(np.float32)
    damping = 0.02 * side * side * np.eye(6, dtype=np.float32)
    for _ in range(steps):
        warped, valid = _warp(moving, maps)
        inside = valid.reshape(count, -1)
        residual = _normalized(warped.reshape(count, -1), inside) - target
        weights = inside / (1 + (residual / 0.7) ** 2)
        weighted = jacobian * weights[:, :, None]
        normal = weighted.transpose(0, 2, 1) @ jacobian + damping
        step = np.linalg.solve(normal, weighted.transpose(0, 2, 1) @ residual[:, :, None])[:, :, 0]
        maps = _composed(maps, np.clip(step, -0.25, 0.25).reshape(count, 2, 3))
    warped, valid = _warp(moving, maps)
    inside = valid.reshape(count, -1)
    total = inside.sum(axis=1)
    one, other = _normalized(warped.reshape(count, -1), inside), _normalized(fixed.reshape(count, -1), inside)
    fit = (one * other * inside).sum(axis=1) / (total + 1e-6)
    return maps, np.asarray(np.where(total >= side * side / 3, fit, -1), np.float32)


def _composed(maps: Array, step: Array) -> Array:
    """The maps after the inverse of a small step (b, 2, 3) away from the identity."""
    last = np.tile(np.array([[0, 0, 1]], np.float32), (len(maps), 1, 1))
    forward = np.concatenate([maps, last], axis=1)
    backward = np.concatenate([step, 0 * last], axis=1) + np.eye(3, dtype=np.float32)
    return np.asarray((forward @ np.linalg.inv(backward))[:, :2], np.float32)


def _blocks(pictures: Array) -> Array:
    """(b, s, s) → (b, blocks, pixels of one)."""
    count, side, _ = pictures.shape
    cut = pictures.reshape(count, side // _BLOCK, _BLOCK, side // _BLOCK, _BLOCK)
    return cut.transpose(0, 1, 3, 2, 4).reshape(count, -1, _BLOCK * _BLOCK)


def _agreement(one: Array, valid: Array, other: Array) -> Array:
    """Mean correlation of the blocks (b,), by how much structure both have."""
    mask = _blocks(valid)
    count = mask.sum(axis=2, keepdims=True)
    values = []
    for picture in (one, other):
        blocks = _blocks(picture)
        centred = (blocks - (blocks * mask).sum(axis=2, keepdims=True) / np.maximum(count, 1)) * mask
        values.append(centred)
    norms = [np.sqrt((each * each).sum(axis=2)) for each in values]
    deviation = [norm / np.sqrt(np.maximum(count[:, :, 0], 1)) for norm in norms]
    correlation = (values[0] * values[1]).sum(axis=2) / np.maximum(norms[0] * norms[1], 1e-6)
    # A step of 2 levels is noise, one of 20 is structure, one of 100 says no more than that.
    weight = np.minimum(deviation[0], deviation[1])
    weight = np.clip((np.maximum(deviation[0], deviation[1]) - _NOISE) / 8, 0, 1) * (weight > _NOISE / 2)
    weight = weight * (count[:, :, 0] >= _LEAST_VALID * _BLOCK * _BLOCK)
    total = weight.sum(axis=1)
    score = (weight * correlation).sum(axis=1) / np.maximum(total, 1e-6)
    return np.where(total >= _LEAST_BLOCKS, score, 0).astype(np.float32)
