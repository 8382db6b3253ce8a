"""Measure the relevance line: does it tell a query that has an answer from one that has none?

    python scripts/eval_ranking.py [--shared DIR] [--count 1500] [--splits 10]

Real vectors first (CLIP's own of 100 photos and their 500 captions): recall through a catalog and an index;
then, 20 times, 50 photos are the library and the captions of the others the bank. A query is one of the
library's captions, with its photo there and with its photo taken out, and the score of the best picture has
to tell which: area under the ROC curve. Statistics of the library never see the photo that was taken out.

Then the built-in model with the bank that is shipped, on held-out scenes: things and places are taken out,
and what asks for them has no answer. Fixed thresholds are chosen on other scenes than they are shown on (the
best mean of both shares); the line is where it always is.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from machine import describe
from numpy.typing import NDArray
from PIL import Image, ImageColor

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from data.backgrounds import BACKGROUNDS  # noqa: E402
from data.captions import noun  # noqa: E402
from data.held_out import held_out_scenes  # noqa: E402
from data.render import render  # noqa: E402
from searchengine.answering.ranking import Ranking  # noqa: E402
from searchengine.calibration import Calibration  # noqa: E402
from searchengine.catalog import record, roots, spaces  # noqa: E402
from searchengine.catalog.catalog import Catalog  # noqa: E402
from searchengine.encoders import load_encoder  # noqa: E402
from searchengine.encoders.preprocess import preprocess  # noqa: E402
from searchengine.encoders.spec import ModelSpec, Preprocessing  # noqa: E402
from searchengine.images.open import open_image  # noqa: E402
from searchengine.open_space import OpenSpace  # noqa: E402
from searchengine.query.compose import Direction, compose  # noqa: E402
from searchengine.query.neutral_prompts import neutral_prompts  # noqa: E402
from searchengine.query.relevance import (  # noqa: E402
    STRICTNESS,
    bar,
    closeness,
    is_relevant,
    line,
    unrelated_pictures,
    unrelated_words,
)
from searchengine.query.terms import Query  # noqa: E402
from searchengine.vectors.store import FaissStore  # noqa: E402

if TYPE_CHECKING:
    from data.scenes import Kind
    from searchengine.encoders.encoder import Encoder

Vectors = NDArray[np.float32]
Truth = NDArray[np.bool_]
Score = Callable[[Vectors, Truth], Vectors]

REAL = Path("data/embeddings/flickr8k-openai-vitb32-100images-500captions.npz")
REAL_SPLITS = 20
HIDDEN_THINGS, HIDDEN_PLACES = 60, 5
CHOSEN_ON, SHOWN_ON = 3, 2024  # seeds of the scenes
SAMPLE = 512
LINE = "the line"
BLANK = ("black", "white", "grey", "red", "navy", "beige", "green", "brown")


def area(present: Vectors, absent: Vectors) -> float:
    """Area under the ROC curve: how often a query with an answer scores above one without."""
    ordered = np.sort(absent)
    below = np.searchsorted(ordered, present, "left") + np.searchsorted(ordered, present, "right")
    return float((below / 2 / len(ordered)).mean())


def calibrated(bank: Vectors, library: Vectors) -> Calibration:
    """What the indexer would measure of a library of these vectors."""
    cosines = bank @ library.T
    first = cosines.argmax(axis=1)
    sample = np.random.default_rng(0).permutation(library)[:SAMPLE]
    words = unrelated_words(bank, cosines.max(axis=1), library[first])
    return Calibration(bank, sample, words, unrelated_pictures(sample), "", len(library))


# -- real vectors


def print_real(file: Path) -> None:
    """Print recall and the table of the protocol."""
    data = np.load(file)
    photos, captions = (_unit(data[name]) for name in ("image_vectors", "text_vectors"))
    order = {name: place for place, name in enumerate(data["image_ids"])}
    own = np.array([order[name] for name in data["text_image_ids"]])
    print(f"\n{file.name}: {len(photos)} photos, {len(captions)} captions")
    print(f"text -> image through catalog and index  R@1 {recall_through_index(photos, captions, own):.3f}")
    rows: dict[str, list[tuple[float, float]]] = {}
    rates = []
    for split in range(REAL_SPLITS):
        shuffled = np.random.default_rng(split).permutation(len(photos))
        kept, others = shuffled[: len(photos) // 2], shuffled[len(photos) // 2 :]
        library, bank = photos[kept], captions[np.isin(own, others)]
        asked = np.isin(own, kept)
        queries = captions[asked]
        truth = own[asked][:, None] == kept[None]
        for name, score in scores_of(library, bank).items():
            full, part = score(queries, np.zeros_like(truth)), score(queries, truth)
            first = full.argmax(axis=1)
            found = truth[np.arange(len(queries)), first].mean()
            rows.setdefault(name, []).append((area(full.max(axis=1), part.max(axis=1)), float(found)))
        rates.append(_rates_at_default(queries, library, bank, truth))
    print(f"{REAL_SPLITS} splits in halves                          AUC    R@1")
    for name, measured in rows.items():
        if name == LINE:  # it answers another question: which pictures, not whether any
            continue
        auc, found = np.mean(measured, axis=0)
        print(f"  {name:40s} {auc:.3f}  {found:.3f}")
    false, above = np.mean(rates, axis=0)
    print(f"  at strictness {STRICTNESS}: photo taken out, yet something above the line {false:.3f};")
    print(f"  photo there and above the line {above:.3f}")


def recall_through_index(photos: Vectors, captions: Vectors, own: NDArray[np.intp]) -> float:
    """R@1 of captions among photos that lie in a catalog, searched as a library is."""
    dim = photos.shape[1]
    spec = ModelSpec("real", "0" * 64, dim, Preprocessing((224, 224), (0, 0, 0), (1, 1, 1)), 77, 100.0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalog.sqlite3"
        with Catalog.open(path, create=True) as catalog:
            with catalog.write() as session:
                space = spaces.create_space(session, spec)
                root = roots.add_root(session, os.fsencode(folder))
                batch = [
                    record.Picture(
                        record.FileAt(root.id, b"%04d" % place, 1, 1),
                        record.ContentFacts(b"%032d" % place, 1, 1, 1, "JPEG"),
                        vector[None],
                    )
                    for place, vector in enumerate(photos)
                ]
                record.record_batch(session, space.id, batch, ())
            opened = OpenSpace(
                catalog,
                space,
                FaissStore(Path(folder)),
                runtime="onnx",
                on_progress=None,
                open_picture=lambda data, draft_to: open_image(data, draft_to=draft_to),
            )
            ranking = Ranking(catalog, opened)
            found = [ranking.answer(vector, Query(), 1) for vector in captions]
            named = [os.path.basename(each.rows[each.found[0].embedding].files[0].path) for each in found]
    return float(np.mean([name == b"%04d" % place for name, place in zip(named, own, strict=True)]))


def scores_of(library: Vectors, bank: Vectors) -> dict[str, Score]:
    """The ways to score that are compared: each gives (queries, pictures), -inf where a picture is out."""
    calibration = calibrated(bank, library)
    mean = bank.mean(axis=0)
    close = closeness(bank, library)

    def raw(queries: Vectors, out: Truth) -> Vectors:
        return np.where(out, -np.inf, queries @ library.T)

    def standard(scores: Vectors, out: Truth) -> Vectors:
        inside = np.where(out, np.nan, scores)
        centre, spread = np.nanmean(inside, axis=1), np.nanstd(inside, axis=1)
        return np.where(out, -np.inf, (scores - centre[:, None]) / spread[:, None])

    def csls(queries: Vectors, out: Truth) -> Vectors:
        """Both halves of it; the query's ten nearest pictures are those that are there."""
        scores = raw(queries, out)
        ten = np.sort(scores, axis=1)[:, -10:].mean(axis=1)
        return scores - (ten[:, None] + close[None]) / 2

    def above(
        level: Callable[[Calibration, Direction, Vectors], float],
    ) -> Score:
        """Cosines above a level of the query's, which the ranking's first picture settles."""

        def score(queries: Vectors, out: Truth) -> Vectors:
            scores = raw(queries, out)
            levels = [
                level(calibration, Direction(query, query, of_words=True), first)
                for query, first in zip(queries, library[scores.argmax(axis=1)], strict=True)
            ]
            return scores - np.array(levels, np.float32)[:, None]

        return score

    return {
        "cosine, a fixed threshold": raw,
        "z-score over the library": lambda q, out: standard(q @ library.T, out),
        "minus each picture's mean over the bank": lambda q, out: raw(q - mean, out),
        "both": lambda q, out: standard((q - mean) @ library.T, out),
        "CSLS, both halves": csls,
        "minus half the closeness, of each picture": lambda q, out: raw(q, out) - close[None] / 2,
        "the bar (the same, of the first picture)": above(bar),
        LINE: above(line),
    }


