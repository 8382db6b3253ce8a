#!/usr/bin/env python3
"""Make the built-in model's ONNX graphs from its weights. To be run again whenever the weights change.

    scripts/make_builtin_onnx.py            # in searchengine/encoders/builtin/
    scripts/make_builtin_onnx.py FOLDER     # in another folder with a config and weights, to try

Writes text.onnx, image.onnx and model.json beside open_clip_model.safetensors. The graphs hold no weights:
they point into that file. Both are checked against torch, and nothing is replaced when they don't agree.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from searchengine.encoders import cache, names
from searchengine.encoders.export import write_graphs
from searchengine.encoders.locate import BUILTIN_FOLDER, in_folder
from searchengine.encoders.onnx_runtime import IMAGE_GRAPH, TEXT_GRAPH
from searchengine.encoders.torch_model import load

MOST_BYTES = 30_000_000  # of all that is shipped with the model
MADE = (TEXT_GRAPH, IMAGE_GRAPH, cache.MANIFEST)  # model.json last: it says that the others are there


def main() -> None:
    """Make, check, put in place."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", default=BUILTIN_FOLDER)
    folder = Path(parser.parse_args().folder).resolve()

    model = load(in_folder(names.parse("builtin"), str(folder)))
    weights = os.path.basename(model.files.weights)
    with tempfile.TemporaryDirectory() as made:
        shutil.copyfile(folder / weights, Path(made, weights))
        manifest = replace(write_graphs(model, made, weights, print), source={})  # no path of this machine
        cache.write_manifest(made, manifest)
        extra = sorted(set(os.listdir(made)) - {weights, *MADE})
        if extra:
            sys.exit(f"Some weights aren't in {weights} but in {', '.join(extra)}, which can't be shipped.")
        for name in MADE:
            shutil.copyfile(Path(made, name), folder / f"{name}.new")
            os.replace(folder / f"{name}.new", folder / name)
    total = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    print(f"weights {manifest.spec.weights}")
    for tower, figures in manifest.parity.items():
        print(
            f"{tower}: largest difference {figures['max_difference']:.2g}, cosine {figures['min_cosine']:.9f}"
        )
    print(f"padding is {'cut' if manifest.cut else 'kept'}; {total / 1e6:.1f} MB in {folder}")
    if total > MOST_BYTES:
        sys.exit(f"That is more than {MOST_BYTES / 1e6:.0f} MB.")


if __name__ == "__main__":
    main()
