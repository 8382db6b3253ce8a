"""Opening a model by name, by the quickest way that gives the right answer."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from searchengine.encoders import cache, names
from searchengine.errors import ModelError, ModelMismatchError

if TYPE_CHECKING:
    from collections.abc import Callable

    from searchengine.encoders.encoder import Encoder
    from searchengine.encoders.locate import ModelFiles
    from searchengine.encoders.names import ModelName
    from searchengine.encoders.onnx_runtime import OnnxEncoder
    from searchengine.encoders.torch_model import TorchModel

Runtime = Literal["auto", "onnx", "torch"]


def load_encoder(
    name: str,
    *,
    runtime: Runtime = "auto",
    weights: str | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> Encoder:
    """Open a model; its towers are loaded when they are first asked for, with torch when the model is.

    A model that was opened before is opened from its export: no torch, no open_clip, no network. Otherwise
    its files are found or downloaded, and both towers exported and checked against torch, whichever runtime
    is asked for, so that later text queries need no torch.

    Args:
        name: ``builtin``, ``hf-hub:ORG/NAME``, a folder, ``NAME=CHECKPOINT`` or ``NAME/PRETRAINED``.
        runtime: ``onnx`` is ONNX Runtime on the CPU, and what a query from the command line wants; ``torch``
            runs on whatever torch can; ``auto`` is torch where it can use an accelerator, else onnx.
        weights: SHA-256 that the weights must have, because a library was made with them.
        on_progress: Told in words what takes time: a download, an export.

    Raises:
        ModelNotFoundError: No model goes by this name.
        ModelDownloadError: It can't be had from the hub.
        ModelMismatchError: It has other weights than asked for.
        ParityError: Its export doesn't answer as it does.
        ModelError: It can't be used for another reason, which the message explains.
    """
    device = "cpu"
    if runtime == "auto":
        runtime, device = _choose(on_progress)
    elif runtime == "torch":
        device = _device()
    if runtime == "torch":
        return _open_torch(names.parse(name), weights, device, on_progress)
    return _open_onnx(name, weights, on_progress)


def load_exported(name: str, weights: str) -> Encoder | None:
    """A model of these weights whose export is on this machine; None where there is none.

    Raises:
        ModelMismatchError: It is `builtin`, which has other weights now.
    """
    from searchengine.encoders.onnx_runtime import OnnxEncoder

    found = _builtin(weights) if name == "builtin" else _pinned(name, weights)
    return None if found is None else OnnxEncoder(found)


def load_known(name: str) -> OnnxEncoder | None:
    """A model that has been exported on this machine under this name; None where there is more to do.

    Raises:
        ModelNotFoundError: No model goes by this name.
    """
    from searchengine.encoders.onnx_runtime import OnnxEncoder

    parsed = names.parse(name)
    found = _builtin(None) if parsed.kind == "builtin" else _known(parsed, None)
    return None if found is None else OnnxEncoder(found)


def load_torch(
    name: str, weights: str | None = None, on_progress: Callable[[str], None] | None = None
) -> TorchModel:
    """A model as open_clip builds it; nothing is exported. Arguments and errors as of `load_encoder`."""
    files, found = _locate(names.parse(name), weights, on_progress)
    return _load(files, found, on_progress)


def _open_onnx(name: str, weights: str | None, on_progress: Callable[[str], None] | None) -> Encoder:
    from searchengine.encoders.onnx_runtime import OnnxEncoder

    if weights is not None and (pinned := _pinned(name, weights)):
        return OnnxEncoder(pinned)
    parsed = names.parse(name)
    found = _builtin(weights) if parsed.kind == "builtin" else _known(parsed, weights)
    if found is None:
        files, weights = _locate(parsed, weights, on_progress)
        found = _same_elsewhere(files, weights) or _export(_load(files, weights, on_progress), on_progress)
    return OnnxEncoder(found)


def _open_torch(
    name: ModelName, weights: str | None, device: str, on_progress: Callable[[str], None] | None
) -> Encoder:
    from searchengine.encoders.torch_runtime import TorchEncoder

    files, found = _locate(name, weights, on_progress)
    model = _load(files, found, on_progress)
    if name.kind != "builtin":
        try:
            _export(model, on_progress)
        except ModelError as error:  # torch itself works; a query will say this again, where it matters
            if on_progress:
                on_progress(f"Text queries will not work without torch: {error}")
    return TorchEncoder(model, device)


def _locate(
    name: ModelName, weights: str | None, on_progress: Callable[[str], None] | None
) -> tuple[ModelFiles, str]:
    """The model's files and its weights' SHA-256, which is checked."""
    from searchengine.encoders.locate import locate, sha256

    files = locate(name, on_progress)
    found = sha256(files.weights)
    _check(name, found, weights)
    return files, found


def _load(files: ModelFiles, weights: str, on_progress: Callable[[str], None] | None) -> TorchModel:
    from searchengine.encoders.torch_model import load

    if on_progress:
        on_progress(f"Loading {files.name.text}")
    return load(files, weights)


def _export(model: TorchModel, on_progress: Callable[[str], None] | None) -> cache.Export:
    from searchengine.encoders import export
    from searchengine.encoders.locate import recipe

    there = cache.read(cache.folder_of(model.spec.weights, recipe(model.files)))
    return there or export.export(model, on_progress)


def _pinned(name: str, weights: str) -> cache.Export | None:
    """The export of this name and these weights, wherever the model itself is by now."""
    for export in cache.exports():
        spec = export.manifest.spec
        if spec.weights == weights and spec.name in {name, os.path.abspath(os.path.expanduser(name))}:
            return export
    return None


def _builtin(weights: str | None) -> cache.Export | None:
    from searchengine.encoders.locate import BUILTIN_FOLDER

    export = cache.read(BUILTIN_FOLDER)
    if export is not None:
        _check(names.parse("builtin"), export.manifest.spec.weights, weights)
    return export


def _known(name: ModelName, weights: str | None) -> cache.Export | None:
    """The export of this name, if what it was made from is still what it was."""
    for export in cache.exports():
        spec = export.manifest.spec
        if spec.name == name.text and weights in {None, spec.weights} and _is_current(name, export):
            return export
    return None


def _is_current(name: ModelName, export: cache.Export) -> bool:
    """Whether a folder or checkpoint is as it was exported; what came from a hub stays what it is."""
    if name.kind in {"hub", "pretrained"}:
        return True
    from searchengine.encoders.locate import locate, recipe, state

    try:
        same = state(export.manifest.source["path"]) == export.manifest.source
        return same and (name.kind == "checkpoint" or recipe(locate(name)) == export.manifest.recipe)
    except (OSError, ModelError):
        return False


def _same_elsewhere(files: ModelFiles, weights: str) -> cache.Export | None:
    """The export of the same model under another name: a folder that was moved, or its weights touched."""
    from searchengine.encoders.locate import recipe, state

    export = cache.read(cache.folder_of(weights, recipe(files)))
    if export is None:
        return None
    spec = replace(export.manifest.spec, name=files.name.text)
    return cache.rename(export, replace(export.manifest, spec=spec, source=state(files.weights)))


def _check(name: ModelName, found: str, wanted: str | None) -> None:
    if wanted is None or found == wanted:
        return
    remedy = (
        "It came with another version of imgsearch."
        if name.kind == "builtin"
        else "Bring the old weights back."
    )
    raise ModelMismatchError(
        f"{name.text} now has the weights {found[:16]}…, but the library was made with {wanted[:16]}…, "
        f"and their vectors can't be compared. {remedy} Or run `imgsearch switch-model {name.text}`, "
        "which embeds the pictures again and keeps the library usable meanwhile."
    )


def _choose(on_progress: Callable[[str], None] | None) -> tuple[Runtime, str]:
    from searchengine.encoders.device import accelerator

    if accelerator() is None:
        return "onnx", "cpu"
    device = _device()
    if device == "cpu":
        if on_progress:
            on_progress("There is a GPU, but this build of torch can't use it: running on the CPU.")
        return "onnx", "cpu"
    return "torch", device


def _device() -> str:
    from searchengine.encoders.torch_runtime import best_device

    return best_device()
