"""Measure whether words and vectors together find what neither finds alone.

    python scripts/eval_hybrid.py [--count 1000] [--queries 200] [--seed 1] [--choose]

Albums of rendered scenes that no training picture showed, indexed with the built-in model. Folders and
keywords have the names of people, places and events, which nobody can see in the pictures; few keywords name
what is in them, and some folders and keywords name what isn't. The queries ask for both: "rex with a fox",
"lisbon 2019 tram". Right is each picture that the names hold of and that shows what was asked for.

Prints recall@1, recall@10 and the mean reciprocal rank of the vectors alone, the words alone (by their
inverse document frequency, and by FTS5's BM25), reciprocal rank fusion of the vectors and BM25, and what
`Library.search` does; for mixed queries, and for queries that have one of the two only. `--choose` tries
values for `fuse.WORDS_COUNT`, on other seeds than what is reported.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import machine  # noqa: E402

from data.backgrounds import BACKGROUNDS  # noqa: E402
from data.captions import noun  # noqa: E402
from data.render import render  # noqa: E402
from data.scenes import Kind, Scene, is_held_out, random_scene  # noqa: E402
from indexer.update import Update  # noqa: E402
from searchengine import Library, Text  # noqa: E402
from searchengine.catalog import evidence  # noqa: E402
from searchengine.evaluation import mean_reciprocal_rank, rank_of_first_right, recall_at  # noqa: E402
from searchengine.query import fuse  # noqa: E402

PEOPLE, PLACES, EVENTS = (
    line.split()
    for line in (
        "rex anna maria tom grandma luis yuki otto sofia ben carla ivan nora paul zoe",
        "lisbon tokyo vienna oslo naples dublin quebec athens prague lima cairo sydney berlin crete zermatt",
        "wedding birthday easter graduation carnival reunion marathon picnic christmas concert",
    )
)
YEARS = [str(year) for year in range(2014, 2024)]
PER_ALBUM = 10
SIZE = 384  # px, the longer side
CHOICES = (0.0, 0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)
DEPTH = 200  # a first right answer further down counts as none
CHOOSING_SEEDS = (101, 102)

XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag>{}'
    "</rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"
)


@dataclass(frozen=True)
class Photo:
    """A picture, where it lies, and the names that hold of it (in its folder or its keywords)."""

    scene: Scene
    path: str
    names: frozenset[str]
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """A query and the paths of what it asks for."""

    text: str
    right: frozenset[str]


def photos(count: int, rng: Random) -> list[Photo]:
    """Draw albums of pictures."""
    made: list[Photo] = []
    while len(made) < count:
        place, event, year = rng.choice(PLACES), rng.choice(EVENTS), rng.choice(YEARS)
        folder = rng.choice(
            (f"{year}/{place}", f"{place} {year}", f"{event} {place} {year}", f"{year}-{event}")
        )
        visible_word = rng.choice(("", "", " beach", " dog park", " snow"))
        written = frozenset(name for name in (place, event, year) if name in folder)
        there = rng.sample(PEOPLE, rng.choice((0, 1, 2, 3)))
        for number in range(PER_ALBUM):
            scene = held_out(rng)
            people = [person for person in there if rng.random() < 0.6]
            tags = [next(iter(scene.counts))[0]] if rng.random() < 0.15 else []
            tags += [next(iter(held_out(rng).counts))[0]] if rng.random() < 0.1 else []
            path = f"{folder}{visible_word}/IMG_{len(made):04d}.jpg"
            made.append(Photo(scene, path, written | {*people}, (*people, *tags)))
            if number == 0 and len(made) >= count:
                break
    return made[:count]


def held_out(rng: Random) -> Scene:
    """Draw a scene that isn't like one that was trained on."""
    while not is_held_out(scene := random_scene(rng)):
        pass
    return scene


