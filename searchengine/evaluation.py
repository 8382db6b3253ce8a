"""How well a search finds what it should: recall@k and mean reciprocal rank.

The definitions are those of CLIP's retrieval tables (Radford et al. 2021) and of CLIP_benchmark's zero-shot
retrieval: a query counts as answered at k when at least one of its right pictures is among the first k, and
recall@k is the share of the queries that are. The reciprocal rank of a query is 1 / the rank of its first
right picture (Voorhees, TREC-8, 1999).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from searchengine.errors import ImgsearchError

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
    from pathlib import Path

RECALL_AT = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One query and the pictures that are right answers to it.

    Attributes:
        query: The words, taken literally.
        paths: Absolute paths of the right answers, each with the number of its line.
    """

    query: str
    paths: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Scores:
    """The figures of one evaluation.

    Attributes:
        queries: How many there were.
        recall: Share of queries answered within the first k, by k; from 0 to 1.
        mean_reciprocal_rank: From 0 to 1.
    """

    queries: int
    recall: Mapping[int, float]
    mean_reciprocal_rank: float


def rank_of_first_right(ranking: Iterable[Hashable], right: Collection[Hashable]) -> int | None:
    """Rank, from 1, of the first right answer in a ranking; None where there is none."""
    return next((rank for rank, answer in enumerate(ranking, 1) if answer in right), None)


def recall_at(k: int, ranks: Sequence[int | None]) -> float:
    """Share of queries whose first right answer is among the first `k`.

    Args:
        k: How many answers a user looks at.
        ranks: Each query's `rank_of_first_right`; not empty.
    """
    return sum(rank is not None and rank <= k for rank in ranks) / len(ranks)


def mean_reciprocal_rank(ranks: Sequence[int | None]) -> float:
    """Mean over the queries of 1 / rank, with 0 where no right answer was found.

    Args:
        ranks: Each query's `rank_of_first_right`; not empty.
    """
    return sum(1 / rank for rank in ranks if rank is not None) / len(ranks)


def scores(ranks: Sequence[int | None], *, at: Iterable[int] = RECALL_AT) -> Scores:
    """All the figures at once.

    Args:
        ranks: Each query's `rank_of_first_right`; not empty.
        at: The k of recall@k.
    """
    return Scores(len(ranks), {k: recall_at(k, ranks) for k in at}, mean_reciprocal_rank(ranks))


def read_judgements(file: Path) -> list[Judgement]:
    """Read ``query<TAB>path`` lines; several lines with one query are several right answers to it.

    Args:
        file: UTF-8 text. Empty lines are passed over; relative paths start at the file's folder.

    Raises:
        ImgsearchError: A line without a query or a path, one that isn't UTF-8, or no lines at all.
        OSError: The file can't be read.
    """
    folder = os.fsencode(file.absolute().parent)
    found: dict[str, dict[str, int]] = {}
    for number, line in enumerate(file.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if not line.strip():
            continue
        words, _, path = line.partition(b"\t")
        if not words.strip() or not path:
            raise ImgsearchError(f"{file}, line {number}: expected a query, a tab and a path")
        try:
            query = words.decode().strip()
        except UnicodeDecodeError as error:
            raise ImgsearchError(f"{file}, line {number}: the query isn't UTF-8") from error
        # A path may be any bytes; those of the line end are gone, a space at its end may be part of it.
        found.setdefault(query, {}).setdefault(os.fsdecode(os.path.join(folder, path)), number)
    if not found:
        raise ImgsearchError(f"{file} has no queries; expected lines of a query, a tab and a path")
    return [Judgement(query, paths) for query, paths in found.items()]


def right_answers(judgement: Judgement, indexed: Mapping[str, int], *, source: str) -> frozenset[int]:
    """Ids of a query's right answers.

    Args:
        judgement: The query and its paths.
        indexed: Id of every picture's every path, as the library shows them.
        source: Name of the file the judgement comes from, for the message.

    Raises:
        ImgsearchError: A path isn't in the library.
    """
    ids = set()
    for path, line in judgement.paths.items():
        known = next((indexed[spelling] for spelling in spellings(path) if spelling in indexed), None)
        if known is None:
            raise ImgsearchError(
                f"{source}, line {line}: {path} isn't in the library; index it, or take the line out"
            )
        ids.add(known)
    return frozenset(ids)


def spellings(path: str) -> tuple[str, ...]:
    """The ways the library may write a path: as it is, with its folder's symlinks resolved, or with all."""
    plain = os.path.normpath(path)
    folder, name = os.path.split(plain)
    return plain, os.path.join(os.path.realpath(folder), name), os.path.realpath(plain)
