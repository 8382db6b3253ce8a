"""Vectors and words into one ranking. Values in, values out.

A CLIP model is trained so that `logit_scale * cosine` is the logarithm of how likely a picture goes with a
text, up to a constant. What a word says that stands in a picture's name or keywords is a logarithm of the
same kind: its inverse document frequency. So the two are added, as independent witnesses, and the sum ranks.

Unlike reciprocal rank fusion it needs no ranks: a picture's place depends on its own two numbers only. So the
first k of any longer answer are the answer for k, and where no text has any of the words the order is the
vectors' own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.query.paging import Hit
    from searchengine.query.terms import Query

WORDS_COUNT = 0.7
"""How much of what the words say counts, since they aren't quite independent of each other and of what is
seen. scripts/eval_hybrid.py --choose: the most that doesn't cost queries without names anything."""


def shares(query: Query) -> list[tuple[str, float]]:
    """The words that a query goes towards, each with its share of all that it goes towards.

    What it goes away from is a matter of looks: -"words" leaves out by words.
    """
    positive = [words for words in query.words if words.weight > 0]
    whole = sum(words.weight for words in positive)
    whole += sum(example.weight for example in query.examples if example.weight > 0)
    return [(words.text, words.weight / whole) for words in positive]


def by_same_part(
    hits: Sequence[Hit], matches: Sequence[Hit], first_parts: Callable[[NDArray[np.int64]], NDArray[np.int64]]
) -> list[Hit]:
    """The hits, those of pictures that are among the matches by the part that the match has.

    Matches are looked up exactly, hits perhaps not, so one picture may be in both by different parts: it
    must not be two results.

    Args:
        hits: Of any pictures.
        matches: Of some.
        first_parts: What pictures go by.
    """
    import numpy as np

    firsts = first_parts(np.array([each for each, _ in (*matches, *hits)], np.int64)).tolist()
    matched = dict(zip(firsts, matches, strict=False))
    return [matched.get(first, hit) for first, hit in zip(firsts[len(matches) :], hits, strict=True)]


def fuse(hits: Sequence[Hit], matches: Sequence[Hit], raised: Mapping[int, float]) -> list[Hit]:
    """The best of a ranking by cosine, once some pictures have been raised in it.

    Args:
        hits: The k nearest, with their cosines, best first.
        matches: All that are raised and may be in the answer, with their cosines.
        raised: By how much of a cosine each is raised; not negative.

    Returns:
        The k best, with the sums that they are ranked by; equal ones in order of id. None but `hits` and
        `matches` can be among them: whatever else there is comes after k others already.
    """
    sums = {each: cosine + raised.get(each, 0.0) for each, cosine in (*hits, *matches)}
    return sorted(sums.items(), key=lambda hit: (-hit[1], hit[0]))[: len(hits)]
