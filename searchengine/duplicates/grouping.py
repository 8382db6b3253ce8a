"""From pairs to groups: every member belongs to the group's centre itself, not by way of a third one.

Union-find alone chains: if A is like B and B like C, all three are one, however little A has to do with C.
Here it only splits the pairs into components, each of which is covered by stars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

Edges = dict[tuple[int, int], float]
"""How well two things match, by the two of them, the smaller first."""

Star = tuple[int, ...]
"""A group: its centre, then the others in ascending order."""


def edges_of(pairs: NDArray[np.int64], scores: NDArray[np.float32]) -> Edges:
    """Pairs (m, 2) and scores (m,) as edges."""
    return {(a, b): score for (a, b), score in zip(pairs.tolist(), scores.tolist(), strict=True)}


def stars(edges: Mapping[tuple[int, int], float], kinds: Mapping[int, Hashable] | None = None) -> list[Star]:
    """Disjoint groups of two and more, the largest stars of each component first.

    The centre is what most others match, then what they match best, then the smallest: so the groups
    depend on the edges, not on their order. Time: the edges, times the stars of their component.

    Args:
        edges: What matches; never two of different kinds.
        kinds: Things of two kinds never share a group; what isn't in here goes with any.
    """
    kinds = kinds or {}
    groups: list[Star] = []
    for component in components(edges):
        matches: dict[int, dict[int, float]] = {}
        for (a, b), score in component:
            matches.setdefault(a, {})[b] = score
            matches.setdefault(b, {})[a] = score
        while matches:
            centre = min(matches, key=lambda node: (-len(matches[node]), -_total(matches[node]), node))
            members = _of_one_kind(centre, matches[centre], kinds)
            if not members:
                break
            groups.append((centre, *sorted(members)))
            members.add(centre)
            matches = {
                node: {other: score for other, score in others.items() if other not in members}
                for node, others in matches.items()
                if node not in members
            }
    return sorted(groups)


def untried(
    edges: Mapping[tuple[int, int], float], tried: Iterable[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Pairs that no net has caught, but that matches of matches suggest: a component's centre and the rest.

    Args:
        edges: Pairs that match.
        tried: All pairs that have been compared, the smaller first.
    """
    known = set(tried)
    wanted = []
    for component in components(edges):
        count: dict[int, int] = {}
        for pair, _ in component:
            for node in pair:
                count[node] = count.get(node, 0) + 1
        centre = min(count, key=lambda node: (-count[node], node))
        wanted += [(min(centre, node), max(centre, node)) for node in count if node != centre]
    return sorted(pair for pair in wanted if pair not in known)


def components(
    edges: Mapping[tuple[int, int], float],
) -> list[list[tuple[tuple[int, int], float]]]:
    """The edges of each connected component, both in ascending order."""
    parent: dict[int, int] = {}
    for a, b in edges:
        one, other = _root(parent, a), _root(parent, b)
        parent[max(one, other)] = min(one, other)
    found: dict[int, list[tuple[tuple[int, int], float]]] = {}
    for pair, score in sorted(edges.items()):
        found.setdefault(_root(parent, pair[0]), []).append((pair, score))
    return [found[root] for root in sorted(found)]


def _root(parent: dict[int, int], node: int) -> int:
    parent.setdefault(node, node)
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


def _of_one_kind(centre: int, matches: Mapping[int, float], kinds: Mapping[int, Hashable]) -> set[int]:
    """What goes with the centre; where it has no kind, its best match that has one decides."""
    kind = kinds.get(centre)
    members = set()
    for node in sorted(matches, key=lambda node: (-matches[node], node)):
        own = kinds.get(node)
        kind = own if kind is None else kind
        if own is None or own == kind:
            members.add(node)
    return members


def _total(scores: Mapping[int, float]) -> float:
    """The sum, of sorted scores: rounding must not depend on the order."""
    return sum(sorted(scores.values()))
