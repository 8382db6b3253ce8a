#!/usr/bin/env python3
"""Time looking through videos for their key frames, beside decoding them whole.

scripts/bench_video.py [VIDEO…] [--runs 3]

Without videos it makes some: scenes of five seconds, with key frames each second and each ten seconds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import av
import numpy as np
from machine import describe
from PIL import Image

from searchengine.images.formats import HEAD_BYTES, sniff
from searchengine.images.limits import DEFAULT_LIMITS
from searchengine.images.video import Video, read_video

RATE = 30
# Name: width, height, seconds, seconds between key frames.
MADE = {
    "1080p, key frames 1 s apart": (1920, 1080, 60, 1),
    "1080p, key frames 10 s apart": (1920, 1080, 60, 10),
    "2160p, key frames 1 s apart": (3840, 2160, 20, 1),
}


def make(path: Path, width: int, height: int, seconds: int, every: int) -> None:
    """Write a video whose scenes change each five seconds and stand still in between."""
    dice = np.random.default_rng(0)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "sc_threshold": "0"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = every * RATE
        for number in range(seconds * RATE):
            if number % (5 * RATE) == 0:
                pixels = dice.integers(0, 256, (height // 40, width // 40, 3), dtype=np.uint8)
                scene = av.VideoFrame.from_image(Image.fromarray(pixels).resize((width, height)))
            scene.pts = number
            output.mux(stream.encode(scene))
        output.mux(stream.encode(None))


def look(path: Path) -> Video:
    """As the indexer does for a model of 224 pixels."""
    with path.open("rb", buffering=0) as file:
        name = sniff(file.read(HEAD_BYTES))
        if name is None:
            raise SystemExit(f"{path} isn't a video")
        file.seek(0)
        return read_video(file, name, draft_to=448, limits=DEFAULT_LIMITS)


def decode(path: Path) -> int:
    """Every frame, one thread: how many there are."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        return sum(1 for _ in container.decode(stream))


def main() -> None:
    """Print a row for each video."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", type=Path, nargs="*")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print(describe(), f"av {av.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        videos = {path.name: path for path in arguments.videos}
        if not videos:
            for number, (name, shape) in enumerate(MADE.items()):
                videos[name] = Path(folder) / f"{number}.mp4"
                make(videos[name], *shape)
        for name, path in videos.items():
            looked, decoded = [], []
            for _ in range(arguments.runs):
                start = time.perf_counter()
                video = look(path)
                middle = time.perf_counter()
                count = decode(path)
                looked.append(middle - start)
                decoded.append(time.perf_counter() - middle)
            flags = f" ({', '.join(video.flags)})" if video.flags else ""
            print(
                f"{name:30}  {video.duration or 0:7.1f} s  {len(video.frames):2} frames kept"
                f"  looked through in {statistics.median(looked):6.2f} s"
                f"  all {count} frames decoded in {statistics.median(decoded):6.2f} s{flags}"
            )


if __name__ == "__main__":
    main()
