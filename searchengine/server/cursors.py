"""Where a page of a list ends, as text: for lists that are in the order of texts, such as paths.

A cursor holds what the last entry was sorted by, not its place: what comes or goes before it moves nothing.
Those of rankings are `searchengine.query.paging`'s.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from searchengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 50_000
"""Characters. A path may have 4,096 bytes, and one that isn't UTF-8 grows sixfold and a third in here."""


def encode(of: str, key: Sequence[str]) -> str:
    """A cursor after an entry.

    Args:
        of: Which list.
        key: What the entry is sorted by; paths as `os.fsdecode` gives them.
    """
    return base64.urlsafe_b64encode(json.dumps([of, *key]).encode()).rstrip(b"=").decode()


def decode(text: str, of: str, length: int) -> list[str]:
    """The key of the entry after which a page begins.

    Args:
        text: What a page gave as `next`.
        of: Which list it must be of.
        length: How many texts the key has.

    Raises:
        UsageError: It isn't one of this list's.
    """
    try:
        values = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
        whole = isinstance(values, list) and len(values) == 1 + length and values[0] == of
        for value in values if whole else ():
            value.encode("utf-8", "surrogateescape")  # what no path can hold, no page has given
    except (ValueError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise UsageError("this isn't a cursor that a page of this list gave; leave it out to begin anew")
    return [str(value) for value in values[1:]]
