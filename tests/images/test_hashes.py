import hashlib

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from searchengine.images.hashes import content_hash, hamming_distance, perceptual_hash


def scene(seed):
    """Something with structure at every scale, as photos have."""
    generator = np.random.default_rng(seed)
    image = Image.new("RGB", (600, 400))
    for side in (3, 6, 12, 50):
        noise = Image.fromarray(generator.integers(0, 255, (side, side, 3), np.uint8))
        image = Image.blend(image, noise.resize(image.size, Image.Resampling.BICUBIC), 0.45)
    return image


def test_the_content_hash_is_sha256():
    assert content_hash(b"abc") == hashlib.sha256(b"abc").digest()


def test_the_perceptual_hash_has_64_bits_half_of_them_set():
    digest = perceptual_hash(scene(1))
    assert len(digest) == 8
    assert int.from_bytes(digest, "big").bit_count() == 32


def test_it_is_the_sign_of_each_low_frequency_against_their_median():
    """Checked against the definition of the DCT, term by term."""
    grey = np.asarray(scene(2).convert("L").resize((32, 32), Image.Resampling.LANCZOS), np.float64)
    position = np.arange(32)
    wave = [np.cos(np.pi * (2 * position + 1) * k / 64) for k in range(1, 9)]
    low = np.array([[(grey * np.outer(down, across)).sum() for across in wave] for down in wave])
    assert perceptual_hash(scene(2)) == np.packbits(low > np.median(low)).tobytes()


@pytest.mark.parametrize(
    "edit",
    [
        lambda image: image.resize((300, 200)),
        lambda image: image.resize((1500, 1000)),
        lambda image: ImageEnhance.Brightness(image).enhance(1.2),
        lambda image: image.convert("L").convert("RGB"),
        lambda image: image.quantize(64).convert("RGB"),
    ],
)
def test_a_light_edit_changes_few_bits(edit):
    assert hamming_distance(perceptual_hash(scene(3)), perceptual_hash(edit(scene(3)))) <= 6


def test_different_pictures_differ_in_many_bits():
    hashes = [perceptual_hash(scene(seed)) for seed in range(12)]
    distances = [hamming_distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(distances) > 12
    assert 26 < np.mean(distances) < 38


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_a_picture_of_one_colour_has_no_bits(colour):
    assert perceptual_hash(Image.new("RGB", (50, 70), (colour,) * 3)) == bytes(8)


def test_hamming_distance():
    assert hamming_distance(b"\x00\xff", b"\x01\x0f") == 5