def questions(made: list[Photo], count: int, rng: Random, *, names: bool, content: bool) -> list[Question]:
    """Draw queries that some picture answers, and not more than a tenth of all."""
    asked: dict[str, Question] = {}
    while len(asked) < count:
        photo = rng.choice(made)
        wanted = (
            rng.sample(sorted(photo.names), min(len(photo.names), rng.choice((1, 1, 2)))) if names else []
        )
        kind = rng.choice(list(photo.scene.counts)) if content else None
        place = photo.scene.background if content and rng.random() < 0.4 else None
        seen = " ".join([*([shown(kind, rng)] if kind else []), *([phrase(place, rng)] if place else [])])
        text = " ".join(part for part in rng.sample([" ".join(wanted), seen], 2) if part)
        if wanted and wanted[0] in PEOPLE and seen and rng.random() < 0.5:
            text = f"{' '.join(wanted)} with {seen}"
        right = frozenset(
            each.path
            for each in made
            if each.names.issuperset(wanted)
            and (kind is None or kind in each.scene.counts)
            and (place is None or each.scene.background == place)
        )
        if text and len(right) <= len(made) / 10:
            asked[text] = Question(text, right)
    return list(asked.values())


def shown(kind: Kind, rng: Random) -> str:
    """Say a thing as people type it."""
    text = noun(kind, 1, rng, 0)
    return text if rng.random() < 0.5 else text.removeprefix("a ").removeprefix("an ")


def phrase(background: str, rng: Random) -> str:
    """Say where."""
    return rng.choice(BACKGROUNDS[background].phrases)


def save(photo: Photo, folder: Path) -> None:
    """Render a picture and write it, its keywords inside."""
    path = folder / photo.path
    path.parent.mkdir(parents=True, exist_ok=True)
    items = "".join(f"<rdf:li>{escape(word)}</rdf:li>" for word in photo.keywords)
    render(photo.scene, SIZE).save(path, quality=90, xmp=XMP.format(items).encode())


@contextmanager
def library(made: list[Photo]) -> Iterator[tuple[Library, Path]]:
    """Write the pictures and index them, for as long as they are needed."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve() / "photos"
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
            for _ in pool.map(save, made, [folder] * len(made), chunksize=16):
                pass
        Update(Path(temporary) / "library", model="builtin").run([folder])
        with Library.open(Path(temporary) / "library") as opened:
            yield opened, folder


Ranking = Callable[[str], list[str]]


def searched(opened: Library, words_count: float) -> Ranking:
    """Rank by `Library.search`, words counting so much."""

    def rank(text: str) -> list[str]:
        before, fuse.WORDS_COUNT = fuse.WORDS_COUNT, words_count
        try:
            return [result.path for result in opened.search(Text(text), k=DEPTH)]
        finally:
            fuse.WORDS_COUNT = before

    return rank


def by_words(opened: Library, paths: dict[int, str]) -> Ranking:
    """Rank by what the words say; those of which they say as much in order of id."""
    space = opened._space()  # noqa: SLF001  there is no public way to leave the vectors out

    def rank(text: str) -> list[str]:
        with opened._catalog.read() as session:  # noqa: SLF001
            ids, said = evidence.evidence(session, space.id, text, len(paths))
        order = sorted(zip((-said).tolist(), ids.tolist(), strict=True))
        return [paths[each] for _, each in order]

    return rank


def by_bm25(opened: Library, paths: dict[int, str]) -> Ranking:
    """Rank by FTS5's BM25 over any of the query's words."""

    def rank(text: str) -> list[str]:
        anything = " OR ".join(f'"{phrase}"' for phrase in evidence._telling(text))  # noqa: SLF001
        if not anything:
            return []
        with opened._catalog.read() as session:  # noqa: SLF001
            rows = (
                session.connection()
                .exec_driver_sql(
                    "SELECT rowid FROM text_index WHERE text_index MATCH ? ORDER BY bm25(text_index), rowid",
                    (anything,),
                )
                .fetchall()
            )
        return [paths[row[0]] for row in rows]

    return rank


def reciprocal(first: Ranking, second: Ranking) -> Ranking:
    """Reciprocal rank fusion with its customary constant (Cormack et al., 2009)."""

    def rank(text: str) -> list[str]:
        scores: dict[str, float] = {}
        for ranking in (first(text), second(text)):
            for place, path in enumerate(ranking, 1):
                scores[path] = scores.get(path, 0.0) + 1 / (60 + place)
        return sorted(scores, key=lambda path: (-scores[path], path))

    return rank


def ranks(rank: Ranking, asked: list[Question], folder: Path) -> list[int | None]:
    """Rank of each query's first right answer."""
    return [
        rank_of_first_right(rank(each.text)[:DEPTH], {str(folder / path) for path in each.right})
        for each in asked
    ]


