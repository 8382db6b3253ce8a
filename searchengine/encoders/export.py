"""From a torch model to graphs that ONNX Runtime runs, each checked against what it was made from."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from searchengine.encoders import cache, parity, share, towers
from searchengine.encoders.locate import recipe, state
from searchengine.encoders.onnx_runtime import IMAGE_GRAPH, TEXT_GRAPH, open_session, run
from searchengine.encoders.silence import silent_logging
from searchengine.encoders.tokenizer import HUB_FILE
from searchengine.errors import ModelError, ParityError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.encoders.parity import Parity
    from searchengine.encoders.torch_model import TorchModel

_PACKAGES = ("torch", "open_clip_torch", "onnx", "onnxscript", "onnxruntime")
# The name that a model's weights have beside its graphs in the cache.
WEIGHTS = "weights.safetensors"


def export(model: TorchModel, on_progress: Callable[[str], None] | None = None) -> cache.Export:
    """Export both towers into the cache.

    Takes under a minute and no GPU. A weights file in safetensors form is linked or copied, not written anew.

    Raises:
        ParityError: The graphs don't answer as the model does; nothing is cached.
        ModelError: The model can't be exported.
    """
    target = cache.folder_of(model.spec.weights, recipe(model.files))

    def build(folder: str) -> None:
        shared = WEIGHTS if _share_file(model, os.path.join(folder, WEIGHTS)) else ""
        if model.files.tokenizer:
            shutil.copyfile(os.path.join(model.files.tokenizer, HUB_FILE), os.path.join(folder, HUB_FILE))
        cache.write_manifest(folder, write_graphs(model, folder, shared, on_progress))

    return cache.publish(target, build)


def write_graphs(
    model: TorchModel, folder: str, weights: str, on_progress: Callable[[str], None] | None = None
) -> cache.Manifest:
    """Write `text.onnx` and `image.onnx` into a folder and check them there.

    Args:
        model: What to export.
        folder: Where to.
        weights: Name of the safetensors file in the folder that the graphs may point into, or empty.
        on_progress: Told what is being done.

    Returns:
        What `model.json` should say.

    Raises:
        ParityError: A graph doesn't answer as the model does.
        ModelError: The model can't be exported.
    """
    say = on_progress or (lambda _message: None)
    stored = share.stored_tensors(os.path.join(folder, weights)) if weights else []
    say(f"Exporting the text tower of {model.spec.name} (once)")
    cut, text = _export_text(model, folder, weights, stored)
    say(f"Exporting the image tower of {model.spec.name} (once)")
    image = _export_image(model, folder, weights, stored)
    return cache.Manifest(
        spec=model.spec,
        tokenizer=model.tokens,
        cut=cut,
        recipe=recipe(model.files),
        source=state(model.files.weights),
        parity={"text": asdict(text), "image": asdict(image)},
        versions={package: version(package) for package in _PACKAGES},
    )


def _export_text(
    model: TorchModel, folder: str, weights: str, stored: list[share.StoredTensor]
) -> tuple[bool, Parity]:
    """Write the text graph; returns whether padding can be cut, and the parity."""
    import numpy as np
    import torch

    tokens = model.tokenizer(parity.TEXTS)
    _check_tokens(model, tokens)
    whole = towers.text_tower(model.module)
    originals = _answer(whole, tokens)
    path = os.path.join(folder, TEXT_GRAPH)
    tower = towers.cut_text_tower(model.module)
    cut = tower is not None and _can_be_cut(model, tower, originals)
    with towers.plain_blocks(model.module):
        if cut:
            length = torch.export.Dim("length", min=2, max=model.spec.context_length)
            graph = _graph(tower, "tokens", tokens[:3, : max(4, tokens.shape[1] // 2)], {1: length})
        else:
            graph = _graph(whole, "tokens", tokens[:3], {})
    _save(graph, path, weights, stored)
    session = open_session(path, pack=False)
    rows = [model.tokenizer([text], cut=cut) for text in parity.TEXTS]
    alone = parity.compare(np.concatenate([run(session, row) for row in rows]), originals)
    together = parity.compare(run(session, tokens), originals)
    worst = min(alone, together, key=lambda one: one.min_cosine)
    return cut, parity.check(worst, f"text tower of {model.spec.name}")


def _export_image(model: TorchModel, folder: str, weights: str, stored: list[share.StoredTensor]) -> Parity:
    tower = towers.image_tower(model.module, model.spec.preprocessing)
    pixels = parity.pictures(*model.spec.preprocessing.size)
    originals = _normalised_as_open_clip(model, pixels)
    path = os.path.join(folder, IMAGE_GRAPH)
    with towers.plain_blocks(model.module):
        graph = _graph(tower, "pixels", pixels[:3], {})
    _save(graph, path, weights, stored)
    answers = run(open_session(path), pixels)
    return parity.check(parity.compare(answers, originals), f"image tower of {model.spec.name}")


def _normalised_as_open_clip(model: TorchModel, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What open_clip's `encode_image` gives for pixels that are normalised as torchvision does it."""
    import torch

    preprocessing = model.spec.preprocessing
    mean = torch.tensor(preprocessing.mean).reshape(1, 3, 1, 1)
    std = torch.tensor(preprocessing.std).reshape(1, 3, 1, 1)
    images = (torch.from_numpy(pixels).permute(0, 3, 1, 2).to(torch.float32) / 255 - mean) / std
    with torch.inference_mode():
        answers: NDArray[np.float32] = model.module.encode_image(images, normalize=True).numpy()
    return answers


