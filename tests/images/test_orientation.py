import numpy as np
import pytest
from PIL import ExifTags, Image

from searchengine.encoders import load_encoder
from searchengine.encoders.preprocess import preprocess
from searchengine.images.open import open_image
from tests.images.made import TURNED, corners, dng, encoded, heif, landscape, stored, turned


@pytest.mark.parametrize("draft_to", [None, 24])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", TURNED)
def test_a_picture_is_turned_upright_once(kind, orientation, draft_to):
    data = turned(landscape(), kind, orientation)
    if kind == "HEIF":  # its container and its EXIF both say so
        assert (b"irot" in data or b"imir" in data) == (orientation != 1)
    picture = open_image(data, draft_to=draft_to)
    assert (picture.width, picture.height) == (96, 64)
    assert (picture.image.width > picture.image.height) is True
    assert corners(picture.image) == "rgby"
    assert picture.metadata.camera == "Camera"


@pytest.mark.parametrize("kind", TURNED)
def test_turned_copies_have_the_pixels_of_the_upright_one(scenes, kind):
    upright = Image.open(next(iter(scenes.values()))).resize((192, 144))
    expected = np.asarray(upright, np.int16)
    for orientation in range(1, 9):
        image = open_image(turned(upright, kind, orientation)).image
        assert np.abs(np.asarray(image, np.int16) - expected).mean() < 4


@pytest.fixture(scope="module")
def embed():
    """Unit vectors of pictures, from the model that comes with the package."""
    encoder = load_encoder("builtin")
    preprocessing = encoder.spec.preprocessing

    def embed(pictures):
        return encoder.encode_images(np.stack([preprocess(each, preprocessing) for each in pictures]))

    return embed


@pytest.fixture(scope="module")
def photos(scenes):
    return [Image.open(path).convert("RGB").resize((320, 240)) for path in list(scenes.values())[:3]]


@pytest.mark.parametrize("kind", [*TURNED, "RAW"])
def test_turned_copies_embed_as_the_upright_one_does(photos, embed, kind):
    cosines = []
    for photo in photos:
        copies = [shot(photo, kind, orientation) for orientation in range(1, 9)]
        vectors = embed([photo, *(open_image(copy).image for copy in copies)])
        cosines += list(vectors[1:] @ vectors[0])
    assert np.mean(cosines) >= 0.98
    assert np.min(cosines) >= 0.95


def test_the_model_does_see_whether_a_picture_is_upright(photos, embed):
    """Otherwise the test above would show nothing."""
    cosines = [
        embed([stored(photo, orientation)[0]])[0] @ embed([photo])[0]
        for photo in photos
        for orientation in (3, 6, 8)
    ]
    assert np.mean(cosines) < 0.95


def shot(image, kind, orientation):
    if kind != "RAW":
        return turned(image, kind, orientation)
    pytest.importorskip("rawpy")
    pixels, _ = stored(image.resize((512, 384)), orientation)  # smaller ones are taken for stamps
    return dng(pixels, orientation=orientation, preview=encoded(pixels, "JPEG", quality=90))


@pytest.mark.parametrize("orientation", range(2, 9))
def test_heif_is_not_turned_for_what_only_exif_says(orientation):
    """The standard has it so, and viewers do it so."""
    _, exif = stored(landscape(), orientation)
    data = heif(landscape(), exif)
    assert b"irot" not in data
    assert corners(open_image(data).image) == "rgby"


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def test_an_orientation_that_only_stands_in_xmp_counts_for_a_jpeg():
    image, _ = stored(landscape(), 6)
    assert corners(open_image(encoded(image, "JPEG", xmp=XMP)).image) == "rgby"


def test_an_orientation_that_only_stands_in_xmp_does_not_count_for_avif():
    """Its container says how to turn it, here not at all."""
    assert corners(open_image(encoded(landscape(), "AVIF", xmp=XMP)).image) == "rgby"


@pytest.mark.parametrize("junk", [0, 9, 65535])
def test_an_orientation_that_makes_no_sense_changes_nothing(junk):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = junk
    assert corners(open_image(encoded(landscape(), "JPEG", exif=exif)).image) == "rgby"


def test_a_turn_is_made_although_another_tag_is_junk():
    """Writing the block anew, as Pillow does when it turns a picture, would raise."""
    image, exif = stored(landscape(), 6)
    exif[ExifTags.Base.XResolution] = 72.0
    block = bytearray(exif.tobytes())
    at = block.index(b"\x1a\x01", 6) if block[6:8] == b"II" else block.index(b"\x01\x1a", 6)
    block[at + 2 : at + 4] = b"\x0c\x00" if block[6:8] == b"II" else b"\x00\x0c"  # now a double
    assert corners(open_image(encoded(image, "JPEG", exif=bytes(block))).image) == "rgby"
