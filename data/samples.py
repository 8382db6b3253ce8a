"""Sample pictures for the demo and the tests, with the queries that are true of them.

    python -m data.samples OUT_DIR [--count 200] [--seed 7] [--size 960]

Writes JPEG files in a few folders, with a camera's and a time's EXIF on most of them, and
queries.tsv: a line `query<TAB>absolute path` a picture, as `imgsearch evaluate` reads it. None of
the scenes was trained on, except those of SHOWCASE, which are there to be looked for by name.
"""

import argparse
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from PIL import ExifTags, Image

from data.captions import describe
from data.held_out import held_out_scenes
from data.render import render
from data.scenes import Kind, Scene, arranged

FOLDERS = ("2022/summer", "2022/winter", "2023/city trip", "2023/garden", "2024", "scans")
CAMERAS = (("Canon", "Canon EOS R6"), ("Apple", "iPhone 14"), ("FUJIFILM", "X-T5"), ("Google", "Pixel 8"))
QUALITY = 88  # of the JPEG files
# What the demo asks for, so that it is there: things with their numbers, and the place.
SHOWCASE: tuple[tuple[dict[Kind, int], str], ...] = (
    ({("dog", None): 1}, "beach"),
    ({("dog", None): 2}, "beach"),
    ({("dog", None): 1, ("soccer ball", None): 1}, "beach"),
    ({("dog", None): 1, ("umbrella", None): 1}, "beach"),
    ({("dog", None): 3}, "beach"),
    ({("fox", None): 2}, "snow"),
    ({("fox", None): 2, ("fir tree", None): 1}, "snow"),
    ({("cat", None): 1}, "night"),
    ({("cat", None): 2}, "night"),
    ({("car", None): 1}, "city"),
    ({("car", None): 2}, "mountains"),
    ({("car", None): 1, ("lemon", None): 1}, "beach"),
    ({("owl", None): 3}, "night"),
    ({("rocket", None): 1}, "space"),
    ({("astronaut", None): 1, ("alien", None): 1}, "space"),
    ({("cat", None): 1, ("cup of coffee", None): 1}, "table"),
    ({("camel", None): 2}, "desert"),
    ({("sailboat", None): 1}, "sunset"),
    ({("octopus", None): 1, ("crab", None): 1}, "underwater"),
    ({("bicycle", None): 1}, "city"),
    ({("bear", None): 1, ("tent", None): 1}, "forest"),
    ({("butterfly", None): 3}, "meadow"),
    ({("goat", None): 1}, "mountains"),
    ({("guitar", None): 1}, "brick"),
    ({("whale", None): 1}, "sea"),
    ({("strawberry", None): 4}, "table"),
    ({("heart", "red"): 1}, "plain pink"),
    ({("star", "yellow"): 2, ("circle", "blue"): 1}, "plain grey"),
    ({("christmas tree", None): 1, ("snowman", None): 1}, "snow"),
)


@dataclass(frozen=True)
class Sample:
    """One picture to write: its scene, a query that is true of it, and what its EXIF says."""

    scene: Scene
    query: str
    path: str  # relative to the output folder
    taken_at: datetime | None
    camera: tuple[str, str] | None


def plan(count: int, seed: int) -> list[Sample]:
    """Choose `count` pictures: the showcase first (as far as it fits), then held-out scenes."""
    rng = Random(f"samples {seed}")
    scenes: list[tuple[Scene, str]] = []
    for groups, background in SHOWCASE[:count]:
        scene = arranged(groups, background, rng)
        scenes.append((scene, describe(scene, rng, synonyms=0).text))
    scenes += held_out_scenes(count - len(scenes), seed)
    rng.shuffle(scenes)
    samples = []
    for number, (scene, query) in enumerate(scenes):
        folder = FOLDERS[number * len(FOLDERS) // count]
        dated = rng.random() < 0.8 and folder != "scans"
        year = int(folder[:4]) if dated else 2024
        taken_at = datetime(year, 1, 1, 8) + timedelta(minutes=rng.randrange(360 * 24 * 60))  # noqa: DTZ001
        camera = rng.choice(CAMERAS)
        path = f"{folder}/{number:04d}.jpg"
        samples.append(Sample(scene, query, path, taken_at if dated else None, camera if dated else None))
    return samples


def write(sample: Sample, folder: Path, size: int) -> None:
    """Render a sample, its longer side `size` px, and save it below `folder`."""
    picture = render(sample.scene, size)
    exif = Image.Exif()
    if sample.camera is not None and sample.taken_at is not None:
        exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = sample.camera
        moment = sample.taken_at.strftime("%Y:%m:%d %H:%M:%S")
        exif[ExifTags.Base.DateTime] = moment
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = moment
    path = folder / sample.path
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=QUALITY, exif=exif)


def write_all(samples: list[Sample], folder: Path, size: int) -> Path:
    """Write every sample on all cores, then queries.tsv; return the latter's path."""
    folder.mkdir(parents=True, exist_ok=True)
    number = len(samples)
    # Spawned, not forked: whoever calls may have threads, and a fork would copy their locks.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        for _ in pool.map(write, samples, [folder] * number, [size] * number, chunksize=8):
            pass
    queries = folder / "queries.tsv"
    lines = [f"{sample.query}\t{(folder / sample.path).resolve()}\n" for sample in samples]
    queries.write_text("".join(lines), encoding="utf-8")
    return queries


def main() -> None:
    """Read the arguments and write the pictures."""
    parser = argparse.ArgumentParser(prog="python -m data.samples", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="OUT_DIR")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--size", type=int, default=960, help="longer side in px")
    arguments = parser.parse_args()
    queries = write_all(plan(arguments.count, arguments.seed), arguments.folder, arguments.size)
    print(f"{arguments.count} pictures in {arguments.folder}, their queries in {queries}")


if __name__ == "__main__":
    main()
