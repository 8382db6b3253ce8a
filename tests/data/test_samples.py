"""The sample pictures: files, folders, EXIF and the queries that are true of them."""

import subprocess
import sys
from pathlib import Path

from PIL import ExifTags, Image

from data.samples import SHOWCASE, plan
from data.scenes import is_held_out

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_writes_pictures_and_their_queries(tmp_path):
    command = [sys.executable, "-m", "data.samples", str(tmp_path), "--count", "6", "--size", "640"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "6 pictures" in done.stdout
    lines = (tmp_path / "queries.tsv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 6
    cameras = 0
    for line in lines:
        query, _, path = line.partition("\t")
        assert query
        with Image.open(path) as picture:
            assert picture.format == "JPEG"
            assert max(picture.size) == 640
            exif = picture.getexif()
        if ExifTags.Base.Model in exif:
            cameras += 1
            assert ExifTags.Base.DateTimeOriginal in exif.get_ifd(ExifTags.IFD.Exif)
    assert 1 <= cameras <= 6


def test_the_plan_is_a_function_of_the_seed():
    assert plan(40, seed=1) == plan(40, seed=1)
    assert plan(40, seed=1) != plan(40, seed=2)


def test_the_plan_holds_the_showcase_and_else_only_held_out_scenes():
    samples = plan(60, seed=7)
    shown = [(dict(s.scene.counts), s.scene.background) for s in samples]
    assert all((dict(groups), place) in shown for groups, place in SHOWCASE)
    others = [s for s in samples if (dict(s.scene.counts), s.scene.background) not in list(SHOWCASE)]
    assert len(others) == 60 - len(SHOWCASE)
    assert all(is_held_out(sample.scene) for sample in others)
    assert len({sample.path for sample in samples}) == 60
