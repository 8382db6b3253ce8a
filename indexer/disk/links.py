"""Linked folders, where only a part of a root is looked at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from indexer.disk.excludes import is_skipped_folder
from indexer.disk.roots import contains, relative
from searchengine.images.remote import is_url

if TYPE_CHECKING:
    from indexer.disk.roots import Target


class LinkedElsewhere:
    """Whether a path that a partial walk met leads through a link to another part of the same root.

    A walk of the whole root meets such a folder by its real path, and a folder counts once; a walk of a part
    must come to the same answer, or the two would add and remove its pictures in turn.
    """

    def __init__(self, target: Target) -> None:
        self._root = target.root
        self._walked = os.path.join(target.root, target.scope)
        self._answers: dict[bytes, bool] = {}
        self._partial = bool(target.scope) and not is_url(target.root)  # a store has no links

    def __call__(self, path: bytes) -> bool:
        """Say it of a path relative to the root."""
        if not self._partial:
            return False
        folder = os.path.dirname(path)
        answer = self._answers.get(folder)
        if answer is None:
            whole = os.path.join(self._root, folder) if folder else self._root
            answer = self._answers[folder] = self._look(whole)
        return answer

    def _look(self, folder: bytes) -> bool:
        real = os.path.realpath(folder)
        if real == folder or contains(self._walked, real) or not contains(self._root, real):
            return False
        # Behind a hidden folder the walk of the whole root doesn't come; there the link is the only way.
        parts = relative(real, self._root).split(os.fsencode(os.sep))
        return not any(is_skipped_folder(part) for part in parts if part)
