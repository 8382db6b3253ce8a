"""How many embedding actors a cluster gets, and how large each is. Values in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from searchengine.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Sequence

# An image tower on more cores than this waits more than it computes; two actors do better.
MOST_CORES = 16
# Every actor holds a model: better few large ones, as long as they leave hardly a core idle.
ENOUGH = 0.9
# Ray Data runs tasks of its own beside its actors. Where actors hold every CPU these wait for ever
# (ray-project/ray#44687).
RESERVED = 1


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster.

    Attributes:
        id: Ray's name for it.
        name: What people call it.
        cpus: Logical CPUs that nobody has taken.
        gpus: The same of GPUs.
    """

    id: str
    name: str
    cpus: int
    gpus: int = 0


@dataclass(frozen=True, slots=True)
class Placement:
    """What to ask Ray for.

    Attributes:
        actors: How many.
        cpus: Logical CPUs that each takes.
        gpus: GPUs that each takes.
        cores: How many cores each may keep busy; the one that is left free for Ray hardly works.
    """

    actors: int
    cpus: int
    gpus: int
    cores: int


def place(nodes: Sequence[Node]) -> Placement:
    """One actor a GPU where there are any, else one a node, or several where a node is large.

    Raises:
        ClusterError: No node has room for one.
    """
    roomy = [node for node in nodes if node.cpus > RESERVED]
    if not roomy:
        seen = ", ".join(f"{node.name} {node.cpus}" for node in nodes) or "there are none"
        raise ClusterError(
            f"no node of the cluster has {RESERVED + 1} free CPUs, one to embed and one for Ray ({seen});"
            " wait for its other jobs, or start nodes with --num-cpus 2 or more"
        )
    if any(node.gpus for node in roomy):
        roomy = [node for node in roomy if node.gpus]
        share = max(1, min((node.cpus - RESERVED) // node.gpus for node in roomy))
        counts = [min(node.gpus, (node.cpus - RESERVED) // share) for node in roomy]
        gpus = 1
    else:
        share = _share([node.cpus - RESERVED for node in roomy])
        counts = [(node.cpus - RESERVED) // share for node in roomy]
        gpus = 0
    cores = min(node.cpus // count for node, count in zip(roomy, counts, strict=True) if count)
    return Placement(sum(counts), share, gpus, cores)


def _share(free: Sequence[int]) -> int:
    """The most CPUs an actor can have such that all together put nearly all that are free to work."""
    used = {share: sum(share * (cpus // share) for cpus in free) for share in range(1, MOST_CORES + 1)}
    return max(share for share in used if used[share] >= ENOUGH * max(used.values()))
