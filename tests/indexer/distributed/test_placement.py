"""How large the embedding actors are, and how many."""

from __future__ import annotations

import pytest

from indexer.distributed.placement import MOST_CORES, Node, Placement, place
from searchengine.errors import ClusterError


def nodes(*sizes):
    return [
        Node(str(i), f"10.0.0.{i}", *(size if isinstance(size, tuple) else (size, 0)))
        for i, size in enumerate(sizes)
    ]


@pytest.mark.parametrize(
    ("sizes", "placement"),
    [
        ([2], Placement(1, 1, 0, 2)),
        ([3], Placement(1, 2, 0, 3)),
        ([2, 2], Placement(2, 1, 0, 2)),
        ([8, 8, 8], Placement(3, 7, 0, 8)),
        ([0, 16], Placement(1, 15, 0, 16)),  # a head node that does no work
        ([1, 4], Placement(1, 3, 0, 4)),  # too small to leave Ray a CPU
        ([65], Placement(4, 16, 0, 16)),
        ([4, 7], Placement(3, 3, 0, 3)),
        ([(16, 1)], Placement(1, 15, 1, 16)),
        ([(33, 4), (33, 4)], Placement(8, 8, 1, 8)),
        ([(16, 1), (64, 0)], Placement(1, 15, 1, 16)),  # where there are GPUs they do it
        ([(3, 4)], Placement(2, 1, 1, 1)),  # an actor without a core to decode on is of no use
    ],
)
def test_an_actor_a_node_or_gpu(sizes, placement):
    assert place(nodes(*sizes)) == placement


@pytest.mark.parametrize("sizes", [[], [0], [1, 1], [(1, 8)]])
def test_a_cluster_without_room_is_an_error_that_says_what_to_do(sizes):
    with pytest.raises(ClusterError, match="--num-cpus 2"):
        place(nodes(*sizes))


@pytest.mark.parametrize("sizes", [[2, 64], [5, 9, 17], [3, 3, 96], [128, 2, 2]])
def test_every_node_keeps_a_cpu_for_ray_and_nearly_all_others_work(sizes):
    placement = place(nodes(*sizes))
    counts = [(size - 1) // placement.cpus for size in sizes]
    assert sum(counts) == placement.actors
    assert placement.cpus <= MOST_CORES
    assert placement.actors * placement.cpus >= 0.9 * sum(size - 1 for size in sizes)