def _can_be_cut(model: TorchModel, tower: Any, originals: NDArray[np.float32]) -> bool:
    """Whether each text gives the same vector when its row ends where the text does."""
    import numpy as np

    answers = [_answer(tower, model.tokenizer([text], cut=True)) for text in parity.TEXTS]
    return parity.compare(np.concatenate(answers), originals).good


def _answer(tower: Any, inputs: NDArray[Any]) -> NDArray[np.float32]:
    import torch

    with torch.inference_mode():
        answers: NDArray[np.float32] = tower(torch.from_numpy(inputs)).numpy()
    return answers


def _check_tokens(model: TorchModel, tokens: NDArray[np.int64]) -> None:
    """Compare with open_clip's own tokenizer, where it runs without the transformers package."""
    import numpy as np

    if model.tokens.kind != "clip":
        return
    from open_clip.tokenizer import SimpleTokenizer

    original = SimpleTokenizer(context_length=model.tokens.length, clean=model.tokens.clean)
    if not np.array_equal(original(list(parity.TEXTS)).numpy(), tokens):
        raise ParityError(
            f"The tokens of {model.spec.name} aren't open_clip's. Nothing was kept. "
            "Report it with the versions of imgsearch, open_clip_torch and regex."
        )


def _graph(tower: Any, name: str, example: NDArray[Any], dimensions: dict[int, Any]) -> Any:
    """The tower as an `onnx_ir.Model`, for any number of rows and with these further dimensions open."""
    import torch

    try:
        with silent_logging():
            program = torch.onnx.export(
                tower,
                (torch.from_numpy(example),),
                dynamo=True,
                verbose=False,
                optimize=False,
                input_names=[name],
                output_names=["embeddings"],
                dynamic_shapes=({0: torch.export.Dim("batch"), **dimensions},),
            )
            graph = program.model if program else None
            _simplify(graph)
    except Exception as error:  # the exporter raises what it likes
        reason = (str(error) or type(error).__name__).strip().splitlines()[0]
        raise ModelError(
            f"torch can't export this model to ONNX: {reason} Use it with --runtime torch."
        ) from error
    return graph


def _simplify(graph: Any) -> None:
    """Fold what is constant, the shapes above all.

    torch's own optimisation does more, and too much: it merges batch normalisation into weights, which are
    then no longer those in the file. ONNX Runtime does that when it opens the graph.
    """
    import onnx_ir.passes.common as passes
    from onnxscript.optimizer import fold_constants_ir

    passes.InlinePass()(graph)
    fold_constants_ir(graph)
    for simplify in (
        passes.RemoveUnusedNodesPass(),
        passes.RemoveUnusedOpsetsPass(),
        passes.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        passes.CommonSubexpressionEliminationPass(),
        passes.NameFixPass(),
    ):
        simplify(graph)


def _save(graph: Any, path: str, weights: str, stored: list[share.StoredTensor]) -> None:
    import onnx_ir

    share.strip(graph)
    share.share_weights(graph, stored, weights, os.path.splitext(path)[0] + ".weights")
    onnx_ir.save(graph, path)


def _share_file(model: TorchModel, target: str) -> bool:
    """Put the weights file beside the graphs without a second copy where that is safe."""
    source = os.path.realpath(model.files.weights)
    if not model.files.weights.endswith(".safetensors"):
        return False
    if model.files.name.kind in {"hub", "pretrained"}:
        # The hub's cache names files by their content and never writes into one, so that a hard link is safe.
        with contextlib.suppress(OSError):  # another file system, or one without hard links
            os.link(source, target)
            return True
    shutil.copyfile(source, target)
    return True
