#!/usr/bin/env python3
"""Decode thousands of spoilt pictures in the worker processes that `imgsearch index` uses.

scripts/fuzz_images.py [--count 10000] [--seed 0] [--workers 2] [--keep DIR]

Valid files of every format are spoilt in five ways and read. Prints what came of them, what memory the
workers took and which took longest. Exit status 1: the pool broke, a failure came without a reason, or
a file was given more time or memory than one may take.
"""

from __future__ import annotations

import argparse
import random
import resource
import struct
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent))

from indexer.decoding.decode import MEMORY, SECONDS, Decoded, DecodePool, Task, Unreadable
from searchengine.encoders.spec import Preprocessing
from tests.films import film, still
from tests.images.made import dng, encoded, heif, jxl, jxl_of_jpeg, landscape, stored

MODEL = Preprocessing((224, 224), mean=(0, 0, 0), std=(1, 1, 1))

# What a length or a size is replaced with: the ends of the usual types, and what is next to them.
LIES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
HEADER = 512  # bytes


def samples() -> dict[str, bytes]:
    """Valid files: every format, in the kinds that are decoded by different code."""
    image, exif = stored(landscape(320, 240), 6)
    frames = [image.rotate(angle) for angle in (90, 180)]
    grey16 = Image.frombytes("I;16", (64, 64), bytes(range(256)) * 32)
    found = {
        "JPEG": encoded(image, "JPEG", exif=exif),
        "JPEG progressive": encoded(image, "JPEG", progressive=True),
        "JPEG CMYK": encoded(image.convert("CMYK"), "JPEG"),
        "JPEG MPO": encoded(image, "MPO", save_all=True, append_images=frames),
        "PNG": encoded(image, "PNG", exif=exif),
        "PNG palette": encoded(image.quantize(16), "PNG", transparency=0),
        "PNG 16 bits": encoded(grey16, "PNG"),
        "PNG animated": encoded(image, "PNG", save_all=True, append_images=frames),
        "GIF": encoded(image, "GIF", save_all=True, append_images=frames),
        "WEBP": encoded(image, "WEBP", exif=exif),
        "WEBP lossless": encoded(image.convert("RGBA"), "WEBP", lossless=True),
        "WEBP animated": encoded(image, "WEBP", save_all=True, append_images=frames),
        "TIFF": encoded(image, "TIFF", exif=exif),
        "TIFF LZW": encoded(image, "TIFF", compression="tiff_lzw"),
        "TIFF deflate": encoded(image, "TIFF", compression="tiff_adobe_deflate"),
        "TIFF JPEG": encoded(image, "TIFF", compression="jpeg"),
        "TIFF fax": encoded(image.convert("1"), "TIFF", compression="group4"),
        "TIFF big": encoded(image, "TIFF", big_tiff=True),
        "BMP": encoded(image, "BMP"),
        "BMP palette": encoded(image.quantize(16), "BMP"),
        "JPEG2000": encoded(image, "JPEG2000"),
        "AVIF": encoded(image, "AVIF", exif=exif),
        "AVIF animated": encoded(image, "AVIF", save_all=True, append_images=frames),
        "PSD": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 64, 64, 8, 3) + bytes(14 + 3 * 64 * 64),
    }
    if find_spec("pillow_heif"):
        found["HEIF"] = heif(image, exif.tobytes())
    if find_spec("imagecodecs"):
        found |= {"JXL": jxl(image, distance=1.0), "JXL lossless": jxl(image, usecontainer=True)}
        found["JXL of a JPEG"] = jxl_of_jpeg(image, exif)
    if find_spec("rawpy"):
        found["RAW"] = dng(image, orientation=6)
        found["RAW preview"] = dng(image, orientation=6, preview=encoded(image.resize((480, 400)), "JPEG"))
    if find_spec("av"):
        shots = [(still(1), 3), (still(2), 3)]
        found |= {"MP4": film(*shots), "AVI": film(*shots, container="avi", codec="mpeg4")}
        found |= {"WEBM": film(*shots, container="webm", codec="libvpx-vp9")}
        found |= {"MTS": film(*shots, container="mpegts"), "MKV": film(*shots, container="matroska")}
    return found