def _rates_at_default(queries: Vectors, library: Vectors, bank: Vectors, truth: Truth) -> tuple[float, float]:
    """Share of queries with something above the line, their photo taken out; share of photos above it."""
    above = scores_of(library, bank)[LINE]
    return float((above(queries, truth).max(axis=1) >= 0).mean()), float(
        (above(queries, np.zeros_like(truth))[truth] >= 0).mean()
    )


# -- scenes


@dataclass(frozen=True)
class Scenes:
    """Held-out scenes with their embeddings: pictures and descriptions (n, dim)."""

    pictures: Vectors
    words: Vectors
    kinds: list[set[Kind]]
    places: NDArray[np.str_]


@dataclass(frozen=True)
class Asked:
    """One query and the pictures of the library (n,) that answer it."""

    direction: Direction
    truth: Truth


Kinds = dict[str, tuple[list[Asked], list[Asked]]]
"""Queries with an answer and queries without, by their kind."""


class Split:
    """A library of scenes without some things and places, and what is asked of it."""

    def __init__(self, scenes: Scenes, words: Callable[[str], Vectors], seed: int) -> None:
        rng = Random(seed)
        self.scenes = scenes
        self._words = words
        all_kinds = sorted({kind for kinds in scenes.kinds for kind in kinds}, key=str)
        all_places = sorted(set(scenes.places.tolist()))
        self.no_kinds = set(rng.sample(all_kinds, HIDDEN_THINGS))
        self.no_places = set(rng.sample(all_places, HIDDEN_PLACES))
        self.out = np.array(
            [
                bool(kinds & self.no_kinds) or place in self.no_places
                for kinds, place in zip(scenes.kinds, scenes.places.tolist(), strict=True)
            ]
        )
        self.kept = np.flatnonzero(~self.out)
        self.library = scenes.pictures[self.kept]
        self._has = {
            kind: np.array([kind in scenes.kinds[scene] for scene in self.kept]) for kind in all_kinds
        }
        self._at = {place: scenes.places[self.kept] == place for place in all_places}
        self._rng = rng
        self.queries: Kinds = {
            "description": self._descriptions(),
            "a thing": self._things(),
            "a place": self._by(self._at, self.no_places, lambda place: BACKGROUNDS[place].phrases[0]),
            "picture": self._pictures(),
            "picture + words": self._mixed(),
            "thing - place": self._away(),
        }

    def first(self, asked: Asked) -> Vectors:
        """Embedding of the picture nearest to a query, (dim,)."""
        nearest: Vectors = self.library[(self.library @ asked.direction.vector).argmax()]
        return nearest

    def _things(self) -> tuple[list[Asked], list[Asked]]:
        return self._by(self._has, self.no_kinds, self._named)

    def _named(self, kind: Kind) -> str:
        return noun(kind, 1, self._rng, 0)

    def _by(self, truths: dict, hidden: set, say: Callable) -> tuple[list[Asked], list[Asked]]:
        asked = [(what, Asked(compose([(self._words(say(what)), 1.0)]), truths[what])) for what in truths]
        return (
            [each for what, each in asked if what not in hidden and each.truth.any()],
            [each for what, each in asked if what in hidden],
        )

    def _descriptions(self) -> tuple[list[Asked], list[Asked]]:
        nothing = np.zeros(len(self.kept), bool)
        chosen = self._rng.sample(range(len(self.kept)), 150)
        gone = self._rng.sample(np.flatnonzero(self.out).tolist(), 150)
        present = [
            Asked(
                compose([(self.scenes.words[self.kept[place]], 1.0)]),
                np.arange(len(self.kept)) == place,
            )
            for place in chosen
        ]
        return present, [Asked(compose([(self.scenes.words[scene], 1.0)]), nothing) for scene in gone]

    def _pictures(self) -> tuple[list[Asked], list[Asked]]:
        """Answers share a thing and the place; no answer: neither a thing nor the place is there."""
        present, absent = [], []
        for scene in np.flatnonzero(self.out):
            kinds, place = self.scenes.kinds[scene], self.scenes.places[scene]
            truth = np.any([self._has[kind] for kind in kinds], axis=0) & self._at[place]
            asked = Asked(compose([], [(self.scenes.pictures[scene], 1.0)]), truth)
            if truth.any():
                present.append(asked)
            elif kinds <= self.no_kinds and place in self.no_places:
                absent.append(asked)
        return present, absent

    def _mixed(self) -> tuple[list[Asked], list[Asked]]:
        """A picture that was taken out, for its place, and a thing in words; an answer has both."""
        present, absent = [], []
        for scene in self._rng.sample(np.flatnonzero(self.out).tolist(), 75):
            place = self.scenes.places[scene]
            example = [(self.scenes.pictures[scene], 1.0)]
            there = [kind for kind in self._has if (self._has[kind] & self._at[place]).any()]
            for kinds, into in ((there, present), (sorted(self.no_kinds, key=str), absent)):
                if kinds:
                    kind = self._rng.choice(kinds)
                    direction = compose([(self._words(self._named(kind)), 1.0)], example)
                    into.append(Asked(direction, self._has[kind] & self._at[place]))
        return present, absent

    def _away(self) -> tuple[list[Asked], list[Asked]]:
        present, absent = [], []
        for kind, has in self._has.items():
            place = self._rng.choice(sorted(self._at))
            parts = [
                (self._words(self._named(kind)), 1.0),
                (self._words(BACKGROUNDS[place].phrases[0]), -1.0),
            ]
            asked = Asked(compose(parts), has & ~self._at[place])
            if asked.truth.any():
                present.append(asked)
            elif kind in self.no_kinds:
                absent.append(asked)
        return present, absent


