"""Finding a model's files, fetching them where they aren't on this machine yet."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from searchengine.encoders import hub
from searchengine.encoders.cache import FORMAT
from searchengine.encoders.files import CONFIG_FILE, WEIGHTS_FILES
from searchengine.encoders.registry import known
from searchengine.encoders.tokenizer import HUB_FILE
from searchengine.errors import ModelError, ModelNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from searchengine.encoders.names import ModelName

_TOKENIZER_SETTINGS = ("tokenizer_config.json", "special_tokens_map.json")
PREPROCESS_KEYS = ("mean", "std", "interpolation", "resize_mode", "fill_color")
BUILTIN_FOLDER = os.path.join(os.path.dirname(__file__), "builtin")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model's files on this machine.

    Attributes:
        name: The model.
        config: open_clip's model config.
        weights: Path of the weights file.
        folder: The folder in open_clip's local layout that it is, if it is one.
        preprocess: What the config or the table of pretrained weights says of the pictures.
        tokenizer: Folder with `tokenizer.json`, where the model doesn't use CLIP's own; else empty.
    """

    name: ModelName
    config: dict[str, Any]
    weights: str
    folder: str = ""
    preprocess: dict[str, Any] = field(default_factory=dict)
    tokenizer: str = ""


def locate(name: ModelName, on_progress: Callable[[str], None] | None = None) -> ModelFiles:
    """The model's files, downloaded if need be.

    Raises:
        ModelNotFoundError: open_clip knows no such architecture or weights.
        ModelDownloadError: They can't be had from the hub.
        ModelError: They can't be used.
    """
    if name.kind == "builtin":
        return in_folder(name, BUILTIN_FOLDER)
    if name.kind == "folder":
        return in_folder(name, name.detail)
    if name.kind == "hub":
        return _from_hub(name, on_progress)
    if model := known(name.text):
        # Before open_clip is imported, which takes seconds that nobody should wait for to hear of no network.
        hub.fetch(model.repository, WEIGHTS_FILES, on_progress)
    config = architecture(name.architecture)
    if name.kind == "checkpoint":
        return ModelFiles(name, config, name.detail, tokenizer=_tokenizer(config, on_progress))
    entry = pretrained(name)
    _check_activation(name, config, entry)
    repository, files = weights_on_hub(entry, name.text)
    weights = hub.fetch(repository, files, on_progress)
    return ModelFiles(name, config, weights, "", entry, _tokenizer(config, on_progress))


def architecture(name: str) -> dict[str, Any]:
    """open_clip's config of an architecture.

    Raises:
        ModelNotFoundError: It has none of this name.
    """
    import open_clip

    config = open_clip.get_model_config(name)
    if config is None:
        near = difflib.get_close_matches(name, open_clip.list_models(), n=3, cutoff=0.5)
        raise ModelNotFoundError(
            f"open_clip has no architecture {name!r}.{_perhaps(near)} `imgsearch models` lists a choice."
        )
    return dict(config)


def pretrained(name: ModelName) -> dict[str, Any]:
    """open_clip's entry for NAME/PRETRAINED: where the weights are and how they want their pictures.

    Raises:
        ModelNotFoundError: There are no such weights of this architecture.
    """
    import open_clip

    architecture(name.architecture)
    entry = open_clip.get_pretrained_cfg(name.architecture, name.detail)
    if entry:
        return dict(entry)
    tags = open_clip.list_pretrained_tags_by_model(name.architecture)
    near = difflib.get_close_matches(name.detail, tags, n=3, cutoff=0.4) or tags
    raise ModelNotFoundError(
        f"open_clip has no weights {name.detail!r} of {name.architecture}."
        f"{_perhaps([f'{name.architecture}/{tag}' for tag in near])} `imgsearch models` lists a choice."
    )


