"""Models that write: which they are, and what a tiny one writes."""

from __future__ import annotations

import numpy as np
import pytest

from searchengine.encoders import captioner
from searchengine.encoders.beam_search import beam_search
from searchengine.encoders.captioner import can_write, load_captioner
from searchengine.encoders.load import load_torch
from tests.encoders.models import CLIP, COCA, write

START, END = 49406, 49407


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


def test_a_sentence_a_picture(coca):
    write_for = load_captioner(load_torch(str(coca)).spec)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    pixels.flags.writeable = False  # as decoded pictures are
    said = write_for(pixels)
    assert len(said) == 2
    assert all(said)
    assert all("_of_text" not in each for each in said)
    assert write_for(pixels[1:]) == said[1:]


def test_it_writes_what_the_model_finds_more_probable_than_what_greed_does(coca):
    """Scored by a forward pass over the whole sentence, as training does, not by the search's own sums."""
    import torch

    model = load_torch(str(coca))
    image = torch.rand(1, 3, 32, 32)
    latent, embeddings = model.module.visual(image)

    def continued(beginnings):
        count = len(beginnings)
        answer = model.module(
            image.expand(count, -1, -1, -1),
            beginnings,
            image_latent=latent.expand(count, -1),
            image_embs=embeddings.expand(count, -1, -1),
            output_labels=False,
        )
        return answer["logits"][:, -1].log_softmax(dim=-1)

    def mean(tokens):
        whole = torch.tensor([[START, *tokens, END]])
        logits = model.module(image, whole, output_labels=True)["logits"][0].log_softmax(dim=-1)
        return logits.gather(1, whole[0, 1:, None]).mean().item()

    limits = {"start": START, "end": END, "longest": 8}
    with torch.inference_mode():
        greedy = beam_search(continued, beams=1, **limits)
        wide = beam_search(continued, beams=6, **limits)
        assert 4 <= len(wide) <= 7
        assert mean(wide) >= mean(greedy)


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("a dog on a beach . ", "a dog on a beach"),
        ("a cat , asleep ", "a cat, asleep"),
    ],
)
def test_what_decoding_leaves_is_taken_off(text, tidy):
    assert captioner._tidy(text) == tidy
