"""Of files with the same bytes only one is decoded; the others wait for it and share its embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from indexer.decoding.decode import Decoded

if TYPE_CHECKING:
    from collections.abc import Callable

    from indexer.decoding.decode import Hashed, Unreadable
    from indexer.pipeline.job import Job


class Copies:
    """Which bytes are known, which are being decoded, and who waits for them.

    Args:
        is_known: Whether bytes with this hash had an embedding before the run.
    """

    def __init__(self, is_known: Callable[[bytes], bool]) -> None:
        self._is_known = is_known
        self._decoded: set[bytes] = set()
        self._leading: dict[bytes, bytes] = {}
        self._waiting: dict[bytes, list[tuple[Job, Hashed]]] = {}

    def claim(self, job: Job, hashed: Hashed) -> Literal["decode", "wait", "copy"]:
        """Say what is to be done with a file, now that its hash is known."""
        if hashed.hash in self._waiting:
            self._waiting[hashed.hash].append((job, hashed))
            return "wait"
        if hashed.hash in self._decoded or self._is_known(hashed.hash):
            return "copy"
        self._leading[job.absolute] = hashed.hash
        self._waiting[hashed.hash] = []
        return "decode"

    def settle(self, job: Job, result: Decoded | Unreadable) -> tuple[list[tuple[Job, Hashed]], bool]:
        """Note what came of decoding a file.

        Returns:
            The files that waited for it, and whether they share its fate. They don't when the file was
            rewritten or taken away between its two readings: then each has to be looked at again.
        """
        expected = self._leading.pop(job.absolute, None)
        followers = [] if expected is None else self._waiting.pop(expected)
        if not isinstance(result, Decoded):
            return followers, not result.is_passing
        self._decoded.add(result.hash)
        return followers, result.hash == expected
