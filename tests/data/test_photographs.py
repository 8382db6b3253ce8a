"""Photographs to train on: decoded once, split without overlap, mixed in fixed shares."""

import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from data import photographs
from data.photographs import Mixture, Source, concept, load

SOURCES = (
    Source("animals", 4),
    Source("things", 2),
    Source("rarities", 1, rare=True),
    Source("told", 1, labels=False),
)
TEXTS = {
    "animals": ["Cat", "dog", "automobile"],
    "things": ["car side", "cup"],
    "rarities": ["cup", "yak"],
    "told": ["A man on a horse.", "two cups on a table"],
}
PICTURES = 60  # a set


def picture(seed, quality):
    colours = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(colours).resize((56, 40), Image.Resampling.BICUBIC).save(out, "JPEG", quality=quality)
    return out.getvalue()


@pytest.fixture(scope="module")
def tars(tmp_path_factory):
    """Four small sets; in each, picture 2 i + 1 is picture 2 i saved once more."""
    folder = tmp_path_factory.mktemp("tars")
    for order, (name, texts) in enumerate(TEXTS.items()):
        with tarfile.open(folder / f"{name}.tar", "w") as archive:
            for number in range(PICTURES):
                pixels = picture(1000 * order + number // 2, 95 - 10 * (number % 2))
                text = texts[number // 2 % len(texts)].encode()
                for end, data in ((".jpg", pixels), (".txt", text)):
                    entry = tarfile.TarInfo(f"{number:06}{end}")
                    entry.size = len(data)
                    archive.addfile(entry, io.BytesIO(data))
    return folder


@pytest.fixture(scope="module")
def sets(tars, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(photographs, "SOURCES", SOURCES)
        yield load(tars, tmp_path_factory.mktemp("decoded"))


def test_a_picture_is_decoded_once_and_keeps_its_size_and_text(tars, tmp_path, monkeypatch):
    monkeypatch.setattr(photographs, "SOURCES", SOURCES[:1])
    first = load(tars, tmp_path)[0]
    (tars / "animals.tar").rename(tars / "gone")
    again = load(tars, tmp_path)[0]
    (tars / "gone").rename(tars / "animals.tar")
    assert len(again) == PICTURES
    assert again.texts == first.texts
    assert again.labels == ["Cat", "automobile", "dog"]
    assert again.pixels(7).shape == (40, 56, 3)
    assert (again.pixels(7) == first.pixels(7)).all()


def test_pictures_that_look_alike_are_held_out_together_or_not_at_all(sets):
    for photos in sets:
        assert (photos.held_out[::2] == photos.held_out[1::2]).all()
    share = np.mean([photos.held_out.mean() for photos in sets])
    assert 0.02 < share < 0.25


def test_no_batch_shows_a_held_out_picture_and_each_other_one_comes_in_turn(sets):
    mixture = Mixture(sets, seed=3, size=24)
    for index, photos in enumerate(sets):
        kept = set(np.flatnonzero(~photos.held_out))
        rounds = 2 * len(kept)
        shown = [place for number in range(rounds) for place in mixture._turn(index, number)]
        assert set(shown) == kept
        assert set(shown[: len(kept)]) == kept
        assert shown[: len(kept)] != shown[len(kept) : 2 * len(kept)]


def test_a_batch_is_a_function_of_its_number(sets):
    first, again, other = (Mixture(sets, seed=3, size=24).batch(number) for number in (4, 4, 5))
    assert first.pixels.shape == (8, 24, 24, 3)
    assert (first.pixels == again.pixels).all()
    assert (first.labels, first.captions) == (again.labels, again.captions)
    assert (first.pixels != other.pixels).any()


def test_pictures_are_told_apart_from_their_own_sets_labels(sets):
    mixture = Mixture(sets, seed=3, size=24)
    names = list(mixture.names)
    assert names == ["cat", "car", "dog", "cup"]  # an automobile is a car side
    made = mixture.batch(0)
    assert len(made.labels) == 4
    rivals = [{names[at] for at in np.flatnonzero(row[:4])} for row in made.rivals]
    assert rivals[:4] == [{"cat", "car", "dog"}] * 4
    assert rivals[4:6] == [{"car", "cup"}] * 2
    assert made.rivals[6:].all()  # rare labels and captions: from everything
    assert all(row[target] for row, target in zip(made.rivals, made.target, strict=True))
    assert made.rivals.shape[1] == 4 + len(made.captions)


def test_a_rare_label_that_is_a_common_one_too_is_the_same_concept(sets):
    mixture = Mixture(sets, seed=3, size=24)
    targets = {int(mixture.batch(number).target[6]) for number in range(30)}
    assert targets == {3, 4}  # the cup of "things"; a yak, which is the batch's own


def test_labels_are_called_by_all_their_names():
    assert concept("Car  side")[0] == concept("automobile")[0] == "car"
    assert concept("Yak") == ("yak",)
