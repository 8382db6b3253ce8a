"""A pool that reads files in this process, at once, and remembers what it was asked for."""

from __future__ import annotations

from concurrent.futures import Future
from typing import ClassVar

from indexer.decoding.decode import Decoded, Unreadable, decode


class InProcessPool:
    """Stands in for `DecodePool` where what is tested isn't the decoding.

    Attributes:
        tasks: Every task that any of these pools got, with its outcome, since it was last emptied.
    """

    tasks: ClassVar = []

    def __init__(self, preprocessing, **_):
        self.workers = 2
        self._preprocessing = preprocessing

    def submit(self, task):
        outcome = decode(task, preprocessing=self._preprocessing)
        self.tasks.append((task, outcome))
        future = Future()
        future.set_result(outcome)
        return future

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    @classmethod
    def decoded(cls):
        """The hashes of the pictures that were decoded."""
        return [outcome.hash for _, outcome in cls.tasks if isinstance(outcome, Decoded)]

    @classmethod
    def unreadable(cls):
        """The paths of the files that couldn't be."""
        return [task.path for task, outcome in cls.tasks if isinstance(outcome, Unreadable)]
