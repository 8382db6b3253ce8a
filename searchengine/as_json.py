r"""JSON as UTF-8, for the command line and the server alike.

A path's bytes that aren't UTF-8 are lone surrogates in a Python string; they become ``\udcxx``, and a reader
that knows Python's surrogateescape gets the path back.
"""

from __future__ import annotations

import json
import re
from typing import Any

_UNDECODABLE = re.compile("[\ud800-\udfff]")


def to_json(value: Any, *, indent: int | None = None) -> bytes:
    """A value of dicts, lists, texts, numbers and None."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _UNDECODABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()
