"""The relevance line: from which cosine on a picture is an answer, and not only the nearest there is.

A cosine means nothing by itself: models, kinds of query and pictures differ. So each space is calibrated on
its own library with queries that have nothing to do with it (`Calibration`), and a query's line stands where
a given share of those, its strictness, finds nothing:

- words: a bank of neutral prompts is asked. Some pictures are near to any words (hubs; blank pictures are of
  that kind), so a score is the cosine less half of the picture's *closeness*, the mean cosine of the ten
  prompts nearest to it. That is the picture's half of CSLS (Conneau et al. 2018, arXiv:1710.04087), with its
  numbers. The other half, the query's closeness to the library, is left out: it made matters worse
  (scripts/eval_ranking.py), because a query that suits half of a library isn't therefore a bad one.
- pictures: pictures of the library are asked, each against a few others drawn at random. Not against all:
  a picture's nearest is often the next shot of the same thing.
- a mixture: the same query is asked with neutral prompts in the place of its words, next to the same pictures
  and away from the same things.

That is the `bar`: what the first picture has to reach for anything to be an answer. Where it does, and words
were asked for, others stand above the line with it: all that are nearer to it than to what is usual in the
library for this query, half-way between both at the default strictness.

The ranking stays that of the cosine: blank pictures are among its first ten less often than by chance, and to
rank them last makes the first one right for 0.2 % more of the queries (scripts/eval_ranking.py). The
closeness is that of its first picture, so the line is one cosine for the whole query, and the pictures above
it are the ranking's first ones, however many are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.calibration import Calibration
    from searchengine.query.compose import Direction

    Vectors = NDArray[np.float32]

STRICTNESS = 0.9
"""Share of unrelated queries that find nothing, where nobody says otherwise."""

NEAREST_PROMPTS = 10
CLOSENESS_WEIGHT = 0.5
# At the default strictness one pair of pictures in 300 counts as alike. On scenes (data/), of the pictures
# with thing and place in common 0.49, 0.23 or 0.03 were above the line for 10, 30 or 100 others, and of
# queries without any such picture 0.76, 0.31 or 0.00 had one above it.
OTHERS = 30
# A query's cosines are usual up to so many standard deviations above their mean in the sample.
USUAL = 2.0
# On scenes half-way raised the share of a thing's pictures above the line from 0.23 to 0.39, and lowered that
# of its pictures among those above it from 0.71 to 0.52: whoever asked for a dog wants the other dogs too.
HALF_WAY = 0.5
# Above every line for pictures: a picture and its copies are like it, whatever else is in the library.
SAME = 0.98
# Shorter than this is what float32 left of a direction that has nothing besides its main part.
_NOTHING = 1e-3


def closeness(bank: Vectors, pictures: Vectors) -> NDArray[np.float32]:
    """How near pictures are to words of any kind: the mean cosine of the ten nearest prompts.

    Args:
        bank: Embeddings of the prompts, (prompts, dim).
        pictures: Embeddings of the pictures, (n, dim).

    Returns:
        float32 (n,).
    """
    import numpy as np

    cosines = pictures @ bank.T
    nearest = min(NEAREST_PROMPTS, cosines.shape[1])
    result: NDArray[np.float32] = np.partition(cosines, -nearest, axis=1)[:, -nearest:].mean(axis=1)
    return result


def unrelated_words(bank: Vectors, cosines: Vectors, best: Vectors) -> tuple[float, ...]:
    """`Calibration.words`.

    Args:
        bank: The prompts' embeddings, (prompts, dim).
        cosines: Each prompt's cosine with the picture nearest to it, (prompts,).
        best: Those pictures' embeddings, (prompts, dim).
    """
    scores = cosines - CLOSENESS_WEIGHT * closeness(bank, best)
    return tuple(sorted(scores.tolist()))


def unrelated_pictures(sample: Vectors) -> tuple[float, ...]:
    """`Calibration.pictures`.

    Args:
        sample: Embeddings of pictures drawn at random, (n, dim), n > 0. One alone has nothing to be compared
            with: only its copies count as like it then.
    """
    return tuple(sorted(_among_others(sample, sample).tolist()))


def checked(strictness: float) -> float:
    """A strictness, if it is one.

    Raises:
        UsageError: It is no share.
    """
    if not 0 <= strictness <= 1:
        raise UsageError(
            "the strictness is the share of unrelated queries that should find nothing, so it lies "
            f"between 0 and 1, not at {strictness}"
        )
    return strictness


def line(
    calibration: Calibration, direction: Direction, best: Vectors, strictness: float = STRICTNESS
) -> float:
    """The cosine from which on pictures are relevant to a query; never lower for a larger strictness.

    Args:
        calibration: The space's.
        direction: The query.
        best: Embedding of the picture nearest to it, (dim,).
        strictness: Share of unrelated queries that should find nothing, from 0 to 1.
    """
    needed = bar(calibration, direction, best, strictness)
    reached = float(direction.vector @ best)
    if not direction.of_words or direction.is_away or not is_relevant(reached, needed):
        return needed
    cosines = calibration.sample @ direction.vector
    usual = float(cosines.mean() + USUAL * cosines.std())
    # Half-way at the default, all the way at 1, and none of it from as far below the default on.
    share = max(0.0, 1 - (1 - strictness) * HALF_WAY / (1 - STRICTNESS))
    return min(needed, usual + share * (reached - usual))


def bar(
    calibration: Calibration, direction: Direction, best: Vectors, strictness: float = STRICTNESS
) -> float:
    """The cosine that the picture nearest to a query has to reach if anything is to be an answer to it.

    Args:
        calibration: The space's.
        direction: The query.
        best: Embedding of that picture, (dim,).
        strictness: Share of unrelated queries that should find nothing, from 0 to 1.
    """
    import numpy as np

    rest = direction.vector - direction.main
    share = float(np.linalg.norm(direction.main))
    is_alone = float(np.linalg.norm(rest)) < _NOTHING
    bank = calibration.bank
    if direction.is_away:
        return _at(_away(calibration, of_words=direction.of_words), strictness)
    if direction.of_words:
        scores = calibration.words if is_alone else _other_words(calibration, bank, share, rest)
        return _at(scores, strictness) + CLOSENESS_WEIGHT * share * float(closeness(bank, best[None])[0])
    if is_alone:
        return min(_at(calibration.pictures, strictness), SAME)
    sample = calibration.sample
    return _at(_among_others(_unit(share * sample + rest), sample), strictness)


def bars(calibration: Calibration, pictures: Vectors, strictness: float = STRICTNESS) -> NDArray[np.float32]:
    """The bar of words alone, for each of several pictures as if it were the nearest to them.

    Args:
        calibration: The space's.
        pictures: Their embeddings, (n, dim).
        strictness: Share of unrelated words that should find nothing, from 0 to 1.

    Returns:
        Cosines, (n,).
    """
    import numpy as np

    close = closeness(calibration.bank, pictures)
    return np.float32(_at(calibration.words, strictness)) + np.float32(CLOSENESS_WEIGHT) * close


def is_relevant(score: float, line: float) -> bool:
    """Whether a picture with this cosine stands above the line. The one place where that is said."""
    return score >= line


def _other_words(calibration: Calibration, bank: Vectors, share: float, rest: Vectors) -> Vectors:
    """Best scores of the same query with neutral prompts in the place of its words, (prompts,)."""
    import numpy as np

    sample = calibration.sample
    # A picture in the query that is in the library too would be the best answer to any words beside it.
    others = sample[sample @ _unit(rest[None])[0] < SAME]
    sample = others if len(others) else sample
    close = closeness(bank, sample)
    # Among a sample the best score is lower than among all: by as much as for the prompts alone.
    alone = bank @ sample.T
    among_sample = alone.max(axis=1) - CLOSENESS_WEIGHT * close[alone.argmax(axis=1)]
    missing = share * float(np.median(calibration.words) - np.median(among_sample))
    cosines = _unit(share * bank + rest) @ sample.T
    scores: Vectors = cosines.max(axis=1) - CLOSENESS_WEIGHT * share * close[cosines.argmax(axis=1)]
    return scores + np.float32(missing)


def _away(calibration: Calibration, *, of_words: bool) -> Vectors:
    """Best scores of queries that only go away from something, among the sample."""
    sample = calibration.sample
    if not of_words:
        return _among_others(-sample, sample)
    best: Vectors = (-calibration.bank @ sample.T).max(axis=1)
    return best


def _among_others(queries: Vectors, sample: Vectors) -> Vectors:
    """Each query's best cosine with pictures drawn at random that aren't the one of its own row, (n,)."""
    import numpy as np

    count = len(sample)
    if count == 1:
        return np.full(1, SAME, np.float32)
    others = np.random.default_rng(0).integers(1, count, (count, OTHERS))
    rows = np.arange(count)[:, None]
    best: Vectors = (queries @ sample.T)[rows, (rows + others) % count].max(axis=1)
    return best


def _at(best: Sequence[float] | Vectors, strictness: float) -> float:
    import numpy as np

    # `np.quantile` would import numpy.ma: a thirtieth of a cold query.
    values = np.sort(np.asarray(best, np.float64))
    return float(np.interp(strictness * (len(values) - 1), np.arange(len(values)), values))


def _unit(vectors: Vectors) -> Vectors:
    import numpy as np

    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
