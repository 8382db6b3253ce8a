"""Pictures whose corners can be told apart, written as files of every kind."""

import io
import struct

import numpy as np
import pytest
from PIL import ExifTags, Image


def landscape(width=96, height=64):
    """A picture with four different corners: red, green, blue, and yellow clockwise from the upper left."""
    pixels = np.zeros((height, width, 3), np.uint8)
    top, left = height // 2, width // 2
    pixels[:top, :left] = (200, 30, 30)
    pixels[:top, left:] = (30, 160, 30)
    pixels[top:, left:] = (30, 30, 200)
    pixels[top:, :left] = (210, 200, 40)
    return Image.fromarray(pixels)


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def corners(image):
    """The colours near the four corners, clockwise from the upper left, each as the letter of its name."""
    names = {"r": (200, 30, 30), "g": (30, 160, 30), "b": (30, 30, 200), "y": (210, 200, 40)}
    width, height = image.size
    x, y = max(2, width // 8), max(2, height // 8)
    spots = [(x, y), (width - 1 - x, y), (width - 1 - x, height - 1 - y), (x, height - 1 - y)]
    pixels = [image.getpixel(spot) for spot in spots]
    return "".join(
        min(names, key=lambda name: sum(abs(a - b) for a, b in zip(names[name], pixel, strict=True)))
        for pixel in pixels
    )


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


def heif(image, exif=None):
    """A HEIF file; from EXIF given as bytes the encoder takes how its container says to turn it."""
    pillow_heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    pillow_heif.encode("RGB", image.size, image.tobytes(), buffer, quality=95, exif=exif)
    return buffer.getvalue()


def jxl(image, **options):
    """A JPEG XL file of this picture."""
    return bytes(pytest.importorskip("imagecodecs").jpegxl_encode(np.asarray(image), **options))


def jxl_of_jpeg(image, exif):
    """A JPEG packed anew, as archives do: the codestream has its orientation, a box its EXIF."""
    return bytes(
        pytest.importorskip("imagecodecs").jpegxl_encode_jpeg(encoded(image, "JPEG", quality=95, exif=exif))
    )


# Every format that carries an orientation, in each way that it does.
TURNED = ["JPEG", "PNG", "WEBP", "TIFF", "TIFF tiff_lzw", "AVIF", "MPO", "HEIF", "JXL"]


def turned(image, kind, orientation):
    """A file of one of the kinds in `TURNED` that is stored turned and says so."""
    pixels, exif = stored(image, orientation)
    kind, _, compression = kind.partition(" ")
    if kind == "HEIF":
        return heif(pixels, exif.tobytes())
    if kind == "JXL":
        return jxl_of_jpeg(pixels, exif)
    options = {"compression": compression} if compression else {}
    if kind in {"JPEG", "MPO"}:
        options["quality"] = 90
    return encoded(pixels, kind, exif=exif, **options)


def dng(image, *, orientation=1, preview=None):
    """A camera RAW file as small as the format allows: a sensor's mosaic, and a JPEG if one is given.

    Args:
        image: What the sensor saw, RGB; even sides.
        orientation: How the camera says to turn it.
        preview: A JPEG.
    """
    rgb = np.asarray(image).astype(np.uint16) * 64
    mosaic = rgb[:, :, 1].copy()
    mosaic[::2, ::2], mosaic[1::2, 1::2] = rgb[::2, ::2, 0], rgb[1::2, 1::2, 2]
    short, long, ratio, signed, byte, text = 3, 4, 5, 10, 1, 2
    sensor = [
        (254, long, [0]),
        (256, long, [image.width]),
        (257, long, [image.height]),
        (258, short, [16]),
        (259, short, [1]),
        (262, short, [32803]),
        (273, long, [mosaic.astype("<u2").tobytes()]),
        (277, short, [1]),
        (278, long, [image.height]),
        (279, long, [mosaic.nbytes]),
        (33421, short, [2, 2]),
        (33422, byte, [0, 1, 1, 2]),
        (50714, long, [0]),
        (50717, long, [255 * 64]),
    ]
    main = [
        (254, long, [1]),
        (271, text, list(b"Maker\0")),
        (272, text, list(b"Maker One\0")),
        (274, short, [orientation]),
        (306, text, list(b"2021:02:03 04:05:06\0")),
        (330, long, [sensor]),
        (50706, byte, [1, 4, 0, 0]),
        (50707, byte, [1, 1, 0, 0]),
        (50708, text, list(b"Maker One\0")),
        (50721, signed, [1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1]),
        (50728, ratio, [1, 1, 1, 1, 1, 1]),
        (50778, short, [21]),
    ]
    if preview is not None:
        size = Image.open(io.BytesIO(preview)).size
        main += [
            (256, long, [size[0]]),
            (257, long, [size[1]]),
            (258, short, [8, 8, 8]),
            (259, short, [7]),
            (262, short, [6]),
            (273, long, [preview]),
            (277, short, [3]),
            (278, long, [size[1]]),
            (279, long, [len(preview)]),
        ]
    file = bytearray(b"II*\0" + struct.pack("<I", 8))
    _append_directory(file, main)
    return bytes(file)


def _append_directory(file, tags):
    """A TIFF directory. Bytes and directories that are a tag's value go behind it, their place in it."""
    start = len(file)
    file += struct.pack("<H", len(tags)) + bytes(12 * len(tags) + 4)
    for at, (tag, kind, values) in zip(range(start + 2, len(file), 12), sorted(tags), strict=False):
        numbers = values
        if isinstance(values[0], bytes | list):
            numbers = [len(file)]
            if isinstance(values[0], bytes):
                file += values[0] + bytes(len(values[0]) % 2)
            else:
                _append_directory(file, values[0])
        code, each = {1: ("B", 1), 2: ("B", 1), 3: ("H", 1), 4: ("I", 1), 5: ("I", 2), 10: ("i", 2)}[kind]
        data = struct.pack(f"<{len(numbers)}{code}", *numbers)
        if len(data) > 4:
            place = struct.pack("<I", len(file))
            file += data + bytes(len(data) % 2)
            data = place
        file[at : at + 12] = struct.pack("<HHI", tag, kind, len(numbers) // each) + data.ljust(4, b"\0")


def xmp(*, keywords=(), caption=None, title=None, rating=None):
    """An XMP packet as text, as Lightroom would write it."""

    def alternatives(name, text):
        said = f"<rdf:Alt><rdf:li xml:lang='x-default'>{text}</rdf:li></rdf:Alt>"
        return "" if text is None else f"<{name}>{said}</{name}>"

    stars = "" if rating is None else f' xmp:Rating="{rating}"'
    items = "".join(f"<rdf:li>{keyword}</rdf:li>" for keyword in keywords)
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        f"{stars}>"
        f"<dc:subject><rdf:Bag>{items}</rdf:Bag></dc:subject>"
        f"{alternatives('dc:title', title)}{alternatives('dc:description', caption)}"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
