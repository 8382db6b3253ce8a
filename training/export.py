"""A run's averaged weights in open_clip's own format, as they are shipped."""

import json
import os
from pathlib import Path

import torch
from open_clip.model import CLIP
from safetensors.torch import save_file

from training.run import LAST
from training.tower import PREPROCESS
from training.vocabulary import Vocabulary


def export(run: Path, folder: Path) -> None:
    """Write open_clip_config.json and float16 open_clip_model.safetensors from the averaged weights."""
    state = torch.load(run / LAST, weights_only=True)
    weights = dict(state["average"])
    table = Vocabulary(state["tokens"]).table(weights["token_embedding.weight"])
    weights["token_embedding.weight"] = table
    model = CLIP(**state["config"])
    model.load_state_dict(weights)
    half = {
        name: value.half().contiguous() if value.is_floating_point() else value.contiguous()
        for name, value in model.state_dict().items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / "open_clip_model.safetensors.new"
    save_file(half, temporary, metadata={"format": "pt"})
    temporary.chmod(0o644)  # safetensors writes for the owner alone
    os.replace(temporary, folder / "open_clip_model.safetensors")
    config = {"model_cfg": state["config"], "preprocess_cfg": PREPROCESS}
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    print(f"step {state['step']}, {state['seen']} pictures seen, {state['seconds'] / 60:.0f} min -> {folder}")
