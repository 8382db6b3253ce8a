"""Measure what a handful of examples teaches: is a taught concept better than its name as a text query?

    python scripts/eval_concepts.py [--model builtin] [--photos TARS CACHE] [--positives 5] [--negatives 20]
                                    [--count 3000] [--concepts 30] [--seed 7] [--choose]

On held-out scenes and, with --photos, on the held-out tenth of labelled sets of photographs: of each label
that enough pictures have, some pictures that show it and some that don't are drawn as examples, and all
others are ranked by the text query (the mean of the default prompts), by the concept, and by the concept
under nonsense for a name, and under none. Prints the mean average precision of each, the share of labels
where the concept is no worse than the text, precision and recall above its line, and milliseconds to learn.

Then relevance feedback: up to three right ones of a text query's first forty results and up to three wrong
ones of its first ten are named; average precision over the rest, before, by Rocchio's formula (with several
weights), and by `feedback.judged`. `--choose` tries other regularisations.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import labelled  # noqa: E402
import machine  # noqa: E402

from searchengine.encoders import load_encoder  # noqa: E402
from searchengine.understanding.concepts import SAMPLE, SPREAD, fit  # noqa: E402
from searchengine.understanding.prompts import TEMPLATES, label_vectors  # noqa: E402

CHOICES = [{"slope": s, "named_spread": n} for s in (1.0, 1.5, 2.0, 4.0) for n in (0.25, 0.5, 1.0)]
CHOICES += [{"spread": s} for s in (0.5, 1.0, 4.0, 8.0)]
NONSENSE = ("rex", "florp", "zanzi", "bella", "quxx", "todo", "blicket", "wug", "max", "ilse", "project 7")
ROCCHIO = ((0.3, 0.3), (0.5, 0.5), (1.0, 0.0), (1.0, 0.5), (1.0, 1.0))


@dataclass(frozen=True)
class Task:
    """A label, its name and nonsense as the model embeds them, and which pictures (by row) are drawn."""

    vectors: labelled.Vectors
    name: labelled.Vectors
    nonsense: labelled.Vectors
    right: NDArray[np.bool_]
    positives: NDArray[np.int64]
    negatives: NDArray[np.int64]
    sample: NDArray[np.int64]

    def rest(self, *used: NDArray[np.int64] | list[int]) -> NDArray[np.bool_]:
        """Every picture but those named."""
        rest = np.ones(len(self.right), bool)
        for rows in used:
            rest[rows] = False
        return rest


def tasks(each: labelled.LabelledSet, encoder: object, args: argparse.Namespace) -> list[Task]:
    """Draw labels of a set, and examples."""
    rng = np.random.default_rng(args.seed)
    names = each.names(3 * args.positives)
    names = sorted(rng.choice(names, min(args.concepts, len(names)), replace=False).tolist())
    nonsense = label_vectors(encoder, NONSENSE, TEMPLATES)
    drawn = []
    for name, vector in zip(names, label_vectors(encoder, names, TEMPLATES), strict=True):
        right = np.array([name in true for true in each.labels])
        positives = rng.choice(np.flatnonzero(right), args.positives, replace=False)
        negatives = rng.choice(np.flatnonzero(~right), args.negatives, replace=False)
        sample = rng.choice(len(right), SAMPLE, replace=False)
        word = nonsense[len(drawn) % len(nonsense)]
        drawn.append(Task(each.vectors, vector, word, right, positives, negatives, sample))
    return drawn


def taught(task: Task, called: str = "name", **settings: float) -> list[float]:
    """Average precision by text and by concept, precision and recall at its line, seconds."""
    v, rest = task.vectors, task.rest(task.positives, task.negatives)
    start = time.perf_counter()
    name = {"name": task.name, "nonsense": task.nonsense, "nothing": np.zeros_like(task.name)}[called]
    concept = fit(v[task.positives], v[task.negatives], v[task.sample], name, **settings)
    took = time.perf_counter() - start
    logits = v @ concept.weights + concept.bias
    above, right = (logits > 0) & rest, task.right & rest
    hits = int((above & right).sum())
    return [
        labelled.average_precision((v @ task.name)[rest], task.right[rest]),
        labelled.average_precision(logits[rest], task.right[rest]),
        hits / max(int(above.sum()), 1),
        hits / int(right.sum()),
        took,
    ]


def judged(task: Task) -> dict[str, float]:
    """Average precision after relevance feedback; nothing where no result is right."""
    v, right = task.vectors, task.right
    order = np.argsort(-(v @ task.name))
    more = [int(at) for at in order[:40] if right[at]][:3]
    less = [int(at) for at in order[:10] if not right[at]][:3]
    if not more:
        return {}
    rest = task.rest(more, less)

    def precision(direction: labelled.Vectors) -> float:
        return labelled.average_precision((v @ direction)[rest], right[rest])

    away = v[less].mean(axis=0) if less else np.zeros_like(task.name)
    found = {"text": precision(task.name), "feedback": precision(_learned(task, more, less))}
    for towards, from_ in ROCCHIO:
        found[f"Rocchio {towards} {from_}"] = precision(
            task.name + towards * v[more].mean(axis=0) - from_ * away
        )
    return found


def _learned(task: Task, more: list[int], less: list[int]) -> labelled.Vectors:
    v = task.vectors
    return fit(v[more], v[less], v[task.sample], task.name, named_spread=SPREAD).weights


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="builtin")
    parser.add_argument(
        "--photos", type=Path, nargs=2, metavar=("TARS", "CACHE"), help="as eval_photos.py takes them"
    )
    parser.add_argument("--positives", type=int, default=5)
    parser.add_argument("--negatives", type=int, default=20)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--concepts", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--choose", action="store_true")
    args = parser.parse_args()
    print(machine.describe())
    encoder = load_encoder(args.model, runtime="onnx")
    sets = [labelled.scenes(encoder, args.count, args.seed)]
    if args.photos:
        sets += labelled.photos(encoder, *args.photos)
    for each in sets:
        drawn = tasks(each, encoder, args)
        print(f"{each.name}: {len(each.labels)} pictures, {len(drawn)} labels")
        for called, settings in [
            *((called, {}) for called in ("name", "nonsense", "nothing")),
            *(("nothing" if "spread" in choice else "name", choice) for choice in CHOICES if args.choose),
        ]:
            rows = np.array([taught(task, called, **settings) for task in drawn])
            text, concept, precision, recall, seconds = rows.mean(axis=0)
            print(
                f"  by {called}{settings or ''}: average precision {concept:.3f} (text {text:.3f}); "
                f"no worse for {(rows[:, 1] >= rows[:, 0]).mean():.2f} of the labels; at the line precision "
                f"{precision:.2f}, recall {recall:.2f}; {1000 * seconds:.1f} ms"
            )
        feedback = [found for task in drawn if (found := judged(task))]
        if feedback:
            means = {name: np.mean([found[name] for found in feedback]) for name in feedback[0]}
            print(
                f"  feedback ({len(feedback)} labels): "
                + ", ".join(f"{name} {mean:.3f}" for name, mean in means.items())
            )


if __name__ == "__main__":
    main()
