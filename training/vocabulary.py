"""The tokens that training texts use, renumbered: a small table trains faster than CLIP's whole one."""

from collections.abc import Iterable
from random import Random

import open_clip
import torch
from torch import Tensor

from data.captions import caption, describe
from data.scenes import random_scene
from training.tower import CONTEXT, VOCABULARY

PADDING, UNKNOWN = 0, 1
UNKNOWN_SHARE = 0.02  # of a caption's words are replaced by the row for unknown tokens
SCENES = 30_000  # whose captions give the words


class Vocabulary:
    """CLIP's tokens that captions use, renumbered: 0 padding, 1 unknown, ..., start, end.

    The end keeps the largest number, since the text tower reads out at the largest.
    """

    def __init__(self, used: Iterable[int]) -> None:
        tokenizer = open_clip.SimpleTokenizer(context_length=CONTEXT)
        self.tokenizer = tokenizer
        self.start, self.end = tokenizer.sot_token_id, tokenizer.eot_token_id
        self.used = sorted(set(used) - {0, self.start, self.end})
        order = [*self.used, self.start, self.end]
        self.size = 2 + len(order)
        self.number = {token: 2 + index for index, token in enumerate(order)}
        self.cache: dict[str, list[int]] = {}

    @classmethod
    def collect(cls, texts: Iterable[str], also: Iterable[int] = ()) -> "Vocabulary":
        """Gather the tokens of many scenes' captions and of `texts`, beside the tokens `also`."""
        rng = Random("vocabulary")
        tokenizer = open_clip.SimpleTokenizer(context_length=CONTEXT)
        words: set[str] = set()
        for _ in range(SCENES):
            scene = random_scene(rng)
            for text in (describe(scene, rng, synonyms=0.6).text, caption(scene, rng).text):
                words.update(_words(text))
        for text in texts:
            words.update(_words(text))
        return cls([*also, *(token for word in sorted(words) for token in tokenizer.encode(word))])

    def encode(self, texts: list[str], rng: Random | None = None) -> Tensor:
        """Return int64 (n, longest) of renumbered tokens; with `rng`, some words become unknown."""
        rows = []
        for text in texts:
            row = [self.number[self.start]]
            for word in _words(text):
                if word not in self.cache:
                    tokens = self.tokenizer.encode(word)
                    self.cache[word] = [self.number.get(token, UNKNOWN) for token in tokens]
                unknown = rng is not None and rng.random() < UNKNOWN_SHARE
                row += [UNKNOWN] if unknown else self.cache[word]
            rows.append([*row[: CONTEXT - 1], self.number[self.end]])
        length = max(map(len, rows), default=1)
        padded = [row + [PADDING] * (length - len(row)) for row in rows]
        return torch.tensor(padded, dtype=torch.int64).reshape(len(rows), length)

    def table(self, small: Tensor) -> Tensor:
        """Spread the trained rows over CLIP's whole vocabulary: what captions never use is "unknown"."""
        table = small[UNKNOWN].repeat(VOCABULARY, 1)
        for token, number in self.number.items():
            table[token] = small[number]
        table[PADDING] = small[PADDING]
        return table

    def rows(self, earlier: "Vocabulary", small: Tensor) -> Tensor:
        """Return this vocabulary's table, its rows taken from another's: new tokens start as unknown."""
        table = earlier.table(small)[[PADDING, UNKNOWN, *self.used, self.start, self.end]]
        table[UNKNOWN] = small[UNKNOWN]
        return table


def _words(text: str) -> list[str]:
    """Split where CLIP's tokenizer does too, so that each word's tokens can be kept."""
    return text.replace(",", " , ").split()
