"""All groups of a library at a level: reading, comparing, grouping, and what to keep of each group."""

from __future__ import annotations

import os
from collections import ChainMap
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from searchengine.catalog import images
from searchengine.duplicates.collapse import collapse
from searchengine.duplicates.edited import edited_edges
from searchengine.duplicates.grouping import stars
from searchengine.duplicates.keep import best_first, why_best
from searchengine.duplicates.neighbours import near_embeddings
from searchengine.duplicates.records import copied, read_records
from searchengine.duplicates.results import LEVELS, Duplicates, Group, Level, Member
from searchengine.duplicates.similar import burst_edges, similar_edges, usual_cosine
from searchengine.duplicates.sketches import Sketches
from searchengine.images.formats import VIDEO_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.images import ImageRow
    from searchengine.duplicates.collapse import Verdicts
    from searchengine.duplicates.grouping import Edges
    from searchengine.duplicates.records import Records
    from searchengine.open_space import OpenSpace
    from searchengine.results import SearchResult

Joined = dict[int, tuple[int, Level, float]]
"""What belongs to what: centre, level and score, by the one that joined it."""


def find_duplicates(
    catalog: Catalog,
    space: OpenSpace | None,
    library: Path,
    level: Level,
    *,
    is_reachable: Callable[[bytes], bool] | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> Duplicates:
    """The groups of a library, see `Library.duplicates`.

    Args:
        catalog: The library's.
        space: The one whose embeddings are compared; None where nothing is indexed.
        library: The library's folder; thumbnails that are missing are made and kept there.
        level: The loosest level that is wanted.
        is_reachable: Whether a root can be reached now.
        on_progress: Told in words how far it is, where that takes longer.
    """
    joined: Joined = {}
    unreadable = 0
    with catalog.read() as session:
        copies = copied(session)
        records = read_records(session, space.id, space.dim) if space and level != "exact" else None
    if records is not None:
        with sketches_of(records, catalog, library, is_reachable) as sketches:
            joined = join(records, edited_edges(records, sketches.get, on_progress), level)
            unreadable = len(sketches.unreadable)
    wanted = {*joined, *(centre for centre, _, _ in joined.values()), *copies}
    with catalog.read() as session:
        found = images.images(session, wanted, is_reachable=is_reachable)
    return Duplicates(tuple(to_groups(joined, found)), unreadable)


def collapse_results(
    results: Sequence[SearchResult],
    k: int | None,
    catalog: Catalog,
    space: OpenSpace,
    library: Path,
    *,
    verdicts: Verdicts,
    is_reachable: Callable[[bytes], bool] | None = None,
) -> tuple[list[SearchResult], bool]:
    """The first k of a ranking in which edits of one picture count once.

    Args:
        results: The ranking, from its first on.
        k: How many are wanted; None for all.
        catalog: The library's.
        space: The one that answered.
        library: The library's folder, for thumbnails.
        verdicts: What is known of pairs already, of an earlier page say; what is found out is added.
        is_reachable: Whether a root can be reached now.

    Returns:
        The results, ranked anew, with `SearchResult.edits`; and whether the ranking was long enough.
    """
    with catalog.read() as session:
        records = read_records(session, space.id, space.dim, [result.id for result in results])
    there = set(records.ids.tolist())
    results = [result for result in results if result.id in there]  # the others were removed meanwhile
    with sketches_of(records, catalog, library, is_reachable) as sketches:
        videos = {position for position, result in enumerate(results) if result.format in VIDEO_FORMATS}
        found = ChainMap({}, verdicts)
        groups, enough = collapse(records, sketches.get, k, alone=videos, verdicts=found)
        unseen = {int(records.ids[position]) for position in sketches.unreadable}
    verdicts.update((pair, same) for pair, same in found.maps[0].items() if unseen.isdisjoint(pair))
    collapsed = []
    for rank, (first, *edits) in enumerate(groups, start=1):
        paths = tuple(path for each in edits for path in (results[each].path, *results[each].copies))
        collapsed.append(replace(results[first], rank=rank, edits=paths))
    return collapsed, enough


@contextmanager
def sketches_of(
    records: Records, catalog: Catalog, library: Path, is_reachable: Callable[[bytes], bool] | None
) -> Iterator[Sketches]:
    """Sketches of the records, by position, for as long as the block lasts."""
    ids = records.ids

    def locate(positions: Sequence[int]) -> dict[int, tuple[bytes, list[bytes]]]:
        with catalog.read() as session:
            rows = images.images(session, ids[list(positions)].tolist(), is_reachable=is_reachable)
        place = {
            row.id: (row.hash, [file.path for file in row.files if not file.missing]) for row in rows.values()
        }
        return {each: place[ids[each]] for each in positions if ids[each] in place}

    sketches = Sketches(library, len(ids), locate)
    try:
        yield sketches
    finally:
        sketches.close()


def join(records: Records, edited: Edges, level: Level) -> Joined:
    """Which picture belongs to which, by content id, level after level.

    A group of a stricter level goes on as its centre, so a looser one never tears it apart.
    """
    joined: dict[int, tuple[int, Level, float]] = {}
    # A picture that has lost its time may match two shots of a burst; that doesn't make them one picture.
    shots = {number: time for number, time in enumerate(records.times.tolist()) if time is not None}
    _add(joined, edited, "edited", shots)
    if LEVELS.index(level) >= LEVELS.index("burst"):
        usual = usual_cosine(records.vectors)
        _add(joined, burst_edges(records.times, records.vectors, usual), "burst")
    if level == "similar":
        pairs, cosines = near_embeddings(records.vectors)
        _add(joined, similar_edges(pairs, cosines, usual), "similar")
    ids = records.ids.tolist()
    return {ids[one]: (ids[centre], how, score) for one, (centre, how, score) in joined.items()}


def _add(joined: Joined, edges: Edges, level: Level, kinds: Mapping[int, Hashable] | None = None) -> None:
    """Group what isn't in one group yet; each stands for the group it is the centre of or belongs to."""
    between: dict[tuple[int, int], float] = {}
    for (a, b), score in edges.items():
        one, other = _top(joined, a)[0], _top(joined, b)[0]
        if one != other:
            pair = min(one, other), max(one, other)
            between[pair] = max(score, between.get(pair, score))
    for centre, *others in stars(between, kinds):
        for other in others:
            joined[other] = (centre, level, between[min(centre, other), max(centre, other)])


def to_groups(joined: Joined, pictures: Mapping[int, ImageRow]) -> list[Group]:
    """The groups, those of the strictest level first, then by the path to keep.

    Args:
        joined: What belongs to what.
        pictures: By id; those with copies are groups too. What isn't here has gone meanwhile.
    """
    gathered: dict[int, dict[int, tuple[Level, float]]] = {}
    for content in pictures:
        centre, level, score = _top(joined, content)
        gathered.setdefault(centre, {})[content] = (level, score)
    groups = [_group(how, pictures) for how in gathered.values()]
    groups = [group for group in groups if len(group.members) > 1]
    return sorted(groups, key=lambda group: (LEVELS.index(group.level), group.keep))


def _top(joined: Joined, content: int) -> tuple[int, Level, float]:
    """The centre of the loosest level, how this picture comes to it: by the loosest and weakest link."""
    level: Level = "exact"
    score = 1.0
    while content in joined:
        content, how, link = joined[content]
        level, score = max(level, how, key=LEVELS.index), min(score, link)
    return content, level, score


def _group(how: Mapping[int, tuple[Level, float]], pictures: Mapping[int, ImageRow]) -> Group:
    ranked = best_first([pictures[content] for content in how])
    keep = ranked[0]
    rest = sorted(ranked[1:], key=lambda row: (LEVELS.index(how[row.id][0]), -how[row.id][1], row.id))
    # The one to keep need not be the centre that the others were compared with: its own link is the centre's.
    loosest = max((level for level, _ in how.values()), key=LEVELS.index)
    members = list(_members(keep, "exact", 1.0))
    for row in rest:
        level, score = how[row.id]
        if level == "exact":
            level, score = how[keep.id]
        members += _members(row, level, score)
    return Group(loosest, members[0].path, why_best(ranked), tuple(members))


def _members(row: ImageRow, level: Level, score: float) -> Iterable[Member]:
    """Each file of a picture: copies belong as the first one does."""
    for file in row.files:
        yield Member(
            path=os.fsdecode(file.path),
            score=float(np.clip(score, -1, 1)),
            level=level,
            id=row.id,
            width=row.width,
            height=row.height,
            bytes=row.size,
            format=row.format,
            taken_at=row.taken_at,
            offline=file.missing,
        )
