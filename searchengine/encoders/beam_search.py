"""Beam search: the most probable sentence, token by token, with several beginnings kept in view."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch


def beam_search(
    continued: Callable[[torch.Tensor], torch.Tensor],
    *,
    start: int,
    end: int,
    beams: int = 6,
    shortest: int = 5,
    longest: int = 30,
) -> list[int]:
    """The sentence with the greatest mean log-probability a token that the search comes by.

    Args:
        continued: From beginnings, int64 (n, length), to the log-probabilities of what comes next, float
            (n, vocabulary).
        start: Token that every sentence begins with.
        end: Token that ends one.
        beams: Beginnings kept at each length; 1 is greedy.
        shortest: Tokens before the end, at the least, the start among them.
        longest: Tokens before the end, at the most.

    Returns:
        Its tokens, without the start and the end.
    """
    import torch

    beginnings, totals = torch.tensor([[start]]), torch.zeros(1)
    best, best_mean = beginnings[0], -torch.inf
    for length in range(1, longest + 1):
        scores = totals[:, None] + continued(beginnings).float().cpu()
        # What ends here is a candidate with as many log-probabilities as it has tokens after the start.
        if length >= shortest and (mean := scores[:, end].max().item() / length) > best_mean:
            best, best_mean = beginnings[int(scores[:, end].argmax())], mean
        scores[:, end] = -torch.inf
        totals, places = scores.flatten().topk(min(beams, scores.numel()))
        # No log-probability is above 0, so that a mean only comes to this if nothing is added to it.
        if length == longest or totals[0].item() / longest <= best_mean:
            break
        rows, tokens = places // scores.shape[1], places % scores.shape[1]
        beginnings = torch.cat([beginnings[rows], tokens[:, None]], dim=1)
    return best[1:].tolist()
