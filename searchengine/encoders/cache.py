"""Where exported models lie: one folder a model, complete or not there at all.

    models/<weights>-<recipe>/
      model.json       what it is: the pinned spec, the tokenizer, how close it is to torch
      text.onnx        token ids to unit vectors
      image.onnx       uint8 pixels to unit vectors
      *.safetensors, *.weights     the numbers that the two graphs point into
      tokenizer.json   where the model doesn't use CLIP's own

The built-in model lies in the package in the same form.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from searchengine.encoders.spec import ModelSpec
from searchengine.encoders.tokenizer import TokenizerSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MANIFEST = "model.json"
# Raised when graphs or model.json change their meaning: older exports are then made again.
FORMAT = 1
_TEMPORARY = ".new-"
_STALE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `model.json` says.

    Attributes:
        spec: The model.
        tokenizer: How it wants its texts.
        cut: Whether padding can be cut from texts without changing the answer (found by test at export).
        recipe: What besides the weights decides the vectors (architecture and preprocessing), as a hash.
        source: The weights file the export was made from: path, size in bytes and mtime in nanoseconds.
        parity: Largest difference and smallest cosine between the export and torch, per tower.
        versions: Of the packages that made it.
    """

    spec: ModelSpec
    tokenizer: TokenizerSpec
    cut: bool
    recipe: str
    source: dict[str, Any] = field(default_factory=dict)
    parity: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "format": FORMAT,
            "spec": self.spec.to_dict(),
            "tokenizer": self.tokenizer.to_dict(),
            "cut": self.cut,
            "recipe": self.recipe,
            "source": self.source,
            "parity": self.parity,
            "versions": self.versions,
        }


@dataclass(frozen=True, slots=True)
class Export:
    """An exported model on disk."""

    folder: str
    manifest: Manifest


def root() -> str:
    """The folder of all that can be fetched or made again: IMGSEARCH_CACHE, or the user's cache directory."""
    if chosen := os.environ.get("IMGSEARCH_CACHE"):
        return os.path.abspath(os.path.expanduser(chosen))
    import platformdirs

    return platformdirs.user_cache_dir("imgsearch", appauthor=False)


def folder_of(weights: str, recipe: str) -> str:
    """Where the export of a model with these weights goes."""
    return os.path.join(root(), "models", f"{weights[:16]}-{recipe[:16]}")


def folder_of_export(export: Export) -> str:
    """Where an export belongs, also the built-in model's, which lies in the package."""
    return folder_of(export.manifest.spec.weights, export.manifest.recipe)


def read(folder: str | os.PathLike[str]) -> Export | None:
    """The export in a folder, or None where there is none that this version understands."""
    try:
        with open(os.path.join(folder, MANIFEST), encoding="utf-8") as file:
            values = json.load(file)
        if values["format"] != FORMAT:
            return None
        manifest = Manifest(
            spec=ModelSpec.from_dict(values["spec"]),
            tokenizer=TokenizerSpec(**values["tokenizer"]),
            **{key: values[key] for key in ("cut", "recipe", "source", "parity", "versions")},
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Export(os.fspath(folder), manifest)


def exports() -> Iterator[Export]:
    """Every export in the cache, in no particular order."""
    models = os.path.join(root(), "models")
    with contextlib.suppress(FileNotFoundError):
        for name in sorted(os.listdir(models)):
            if not name.startswith(".") and (export := read(os.path.join(models, name))):
                yield export


def write_manifest(folder: str, manifest: Manifest) -> None:
    """Put `model.json` into a folder."""
    _write(os.path.join(folder, MANIFEST), manifest)


def rename(export: Export, manifest: Manifest) -> Export:
    """Give an export another `model.json`, because its source has moved; a read-only cache stays as it is."""
    path = os.path.join(export.folder, MANIFEST)
    temporary = f"{path}.{os.getpid()}"
    with contextlib.suppress(OSError):
        _write(temporary, manifest)
        os.replace(temporary, path)
    return Export(export.folder, manifest)


def publish(target: str, build: Callable[[str], None]) -> Export:
    """Make an export and let it appear whole at `target`, or, when `build` raises, not at all.

    Several processes may do this at once: each builds its own, the first to finish is kept.

    Args:
        target: From `folder_of`.
        build: Called with an empty folder on the same file system, which it fills, model.json included.
    """
    import shutil
    import tempfile

    models = os.path.dirname(target)
    os.makedirs(models, exist_ok=True)
    _sweep(models)
    temporary = tempfile.mkdtemp(prefix=_TEMPORARY, dir=models)
    try:
        build(temporary)
        os.chmod(temporary, 0o755)  # noqa: S103 - mkdtemp makes it private, and a cache may be shared
        for name in os.listdir(temporary):
            _fsync(os.path.join(temporary, name))
        _fsync(temporary)
        if os.path.isdir(target) and read(target) is None:  # damaged, or of another format
            _discard(target, models)
        with contextlib.suppress(OSError):  # another process was first, which is checked below
            os.rename(temporary, target)
        _fsync(models)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    export = read(target)
    if export is None:
        raise OSError(f"The exported model could not be put at {target}")
    return export


def _write(path: str, manifest: Manifest) -> None:
    with open(path, "w", encoding="utf-8") as file:
        json.dump(manifest.to_dict(), file, indent=1)
        file.write("\n")


def _discard(target: str, models: str) -> None:
    import shutil
    import tempfile

    aside = tempfile.mkdtemp(prefix=_TEMPORARY, dir=models)
    with contextlib.suppress(OSError):  # another process did it
        os.rename(target, os.path.join(aside, "old"))
    shutil.rmtree(aside, ignore_errors=True)


def _fsync(path: str) -> None:
    if os.name == "nt" and os.path.isdir(path):  # Windows can't open a directory
        return
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(models: str) -> None:
    """Remove what killed exporters left."""
    import shutil

    for name in os.listdir(models):
        path = os.path.join(models, name)
        with contextlib.suppress(OSError):
            if name.startswith(_TEMPORARY) and time.time() - os.path.getmtime(path) > _STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
