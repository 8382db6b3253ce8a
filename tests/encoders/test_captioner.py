"""Models that write: which they are, and open_clip's own beam search on a tiny one."""

from __future__ import annotations

import numpy as np
import pytest

from searchengine.encoders import captioner
from searchengine.encoders.captioner import can_write, load_captioner
from searchengine.encoders.load import load_torch
from searchengine.errors import ModelError
from tests.encoders.models import CLIP, COCA, write


@pytest.fixture(scope="module")
def coca(tmp_path_factory):
    return write(tmp_path_factory.mktemp("coca"), COCA)


def test_which_models_write_is_known_without_loading_them(coca, tmp_path):
    assert can_write(str(coca))
    assert can_write("coca_ViT-B-32/mscoco_finetuned_laion2b_s13b_b90k")
    assert can_write("hf-hub:laion/mscoco_finetuned_CoCa-ViT-L-14-laion2B-s13B-b90k")
    assert not can_write(str(write(tmp_path / "clip", CLIP)))
    assert not can_write("builtin")
    assert not can_write("ViT-B-32-256/datacomp_s34b_b86k")


def test_without_what_it_needs_it_says_what_to_install(coca, monkeypatch):
    spec = load_torch(str(coca)).spec
    monkeypatch.setattr("open_clip.coca_model._has_transformers", False)
    with pytest.raises(ModelError, match=r"pip install 'imgsearch\[hf\]'"):
        load_captioner(spec)


def test_a_sentence_a_picture_by_beam_search(coca):
    from open_clip import coca_model

    if not coca_model._has_transformers:
        pytest.skip("needs the extra hf")
    write_for = load_captioner(load_torch(str(coca)).spec)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    said = write_for(pixels)
    assert len(said) == 2
    assert all("_of_text" not in each for each in said)
    assert write_for(pixels) == said


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("<start_of_text>a dog on a beach . <end_of_text>", "a dog on a beach"),
        ("<start_of_text>a cat , asleep <end_of_text>!", "a cat, asleep"),
    ],
)
def test_the_marks_of_its_ends_are_taken_off(text, tidy):
    assert captioner._tidy(text) == tidy
