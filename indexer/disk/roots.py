"""Which root a path belongs to: every path has one, the outermost the user ever asked for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Target:
    """What of a root a run brings up to date.

    Attributes:
        root: Absolute path, symlinks resolved.
        scope: Folder or file below it, relative; empty for the whole root.
    """

    root: bytes
    scope: bytes = b""


@dataclass(frozen=True, slots=True)
class Requested:
    """A path a user named.

    Attributes:
        path: Absolute, symlinks resolved.
        is_file: True for a file, False for a folder (or for what isn't there any more).
    """

    path: bytes
    is_file: bool = False

    @property
    def folder(self) -> bytes:
        """The folder itself, or the one that the file is in."""
        return os.path.dirname(self.path) if self.is_file else self.path


def contains(folder: bytes, path: bytes) -> bool:
    """Whether `path` is `folder` or lies below it."""
    return path == folder or path.startswith(folder.rstrip(os.sep.encode()) + os.sep.encode())


def relative(path: bytes, folder: bytes) -> bytes:
    """`path` relative to `folder`, which contains it; empty when they are the same."""
    return b"" if path == folder else path[len(folder.rstrip(os.sep.encode())) + 1 :]


def locate(requested: Iterable[Requested], roots: Iterable[bytes]) -> list[Target]:
    """Say for each path asked for which root it belongs to.

    A path below a known root belongs to that; any other folder becomes a root, and a single file makes
    its folder one, also a file that stands where a root was. Of paths that contain each other only the
    outer is kept.

    Args:
        requested: What the user named.
        roots: The library's roots so far.

    Returns:
        One target per distinct subtree. A root that is new may contain older ones: see `absorbed`.
    """
    known = list(roots)
    targets: list[Target] = []
    # Outer folders first: a root that a later wish makes would otherwise swallow an earlier one's.
    for wish in sorted(requested, key=lambda wish: len(wish.folder)):
        root = min((root for root in known if contains(root, wish.folder)), key=len, default=None)
        if root is None:
            root = wish.folder
            known.append(root)
        target = Target(root, relative(wish.path, root))
        if not any(_covers(earlier, target) for earlier in targets):
            targets = [earlier for earlier in targets if not _covers(target, earlier)]
            targets.append(target)
    return targets


def absorbed(root: bytes, roots: Sequence[bytes]) -> list[bytes]:
    """The roots that lie below `root`, whose files become its own."""
    return [other for other in roots if other != root and contains(root, other)]


def _covers(outer: Target, inner: Target) -> bool:
    if not outer.scope:
        return contains(outer.root, inner.root)
    return outer.root == inner.root and contains(outer.scope, inner.scope)
