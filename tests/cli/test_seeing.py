"""The commands that look at pictures: classify and label, as a user's shell sees them."""

from __future__ import annotations

import csv
import io
import json
import shutil

import pytest
from PIL import Image


@pytest.fixture
def ask(imgsearch, indexed):
    """Runs a command on the library of shapes."""
    return lambda *arguments: imgsearch("--library", indexed.library, *arguments)


@pytest.fixture
def pictures_of(indexed):
    """The pictures at some paths: the first one has two, and either may be its first."""
    first = {str(indexed.copy): str(indexed.pictures[0])}
    return lambda paths: {first.get(path, path) for path in paths}


def test_classify_prints_json_best_first(ask, indexed):
    done = ask("classify", indexed.pictures[0], "--labels", "circle, square", "--format", "json")
    assert done.exit_code == 0
    (found,) = json.loads(done.stdout)
    assert found["path"] == str(indexed.pictures[0])
    assert [set(label) for label in found["labels"]] == [{"label", "probability"}] * 2
    assert {label["label"] for label in found["labels"]} == {"circle", "square"}
    done = ask(
        "classify", indexed.pictures[0], "--labels", "circle,square", "--top", 1, "--format", "json",
        "--template", "a red {}",
    )  # fmt: skip
    assert [each["labels"][0]["label"] for each in json.loads(done.stdout)] == ["circle"]


