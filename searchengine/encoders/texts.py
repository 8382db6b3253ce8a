"""Texts to vectors for many threads: what was asked before is kept, what is asked at once is encoded at once.

A text tower reads all its weights for every call, so eight texts together take little more than twice the
time of one (scripts/bench_server.py). Nobody waits for others to come: who finds the tower idle uses it, and
whoever comes meanwhile is taken along the next time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

KEPT = 4096
"""Vectors that are kept; 8 MB at dimension 512."""

MOST_AT_ONCE = 16
"""Texts encoded together. More gain little, and all of them wait for the last."""


class _Asked:
    """What one thread waits for.

    Attributes:
        texts: To be encoded.
        vectors: Theirs, once they are.
        error: Why they can't be.
        leads: Whether this thread is to encode next, for itself and for others.
        changed: Set when one of these has.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.vectors: Vectors | None = None
        self.error: Exception | None = None
        self.leads = False
        self.changed = threading.Event()


class TextVectors:
    """Encodes texts; threads may share it.

    Args:
        encode: Gives texts' vectors, float32 (n, dim); called by one thread at a time.
        kept: How many vectors to keep; the one unused for longest goes first.
    """

    def __init__(self, encode: Callable[[Sequence[str]], Vectors], *, kept: int = KEPT) -> None:
        self._encode = encode
        self._most = kept
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._queue: deque[_Asked] = deque()
        self._busy = False
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[str]) -> list[Vectors]:
        """The vectors of texts, float32 (dim,) each, in their order. Not to be changed.

        Raises:
            Exception: What encoding these raised.
        """
        with self._lock:
            found = {text: self._kept[text] for text in texts if text in self._kept}
            for text in found:
                self._kept.move_to_end(text)
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing:
            found.update(zip(missing, self._wait_for(_Asked(missing)), strict=True))
        return [found[text] for text in texts]

    def _wait_for(self, asked: _Asked) -> Vectors:
        with self._lock:
            self._queue.append(asked)
            if not self._busy:
                self._busy = asked.leads = True
                asked.changed.set()
        asked.changed.wait()
        if asked.leads:
            self._lead()
        if asked.error is not None:
            raise asked.error
        assert asked.vectors is not None  # noqa: S101  who leads is the first of the queue
        return asked.vectors

    def _lead(self) -> None:
        """Encode what has been asked for so far, and make the first of those who came meanwhile the next."""
        with self._lock:
            batch = [self._queue.popleft()]
            count = len(batch[0].texts)
            while self._queue and count + len(self._queue[0].texts) <= MOST_AT_ONCE:
                batch.append(self._queue.popleft())
                count += len(batch[-1].texts)
        try:
            self._answer(batch)
        finally:
            with self._lock:
                if self._queue:
                    self._queue[0].leads = True
                    self._queue[0].changed.set()
                else:
                    self._busy = False

    def _answer(self, batch: list[_Asked]) -> None:
        try:
            vectors = self._encode([text for asked in batch for text in asked.texts])
        except Exception as error:  # noqa: BLE001  raised where it was asked for
            if len(batch) > 1:  # what is wrong with one isn't the others' fault
                for asked in batch:
                    self._answer([asked])
                return
            batch[0].error = error
        else:
            start = 0
            for asked in batch:
                asked.vectors = vectors[start : start + len(asked.texts)]
                start += len(asked.texts)
            self._keep(batch)
        for asked in batch:
            asked.changed.set()

    def _keep(self, batch: list[_Asked]) -> None:
        with self._lock:
            for asked in batch:
                assert asked.vectors is not None  # noqa: S101  just given
                for text, vector in zip(asked.texts, asked.vectors, strict=True):
                    self._kept[text] = vector.copy()  # a view would keep its whole batch
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
