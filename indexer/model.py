"""The model that a run embeds with: the library's own, or the one that a new library begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.precision import confirmed, in_precision
from searchengine.errors import ModelMismatchError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from indexer.ahead import Ahead
    from searchengine.catalog.spaces import SpaceRow
    from searchengine.encoders.encoder import Encoder
    from searchengine.encoders.load import Runtime
    from searchengine.encoders.precision import Asked


class RunModel:
    """Is opened when it is wanted, and stays so.

    Args:
        asked: What the user named; None for the library's own, or the default for a new one.
        runtime: `auto`, `onnx` or `torch`.
        precision: What the user named; `auto` for the library's own, or the fastest faithful for a new one.
        encoder: One that is open already; another is opened where the library has come to use another.
        ahead: One that is being opened for a library that isn't there yet.
        tell: Told in words what takes time.

    Attributes:
        encoder: The one that is open; None as long as none is.
    """

    def __init__(
        self,
        asked: str | None,
        *,
        runtime: Runtime,
        precision: Asked,
        encoder: Encoder | None,
        ahead: Ahead | None,
        tell: Callable[[str], None],
    ) -> None:
        self.encoder = encoder
        self._asked = asked
        self._runtime = runtime
        self._precision = precision
        self._ahead = ahead
        self._tell = tell

    def check(self, space: SpaceRow, library: Path) -> None:
        """Raise where a library was begun otherwise than is asked for.

        Raises:
            ModelMismatchError: With another model.
            UsageError: In another precision.
        """
        if self._precision not in ("auto", space.precision):
            raise UsageError(
                f"the library {library} was begun in {space.precision}, not {self._precision}; "
                "leave --precision out to go on with it, or name another --library"
            )
        if self._asked is None:
            return
        from searchengine.encoders.names import parse

        name = parse(self._asked).text
        if name != space.spec.name:
            raise ModelMismatchError(
                f"the library {library} was made with the model {space.spec.name}, not {name}; "
                "leave --model out to go on with its own; to search with the other from now on: "
                f"imgsearch switch-model {name}; to keep both, name another --library for it"
            )

    def name(self, space: SpaceRow | None) -> str:
        """What it is called: as the library has it, or as a new one would."""
        from searchengine.encoders import DEFAULT_MODEL

        return space.spec.name if space else self._asked or DEFAULT_MODEL

    def is_open(self, space: SpaceRow | None) -> bool:
        """Whether the one that is open is a library's own; any will do for a new library."""
        return self.encoder is not None and (space is None or self.encoder.spec == space.spec)

    def of(self, space: SpaceRow) -> Encoder:
        """A library's own.

        Raises:
            ModelError: It can't be had.
        """
        if self.encoder is None or self.encoder.spec != space.spec:
            self.encoder = self._open(space)
        return self.encoder

    def for_new_library(self, files: Sequence[bytes]) -> Encoder:
        """The one that a new library begins with.

        Args:
            files: What is going to be embedded: a precision that is chosen for it is confirmed on a few.

        Raises:
            ModelError: It can't be had.
        """
        if self.encoder is None:
            encoder = (self._ahead and self._ahead.result()) or self._open(None)
            self.encoder = confirmed(encoder, files, self._tell) if self._precision == "auto" else encoder
        return self.encoder

    def _open(self, space: SpaceRow | None) -> Encoder:
        from searchengine.encoders import load_encoder

        weights = space.spec.weights if space else None
        encoder = load_encoder(
            self.name(space), runtime=self._runtime, weights=weights, on_progress=self._tell
        )
        return in_precision(encoder, self._precision, space.precision if space else None, self._tell)
