"""What using a model would take, told without using it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from searchengine.encoders import cache, names
from searchengine.encoders.files import WEIGHTS_FILES


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where a model is.

    Attributes:
        name: The model's name, with paths made absolute.
        kind: ``builtin``, ``hub``, ``folder``, ``checkpoint`` or ``pretrained``.
        path: The weights file on this machine, or the folder of the export; None when it must be downloaded.
        download_bytes: What must be fetched, 0 when nothing; None when the hub doesn't say.
        exported: Whether it opens without torch.
    """

    name: str
    kind: names.Kind
    path: str | None
    download_bytes: int | None
    exported: bool

    @property
    def downloaded(self) -> bool:
        """Whether nothing must be fetched."""
        return self.path is not None


def resolve(name: str) -> Resolved:
    """Find out where a model is; nothing is loaded or fetched, the hub is asked for a file's size at most.

    Args:
        name: As for `load_encoder`.

    Raises:
        ModelNotFoundError: No model goes by this name.
        ModelError: The folder or the weights can't be used.
    """
    parsed = names.parse(name)
    export = next((one for one in cache.exports() if one.manifest.spec.name == parsed.text), None)
    if parsed.kind in {"hub", "pretrained"}:
        return _remote(parsed, export)
    from searchengine.encoders.locate import BUILTIN_FOLDER

    if parsed.kind == "builtin":
        return Resolved(
            parsed.text, parsed.kind, BUILTIN_FOLDER, 0, exported=cache.read(BUILTIN_FOLDER) is not None
        )
    if parsed.kind == "checkpoint":
        return Resolved(parsed.text, parsed.kind, parsed.detail, 0, exported=export is not None)
    path = next((p for f in WEIGHTS_FILES if os.path.isfile(p := os.path.join(parsed.detail, f))), None)
    return Resolved(parsed.text, parsed.kind, path or parsed.detail, 0, exported=export is not None)


def _remote(name: names.ModelName, export: cache.Export | None) -> Resolved:
    from searchengine.encoders import hub

    if export is not None:
        return Resolved(name.text, name.kind, export.folder, 0, exported=True)
    repository, files, about = _on_hub(name)
    if path := hub.cached(repository, files):
        return Resolved(name.text, name.kind, path, 0, exported=False)
    size = hub.size(repository, files)
    return Resolved(name.text, name.kind, None, about if size is None else size, exported=False)


def _on_hub(name: names.ModelName) -> tuple[str, tuple[str, ...], int | None]:
    """Repository, the weights file's possible names in it, and its size in bytes where that is known."""
    if name.kind == "hub":
        return name.detail, WEIGHTS_FILES, None
    from searchengine.encoders.registry import known

    if model := known(name.text):
        return model.repository, WEIGHTS_FILES, model.download_bytes
    from searchengine.encoders.locate import pretrained, weights_on_hub

    repository, files = weights_on_hub(pretrained(name), name.text)
    return repository, files, None
