"""Which tokenizer a model's config asks for, and with which settings."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from searchengine.encoders.tokenizer import HUB_FILE, TokenizerSpec
from searchengine.errors import ModelError

if TYPE_CHECKING:
    from searchengine.encoders.clean import Cleaning
    from searchengine.encoders.locate import ModelFiles

_CLIP_CONTEXT = 77
_KNOWN = {"clean", "strip_sep_token"}
# What transformers' classes assume where no file says it: BERT's names, then RoBERTa's and T5's.
_USUAL = {"pad_token": ("[PAD]", "<pad>"), "sep_token": ("[SEP]", "</s>")}


def tokenizer_spec(files: ModelFiles) -> TokenizerSpec:
    """The tokenizer that open_clip's `get_tokenizer` would make for this model.

    Raises:
        ModelError: One that can't be run without the transformers package.
    """
    text = files.config["text_cfg"]
    options = text.get("tokenizer_kwargs") or {}
    length = int(text.get("context_length") or _CLIP_CONTEXT)
    if unknown := set(options) - _KNOWN:
        raise ModelError(
            f"The tokenizer of {files.name.text} asks for {', '.join(sorted(unknown))}, "
            "which isn't supported. Choose another model (`imgsearch models`)."
        )
    if not files.tokenizer:
        return TokenizerSpec("clip", _cleaning(options, "lower"), length)
    if text.get("tokenizer_mode"):
        raise ModelError(
            f"The tokenizer of {files.name.text} runs in the mode {text['tokenizer_mode']!r}, "
            "which isn't supported. Choose another model (`imgsearch models`)."
        )
    if not os.path.isfile(os.path.join(files.tokenizer, HUB_FILE)):
        raise ModelError(
            f"The tokenizer of {files.name.text} should be in {files.tokenizer}, but there is no {HUB_FILE}. "
            "Put it there; transformers' `save_pretrained` writes one."
        )
    special = _Special(files.tokenizer)
    return TokenizerSpec(
        "hub",
        _cleaning(options, "whitespace"),
        length,
        pad=special.token("pad_token"),
        drop=special.token("sep_token") if options.get("strip_sep_token") else None,
    )


def _cleaning(options: dict[str, Any], default: Cleaning) -> Cleaning:
    kind: Cleaning = options.get("clean", default)
    return kind


class _Special:
    """The special tokens of a tokenizer: what the files beside it name, else what its kind calls them."""

    def __init__(self, folder: str) -> None:
        from tokenizers import Tokenizer

        self._folder = folder
        self._named = {**_read(folder, "special_tokens_map.json"), **_read(folder, "tokenizer_config.json")}
        try:
            self._tokenizer = Tokenizer.from_file(os.path.join(folder, HUB_FILE))
        except Exception as error:  # the package raises bare Exception, whatever is wrong
            raise ModelError(
                f"The tokenizer {os.path.join(folder, HUB_FILE)} can't be read: {error}. Fetch it again."
            ) from error

    def token(self, role: str) -> int:
        """Id of the token with this role, ``pad_token`` or ``sep_token``."""
        named = self._named.get(role)
        stated = named.get("content") if isinstance(named, dict) else named
        for text in (stated, *_USUAL[role]):
            if text is not None and (token := self._tokenizer.token_to_id(text)) is not None:
                return int(token)
        raise ModelError(
            f"The tokenizer in {self._folder} doesn't say which token its {role} is. "
            "Put the tokenizer_config.json beside it that it was published with."
        )


def _read(folder: str, name: str) -> dict[str, Any]:
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            values = json.load(file)
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ModelError(f"{os.path.join(folder, name)} is not JSON ({error}). Fetch it again.") from error
    return dict(values)
