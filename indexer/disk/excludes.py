"""What a scan passes by: other programs' folders, hidden names, and the user's globs."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Lower case. What is in them are copies and previews that photo programs, network disks and systems make.
_FOLDERS = frozenset(
    {
        b"@eadir",  # Synology's thumbnails
        b"#recycle",  # Synology's bin
        b"#snapshot",
        b"@recycle",  # QNAP's bin
        b"$recycle.bin",
        b"system volume information",
        b"lost+found",
        b"__macosx",
    }
)

# A photo program's library is one folder with an ending; its originals are in there under names of its own
# beside several sizes of previews, and can't be told from them.
_FOLDER_ENDINGS = (
    b".photoslibrary",
    b".photolibrary",
    b".aplibrary",
    b".migratedphotolibrary",
    b".lrdata",
    b".lrcat-data",
    b".cocatalogdb",
    b".thumbnails",
    b".app",
)

LIBRARY_MARKS = frozenset({b"catalog.sqlite3", b"writer.lock"})
"""A folder with one of these files in it is a library of ours, be its catalog elsewhere; see `OURS`."""

OURS = frozenset({b"shards", b"thumbnails", b"vectors"})
"""Below a library: derived files, never pictures of the user's."""


def is_skipped_file(name: bytes) -> bool:
    """Whether a file is passed by for its name: hidden ones, which include macOS's ``._`` companions."""
    return name.startswith(b".")


def is_skipped_folder(name: bytes) -> bool:
    """Whether a folder is passed by for its name: hidden ones, bins, system folders, programs' previews."""
    lower = name.lower()
    return lower.startswith(b".") or lower in _FOLDERS or lower.endswith(_FOLDER_ENDINGS)


def compile_globs(patterns: Sequence[str]) -> Callable[[bytes], bool] | None:
    """One test for all the globs: whether a path relative to the root is excluded.

    A pattern without a slash is matched against the name alone, at any depth; one with a slash against
    the whole relative path. ``*`` and ``?`` stay within a name, ``**`` spans folders, ``[a-c]`` and ``[!a]``
    are sets; case doesn't count; a slash at the end changes nothing. What lies below an excluded folder
    isn't visited.

    Returns:
        None where there are no patterns.
    """
    expressions = [translate(pattern) for pattern in patterns if pattern.strip("/")]
    if not expressions:
        return None
    matches = re.compile("|".join(expressions), re.IGNORECASE | re.DOTALL).fullmatch

    def excluded(path: bytes) -> bool:
        text = os.fsdecode(path)
        return matches(text if os.sep == "/" else text.replace(os.sep, "/")) is not None

    return excluded


def translate(pattern: str) -> str:
    """A glob as a regular expression for a whole relative path with forward slashes."""
    pattern = pattern.replace("\\", "/") if os.sep == "\\" else pattern
    body = pattern.removeprefix("./").strip("/")
    anchored = "/" in body or pattern.startswith("/")
    parts, at = [] if anchored else ["(?:.*/)?"], 0
    while at < len(body):
        if body.startswith("**/", at):
            parts.append("(?:.*/)?")
            at += 3
        elif body.startswith("/**", at) and at + 3 == len(body):
            parts.append("(?:/.*)?")  # the folder itself too: there is nothing else in it to visit
            at += 3
        elif body.startswith("**", at):
            parts.append(".*")
            at += 2
        elif body[at] == "[" and (end := _end_of_set(body, at)) > 0:
            parts.append(_set(body[at + 1 : end]))
            at = end + 1
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(body[at]) or re.escape(body[at]))
            at += 1
    return "".join(parts)


def _end_of_set(body: str, start: int) -> int:
    """Where the set that begins at `start` ends, or -1. A bracket that comes first belongs to it."""
    first = start + 2 if body[start + 1 : start + 2] in {"!", "^"} else start + 1
    return body.find("]", first + 1)


def _set(inner: str) -> str:
    negated = inner[0] in "!^"
    letters = inner[1:] if negated else inner
    expression = f"(?!/)[{'^' if negated else ''}{re.sub('.', _letter, letters, flags=re.DOTALL)}]"
    try:
        re.compile(expression)
    except re.error:  # a range that runs backwards: no set after all
        return re.escape(f"[{inner}]")
    return expression


def _letter(found: re.Match[str]) -> str:
    """One letter of a set; a hyphen makes a range only between two others, as ``--`` means more to `re`."""
    around = found.string[max(found.start() - 1, 0) : found.end() + 1]
    return "-" if found[0] == "-" and len(around) == 3 and around.count("-") == 1 else re.escape(found[0])
