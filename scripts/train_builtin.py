"""Train the built-in model: a small CLIP, in open_clip's own format.

    python scripts/train_builtin.py SCENES                              # scenes alone, from nothing
    python scripts/train_builtin.py RUN --start SCENES --photos TARS    # then scenes and photographs
    python scripts/train_builtin.py RUN --photos TARS                   # go on where RUN stopped
    python scripts/train_builtin.py RUN --export DIR                    # write config + float16 weights

The learning rate stays high, and falls to zero in the last quarter of the steps. Writing another number
into RUN/steps moves the end. RUN/warm.pt is the run before the fall: copied over RUN/last.pt, it can be
gone on with for longer.

Two things exist in training only. Heads that say what each cell of a scene shows, which place it is and
how many things there are teach the image tower to see long before the contrastive loss alone would. And
the token table holds only the tokens that captions use, one row standing for all others; the export
spreads it over CLIP's whole vocabulary.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from data.batches import BackgroundPool, SceneBatches  # noqa: E402
from data.photographs import Mixture, all_texts, load  # noqa: E402
from training.batches import Steps  # noqa: E402
from training.export import export  # noqa: E402
from training.run import LAST, Training  # noqa: E402
from training.schedule import Schedule  # noqa: E402
from training.tower import CONFIG, SIZE  # noqa: E402
from training.vocabulary import Vocabulary  # noqa: E402

VARIANTS = 40  # of each drawn background


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("run", type=Path, help="folder of the run: checkpoints, and pictures that were decoded or rendered")
    add("--export", type=Path, metavar="DIR", help="write the run's weights to DIR")
    add("--start", type=Path, metavar="RUN", help="another run whose weights a new run begins with")
    add("--photos", type=Path, metavar="TARS", help="folder with the sets of data/photographs.py")
    add("--steps", type=int, default=1800, help="when the schedule ends")
    add("--scenes", type=int, default=256, help="scenes in a batch")
    add("--different", type=int, default=10_000, help="batches of scenes until their pictures come again")
    add("--rate", type=float, default=2e-3, help="highest learning rate")
    add("--cooling", type=float, default=0.25, help="share of the steps in which it falls")
    add("--seeing", type=float, default=1.0, help="weight of the heads at first; it falls to a tenth")
    add("--weight", type=float, default=1.0, help="of the photographs' loss, where the scenes' is 1")
    add("--seed", type=int, default=1)
    add("--workers", type=int, default=1, help="processes that render")
    add("--config", type=Path, help="another model's model_cfg, as JSON")
    add("--lock", type=Path, metavar="FILE", help="training waits while another process has locked FILE")
    return parser.parse_args()


def main() -> None:
    """Train or export."""
    args = arguments()
    args.run.mkdir(parents=True, exist_ok=True)
    if args.export:
        export(args.run, args.export)
        return
    torch.manual_seed(args.seed)
    photos = load(args.photos, args.run / "photos") if args.photos else []
    if (args.run / LAST).exists():
        training = Training.resumed(args.run)
    else:
        earlier = torch.load(args.start / LAST, weights_only=True)["tokens"] if args.start else ()
        config = json.loads(args.config.read_text()) if args.config else CONFIG
        training = Training(args.run, config, Vocabulary.collect(all_texts(photos), earlier))
        if args.start:
            training.start_from(args.start)
    pictures = args.run / "scenes"
    pictures.mkdir(exist_ok=True)
    pool = BackgroundPool(2 * SIZE, VARIANTS, args.seed)
    scenes = SceneBatches(args.seed, args.scenes, SIZE, pool, pictures, args.different)
    mixture = Mixture(photos, args.seed, SIZE) if photos else None
    schedule = Schedule(
        args.steps, args.run / "steps", args.rate, args.cooling, args.seeing, args.lock, args.weight
    )
    training.train(Steps(scenes, mixture, training.vocabulary), schedule, args.workers)


if __name__ == "__main__":
    main()
