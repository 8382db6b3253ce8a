from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import ExifTags, Image

from indexer.update import Update
from searchengine import Library
from searchengine.cli import program
from searchengine.errors import UsageError
from tests.pictures import paint

LEVELS = ("exact", "edited", "burst", "similar")


@pytest.fixture(scope="module")
def folder(scenes, tmp_path_factory) -> Path:
    """All scenes; of the first a copy, of the second edits, and two shots of a burst."""
    folder = tmp_path_factory.mktemp("pictures")
    for name, file in scenes.items():
        shutil.copyfile(file, folder / f"{name}.jpg")
    first, second, third = list(scenes.values())[:3]
    shutil.copyfile(first, folder / "copy of a dog.jpg")
    with Image.open(second) as picture:
        picture.resize((320, 240)).save(folder / "small.jpg")
        picture.transpose(Image.Transpose.ROTATE_90).save(folder / "turned.jpg")
        picture.crop((30, 20, 640, 470)).save(folder / "cropped.jpg")
        picture.convert("L").save(folder / "grey.png")
    with Image.open(third) as picture:
        for second_of_shot, shift in ((1, 0), (3, 6)):
            exif = Image.Exif()
            exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Canon", "EOS 5D"
            exif[ExifTags.Base.DateTime] = f"2024:05:01 10:00:0{second_of_shot}"
            exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = exif[ExifTags.Base.DateTime]
            picture.crop((shift, 0, 600 + shift, 480)).save(folder / f"shot {second_of_shot}.jpg", exif=exif)
    return folder


@pytest.fixture(scope="module")
def library(folder, tmp_path_factory) -> Path:
    library = tmp_path_factory.mktemp("duplicates") / "library"
    Update(library, model="builtin").run([folder])
    return library


@pytest.fixture(scope="module")
def groups(library):
    with Library.open(library) as opened:
        return {level: opened.duplicates(level).groups for level in LEVELS}


def names(group):
    return {Path(member.path).stem for member in group.members}


def test_exact_is_the_same_bytes(groups):
    (group,) = groups["exact"]
    assert names(group) == {"a dog on a beach", "copy of a dog"}
    assert group.level == "exact"


def test_edited_is_the_same_picture(groups):
    found = {frozenset(names(group)): group for group in groups["edited"]}
    edited = found[frozenset({"a dog in the snow", "small", "turned", "cropped", "grey"})]
    assert edited.level == "edited"
    assert Path(edited.keep).stem in {"a dog in the snow", "turned", "grey"}  # those with all pixels
    assert edited.members[0].path == edited.keep
    assert all(0.8 <= member.score <= 1 for member in edited.members)
    assert {group.level for group in groups["edited"]} == {"exact", "edited"}


def test_shots_seconds_apart_are_a_burst_and_not_edits(groups):
    shots = {"shot 1", "shot 3"}
    assert not any(shots <= names(group) for group in groups["edited"])
    assert any(shots <= names(group) for group in groups["burst"])


@pytest.mark.parametrize("level", LEVELS)
def test_no_file_is_in_two_groups(groups, level):
    files = [member.path for group in groups[level] for member in group.members]
    assert len(files) == len(set(files))


def test_a_looser_level_never_tears_a_group_apart(groups):
    for strict, loose in pairwise(LEVELS):
        for group in groups[strict]:
            assert any(names(group) <= names(other) for other in groups[loose])


def test_no_such_level(library):
    with Library.open(library) as opened, pytest.raises(UsageError, match="exact, edited, burst, similar"):
        opened.duplicates("same")


def run(library, *arguments):
    return CliRunner().invoke(
        program, ["--library", str(library), "duplicates", *arguments], catch_exceptions=False
    )


def test_json_is_the_contracts_list(library):
    answer = run(library, "--format", "json")
    assert answer.exit_code == 0
    found = json.loads(answer.stdout)
    assert [group["level"] for group in found] == sorted(
        (group["level"] for group in found), key=LEVELS.index
    )
    for group in found:
        assert {"level", "keep", "why", "members"} <= group.keys()
        assert group["keep"] == group["members"][0]["path"]
        assert all({"path", "score"} <= member.keys() for member in group["members"])


def test_paths_are_all_but_the_ones_to_keep(library):
    found = json.loads(run(library, "--format", "json").stdout)
    others = [member["path"] for group in found for member in group["members"][1:]]
    assert run(library, "--format", "paths").stdout.splitlines() == others
    assert run(library, "-0").stdout == "".join(path + "\0" for path in others)
    assert run(library, "-0", "--format", "json").exit_code == 2


def test_the_table_says_what_to_keep_and_why(library):
    answer = run(library, "--level", "exact")
    assert "keep" in answer.stdout
    assert "identical copies" in answer.stdout
    assert "1 group, 1 file besides" in answer.stderr


def test_nothing_is_deleted(folder, library):
    before = sorted(folder.iterdir())
    run(library, "--level", "similar")
    assert sorted(folder.iterdir()) == before


def test_pictures_that_cannot_be_read_are_counted(tmp_path):
    folder = tmp_path / "photos"
    file = paint(folder / "a.jpg", 1)
    shutil.copyfile(file, folder / "b.jpg")
    paint(folder / "c.png", 1)  # the same picture as another file
    Update(tmp_path / "library", model="builtin").run([folder])
    shutil.rmtree(tmp_path / "library" / "thumbnails", ignore_errors=True)
    for gone in folder.iterdir():
        gone.unlink()
    answer = run(tmp_path / "library")
    assert answer.exit_code == 0
    assert "2 pictures couldn't be read now" in answer.stderr
    assert "exact" in answer.stdout


def test_a_library_without_pictures_has_no_duplicates(tmp_path):
    (tmp_path / "photos").mkdir()
    Update(tmp_path / "library", model="builtin").run([tmp_path / "photos"])
    for level in LEVELS:
        assert "No duplicates" in run(tmp_path / "library", "--level", level).stderr


@pytest.mark.shared
def test_the_labelled_folder_is_grouped_as_its_labels_say(shared, tmp_path):
    labels = dict(
        line.split("\t")[:2] for line in (shared / "duplicates/groups.tsv").read_text().splitlines()[1:]
    )
    Update(tmp_path / "library", model="builtin").run([shared / "duplicates"])
    with Library.open(tmp_path / "library") as opened:
        found = opened.duplicates("edited").groups
    grouped = [{Path(member.path).name for member in group.members} for group in found]
    assert all(len({labels[name] for name in group}) == 1 for group in grouped)
    assert sum(map(len, grouped)) >= 44  # one of 46 is alone; one is turned by more than a crop can hide
