"""A RAW beside its JPEG and a Live Photo's video are one picture with the still."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.cli.report import counts_in_words
from indexer.disk.companions import find_companions
from indexer.disk.scan import scan
from tests.images.made import dng, encoded, landscape
from tests.pictures import paint

JPEG = b"\xff\xd8\xff\xe0"


@pytest.mark.parametrize(
    ("names", "companions"),
    [
        ("IMG_1.CR2 IMG_1.JPG", {"IMG_1.CR2": "IMG_1.JPG"}),
        ("img_1.cr3 IMG_1.jpeg", {"img_1.cr3": "IMG_1.jpeg"}),
        ("DSC1.NEF DSC1.HIF DSC2.NEF", {"DSC1.NEF": "DSC1.HIF"}),
        ("IMG_1.HEIC IMG_1.MOV", {"IMG_1.MOV": "IMG_1.HEIC"}),
        ("IMG_1.JPG IMG_1.mp4 IMG_1.DNG", {"IMG_1.mp4": "IMG_1.JPG", "IMG_1.DNG": "IMG_1.JPG"}),
        ("IMG_1.HEIC IMG_1.JPG IMG_1.DNG", {"IMG_1.DNG": "IMG_1.HEIC"}),
        ("PXL_1.MP.jpg PXL_1.MP.mp4 PXL_1.mp4", {"PXL_1.MP.mp4": "PXL_1.MP.jpg"}),
        ("IMG_1.CR2 IMG_2.JPG", {}),
        ("IMG_1.CR2 IMG_1.tif IMG_1.png", {}),
        ("IMG_1.CR2 IMG_1.MOV", {}),
        ("IMG_1.JPG IMG_1.HEIC", {}),
        ("IMG_1.JPG IMG_1.JPG.CR2", {}),
        ("a.jpg .cr2 a. a", {}),
    ],
)
def test_which_files_go_with_which(names, companions):
    names = [os.fsencode(name) for name in names.split()]
    found = find_companions(names, names)
    assert {os.fsdecode(name): os.fsdecode(still) for name, still in found.items()} == companions


@given(st.sets(st.from_regex(rb"[ab]\.(jpg|JPG|heic|cr2|CR2|mov|png)", fullmatch=True)))
def test_every_picture_keeps_one_file_and_no_still_is_lost(names):
    companions = find_companions(names, names)
    assert set(companions.values()) <= names - companions.keys()
    for name in names - companions.keys():
        assert name[-4:] not in {b".cr2", b".CR2"} or not any(
            still.lower() in {name[:1] + b".jpg", name[:1] + b".heic"} for still in names
        )


def look(folder, **options):
    pictures = scan(os.fsencode(folder), **options)
    return [os.fsdecode(entry.path) for entry in pictures], pictures.companions


def write(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(JPEG)


def test_a_scan_leaves_companions_out_and_says_whose_they_are(tmp_path):
    write(tmp_path, "a.CR2", "a.JPG", "b.CR2", "trip/c.dng", "trip/c.heic", "trip/b.jpg")
    assert look(tmp_path) == (
        ["a.JPG", "b.CR2", "trip/b.jpg", "trip/c.heic"],
        [(b"a.CR2", b"a.JPG"), (b"trip/c.dng", b"trip/c.heic")],
    )


def test_a_raw_whose_still_is_excluded_is_the_picture(tmp_path):
    write(tmp_path, "a.CR2", "a.JPG")
    assert look(tmp_path, exclude=["*.jpg"]) == (["a.CR2"], [])
    assert look(tmp_path, exclude=["*.cr2"])[0] == ["a.JPG"]


def test_a_raw_that_is_named_is_a_candidate(tmp_path):
    write(tmp_path, "a.CR2", "a.JPG")
    assert [entry.path for entry in scan(os.fsencode(tmp_path), b"a.CR2")] == [b"a.CR2"]


def test_when_the_jpeg_vanishes_the_raw_is_the_picture_until_it_returns(index, tmp_path, encoder):
    pytest.importorskip("rawpy")
    folder = tmp_path / "photos"
    jpeg = paint(folder / "IMG_1.JPG", 1)
    (folder / "IMG_1.DNG").write_bytes(dng(landscape(800, 600), preview=encoded(landscape(800, 600), "JPEG")))
    first = index(folder)
    assert (first.seen, first.added, encoder.images) == (1, 1, 1)
    kept = jpeg.read_bytes()
    jpeg.unlink()
    second = index(folder)
    assert (second.seen, second.added, second.removed, second.failed) == (1, 1, 1, 0)
    jpeg.write_bytes(kept)
    third = index(folder)
    assert (third.seen, third.added, third.removed) == (1, 1, 1)
    assert index(folder).unchanged == 1
    assert encoder.images == 2


def test_stills_that_come_beside_many_raws_take_their_places_at_once(index, tmp_path):
    pytest.importorskip("rawpy")
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(25):
        preview = encoded(landscape(80 + number, 60), "JPEG")
        (folder / f"{number}.DNG").write_bytes(dng(landscape(80, 60), preview=preview))
    assert index(folder).added == 25
    for number in range(25):
        paint(folder / f"{number}.JPG", number)
    second = index(folder)
    assert (second.seen, second.added, second.removed, second.missing) == (25, 25, 25, 0)
    assert "25 beside them are the RAW" in counts_in_words(second)


def test_a_motion_photo_is_a_jpeg_with_a_video_behind_it(index, tmp_path, encoder):
    photo = paint(tmp_path / "photos" / "PXL_1.MP.jpg", 1)
    video = (24).to_bytes(4, "big") + b"ftypmp42\0\0\0\0mp42isom" + bytes(5000)
    photo.write_bytes(photo.read_bytes() + video)
    (tmp_path / "photos" / "PXL_1.MP").write_bytes(video)
    summary = index(tmp_path / "photos")
    assert (summary.seen, summary.added, summary.failed) == (1, 1, 0)