def print_scenes(count: int, splits: int) -> None:
    """Print the tables for the built-in model."""
    encoder = load_encoder("builtin", runtime="onnx")
    bank = encoder.encode_texts(neutral_prompts())
    known: dict[str, Vectors] = {}

    def words(text: str) -> Vectors:
        if text not in known:
            known[text] = encoder.encode_texts([text])[0]
        return known[text]

    chosen_on, shown_on = (
        [Split(scenes, words, seed) for seed in range(splits)]
        for scenes in (read_scenes(encoder, count, seed) for seed in (CHOSEN_ON, SHOWN_ON))
    )
    size = np.mean([len(split.kept) for split in shown_on])
    print(f"\nbuiltin, {len(bank)} neutral prompts, {size:.0f} held-out scenes a library, {splits} splits")
    compare(chosen_on, shown_on, bank)
    sweep(shown_on, bank)
    print_blank(encoder, shown_on, bank)
    print_demoted(encoder, shown_on, bank)


def compare(chosen_on: Sequence[Split], shown_on: Sequence[Split], bank: Vectors) -> None:
    """Print the line against fixed thresholds, by kind of query."""

    def by_cosine(_: Split, __: Asked) -> float:
        return 0.0

    def by_line(split: Split, asked: Asked) -> float:
        return line_of(calibrations[id(split)], split, asked, STRICTNESS)

    def by_bar(split: Split, asked: Asked) -> float:
        return bar(calibrations[id(split)], asked.direction, split.first(asked))

    calibrations = {id(split): calibrated(bank, split.library) for split in shown_on}
    train, test = measured(chosen_on, by_cosine), measured(shown_on, by_cosine)
    ours, bars = measured(shown_on, by_line), measured(shown_on, by_bar)
    precise = precision(shown_on, by_line)
    one = best_threshold(list(train.values()))
    print(
        "                         AUC of the best     false: something     true answers        of those above"
    )
    print(
        "                         score               above it, no answer  above it            it, true ones"
    )
    print("  query (with, without)  cosine  bar         fixed  own    line   fixed  own    line   line")
    for kind, (present, absent, answers) in test.items():
        own = best_threshold([train[kind]])
        bar_present, bar_absent, _ = bars[kind]
        _, line_absent, line_answers = ours[kind]
        cells = [
            f"{area(present, absent):.3f}   {area(bar_present, bar_absent):.3f}      ",
            *(f"{(absent >= at).mean():.3f}" for at in (one, own)),
            f"{(line_absent >= 0).mean():.3f} ",
            *(f"{(answers >= at).mean():.3f}" for at in (one, own)),
            f"{(line_answers >= 0).mean():.3f} ",
            f"{precise[kind]:.3f}",
        ]
        print(f"  {f'{kind} ({len(present)}, {len(absent)})':29s}" + "  ".join(cells))
    means = [
        np.mean([(absent >= one).mean() for _, absent, _ in test.values()]),
        np.mean([(test[kind][1] >= best_threshold([train[kind]])).mean() for kind in test]),
        np.mean([(absent >= 0).mean() for _, absent, _ in ours.values()]),
        np.mean([(answers >= one).mean() for *_, answers in test.values()]),
        np.mean([(test[kind][2] >= best_threshold([train[kind]])).mean() for kind in test]),
        np.mean([(answers >= 0).mean() for *_, answers in ours.values()]),
    ]
    pooled = [
        area(*(np.concatenate([margins[side] for margins in table.values()]) for side in (0, 1)))
        for table in (test, bars)
    ]
    print(
        f"  {'all; mean of the kinds':29s}{pooled[0]:.3f}   {pooled[1]:.3f}        "
        + "  ".join(f"{mean:.3f}" for mean in means[:3])
        + "   "
        + "  ".join(f"{mean:.3f}" for mean in means[3:])
        + f"   {np.mean(list(precise.values())):.3f}"
    )
    print(f"  fixed: one cosine, {one:.3f}; own: one a kind; line: strictness {STRICTNESS}, nothing fitted")