def spoil(data: bytes, other: bytes, chance: random.Random) -> tuple[str, bytes]:
    """One mutant, and in which way it was made."""
    spoilt = bytearray(data)
    way = chance.choice(("bits", "cut", "splice", "header", "length"))
    if way == "bits":
        for _ in range(chance.choice((1, 4, 32))):
            spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    elif way == "cut":
        del spoilt[chance.randrange(1, len(spoilt)) :]
    elif way == "splice":  # the beginning of one, a piece of the other
        at, start = chance.randrange(8, len(data)), chance.randrange(len(other))
        spoilt[at:] = other[start : start + chance.randrange(1, len(other))]
    elif way == "header":
        for _ in range(chance.choice((1, 2, 8))):
            spoilt[chance.randrange(min(HEADER, len(spoilt)))] = chance.randrange(256)
    else:
        order, width = chance.choice("<>"), chance.choice((2, 4))
        at = chance.randrange(4, min(HEADER, len(spoilt)) - width)
        lie = chance.choice(LIES) & ((1 << 8 * width) - 1)
        struct.pack_into(order + {2: "H", 4: "I"}[width], spoilt, at, lie)
    return way, bytes(spoilt)


@dataclass(frozen=True)
class Verdict:
    """What came of one mutant."""

    number: int
    kind: str
    way: str
    outcome: str
    reason: str
    seconds: float


def run(count: int, seed: int, workers: int, keep: Path | None) -> list[Verdict]:
    """Make, read and judge all mutants, one a worker at a time so that their times are their own."""
    valid = samples()
    names = list(valid)
    with tempfile.TemporaryDirectory() as folder, DecodePool(MODEL, workers=workers) as pool:

        def judge(number: int) -> Verdict:
            chance = random.Random(f"{seed}/{number}")
            kind = names[number % len(names)]
            relatives = [name for name in names if name.split()[0] == kind.split()[0]]
            way, data = spoil(valid[kind], valid[chance.choice(relatives)], chance)
            path = Path(folder) / str(number)
            path.write_bytes(data)
            start = time.perf_counter()
            answer = pool.submit(Task(bytes(path))).result()
            seconds = time.perf_counter() - start
            path.unlink()
            if isinstance(answer, Decoded):
                return Verdict(
                    number, kind, way, f"read, {answer.flags[0]}" if answer.flags else "read", "", seconds
                )
            if not isinstance(answer, Unreadable):
                raise TypeError(answer)
            if keep is not None and answer.kind in {"crash", "timeout", "memory"}:
                (keep / f"{seed}-{number}-{kind.replace(' ', '-')}").write_bytes(data)
            return Verdict(number, kind, way, answer.kind, answer.reason, seconds)

        for kind, data in valid.items():
            (path := Path(folder) / "valid").write_bytes(data)
            if not isinstance(answer := pool.submit(Task(bytes(path))).result(), Decoded):
                sys.exit(f"the valid {kind} can't be read to begin with: {answer}")
        with ThreadPoolExecutor(workers) as threads:
            return list(threads.map(judge, range(count)))


def main() -> None:
    """Run, print the counts, and judge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="write what crashed, hung or ran out of memory here")
    arguments = parser.parse_args()
    if arguments.keep is not None:
        arguments.keep.mkdir(parents=True, exist_ok=True)

    start = time.perf_counter()
    verdicts = run(arguments.count, arguments.seed, arguments.workers, arguments.keep)
    took = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit

    print(f"{len(verdicts):,} mutants of {len(samples())} valid files in {took:.0f} s, seed {arguments.seed}")
    for outcome, count in Counter(verdict.outcome for verdict in verdicts).most_common():
        print(f"{count:8,}  {outcome}")
    print("by format: share that could still be read")
    made = Counter(verdict.kind.split()[0] for verdict in verdicts)
    good = Counter(verdict.kind.split()[0] for verdict in verdicts if verdict.outcome.startswith("read"))
    print("  " + "  ".join(f"{kind} {good[kind] / made[kind]:.0%}" for kind in sorted(made)))
    print(f"largest worker: {peak / 2**20:,.0f} MiB")
    print("slowest:")
    for verdict in sorted(verdicts, key=lambda verdict: -verdict.seconds)[:5]:
        print(
            f"{verdict.seconds:8.2f} s  {verdict.kind}, {verdict.way}, {verdict.outcome} (#{verdict.number})"
        )
    rough = [verdict for verdict in verdicts if verdict.outcome in {"crash", "timeout", "memory"}]
    for verdict in rough[:20]:
        print(f"#{verdict.number} {verdict.kind}, {verdict.way}: {verdict.reason}")

    silent = [
        verdict for verdict in verdicts if not verdict.outcome.startswith("read") and not verdict.reason
    ]
    late = [verdict for verdict in verdicts if verdict.seconds > 2 * SECONDS]
    complaints = [
        f"{len(silent)} failures without a reason" if silent else "",
        f"{len(late)} files held a worker for over {SECONDS:g} s" if late else "",
        f"a worker took more than {MEMORY / 2**20:,.0f} MiB" if peak > MEMORY else "",
    ]
    if any(complaints):
        sys.exit("; ".join(filter(None, complaints)))


if __name__ == "__main__":
    main()