def weights_on_hub(entry: dict[str, Any], name: str) -> tuple[str, tuple[str, ...]]:
    """Repository, and the weights file's possible names in it, of an entry of open_clip's table.

    An entry is ``org/name/`` for the usual file name or ``org/name/file``; safetensors are taken first.
    """
    repository, file = os.path.split(str(entry.get("hf_hub", "")))
    if not repository:
        raise ModelError(
            f"The weights {name} aren't on the hub. Download them from {entry.get('url')} "
            "and give the file as ARCHITECTURE=FILE."
        )
    if not file:
        return repository, WEIGHTS_FILES
    stem, extension = os.path.splitext(file)
    return repository, (f"{stem}.safetensors", file) if extension in {".bin", ".pth"} else (file,)


def recipe(files: ModelFiles) -> str:
    """What besides the weights decides the vectors, as a hash that is known without loading them."""
    stated = [FORMAT, files.config, {key: files.preprocess.get(key) for key in PREPROCESS_KEYS}]
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()


def sha256(path: str) -> str:
    """SHA-256 of a file, 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def state(path: str) -> dict[str, Any]:
    """What tells cheaply whether a file is still the one it was."""
    stat = os.stat(path)
    return {"path": path, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}


def in_folder(name: ModelName, folder: str) -> ModelFiles:
    """The files of a model that lies in a folder in open_clip's local layout.

    Raises:
        ModelError: There is no config that can be read, or there are no weights.
    """
    config, preprocess = _read_config(os.path.join(folder, CONFIG_FILE))
    weights = next((p for f in WEIGHTS_FILES if os.path.isfile(p := os.path.join(folder, f))), None)
    if weights is None:
        raise ModelError(
            f"The folder {folder} has a {CONFIG_FILE} but no weights: put {WEIGHTS_FILES[0]} beside it."
        )
    # open_clip, too, looks for a local model's tokenizer nowhere but in its folder.
    tokenizer = folder if config["text_cfg"].get("hf_tokenizer_name") else ""
    return ModelFiles(name, config, weights, folder, preprocess, tokenizer)


def _from_hub(name: ModelName, on_progress: Callable[[str], None] | None) -> ModelFiles:
    path = hub.fetch(name.detail, (CONFIG_FILE,), on_progress)
    config, preprocess = _read_config(path)
    weights = hub.fetch(name.detail, WEIGHTS_FILES, on_progress)
    return ModelFiles(
        name, config, weights, os.path.dirname(path), preprocess, _tokenizer(config, on_progress)
    )


def _read_config(path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The model's and the preprocessing's part of a config file."""
    try:
        with open(path, encoding="utf-8") as file:
            whole = json.load(file)
        config = whole["model_cfg"]
        config = {**config, "text_cfg": dict(config["text_cfg"]), "vision_cfg": dict(config["vision_cfg"])}
        return config, dict(whole.get("preprocess_cfg") or {})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path} is not a model's config in open_clip's form ({error!r}). It needs model_cfg with "
            "embed_dim, vision_cfg and text_cfg, as open_clip's push_to_hf_hub writes it."
        ) from error


def _tokenizer(config: dict[str, Any], on_progress: Callable[[str], None] | None) -> str:
    """The folder with the tokenizer's files, which a model may have in a repository of their own."""
    repository = config["text_cfg"].get("hf_tokenizer_name")
    if not repository:
        return ""
    if path := hub.cached(repository, (HUB_FILE,)):
        return os.path.dirname(path)
    for file in _TOKENIZER_SETTINGS:  # first, so that they are there when the file that is looked for is
        if hub.size(repository, (file,)):
            hub.fetch(repository, (file,), on_progress)
    return os.path.dirname(hub.fetch(repository, (HUB_FILE,), on_progress))


def _check_activation(name: ModelName, config: dict[str, Any], entry: dict[str, Any]) -> None:
    wanted, given = bool(entry.get("quick_gelu")), bool(config.get("quick_gelu"))
    if wanted == given:
        return
    other = f"{name.architecture}-quickgelu" if wanted else name.architecture.removesuffix("-quickgelu")
    raise ModelError(
        f"The weights {name.detail} were trained with {'Quick' if wanted else ''}GELU, which "
        f"{name.architecture} doesn't use, so that its answers would be wrong. Use {other}/{name.detail}."
    )


def _perhaps(near: list[str]) -> str:
    return f" Did you mean {', '.join(near)}?" if near else ""