def sweep(splits: Sequence[Split], bank: Vectors) -> None:
    """Print what the knob does."""
    print("  strictness   " + "  ".join(f"{kind:>17s}" for kind in splits[0].queries))
    calibrations = {id(split): calibrated(bank, split.library) for split in splits}
    for strictness in (0.75, 0.9, 0.95):
        found = measured(
            splits, lambda split, asked, at=strictness: line_of(calibrations[id(split)], split, asked, at)
        )
        cells = [
            f"{(absent >= 0).mean():.3f} / {(answers >= 0).mean():.3f}"
            for _, absent, answers in found.values()
        ]
        print(f"  {strictness:<12}   " + "  ".join(f"{cell:>15s}  " for cell in cells))
    print("  each: something above the line though there is no answer / true answers above it")


def print_blank(encoder: Encoder, splits: Sequence[Split], bank: Vectors) -> None:
    """Print how often pictures of one colour turn up in a library that has some."""
    size = encoder.spec.preprocessing
    blank = encoder.encode_images(
        np.stack([preprocess(Image.new("RGB", (64, 48), colour), size) for colour in BLANK])
    )
    shares = []
    for split in splits:
        library = np.concatenate([split.library, blank])
        calibration = calibrated(bank, library)
        for present, absent in split.queries.values():
            for asked in (*present, *absent):
                cosines = library @ asked.direction.vector
                first = library[cosines.argmax()]
                at = line(calibration, asked.direction, first)
                above = [is_relevant(float(score), at) for score in cosines[-len(blank) :]]
                shares.append((np.mean(above), cosines.argmax() >= len(split.library)))
    above, first = np.mean(shares, axis=0)
    print(
        f"  {len(blank)} blank pictures in each library: above the line for {above:.4f} of the queries each;"
    )
    print(f"  one of them first for {first:.4f} (chance: {len(blank) / (size_of(splits) + len(blank)):.4f})")


