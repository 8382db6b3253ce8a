#!/usr/bin/env python3
"""Write a model of a true architecture with random weights, for timing where weights can't be downloaded.

    scripts/random_model.py ViT-B-32-256 /tmp/random-vit
    imgsearch index PATH --model /tmp/random-vit

Speed and memory are the real model's; answers mean nothing.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import open_clip
import torch
from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from safetensors.torch import save_file


def main() -> None:
    """Make the folder that open_clip calls its local layout."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", help="an architecture that open_clip knows")
    parser.add_argument("folder", type=Path, help="where to write it")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    model = open_clip.create_model(arguments.name)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    config = {
        "model_cfg": open_clip.get_model_config(arguments.name),
        "preprocess_cfg": {"mean": OPENAI_DATASET_MEAN, "std": OPENAI_DATASET_STD},
    }
    (arguments.folder / "open_clip_config.json").write_text(json.dumps(config, indent=2))
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, arguments.folder / "open_clip_model.safetensors")
    millions = sum(parameter.numel() for parameter in model.parameters()) / 1e6
    print(f"{arguments.name}: {millions:.0f} M random parameters in {arguments.folder}")


if __name__ == "__main__":
    main()