def test_classify_prints_a_row_a_picture_and_a_column_a_label(ask, tmp_path):
    file = tmp_path / "labels.txt"
    file.write_text("# shapes\nsquare\n\ncircle\n")
    done = ask("classify", "--where", "name:*.jpg", "--labels-from", file, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == 2
    for row in rows:
        assert list(row) == ["path", "label", "probability", "circle", "square"]
        assert float(row["circle"]) + float(row["square"]) == pytest.approx(1, abs=1e-5)
        assert row["probability"] == row[row["label"]]


def test_classify_goes_on_past_what_it_cannot_read(ask, indexed):
    done = ask("classify", indexed.folder, "--labels", "circle,square")
    assert done.exit_code == 3
    assert "damaged.jpg" in done.stderr
    assert "1 file couldn't be read" in done.stderr
    assert "circle.png" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--labels", "a,b"], "Name pictures or folders, or else a query"),
        (["x.jpg", "--where", "type:png", "--labels", "a,b"], "Name pictures or folders, or else a query"),
        (["x.jpg"], "Say what they may show"),
        (["x.jpg", "--labels", "a,b"], "there is no file or folder x.jpg"),
        (["--where", "type:png", "--labels", "a"], "one alone always has probability 1"),
    ],
)
def test_classify_says_what_was_asked_wrongly(arguments, said, ask):
    done = ask("classify", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_label_from_being_taught_to_being_forgotten(imgsearch, indexed, pictures_of, tmp_path):
    library = shutil.copytree(indexed.library, tmp_path / "library")

    def label(*arguments):
        done = imgsearch("--library", library, "label", *arguments)
        assert done.exit_code == 0, done.stderr
        return done

    assert "Nothing has been taught yet" in label("list").stderr
    circle, square, *_ = indexed.pictures
    assert label("add", "Round", circle).stdout == "round: 1 picture that shows it, 0 that don't.\n"
    assert (
        label("add", "round", square, "--not").stdout == "round: 1 picture that shows it, 1 that doesn't.\n"
    )
    (taught,) = json.loads(label("list", "--json").stdout)
    known = {"name": "round", "positives": 1, "negatives": 1, "learned": True}
    assert taught == known | {"recognised": None, "told_apart": taught["told_apart"]}
    assert "round" in label("list").stdout
    assert label("rename", "round", "Circle").stdout.startswith("circle: 1 picture that shows it")
    assert label("rename", "circle", "round").stdout.startswith("round: ")
    suggested = json.loads(label("suggest", "round", "--format", "json").stdout)
    assert {each["path"] for each in suggested} == {str(path) for path in indexed.pictures[2:]}
    assert len(label("suggest", "round", "-k", 1, "--format", "paths").stdout_bytes.splitlines()) <= 2
    found = imgsearch("--library", library, "search", "label:round", "--format", "json").stdout
    assert str(circle) in pictures_of(hit["path"] for hit in json.loads(found)["results"])
    assert label("train").stdout == "round: 1 picture that shows it, 1 that doesn't.\n"
    assert label("remove", "round").stdout == "Forgot round.\n"
    assert "Nothing has been taught yet" in label("train").stderr


def test_a_picture_may_be_named_by_its_id(imgsearch, indexed, tmp_path):
    library = shutil.copytree(indexed.library, tmp_path / "library")
    found = json.loads(imgsearch("--library", library, "search", "circle", "--format", "json").stdout)
    number = found["results"][0]["id"]
    done = imgsearch("--library", library, "label", "add", "round", number)
    assert done.exit_code == 0
    done = imgsearch("--library", library, "search", "circle", "--more", number, "--format", "json")
    assert json.loads(done.stdout)["results"][0]["id"] == number
    assert imgsearch("--library", library, "label", "add", "round", 4711).exit_code == 2


def test_cluster_prints_the_groups_and_draws_maps(ask, indexed, pictures_of, tmp_path):
    done = ask("cluster", "--count", 2, "--format", "json", "--map", tmp_path / "map.html")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert sum(each["size"] for each in found) == len(indexed.pictures)
    assert [set(each) for each in found] == [{"name", "phrases", "size", "examples"}] * len(found)
    page = (tmp_path / "map.html").read_text()
    assert page.count("<img ") == len(indexed.pictures)
    assert all(f">{each['name']}</h2>" in page for each in found)
    assert "<script" not in page
    done = ask("cluster", "--count", 1, "--map", tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as picture:
        assert picture.format == "PNG"
        assert picture.getextrema() != ((255, 255),) * 3
    assert "4 pictures in 1 group." in done.stderr
    whole = json.loads(ask("cluster", "--count", 1, "--members", "--format", "json").stdout)
    assert pictures_of(whole[0]["members"]) == {str(path) for path in indexed.pictures}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--map", "map.txt"], "a map is .html"), (["--count", 100], "can be in 1 to 4 groups")],
)
def test_cluster_says_what_was_asked_wrongly(arguments, said, ask):
    done = ask("cluster", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr


def test_tag_prints_words_for_people_and_programs(ask, indexed, pictures_of, tmp_path):
    file = tmp_path / "words.txt"
    file.write_text("circle\nsquare\n")
    options = ["--where", "name:circle.png", "--vocabulary", file, "--strictness", 0]
    (found,) = json.loads(ask("tag", *options, "--format", "json").stdout)
    assert pictures_of([found["path"]]) == {str(indexed.pictures[0])}
    assert {"tag", "score"} == set(found["tags"][0])
    row = list(csv.DictReader(io.StringIO(ask("tag", *options, "--format", "csv").stdout)))
    assert row == [{"path": found["path"], "tags": "|".join(tag["tag"] for tag in found["tags"])}]
    assert found["tags"][0]["tag"] in ask("tag", *options).stdout
    assert ask("tag", indexed.folder / "damaged.jpg").exit_code == 3


def test_objects_are_printed_with_their_places(ask, scenes):
    boat = scenes["a sailboat at sea"]
    arguments = ("objects", boat, "--labels", "sailboat,bicycle", "--least", 0)
    (found,) = json.loads(ask(*arguments, "--format", "json").stdout)
    assert found["path"] == str(boat)
    assert {each["label"] for each in found["objects"]} == {"sailboat"}
    rows = list(csv.DictReader(io.StringIO(ask(*arguments, "--format", "csv").stdout)))
    assert [row["label"] for row in rows] == [each["label"] for each in found["objects"]]
    assert "% across" in ask(*arguments).stdout
    assert ask("objects", boat, "--labels", "a,a").exit_code == 2