def print_demoted(encoder: Encoder, splits: Sequence[Split], bank: Vectors) -> None:
    """Print what ranking blank pictures lower would bring: by closeness to any words, or for being blank."""
    rng = np.random.default_rng(0)
    size = encoder.spec.preprocessing
    plain = [np.full((48, 64, 3), ImageColor.getrgb(colour), np.float64) for colour in BLANK]
    grainy = [picture + rng.normal(0, 3, picture.shape) for picture in plain]
    shaded = [picture * np.linspace(0.8, 1, 64)[None, :, None] for picture in plain]
    pictures = [Image.fromarray(each.clip(0, 255).astype(np.uint8)) for each in (*plain, *grainy, *shaded)]
    blank = encoder.encode_images(np.stack([preprocess(each, size) for each in pictures]))
    rows: dict[str, list[tuple[bool, float, bool]]] = {}
    for split in splits:
        library = np.concatenate([split.library, blank])
        is_blank = np.arange(len(library)) >= len(split.library)
        close = closeness(bank, library)
        lowered = {
            "cosine": np.zeros(len(library)),
            "less 0.25 closeness": 0.25 * close,
            "less 0.5 closeness": 0.5 * close,
            "blank ones last": 2.0 * is_blank,
        }
        for kind, (present, _) in split.queries.items():
            for asked in present:
                for name, less in lowered.items():
                    best = np.argsort(-(library @ asked.direction.vector - less), kind="stable")[:10]
                    right = best[0] < len(asked.truth) and asked.truth[best[0]]
                    found = bool(right), float(is_blank[best].mean()), kind == "description"
                    rows.setdefault(name, []).append(found)
    print(f"  {len(blank)} blank, grainy and shaded pictures in each library, if the ranking is by the")
    print(f"  {'':22s} first is right, of descriptions, blank ones among the first ten")
    for name, found in rows.items():
        right, among_ten, described = np.array(found, np.float64).T
        of_descriptions = right[described == 1].mean()
        print(f"  {name:22s} {right.mean():14.4f} {of_descriptions:16.4f} {among_ten.mean():14.5f}")


