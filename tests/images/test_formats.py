import pytest
from PIL import Image

from searchengine.images.formats import (
    EXTRAS,
    HEAD_BYTES,
    IMAGE_EXTENSIONS,
    PLUGINS,
    RAW_EXTENSIONS,
    describe_foreign,
    sniff,
)
from tests.images.made import encoded, landscape


def ftyp(major, *others):
    body = b"ftyp" + major + b"\0\0\0\0" + b"".join(others)
    return (len(body) + 4).to_bytes(4, "big") + body


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "JPEG2000", "AVIF"])
def test_what_pillow_writes_is_known_by_its_first_bytes(name):
    assert sniff(encoded(landscape(), name)[:HEAD_BYTES]) == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\xff\xd8\xff\xe1", "JPEG"),
        (b"GIF87a", "GIF"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b"II+\0\x08\0\0\0", "TIFF"),
        (b"\xff\x4f\xff\x51\0\x2f", "JPEG2000"),
        (b"8BPS\0\x01" + bytes(20), "PSD"),
        (ftyp(b"heic", b"mif1", b"heic"), "HEIF"),
        (ftyp(b"mif1", b"mif1", b"heic"), "HEIF"),
        (ftyp(b"mif1", b"miaf", b"avif"), "AVIF"),
        (ftyp(b"avis", b"msf1"), "AVIF"),
        (ftyp(b"mp42", b"isom"), "MP4"),
        (ftyp(b"qt  "), "MOV"),
        (ftyp(b"3gp4"), "3GP"),
        (ftyp(b"M4A ", b"isom"), None),
        (b"\0\0\x07\x2cmoov\0\0\0\x6cmvhd", "MOV"),
        (b"The free encyclopedia", None),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\x82\x84webm", "WEBM"),
        (b"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\1\x42\x82\x88matroska", "MKV"),
        (b"RIFF\0\0\0\0AVI LIST", "AVI"),
        (b"\0\0\x01\xba\x44\0", "MPEG"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMV"),
        ((b"G" + bytes(187)) * 3, "MTS"),
        ((bytes(4) + b"G" + bytes(187)) * 3, "MTS"),
        (b"G" * 3 + bytes(397), None),
        (ftyp(b"crx ", b"isom"), "RAW"),
        (b"II*\0\x10\0\0\0CR\x02\0", "RAW"),
        (b"FUJIFILMCCD-RAW 0201", "RAW"),
        (b"IIU\0\x18\0\0\0", "RAW"),
        (b"\xff\x0a\x0f\x41", "JXL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JXL"),
        (b"BM looks like a text about BMW cars", None),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"%PDF-1.7", None),
        (b"\0\0\x01\0\x01\0", None),
        (b"hello", None),
        (b"\xff\xd8", None),
        (b"", None),
    ],
)
def test_signatures(head, name):
    assert sniff(head) == name


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\x01\0\x01\0", "icon"),
        (ftyp(b"M4A ", b"isom"), "sound"),
        (ftyp(b"mif3", b"heic"), "a kind of HEIF"),
        (ftyp(b"????"), "of an unknown kind"),
        (bytes(64), "zeros"),
        (b"Dear diary,\n", "text"),
        (b"\x01\x02\x03\xfe", "data of an unknown kind"),
    ],
)
def test_a_foreign_file_is_described(head, words):
    assert words in describe_foreign(head)


def test_every_extension_is_lower_case_with_its_dot_and_stands_in_one_list():
    assert all(each == each.lower() and each.startswith(".") for each in IMAGE_EXTENSIONS | RAW_EXTENSIONS)
    assert not IMAGE_EXTENSIONS & RAW_EXTENSIONS


def test_every_format_has_a_reader_whose_name_pillow_shares():
    Image.init()
    assert set(PLUGINS) <= set(Image.OPEN)
    assert not set(PLUGINS) & set(EXTRAS)
