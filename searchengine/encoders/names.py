"""What a user writes after ``--model``, understood."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from searchengine.encoders.files import CONFIG_FILE, WEIGHTS_FILES
from searchengine.errors import ModelNotFoundError

_HUB_PREFIX = "hf-hub:"

Kind = Literal["builtin", "hub", "folder", "checkpoint", "pretrained"]


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model's name, taken apart.

    Attributes:
        kind: Where the model comes from.
        text: The name as it is kept, with paths made absolute.
        architecture: open_clip's name of the architecture; empty where the model's own config says it.
        detail: The repository, folder, checkpoint file or pretrained tag; empty for the built-in model.
    """

    kind: Kind
    text: str
    architecture: str = ""
    detail: str = ""


def parse(name: str) -> ModelName:
    """Understand a model's name.

    Tried in this order: ``builtin``; ``hf-hub:ORG/NAME``; an existing folder in open_clip's local layout;
    ``NAME=CHECKPOINT``; ``NAME/PRETRAINED``. Whether open_clip knows NAME and PRETRAINED is not looked up.

    Raises:
        ModelNotFoundError: It is none of these.
    """
    if name == "builtin":
        return ModelName("builtin", "builtin")
    if name.startswith(_HUB_PREFIX):
        return _hub(name)
    folder = os.path.abspath(os.path.expanduser(name))
    if name and os.path.isfile(os.path.join(folder, CONFIG_FILE)):
        return ModelName("folder", folder, detail=folder)
    if "=" in name:
        return _checkpoint(name)
    architecture, slash, tag = name.rpartition("/")
    if slash and architecture and tag and not os.path.isabs(name) and not name.startswith((".", "~")):
        return ModelName("pretrained", name, architecture.replace("/", "-"), tag)
    raise ModelNotFoundError(_explain(name, folder))


def _hub(name: str) -> ModelName:
    repository = name.removeprefix(_HUB_PREFIX).strip("/")
    if repository.count("/") != 1:
        raise ModelNotFoundError(
            f"{name!r} is not a repository on the hub: write hf-hub:ORGANISATION/NAME, "
            "for instance hf-hub:laion/CLIP-ViT-B-32-laion2B-s34B-b79K."
        )
    return ModelName("hub", _HUB_PREFIX + repository, detail=repository)


def _checkpoint(name: str) -> ModelName:
    architecture, _, path = name.partition("=")
    path = os.path.abspath(os.path.expanduser(path))
    if not architecture or not os.path.isfile(path):
        raise ModelNotFoundError(
            f"{name!r} names no checkpoint: there is no file {path}. "
            "Write ARCHITECTURE=FILE, for instance ViT-B-32=weights.safetensors."
        )
    return ModelName("checkpoint", f"{architecture}={path}", architecture.replace("/", "-"), path)


def _explain(name: str, folder: str) -> str:
    if name and os.path.isdir(folder):
        return (
            f"The folder {folder} holds no model: {CONFIG_FILE} is missing. "
            f"A model's folder has {CONFIG_FILE} and {WEIGHTS_FILES[0]} in it."
        )
    from difflib import get_close_matches

    from searchengine.encoders.registry import DEFAULT_MODEL, MODELS

    near = get_close_matches(name, [model.name for model in MODELS], n=2, cutoff=0.5)
    perhaps = f" Did you mean {' or '.join(near)}?" if near else ""
    return (
        f"{name!r} is not a model.{perhaps} Write builtin, {DEFAULT_MODEL} (a name and a set of weights), "
        "hf-hub:ORGANISATION/NAME, a folder with a model in it, or ARCHITECTURE=CHECKPOINT. "
        "`imgsearch models` lists what can be used."
    )