def size_of(splits: Sequence[Split]) -> float:
    """Mean size of the splits' libraries."""
    return float(np.mean([len(split.kept) for split in splits]))


Margins = tuple[Vectors, Vectors, Vectors]
"""Best scores of queries with an answer, and of those without; scores of all the true answers."""


def measured(splits: Sequence[Split], level: Callable[[Split, Asked], float]) -> dict[str, Margins]:
    """Scores less a query's level, by kind of query, over all the splits."""
    found: dict[str, tuple[list[float], list[float], list[float]]] = {}
    for split in splits:
        for kind, (present, absent) in split.queries.items():
            best, best_without, answers = found.setdefault(kind, ([], [], []))
            for asked in present:
                scores = split.library @ asked.direction.vector - level(split, asked)
                best.append(float(scores.max()))
                answers.extend(scores[asked.truth].tolist())
            for asked in absent:
                scores = split.library @ asked.direction.vector - level(split, asked)
                best_without.append(float(scores.max()))
    return {kind: tuple(np.array(values) for values in lists) for kind, lists in found.items()}  # type: ignore[misc]


def precision(splits: Sequence[Split], level: Callable[[Split, Asked], float]) -> dict[str, float]:
    """Mean share of true answers among what is above a query's level, where there are any, by kind.

    Of a description only the picture it was written for counts as one.
    """
    shares: dict[str, list[float]] = {}
    for split in splits:
        for kind, (present, _) in split.queries.items():
            for asked in present:
                above = split.library @ asked.direction.vector >= level(split, asked)
                if above.any():
                    shares.setdefault(kind, []).append(float(asked.truth[above].mean()))
    return {kind: float(np.mean(values)) for kind, values in shares.items()}


def line_of(calibration: Calibration, split: Split, asked: Asked, strictness: float) -> float:
    """A query's line in a split's library."""
    return line(calibration, asked.direction, split.first(asked), strictness)


def best_threshold(margins: Sequence[Margins]) -> float:
    """The cosine with the best mean, over the kinds, of answers above it and queries without one below."""
    grid = np.linspace(0, 1, 501)
    worth = [[(answers >= at).mean() + (absent < at).mean() for _, absent, answers in margins] for at in grid]
    return float(grid[np.mean(worth, axis=1).argmax()])


def read_scenes(encoder: Encoder, count: int, seed: int) -> Scenes:
    """Render scenes and embed them with their descriptions."""
    pairs = held_out_scenes(count, seed)
    pictures = [
        encoder.encode_images(
            np.stack(
                [
                    preprocess(render(scene, 384), encoder.spec.preprocessing)
                    for scene, _ in pairs[at : at + 64]
                ]
            )
        )
        for at in range(0, count, 64)
    ]
    return Scenes(
        np.concatenate(pictures),
        encoder.encode_texts([text for _, text in pairs]),
        [set(scene.counts) for scene, _ in pairs],
        np.array([scene.background for scene, _ in pairs]),
    )


def _unit(vectors: Vectors) -> Vectors:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main() -> None:
    """Read the arguments, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    shared = Path(os.environ.get("IMGSEARCH_SHARED", ROOT.parent / "shared"))
    parser.add_argument("--shared", type=Path, default=shared, help="folder with the real vectors")
    parser.add_argument("--count", type=int, default=1500, help="scenes")
    parser.add_argument("--splits", type=int, default=4, help="of the scenes")
    arguments = parser.parse_args()
    print(describe())
    print_real(arguments.shared / REAL)
    print_scenes(arguments.count, arguments.splits)


if __name__ == "__main__":
    main()
