"""What pictures say of themselves, read from real files."""

from __future__ import annotations

import struct

import pytest
from PIL import ExifTags, Image, PngImagePlugin

from searchengine.images.description import UNDESCRIBED, Description, together
from searchengine.images.open import open_image
from tests.images.made import encoded, landscape, xmp

PACKET = xmp(keywords=["rex", "beach"], caption="Rex at the beach", title="Rex", rating=4).encode()
SAID = Description("Rex", "Rex at the beach", ("rex", "beach"), None, 4)


def description(kind="JPEG", **options):
    return open_image(encoded(landscape(), kind, **options)).description


def exif(comment=None, **tags):
    block = Image.Exif()
    for name, value in tags.items():
        block[getattr(ExifTags.Base, name)] = value
    if comment is not None:
        block.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    return block


def windows(text):
    return (text + "\0").encode("utf-16-le")


def iptc(*records):
    """The block in which Photoshop keeps IPTC records, as a segment of a JPEG."""
    data = b"".join(b"\x1c\x02" + struct.pack(">BH", number, len(text)) + text for number, text in records)
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)
    body = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body


def with_iptc(*records):
    jpeg = encoded(landscape(), "JPEG")
    return open_image(jpeg[:2] + iptc(*records) + jpeg[2:]).description


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"xmp": PACKET}),
        ("WEBP", {"xmp": PACKET}),
        ("AVIF", {"xmp": PACKET}),
        ("TIFF", {"tiffinfo": {700: PACKET}}),
    ],
)
def test_xmp_in_every_format_that_pillow_writes_it_to(kind, options):
    assert description(kind, **options) == SAID


def test_xmp_and_text_in_a_png():
    chunks = PngImagePlugin.PngInfo()
    chunks.add_itxt("XML:com.adobe.xmp", PACKET.decode())
    chunks.add_text("Title", "not this")
    assert description("PNG", pnginfo=chunks) == SAID
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Title", "A drawing")
    chunks.add_itxt("Description", "of a größer dog")
    assert description("PNG", pnginfo=chunks) == Description("A drawing", "of a größer dog")


def test_xmp_in_heif():
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    assert description("HEIF", xmp=PACKET) == SAID


def test_exif_as_windows_writes_it():
    tags = {
        "XPTitle": windows("Der Größte"),
        "XPComment": windows("am Strand"),
        "XPKeywords": windows("rex;Anna;;rex"),
        "Rating": 3,
    }
    assert description(exif=exif(**tags)) == Description("Der Größte", "am Strand", ("rex", "Anna"), None, 3)


def test_a_description_goes_before_a_comment():
    said = description(exif=exif(comment=b"ASCII\0\0\0a comment", ImageDescription="at the beach"))
    assert said.caption == "at the beach"


@pytest.mark.parametrize(
    ("comment", "caption"),
    [
        (b"ASCII\0\0\0at the beach\0\0\0", "at the beach"),
        (b"UNICODE\0" + "am Größten".encode("utf-16-le"), "am Größten"),
        (b"UNICODE\0" + "am Größten".encode("utf-16-be"), "am Größten"),
        (b"UNICODE\0" + "am Größten".encode("utf-16"), "am Größten"),
        (b"\0" * 8 + b"plain", "plain"),
        (b"\0" * 8 + b"\x80\x01\xfe settings \x9b", None),
        (b"JIS\0\0\0\0\0\x24\x22", None),
        (b"ASCII\0\0\0" + b" " * 200, None),
        (b"short", None),
    ],
)
def test_a_user_comment_says_how_it_is_encoded(comment, caption):
    assert description(exif=exif(comment=comment)).caption == caption


@pytest.mark.parametrize("text", ["OLYMPUS DIGITAL CAMERA         ", "SONY DSC", "Untitled", "----"])
def test_what_cameras_write_by_themselves_is_no_caption(text):
    assert description(exif=exif(ImageDescription=text)) == UNDESCRIBED


def test_iptc():
    said = with_iptc(
        (5, b"Rex"),
        (120, "am größten Strand".encode()),
        (25, b"rex"),
        (25, "café".encode("latin-1")),
        (90, b"Lisbon"),
        (101, b"Portugal"),
    )
    assert said == Description("Rex", "am größten Strand", ("rex", "café"), "Lisbon, Portugal")


def test_junk_in_a_block_costs_only_itself():
    jpeg = encoded(landscape(), "JPEG", xmp=PACKET)
    broken = (
        b"\xff\xed"
        + struct.pack(">H", 40)
        + b"Photoshop 3.0\0"
        + b"8BIM\x04\x04\xff\xff\xff\xff" * 2
        + b"\0" * 4
    )
    assert open_image(jpeg[:2] + broken + jpeg[2:]).description == SAID
    assert description(exif=exif(XPKeywords=b"\xff", Rating=99)) == UNDESCRIBED


def test_where_they_disagree_the_first_is_believed_and_keywords_are_gathered():
    one, other = Description("a", None, ("x",), None, 3), Description("b", "c", ("X", "y"), "d", 5)
    assert together(one, other) == Description("a", "c", ("x", "y"), "d", 3)
    assert together() == UNDESCRIBED


def test_what_is_beside_replaces_what_it_speaks_of():
    inside = Description("a", "b", ("x",), "d", 3)
    assert inside.under(Description(keywords=("y",), rating=5)) == Description("a", "b", ("y",), "d", 5)
    assert inside.under(UNDESCRIBED) == inside


def test_most_pictures_say_nothing():
    assert description() == UNDESCRIBED
    assert not description()
