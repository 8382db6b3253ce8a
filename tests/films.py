"""Small videos to test with: still pictures, each shown for a while."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

RATE = 10
SIZE = (160, 120)


def still(seed, size=SIZE):
    """A picture of coarse noise, as unlike any other as pictures get."""
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


def film(*shots, container="mp4", codec="libx264", every=1.0, turned=None, tags=None, sound=False, fast=True):
    """A video's bytes.

    Args:
        shots: (picture, seconds) one after the other, all of one size; or (picture, seconds, end picture)
            for one that changes slowly.
        container: FFmpeg's name.
        codec: FFmpeg's name.
        every: Seconds between key frames.
        turned: Degrees anticlockwise by which players turn it.
        tags: The container's metadata.
        sound: Whether it has a silent sound track, too.
        fast: Whether an MP4's index stands at its beginning.
    """
    import av

    options = {"movflags": "use_metadata_tags" + ("+faststart" if fast else "")} if container == "mp4" else {}
    # A path, because the index can be moved to the beginning only of a file that FFmpeg can open again.
    with (
        tempfile.NamedTemporaryFile() as file,
        av.open(file.name, "w", format=container, options=options) as output,
    ):
        output.metadata.update(tags or {})
        stream = output.add_stream(codec, rate=RATE)
        audio = output.add_stream("aac", rate=8000, layout="mono") if sound else None
        stream.width, stream.height = shots[0][0].size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = max(round(every * RATE), 1)
        if codec == "libx264":
            stream.codec_context.options = {"sc_threshold": "0", "preset": "ultrafast"}
        if turned is not None:
            stream.set_display_rotation(turned)
        for picture, seconds, *end in shots:
            for number in range(round(seconds * RATE)):
                blended = Image.blend(picture, end[0], number / (seconds * RATE)) if end else picture
                output.mux(stream.encode(av.VideoFrame.from_image(blended)))
        output.mux(stream.encode(None))
        if audio is not None:
            _silence(output, audio)
        output.close()
        return Path(file.name).read_bytes()


def song(container="mp4"):
    """A file of a video's container with nothing but sound in it."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        _silence(output, output.add_stream("aac", rate=8000, layout="mono"))
    return file.getvalue()


def _silence(output, stream):
    import av

    frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
    frame.sample_rate = 8000
    output.mux(stream.encode(frame))
    output.mux(stream.encode(None))
