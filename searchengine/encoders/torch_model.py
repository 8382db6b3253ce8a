"""A model as open_clip builds it: the reference that everything else here is checked against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from searchengine.encoders.hub_tokenizer import tokenizer_spec
from searchengine.encoders.locate import PREPROCESS_KEYS, sha256
from searchengine.encoders.silence import silent_logging
from searchengine.encoders.spec import ModelSpec, Preprocessing
from searchengine.encoders.tokenizer import TokenizerSpec, open_tokenizer
from searchengine.errors import ModelError

if TYPE_CHECKING:
    from searchengine.encoders.locate import ModelFiles
    from searchengine.encoders.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class TorchModel:
    """A loaded model.

    Attributes:
        files: Where it came from.
        module: open_clip's `CLIP`, `CustomTextCLIP` or `CoCa`, float32, on the CPU, ready for inference.
        spec: The model, pinned.
        tokens: How it wants its texts.
        tokenizer: The same, at work.
    """

    files: ModelFiles
    module: Any
    spec: ModelSpec
    tokens: TokenizerSpec
    tokenizer: Tokenizer


def load(files: ModelFiles, weights: str = "") -> TorchModel:
    """Load a model by open_clip.

    Args:
        files: From `locate`.
        weights: The weights' SHA-256 where it is known, else it is taken here.

    Raises:
        ModelError: The weights don't fit the config, or something they need isn't installed.
    """
    module = _create(files)
    tokens = tokenizer_spec(files)
    spec = ModelSpec(
        name=files.name.text,
        weights=weights or sha256(files.weights),
        dim=int(files.config["embed_dim"]),
        preprocessing=_preprocessing(module.visual.preprocess_cfg),
        context_length=tokens.length,
        logit_scale=float(module.logit_scale.exp()),
        logit_bias=None if module.logit_bias is None else float(module.logit_bias),
    )
    return TorchModel(files, module, spec, tokens, open_tokenizer(tokens, files.tokenizer))


def _create(files: ModelFiles) -> Any:
    import open_clip

    if files.config["text_cfg"].get("hf_model_name"):
        _need_transformers(files)
    source = f"local-dir:{files.folder}" if files.folder else files.name.architecture
    # A folder's own config is read by open_clip itself; of a table's entry it would only see the file.
    preprocess = {} if files.folder else {k: v for k, v in files.preprocess.items() if k in PREPROCESS_KEYS}
    try:
        with silent_logging():
            module = open_clip.create_model(
                source,
                None if files.folder else files.weights,
                force_preprocess_cfg=preprocess,
                require_pretrained=True,
            )
    except Exception as error:  # open_clip, torch, timm and safetensors raise what they like
        raise ModelError(
            f"The weights {files.weights} can't be loaded as {files.name.text}: "
            f"{(str(error) or type(error).__name__).strip().splitlines()[0]} "
            "Check that the file is whole and belongs to this architecture."
        ) from error
    return module.eval().requires_grad_(requires_grad=False)


def _need_transformers(files: ModelFiles) -> None:
    from importlib.util import find_spec

    if find_spec("transformers") is None:
        raise ModelError(
            f"The text tower of {files.name.text} needs the extra hf: pip install 'imgsearch[hf]', "
            "or choose another model (`imgsearch models`)."
        )


def _preprocessing(config: dict[str, Any]) -> Preprocessing:
    size = config["size"]
    height, width = (size, size) if isinstance(size, int) else size
    return Preprocessing(
        size=(int(height), int(width)),
        mean=_channels(config["mean"]),
        std=_channels(config["std"]),
        # Anything that isn't "bilinear", "random" included, is bicubic in open_clip's inference transform.
        interpolation="bilinear" if config["interpolation"] == "bilinear" else "bicubic",
        resize_mode=config["resize_mode"] or "shortest",
        fill_color=int(config.get("fill_color", 0)),
    )


def _channels(values: Any) -> tuple[float, float, float]:
    red, green, blue = values if isinstance(values, list | tuple) else (values,) * 3
    return float(red), float(green), float(blue)
