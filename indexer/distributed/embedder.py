"""What runs on a machine of the cluster: it holds the model, takes blocks of files, leaves shards."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.decoding.decode import DecodePool
from indexer.distributed.blocks import from_table, name_of
from indexer.distributed.outcomes import rows_of
from indexer.distributed.shards import Shards
from indexer.pipeline.pipeline import Pipeline
from indexer.precision import in_precision
from indexer.progress import Stopwatch
from searchengine.cores import CORES_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from indexer.pipeline.pipeline import Batch
    from searchengine.encoders.encoder import Encoder
    from searchengine.encoders.load import Runtime


@dataclass(frozen=True, slots=True)
class Model:
    """Opens the model of a space, on whichever machine it is called.

    Attributes:
        name: As the space's spec has it.
        weights: SHA-256 that its weights must have.
        precision: That of the space.
        runtime: `auto`, `onnx` or `torch`.
    """

    name: str
    weights: str
    precision: str
    runtime: Runtime = "auto"

    def __call__(self) -> Encoder:
        """The encoder.

        Raises:
            ModelError: The machine can't have it, or has one with other weights.
        """
        from searchengine.encoders import load_encoder

        encoder = load_encoder(self.name, runtime=self.runtime, weights=self.weights)
        return in_precision(encoder, "auto", self.precision)


class Embedder:
    """Reads, decodes and embeds blocks of files with the same pipeline as `index` does on one machine.

    Args:
        open_encoder: Opens the model; called once.
        shards: Folder of the shards, and
        space: whose vectors they hold; see `Shards`.
        cores: How many cores it may keep busy.
        batch_size: Pictures that are encoded together.
    """

    def __init__(
        self, *, open_encoder: Callable[[], Encoder], shards: str, space: str, cores: int, batch_size: int
    ) -> None:
        os.environ[CORES_VARIABLE] = str(cores)  # this process is Ray's and does nothing else
        self._encoder = open_encoder()
        self._pool = DecodePool(self._encoder.spec.preprocessing, workers=cores)
        self._shards = Shards(shards, space)
        self._batch_size = batch_size

    def __call__(self, block: pa.Table) -> pa.Table:
        """Embed a block.

        Args:
            block: From `to_table`.

        Returns:
            One row: the shard's name, how many files are in it, seconds of encoding, and the machine.
        """
        import pyarrow as pa

        jobs, known = from_table(block)
        name, stopwatch = name_of(jobs), Stopwatch()
        if not self._shards.has(name):  # else a machine died between the two, and this is the second try
            rows: list[dict[str, Any]] = []

            def keep(batch: Batch) -> None:
                rows.extend(rows_of(batch))

            pipeline = Pipeline(
                pool=self._pool,
                encoder=self._encoder,
                commit=keep,
                is_known=known.__contains__,
                batch_size=self._batch_size,
                stopwatch=stopwatch,
            )
            pipeline.run(jobs)
            self._shards.write(name, rows)
        encoding = stopwatch.seconds().get("encode", 0.0)
        return pa.table(
            {"shard": [name], "files": [len(jobs)], "encode_s": [encoding], "node": [socket.gethostname()]}
        )
