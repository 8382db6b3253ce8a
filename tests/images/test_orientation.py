import pytest
from PIL import ExifTags, Image

from searchengine.images.open import open_image
from tests.images.made import corners, encoded, heif, landscape, stored


@pytest.mark.parametrize("draft_to", [None, 24])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "TIFF tiff_lzw", "AVIF", "MPO"])
def test_a_picture_is_turned_upright_once(kind, orientation, draft_to):
    image, exif = stored(landscape(), orientation)
    kind, _, compression = kind.partition(" ")
    options = {"compression": compression} if compression else {}
    picture = open_image(encoded(image, kind, exif=exif, **options), draft_to=draft_to)
    assert (picture.width, picture.height) == (96, 64)
    assert (picture.image.width > picture.image.height) is True
    assert corners(picture.image) == "rgby"
    assert picture.metadata.camera == "Camera"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heif_is_not_turned_a_second_time(orientation):
    image, exif = stored(landscape(), orientation)
    data = heif(image, exif.tobytes())
    picture = open_image(data)
    assert (b"irot" in data or b"imir" in data) == (orientation != 1)
    assert (picture.width, picture.height) == (96, 64)
    assert corners(picture.image) == "rgby"
    assert picture.metadata.camera == "Camera"


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
