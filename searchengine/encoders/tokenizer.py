"""From texts to the token ids of a model's text tower, without torch, open_clip or transformers."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from searchengine.encoders.clean import cleaner
from searchengine.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.encoders.clean import Cleaning

HUB_FILE = "tokenizer.json"


@dataclass(frozen=True, slots=True)
class TokenizerSpec:
    """How a model wants its texts.

    Attributes:
        kind: ``clip`` is CLIP's own byte-pair encoding; ``hub`` is the `tokenizer.json` beside the model.
        clean: What is done to a text first.
        length: Most tokens of a text, start and end among them.
        pad: Token that fills a row up.
        drop: A token that is replaced by 0 (open_clip's `strip_sep_token`), or None.
    """

    kind: Literal["clip", "hub"]
    clean: Cleaning
    length: int
    pad: int = 0
    drop: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


class Tokenizer(Protocol):
    """Turns texts into rows of token ids."""

    def __call__(self, texts: Sequence[str], *, cut: bool = False) -> NDArray[np.int64]:
        """Tokenise.

        Args:
            texts: Anything, also nothing; what is too long is cut as open_clip does it.
            cut: Only as many columns as the longest text needs, instead of the model's full length.

        Returns:
            int64 (n, length), padded on the right.
        """
        ...


def open_tokenizer(spec: TokenizerSpec, folder: str | os.PathLike[str]) -> Tokenizer:
    """The tokenizer of a model whose files are in this folder.

    Raises:
        ModelError: The model's `tokenizer.json` is missing or not understood.
    """
    return _ClipTokenizer(spec) if spec.kind == "clip" else _HubTokenizer(spec, folder)


class _ClipTokenizer:
    """open_clip's `SimpleTokenizer`."""

    def __init__(self, spec: TokenizerSpec) -> None:
        self._spec = spec
        self._clean = cleaner(spec.clean)

    def __call__(self, texts: Sequence[str], *, cut: bool = False) -> NDArray[np.int64]:
        from searchengine.encoders import clip_bpe

        keep = self._spec.length - 2
        rows = [[clip_bpe.START, *clip_bpe.encode(self._clean(text))[:keep], clip_bpe.END] for text in texts]
        return _pad(rows, self._spec, cut=cut)


class _HubTokenizer:
    """open_clip's `HFTokenizer`, which runs the tokenizer.json by the transformers package."""

    def __init__(self, spec: TokenizerSpec, folder: str | os.PathLike[str]) -> None:
        from tokenizers import Tokenizer as Fast

        path = os.path.join(folder, HUB_FILE)
        try:
            self._fast = Fast.from_file(path)
        except Exception as error:  # the package raises bare Exception, whatever is wrong
            raise ModelError(
                f"The tokenizer {path} can't be read: {error}. Delete the folder to have it made again, "
                "or update the tokenizers package."
            ) from error
        self._fast.no_padding()
        self._fast.enable_truncation(spec.length)
        self._spec = spec
        self._clean = cleaner(spec.clean)

    def __call__(self, texts: Sequence[str], *, cut: bool = False) -> NDArray[np.int64]:
        rows = [encoding.ids for encoding in self._fast.encode_batch([self._clean(text) for text in texts])]
        if self._spec.drop is not None:
            rows = [[0 if token == self._spec.drop else token for token in row] for row in rows]
        return _pad(rows, self._spec, cut=cut)


def _pad(rows: list[list[int]], spec: TokenizerSpec, *, cut: bool) -> NDArray[np.int64]:
    import numpy as np

    # Two columns at least: torch.export takes a dimension of 0 or 1 for a constant, so the graphs start at 2.
    length = max(2, *map(len, rows)) if cut and rows else spec.length
    tokens = np.full((len(rows), length), spec.pad, dtype=np.int64)
    for row, ids in zip(tokens, rows, strict=True):
        row[: len(ids)] = ids
    return tokens
