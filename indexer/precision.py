"""In which precision a run embeds: the one the space was begun in, or what is asked for, or the fastest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.encoders.onnx_runtime import OnnxEncoder
from searchengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from searchengine.encoders.encoder import Encoder
    from searchengine.encoders.precision import Asked, Precision

# Pictures that a precision is confirmed on.
_SAMPLE = 8


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
    from searchengine.encoders.self_test import at_best, fastest

    if begun is not None:
        return at_best(encoder, _available(begun, tell))
    return fastest(encoder, None if asked == "auto" else asked, tell)


def confirmed(encoder: Encoder, files: Sequence[bytes], tell: Callable[[str], None] | None = None) -> Encoder:
    """The encoder that the self-test chose, compared with float32 on a few of the user's pictures as well.

    Made pictures can't ask of trained weights all that real ones do. Once a model and machine; where it turns
    out unfaithful, the next best is taken, for this library and all that are begun after it.

    Args:
        encoder: In the precision that `auto` has chosen.
        files: What is going to be embedded, as absolute paths.
        tell: Told in words when something else is taken.
    """
    from searchengine.encoders.self_test import confirm, wants_confirmation

    if not isinstance(encoder, OnnxEncoder) or not wants_confirmation(encoder):
        return encoder
    import numpy as np

    from indexer.decoding.decode import Decoded, DecodePool, Task

    sample = files[:: max(1, len(files) // _SAMPLE)][:_SAMPLE]
    with DecodePool(encoder.spec.preprocessing) as pool:
        outcomes = [future.result() for future in [pool.submit(Task(path)) for path in sample]]
    pixels = [each.pixels[:1] for each in outcomes if isinstance(each, Decoded)]
    if not pixels:
        return encoder
    chosen = confirm(encoder, np.concatenate(pixels))
    if tell and chosen.precision != encoder.precision:
        tell(f"Embedding in {chosen.precision}: {encoder.precision} isn't faithful to these pictures.")
    return chosen


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
