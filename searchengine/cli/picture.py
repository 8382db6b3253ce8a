"""The picture a search begins with: a file, standard input, or an address on the web."""

from __future__ import annotations

import sys

from searchengine.errors import UsageError

STDIN = "-"


def picture(source: str) -> str | bytes:
    """What `Library.similar` should look at: the path of a file as it is, or the bytes of anything else.

    Args:
        source: A path, ``-`` for standard input, or an http(s) address.

    Raises:
        ImageError: The address doesn't answer with a picture.
        ImageLimitError: There is more of it than 100 MB, or it takes longer than 30 seconds.
        UsageError: Standard input is empty.
    """
    if source == STDIN:
        from searchengine.images.web import MOST_BYTES, within_limit

        data = sys.stdin.buffer.read(MOST_BYTES + 1)
        if not data:
            raise UsageError("standard input is empty; pipe a picture into it")
        return within_limit(data, "the picture on standard input")
    if source.lower().startswith(("http://", "https://")):
        from searchengine.images.web import fetch

        return fetch(source)
    return source
