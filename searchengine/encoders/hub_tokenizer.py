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
    """The special tokens that are named beside a `tokenizer.json`, as transformers finds them."""

    def __init__(self, folder: str) -> None:
        self._named = {**_read(folder, "special_tokens_map.json"), **_read(folder, "tokenizer_config.json")}
        self._tokenizer = _read(folder, HUB_FILE)
        self._folder = folder

    def token(self, name: str) -> int:
        """Id of the token with this role."""
        named = self._named.get(name)
        text = named.get("content") if isinstance(named, dict) else named
        for added in self._tokenizer.get("added_tokens", []):
            if added["content"] == text:
                return int(added["id"])
        vocabulary = self._tokenizer.get("model", {}).get("vocab", {})
        if isinstance(vocabulary, dict) and text in vocabulary:
            return int(vocabulary[text])
        if name == "pad_token" and (padding := self._tokenizer.get("padding")):
            return int(padding["pad_id"])
        raise ModelError(
            f"The tokenizer in {self._folder} doesn't say which token its {name} is. "
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