def row(name: str, found: list[int | None]) -> str:
    """One line of the table."""
    figures = (recall_at(1, found), recall_at(10, found), mean_reciprocal_rank(found))
    return f"  {name:28s}" + "".join(f"{figure:8.3f}" for figure in figures)


def choose(count: int, queries: int) -> None:
    """Print how mixed queries fare with each value, on the seeds that are for choosing."""
    for seed in CHOOSING_SEEDS:
        made = photos(count, Random(f"albums {seed}"))
        asked = questions(made, queries, Random(f"queries {seed}"), names=True, content=True)
        only = questions(made, queries, Random(f"content {seed}"), names=False, content=True)
        with library(made) as (opened, folder):
            print(f"choosing, seed {seed}: WORDS_COUNT, mixed R@1 R@10 MRR, content alone R@1 R@10 MRR")
            for value in CHOICES:
                rank = searched(opened, value)
                mixed, alone = row(f"{value}", ranks(rank, asked, folder)), row("", ranks(rank, only, folder))
                print(mixed + alone[30:], flush=True)


def report(count: int, queries: int, seed: int) -> None:
    """Print the table."""
    made = photos(count, Random(f"albums {seed}"))
    kinds = (("names and content", True, True), ("content alone", False, True), ("names alone", True, False))
    with library(made) as (opened, folder):
        paths = {result.id: result.path for result in opened.search("", k=None)}
        with opened._catalog.read() as session:  # noqa: SLF001
            from searchengine.catalog.images import embedding_ids

            of_content = embedding_ids(session, opened._space().id, list(paths))  # noqa: SLF001
        by_embedding = {embedding: paths[content] for content, embedding in of_content.items()}
        vectors, bm25 = searched(opened, 0.0), by_bm25(opened, paths)
        methods = {
            "vectors alone": vectors,
            "words alone (IDF)": by_words(opened, by_embedding),
            "words alone (BM25)": bm25,
            "reciprocal rank fusion": reciprocal(vectors, bm25),
            f"hybrid ({fuse.WORDS_COUNT:g})": searched(opened, fuse.WORDS_COUNT),
        }
        for name, with_names, with_content in kinds:
            rng = Random(f"{name} {seed}")
            asked = questions(made, queries, rng, names=with_names, content=with_content)
            print(f"{name}: {len(asked)} queries, e.g. {', '.join(repr(each.text) for each in asked[:4])}")
            print(f"  {'':28s}     R@1    R@10     MRR")
            for method, rank in methods.items():
                print(row(method, ranks(rank, asked, folder)), flush=True)


def main() -> None:
    """Read the arguments, make the libraries, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="pictures")
    parser.add_argument("--queries", type=int, default=200, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--choose", action="store_true", help="try values for WORDS_COUNT instead")
    arguments = parser.parse_args()
    if arguments.seed in CHOOSING_SEEDS:
        parser.error(f"seeds {CHOOSING_SEEDS} are for choosing; what is reported needs another one")
    print(machine.describe())
    if arguments.choose:
        choose(arguments.count, arguments.queries)
    else:
        print(f"{arguments.count} pictures, seed {arguments.seed}, model builtin")
        report(arguments.count, arguments.queries, arguments.seed)


if __name__ == "__main__":
    main()
