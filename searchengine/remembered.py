"""What was worked out from the catalog, kept until anything in the catalog changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """The last answers to a question about the catalog. Threads may share it.

    Args:
        generation: Gives a number that is another one after every change; `Catalog.generation`.
        most: How many answers are kept; the one unused for longest goes first.
    """

    def __init__(self, generation: Callable[[], int], *, most: int) -> None:
        self._generation = generation
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[int, Value]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """The answer for a key: a kept one if nothing has changed since, or else a new one."""
        # Asked first: what is committed meanwhile makes the answer seem older than it is, not newer.
        now = self._generation()
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept[0] == now:
                self._kept.move_to_end(key)
                return kept[1]
        value = compute()
        with self._lock:
            self._kept[key] = now, value
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return value
