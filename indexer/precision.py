"""In which precision a run embeds: the one the space was begun in, or what is asked for, or the fastest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.encoders.onnx_runtime import OnnxEncoder
from searchengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from searchengine.encoders.encoder import Encoder
    from searchengine.encoders.precision import Asked, Precision


def in_precision(
    encoder: Encoder, asked: Asked, begun: str | None, tell: Callable[[str], None] | None = None
) -> Encoder:
    """The encoder as a run should use it.

    Args:
        encoder: A model.
        asked: What the user wants; `auto` is the fastest that the self-test finds faithful.
        begun: Precision of the space that is added to; None where one is begun.
        tell: Told in words what takes time, or can't be had.

    Raises:
        UsageError: torch runs the model, which it does in float32.
        ModelError: The model can't be opened.
    """
    if not isinstance(encoder, OnnxEncoder):
        if asked not in ("auto", "float32"):
            raise UsageError(f"torch runs the model in float32; --precision {asked} goes with --runtime onnx")
        return encoder
    from searchengine.encoders.self_test import fastest

    if begun is not None:
        return fastest(encoder, _available(begun, tell), tell)
    return fastest(encoder, None if asked == "auto" else asked, tell)


def precision_of(encoder: Encoder) -> Precision:
    """The arithmetic of an encoder's image tower."""
    return encoder.precision if isinstance(encoder, OnnxEncoder) else "float32"


def _available(begun: str, tell: Callable[[str], None] | None) -> Precision:
    """What a space was begun in, or float32 where this machine can't: what is faithful compares with it."""
    if begun == "bfloat16":
        from searchengine.encoders.openvino_runtime import lacking

        if reason := lacking("bfloat16"):
            if tell:
                tell(f"Embedding in float32, which compares with the library's bfloat16, because {reason}.")
            return "float32"
        return "bfloat16"
    return "int8" if begun == "int8" else "float32"
