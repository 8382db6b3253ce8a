"""CLIP's byte-pair encoding: cleaned text to token ids.

The merges in `clip_merges.txt` are the first 48,894 of OpenAI CLIP's `bpe_simple_vocab_16e6.txt` (MIT
licence, Copyright 2021 OpenAI), the part that CLIP's vocabulary is made of. In plain Python because a
tokenizer.json of the same vocabulary takes 70 ms to load and this 12 ms, and a cold query waits for it.
"""

from __future__ import annotations

import os
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

START = 49406
END = 49407
_SPECIAL = {"<start_of_text>": START, "<end_of_text>": END}
_WORD_END = "</w>"

# open_clip's pattern. Letters and digits beyond ASCII are looked up in the `regex` module's tables, as there.
_PATTERN = r"<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_ASCII_PATTERN = _PATTERN.replace(r"\p{L}", "A-Za-z").replace(r"\p{N}", "0-9")


def encode(text: str) -> list[int]:
    """Token ids of a cleaned text, without the start and end tokens around it.

    A text that spells ``<start_of_text>`` or ``<end_of_text>`` as a word gets that token, as in open_clip.
    """
    return [
        token for word in _pattern(ascii_only=text.isascii()).findall(text) for token in _encode_word(word)
    ]


@cache
def _pattern(*, ascii_only: bool) -> Any:
    if ascii_only:
        import re

        return re.compile(_ASCII_PATTERN, re.IGNORECASE)
    import regex  # type: ignore[import-untyped]  # only here: 16 ms to import

    return regex.compile(_PATTERN, regex.IGNORECASE)


@cache
def _byte_symbols() -> list[str]:
    """The character that stands for each byte: itself if it is printable Latin-1, else one from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    symbols = {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}
    return [symbols[byte] for byte in range(256)]


@cache
def _single_ids() -> dict[str, int]:
    """Ids of the 512 tokens of one byte, inside a word and ending it, in the vocabulary's order."""
    printable = sorted(_byte_symbols())
    return {s: i for i, s in enumerate(printable)} | {s + _WORD_END: 256 + i for i, s in enumerate(printable)}


@cache
def _ranks() -> dict[str, int]:
    """Rank of each merge, keyed by its two symbols with a space between; rank + 512 is the token's id."""
    with open(os.path.join(os.path.dirname(__file__), "clip_merges.txt"), encoding="utf-8") as file:
        lines = file.read().split("\n")
    return dict(zip(lines[:-1], range(len(lines) - 1), strict=True))


@lru_cache(maxsize=1 << 16)
def _encode_word(word: str) -> tuple[int, ...]:
    if word in _SPECIAL:
        return (_SPECIAL[word],)
    ranks = _ranks()
    symbols = [_byte_symbols()[byte] for byte in word.encode("utf-8")]
    symbols[-1] += _WORD_END
    merged: dict[str, int] = {}
    while len(symbols) > 1:
        pairs = [f"{left} {right}" for left, right in pairwise(symbols)]
        best = min(pairs, key=lambda pair: ranks.get(pair, len(ranks)))
        if best not in ranks:
            break
        merged[best.replace(" ", "")] = 512 + ranks[best]
        symbols = _merge(symbols, best)
    single = _single_ids()
    return tuple(single[symbol] if symbol in single else merged[symbol] for symbol in symbols)


def _merge(symbols: list[str], pair: str) -> list[str]:
    left, right = pair.split(" ")
    merged: list[str] = []
    i = 0
    while i < len(symbols):
        if symbols[i] == left and i + 1 < len(symbols) and symbols[i + 1] == right:
            merged.append(left + right)
            i += 2
        else:
            merged.append(symbols[i])
            i += 1
    return merged
