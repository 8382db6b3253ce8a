"""A cluster in this process: all that Ray does, but no Ray."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

import indexer.distributed.embedder
import indexer.distributed.ray
from indexer.distributed.placement import Node
from indexer.distributed.ray import Done
from tests.indexer.in_process import InProcessPool


class StandInCluster:
    """Runs the worker here, block after block.

    Attributes:
        blocks: How many it was given.
        twice: Do every block a second time, as after a machine's death.
        dies_after: Blocks after which it is gone.
    """

    def __init__(self):
        self.blocks = 0
        self.twice = False
        self.dies_after = None
        self.before_block = lambda: None

    def nodes(self):
        return [Node("a", "10.0.0.1", 3)]

    def ask(self, nodes, question):
        assert question() is None

    def run(self, blocks, worker, arguments, placement):
        made = worker(**arguments)
        for block in blocks:
            if self.dies_after == self.blocks:
                raise KeyboardInterrupt
            self.before_block()
            self.blocks += 1
            for _ in range(1 + self.twice):
                (row,) = made(block).to_pylist()
                yield Done(**row)


@pytest.fixture
def cluster(monkeypatch, encoder):
    """What `--ray` joins: a cluster in this process, whose machines have the counting encoder."""
    made = StandInCluster()

    @contextmanager
    def joined(address):
        assert address == "stand-in"
        yield made

    monkeypatch.setattr(indexer.distributed.ray, "joined", joined)
    monkeypatch.setattr(indexer.distributed.ray, "require", lambda: None)
    monkeypatch.setattr(indexer.distributed.embedder, "DecodePool", InProcessPool)
    monkeypatch.setattr(indexer.distributed.embedder.Model, "__call__", lambda self: encoder)
    monkeypatch.setenv("IMGSEARCH_CORES", "2")  # an embedder says so to its process, which is this one
    return made
