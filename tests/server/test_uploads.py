from __future__ import annotations

import io
import random
import struct
import zlib

import pytest
from PIL import Image

from tests.server.conftest import served


def png(width, height):
    """A PNG that claims a size and has next to no data."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


def send(client, data):
    return client.post("/api/search", files={"image": ("x", data)})


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 415),
        (b"\x00", 415),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
        (b"<html><script>alert(1)</script>", 415),
        (b"\xff\xd8\xff\xe0 no picture", 422),
        (png(50_000, 50_000), 413),
        (png(2**31 - 1, 2**31 - 1), 413),
        (png(0, 0), 422),
    ],
)
def test_what_is_no_picture_gets_a_reason(data, status, client, problem):
    problem(send(client, data), status)


def test_the_pixels_of_a_baseline_jpeg_are_bounded_too(place, problem):
    buffer = io.BytesIO()
    Image.new("RGB", (400, 400)).save(buffer, "JPEG")
    with served(place.library, upload_pixels=100_000) as client:
        problem(send(client, buffer.getvalue()), 413)


def test_the_time_of_decoding_is_bounded(place, problem):
    buffer = io.BytesIO()
    Image.effect_noise((3000, 3000), 90).save(buffer, "PNG", compress_level=1)
    small = next(iter(place.scenes.values())).read_bytes() + b"another"  # not one that is indexed
    with served(place.library, decode_seconds=0.02) as client:
        assert "seconds" in problem(send(client, buffer.getvalue()), 413)["detail"]
    with served(place.library) as client:
        assert send(client, small).status_code == 200


def test_too_many_pictures_or_two_of_one_name_are_refused(client, problem):
    files = [(f"i{n}", ("x", b"x")) for n in range(9)]
    problem(client.post("/api/search", files=files), 400)
    problem(client.post("/api/search", files=[("i", ("x", b"x")), ("i", ("y", b"y"))]), 400)


def test_mutants_of_a_picture_never_break_the_server(client, place):
    whole = next(iter(place.scenes.values())).read_bytes()
    random_ = random.Random(1)
    for _ in range(60):
        mutant = bytearray(whole[: random_.randrange(20, len(whole))])
        for _ in range(random_.randrange(1, 20)):
            mutant[random_.randrange(len(mutant))] = random_.randrange(256)
        assert send(client, bytes(mutant)).status_code in (200, 413, 415, 422)


@pytest.mark.shared
def test_hostile_files_never_break_the_server(client, place, shared):
    files = sorted(
        file for file in (shared / "hostile").rglob("*") if file.is_file() and file.stat().st_size < 2e6
    )
    with served(place.library, embedding_api=True) as gallery:
        entries = {"entries": '{"clip": {"visual": {"modelName": "builtin"}}}'}
        for number, file in enumerate(random.Random(2).sample(files, 60)):
            data = file.read_bytes()
            if number % 3:
                answer = send(client, data)
            else:
                answer = gallery.post("/predict", data=entries, files={"image": ("blob", data)})
            assert answer.status_code in (200, 413, 415, 422), file
