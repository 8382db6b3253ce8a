import io

import pytest
from PIL import ExifTags, Image

from searchengine.images.open import open_image

# What a viewer does to show a picture upright, by EXIF orientation; the inverse makes the stored pixels.
UNDO = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def stored(image, orientation):
    """The pixels as a camera held this way writes them, with EXIF to match."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Model] = "Camera"
    return (image.transpose(UNDO[orientation]) if orientation in UNDO else image), exif


@pytest.mark.parametrize("draft_to", [None, 24])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "TIFF tiff_lzw", "AVIF", "MPO"])
def test_a_picture_is_turned_upright_once(pictures, kind, orientation, draft_to):
    image, exif = stored(pictures.landscape(), orientation)
    kind, _, compression = kind.partition(" ")
    options = {"compression": compression} if compression else {}
    picture = open_image(pictures.encoded(image, kind, exif=exif, **options), draft_to=draft_to)
    assert (picture.width, picture.height) == (96, 64)
    assert (picture.image.width > picture.image.height) is True
    assert pictures.corners(picture.image) == "rgby"
    assert picture.metadata.camera == "Camera"


def heif(image, exif):
    """A HEIF file; from EXIF given as bytes the encoder takes how its container says to turn it."""
    pillow_heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    pillow_heif.encode("RGB", image.size, image.tobytes(), buffer, quality=95, exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heif_is_not_turned_a_second_time(pictures, orientation):
    image, exif = stored(pictures.landscape(), orientation)
    data = heif(image, exif.tobytes())
    picture = open_image(data)
    assert (b"irot" in data or b"imir" in data) == (orientation != 1)
    assert (picture.width, picture.height) == (96, 64)
    assert pictures.corners(picture.image) == "rgby"
    assert picture.metadata.camera == "Camera"


@pytest.mark.parametrize("orientation", range(2, 9))
def test_heif_is_not_turned_for_what_only_exif_says(pictures, orientation):
    """The standard has it so, and viewers do it so."""
    _, exif = stored(pictures.landscape(), orientation)
    data = heif(pictures.landscape(), exif)
    assert b"irot" not in data
    assert pictures.corners(open_image(data).image) == "rgby"


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def test_an_orientation_that_only_stands_in_xmp_counts_for_a_jpeg(pictures):
    image, _ = stored(pictures.landscape(), 6)
    assert pictures.corners(open_image(pictures.encoded(image, "JPEG", xmp=XMP)).image) == "rgby"


def test_an_orientation_that_only_stands_in_xmp_does_not_count_for_avif(pictures):
    """Its container says how to turn it, here not at all."""
    assert (
        pictures.corners(open_image(pictures.encoded(pictures.landscape(), "AVIF", xmp=XMP)).image) == "rgby"
    )


@pytest.mark.parametrize("junk", [0, 9, 65535])
def test_an_orientation_that_makes_no_sense_changes_nothing(pictures, junk):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = junk
    assert (
        pictures.corners(open_image(pictures.encoded(pictures.landscape(), "JPEG", exif=exif)).image)
        == "rgby"
    )


def test_a_turn_is_made_although_another_tag_is_junk(pictures):
    """Writing the block anew, as Pillow does when it turns a picture, would raise."""
    image, exif = stored(pictures.landscape(), 6)
    exif[ExifTags.Base.XResolution] = 72.0
    block = bytearray(exif.tobytes())
    at = block.index(b"\x1a\x01", 6) if block[6:8] == b"II" else block.index(b"\x01\x1a", 6)
    block[at + 2 : at + 4] = b"\x0c\x00" if block[6:8] == b"II" else b"\x00\x0c"  # now a double
    assert pictures.corners(open_image(pictures.encoded(image, "JPEG", exif=bytes(block))).image) == "rgby"
