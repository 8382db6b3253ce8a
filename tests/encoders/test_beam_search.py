"""The search against all sentences that there are."""

from __future__ import annotations

import itertools

import pytest
import torch

from searchengine.encoders.beam_search import beam_search

VOCABULARY, END, START = 5, 0, 4


def language(seed):
    """Log-probabilities of what comes next that depend on the last two tokens."""
    table = torch.randn(VOCABULARY, VOCABULARY, VOCABULARY, generator=torch.Generator().manual_seed(seed))
    table = (2 * table).log_softmax(dim=-1)

    def continued(beginnings):
        before = beginnings[:, -2] if beginnings.shape[1] > 1 else torch.full((len(beginnings),), START)
        return table[before, beginnings[:, -1]].clone()

    return continued


def mean(continued, tokens):
    """Mean log-probability a token of a sentence, its end included."""
    whole = [START, *tokens, END]
    steps = [continued(torch.tensor([whole[:at]]))[0, whole[at]].item() for at in range(1, len(whole))]
    return sum(steps) / len(steps)


def sentences(shortest, longest):
    """All that are within the limits, which count the start."""
    words = [token for token in range(VOCABULARY) if token != END]
    for length in range(shortest, longest + 1):
        yield from (list(each) for each in itertools.product(words, repeat=length - 1))


@pytest.mark.parametrize("seed", range(12))
def test_with_room_for_all_beginnings_it_finds_the_best_sentence(seed):
    continued = language(seed)
    found = beam_search(continued, start=START, end=END, beams=4**4, shortest=2, longest=5)
    assert found == max(sentences(2, 5), key=lambda tokens: mean(continued, tokens))


@pytest.mark.parametrize("seed", range(12))
def test_a_narrow_search_keeps_within_the_limits(seed):
    found = beam_search(language(seed), start=START, end=END, beams=2, shortest=3, longest=4)
    assert 2 <= len(found) <= 3
    assert END not in found


def test_greed_misses_what_a_second_beam_finds():
    """At first 1 is likelier than 2, but whatever follows it is not."""
    table = torch.full((VOCABULARY, VOCABULARY), 1e-9)
    table[START, 1], table[START, 2] = 0.6, 0.4
    table[1] = torch.tensor([0.25, 0.25, 0.25, 0.25, 1e-9])
    table[2, END] = 1.0

    def continued(beginnings):
        return table[beginnings[:, -1]].log()

    limits = {"start": START, "end": END, "shortest": 2, "longest": 2}
    assert beam_search(continued, beams=1, **limits) == [1]
    assert beam_search(continued, beams=2, **limits) == [2]
