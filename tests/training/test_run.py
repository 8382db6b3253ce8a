"""Training: a run that stops and goes on is the run that didn't stop; weights fit a larger vocabulary."""

import threading

import pytest
import torch

from data.batches import BackgroundPool, SceneBatches
from training import vocabulary
from training.batches import Steps
from training.losses import unified
from training.run import LAST, WARM, Training
from training.schedule import Schedule
from training.tower import CONFIG, SIZE
from training.vocabulary import Vocabulary

# A small ResNet of open_clip's own, that shrinks a picture to 1/16 and 1/32 as the built-in model does.
SMALL = {**CONFIG, "vision_cfg": {"layers": [1, 1, 1, 1], "width": 8, "head_width": 8, "image_size": SIZE}}


@pytest.fixture(scope="module")
def pool():
    return BackgroundPool(32, variants=1, seed=1)


@pytest.fixture(autouse=True)
def one_thread():
    """Two threads that wait for each other are slow where another process has a core."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def steps(tmp_path, pool, words):
    return Steps(SceneBatches(1, 4, SIZE, pool, tmp_path, different=2), None, words)


@pytest.fixture
def words(monkeypatch):
    monkeypatch.setattr(vocabulary, "SCENES", 100)
    return Vocabulary.collect([])


def test_a_run_that_went_on_is_the_run_that_never_stopped(tmp_path, words, steps):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder, sittings in ((whole, (4,)), (parts, (2, 2))):
        folder.mkdir()
        torch.manual_seed(5)
        training = Training(folder, SMALL, words)
        for number, count in enumerate(sittings):
            training = Training.resumed(folder) if number else training
            training.model.train()
            for _ in range(count):
                training._move(steps[training.step], rate=1e-3, seeing=1.0, weight=0.5)
            training.save()
    one, other = (torch.load(folder / LAST, weights_only=True) for folder in (whole, parts))
    assert one["step"] == other["step"] == 4
    assert one["seen"] == other["seen"] == 16
    for name, value in one["model"].items():
        assert torch.equal(value, other["model"][name]), name
        assert torch.equal(one["average"][name], other["average"][name]), name


def test_weights_go_on_to_a_larger_vocabulary(words):
    larger = Vocabulary([*words.used, *larger_tokens(words)])
    small = torch.randn(words.size, 8)
    rows = larger.rows(words, small)
    assert rows.shape == (larger.size, 8)
    for token in (*words.used, words.start, words.end):
        assert torch.equal(rows[larger.number[token]], small[words.number[token]])
    for token in larger_tokens(words):
        assert torch.equal(rows[larger.number[token]], small[vocabulary.UNKNOWN])
    assert torch.equal(larger.table(rows), words.table(small))


def larger_tokens(words):
    return [token for token in words.tokenizer.encode("zeppelin gyroscope") if token not in words.number]


def test_texts_of_other_words_are_unknown_and_short_ones_are_padded(words):
    known, unknown = words.encode(["a picture of a circle", "zeppelin"])
    assert known[0] == unknown[0] == words.number[words.start]
    assert vocabulary.UNKNOWN not in known
    assert vocabulary.UNKNOWN in unknown
    assert unknown[-1] == vocabulary.PADDING
    assert known.argmax() == 6  # where the text tower reads out


def test_a_picture_near_its_concept_costs_less_than_one_near_a_rival():
    texts = torch.eye(3)
    images = torch.eye(3)[[0, 0, 1]]
    rivals = torch.ones(3, 3, dtype=torch.bool)
    scale = torch.tensor(10.0)
    right = unified(images, texts, torch.tensor([0, 0, 1]), rivals, scale)
    wrong = unified(images, texts, torch.tensor([0, 1, 1]), rivals, scale)
    assert right < wrong
    assert right < 1  # two pictures share a concept's place: half of log 2 is left
    others = rivals.clone()
    others[1] = torch.tensor([False, True, False])  # nothing to be told apart from
    assert unified(images, texts, torch.tensor([0, 1, 1]), others, scale) < wrong


def test_the_rate_rises_stays_and_falls_and_the_end_can_be_moved(tmp_path):
    schedule = Schedule(10_000, tmp_path / "steps", peak=1.0, cooling=0.2, seeing=1)
    assert schedule.rate(0) < 0.01
    assert schedule.rate(5000) == 1
    assert not schedule.cools(7900)
    assert schedule.cools(8001)
    assert schedule.rate(9000) == pytest.approx(0.5)
    assert schedule.rate(20_000) == 0
    (tmp_path / "steps").write_text("100000\n")
    assert schedule.rate(20_000) == 1


def test_the_state_before_the_fall_is_kept(tmp_path, words, steps):
    training = Training(tmp_path, SMALL, words)
    training.train(steps, Schedule(2, tmp_path / "steps", 1e-3, 0.5, 1.0), workers=0)
    assert torch.load(tmp_path / LAST, weights_only=True)["step"] == 2
    assert torch.load(tmp_path / WARM, weights_only=True)["step"] == 1


def test_training_lets_go_first_whoever_holds_the_lock(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    lock = tmp_path / "lock"
    schedule = Schedule(1, tmp_path / "steps", 1e-3, 0.2, 1, lock)
    with open(lock, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = threading.Thread(target=schedule.wait)
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        fcntl.flock(held, fcntl.LOCK_UN)
        waiting.join(120)
    assert not waiting.is_alive()
