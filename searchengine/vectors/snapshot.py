"""The snapshot of a space's vectors: written whole or not at all, believed only when it proves what it is.

    space-3-4711.faiss      the vectors as of change 4711
    space-3-4711.codes      short codes of them, where comparing with all of them takes too long
    space-3.json            names those files and says what they are; renamed into place last: the commit

A snapshot that is missing, torn, foreign or damaged costs time, never a right answer: whoever opens the
library then reads the vectors from the source, or compares with all of them.
"""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from searchengine.errors import LibraryError
from searchengine.vectors import files
from searchengine.vectors.compare import Condition, differs
from searchengine.vectors.policy import Setting, choose_index, settled, snapshot_due

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from searchengine.vectors.codes import Codes
    from searchengine.vectors.segment import Segment
    from searchengine.vectors.source import Expected, Position, Vectors, VectorSource

# Vectors compared at a time.
_COMPARED = 4096

SUFFIXES = (".faiss", ".codes")

Stamp = tuple[int, int, int]
"""What tells one version of a file from another, without reading it."""


@dataclass(frozen=True, slots=True)
class CodesInfo:
    """What a snapshot says of its codes.

    Attributes:
        file: Name of the file, in the same folder.
        probes: How many lists of them to look through for a query.
        depth: How many candidates to compare exactly.
        size: Bytes of the file.
        edges: CRC-32 of its beginning and its end.
        checksum: CRC-32 of all of it.
    """

    file: str
    probes: int
    depth: int
    size: int
    edges: int
    checksum: int


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """What a snapshot says of itself.

    Attributes:
        file: Name of the file with the vectors, in the same folder.
        identity: The space it was taken from.
        sequence: The last change that is in it.
        mark: That change's mark.
        count: How many vectors.
        dim: Their length.
        kind: Type of index.
        reason: Why that type.
        recall: Share of the nearest ten that are found, measured with texts; 1 where search is exact.
        texts: With how many texts, or how many there were to measure with.
        codes: What search is approximate with, or None.
        size: Bytes of the file.
        edges: CRC-32 of its beginning and its ids.
        checksum: CRC-32 of all of it.
    """

    file: str
    identity: dict[str, str]
    sequence: int
    mark: int
    count: int
    dim: int
    kind: str
    reason: str
    recall: float
    texts: int
    codes: CodesInfo | None
    size: int
    edges: int
    checksum: int

    @property
    def position(self) -> Position:
        """The place in the space's history that it was taken at."""
        return self.sequence, self.mark


Form = TypeVar("Form", SnapshotInfo, CodesInfo)


class Unusable(Exception):  # noqa: N818 - a snapshot that can't be used is no error: there is a slower way
    """Why a snapshot can't be used."""


def take_snapshot(source: VectorSource, directory: Path) -> SnapshotInfo:
    """Write all that is shown now; others may search, and change the source, meanwhile.

    Raises:
        LibraryError: The folder can't be written to, or the disk is full. An older snapshot stays in place.
    """
    from searchengine.vectors import segment

    with _explained(directory), source.shown() as (position, count, batches):
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{source.name}-{position[0]}.faiss"
        checksum = files.write_whole(path, lambda file: segment.write(file, source.dim, count, batches))
    with _explained(directory):
        info = SnapshotInfo(
            file=path.name,
            identity=source.identity,
            sequence=position[0],
            mark=position[1],
            count=count,
            dim=source.dim,
            kind="exact",
            reason="",
            recall=1.0,
            texts=0,
            codes=None,
            size=path.stat().st_size,
            edges=files.edges_checksum(path, _tail(count)),
            checksum=checksum,
        )
        info = _settle(source, directory, segment.Segment.mapped(path), info)
    _sweep(source, directory, position[0])
    return info


def keep_snapshot(source: VectorSource, directory: Path) -> SnapshotInfo | None:
    """Write a snapshot where the present one can't be used or is too far behind; None when it is good enough.

    Raises:
        LibraryError: See `take_snapshot`.
    """
    try:
        segment, info = open_snapshot(source, directory)
    except Unusable:
        return take_snapshot(source, directory)
    _, changed, _ = source.changes(info.sequence)
    if snapshot_due(info.count, len(changed)):
        return take_snapshot(source, directory)
    # Since then texts may have come to measure with; and what is damaged is made anew.
    kinds = {choose_index(info.count, info.dim, texts).kind for texts in (info.texts, len(source.texts()))}
    if len(kinds) == 1 and (info.codes is None) == (segment.codes is None):
        _sweep(source, directory, info.sequence)  # whoever wrote it may have been killed before doing so
        return None
    with _explained(directory):
        return _settle(source, directory, segment, info)


def _sweep(source: VectorSource, directory: Path, sequence: int) -> None:
    """Delete what was written before a snapshot and isn't used any more.

    A later file may be another process's that hasn't come to its commit yet.
    """
    for suffix in SUFFIXES:
        files.sweep(directory, f"{source.name}-*{suffix}", obsolete=lambda name: _sequence(name) < sequence)


def _settle(source: VectorSource, directory: Path, segment: Segment, info: SnapshotInfo) -> SnapshotInfo:
    """Choose the type of index for vectors that are written, make its codes, and commit to both."""
    texts = source.texts()
    choice = choose_index(info.count, info.dim, len(texts))
    info = replace(info, kind=choice.kind, reason=choice.reason, recall=1.0, texts=len(texts), codes=None)
    if choice.plan is not None:
        from searchengine.vectors.codes import Codes
        from searchengine.vectors.tuning import recalls

        codes = Codes.of(segment.vectors(), choice.plan)
        measured = recalls(segment, codes, texts)
        found = settled(choice, info.count, info.dim, measured, len(texts))
        info = replace(info, kind=found.kind, reason=found.reason, recall=found.recall)
        if found.setting is not None:
            path = directory / info.file.replace(*SUFFIXES)
            checksum = files.write_whole(path, codes.write)
            size, edges = path.stat().st_size, files.edges_checksum(path, files.HEAD)
            at = found.setting
            info = replace(info, codes=CodesInfo(path.name, at.probes, at.depth, size, edges, checksum))
    text = json.dumps(asdict(info), indent=1)
    files.write_whole(_manifest(source, directory), lambda file: file.write(text.encode()))
    return info


@contextmanager
def _explained(directory: Path) -> Iterator[None]:
    """Errors of the disk in words that help."""
    try:
        yield
    except OSError as error:
        raise LibraryError(
            f"{directory}: the index can't be written ({error.strerror}); free some space or "
            f"check the permissions, and run the command again. Until then searches only start more slowly"
        ) from error


def delete_snapshot(source: VectorSource, directory: Path) -> None:
    """Delete all that was derived from a space which is no more."""
    with suppress(OSError):
        _manifest(source, directory).unlink()
    for suffix in SUFFIXES:
        files.sweep(directory, f"{source.name}-*{suffix}", obsolete=lambda _: True)


def read_info(source: VectorSource, directory: Path) -> SnapshotInfo | None:
    """What the present snapshot says of itself, whether it can be used or not; None when there is none."""
    try:
        return _read_info(source, directory)
    except (OSError, Unusable):
        return None


def open_snapshot(source: VectorSource, directory: Path) -> tuple[Segment, SnapshotInfo]:
    """The present snapshot, mapped; without its codes where those aren't what they should be.

    Raises:
        Unusable: There is none, or it isn't what it should be.
    """
    for _ in range(3):
        try:
            info = _read_info(source, directory)
            return _trusted(info, source, directory / info.file), info
        except FileNotFoundError:
            # Either there is none, or a newer one has just taken the place of the one that was named.
            continue
        except OSError as error:
            raise Unusable(f"it can't be read ({error.strerror})") from error
    raise Unusable("there is no snapshot")


def damage(source: VectorSource, directory: Path) -> str | None:
    """What is wrong with the present snapshot, every byte of it read; None when nothing is."""
    try:
        segment, info = open_snapshot(source, directory)
        if files.checksum(directory / info.file) != info.checksum:
            return f"{info.file} is damaged"
        if info.codes is not None and (
            segment.codes is None or files.checksum(directory / info.codes.file) != info.codes.checksum
        ):
            return f"{info.codes.file} is damaged"
    except (OSError, Unusable) as error:
        return str(error)
    return None


def condition(source: VectorSource, directory: Path, expected: Expected) -> Condition:
    """What is wrong with the present snapshot, every vector compared with the source's."""
    for _ in range(3):
        before = stamp(source, directory)
        if before is None:
            return Condition(note="there is no snapshot; the next run or `imgsearch optimize` writes one")
        wrong = damage(source, directory)
        if wrong is None:
            try:
                segment, info = open_snapshot(source, directory)
                wrong = differs(source, expected(info.sequence), _batches(segment), info.file)
            except (LibraryError, Unusable) as error:
                wrong = str(error)
        if stamp(source, directory) == before:  # else another process has just replaced it
            return Condition(wrong)
    return Condition(note="it was being replaced again and again, and wasn't looked at")


def _batches(segment: Segment) -> Iterator[Vectors]:
    vectors = segment.vectors()
    for start in range(0, len(segment.ids), _COMPARED):
        some = slice(start, start + _COMPARED)
        yield segment.ids[some], vectors[some]


def stamp(source: VectorSource, directory: Path) -> Stamp | None:
    """Changes when another snapshot is committed."""
    try:
        found = _manifest(source, directory).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _manifest(source: VectorSource, directory: Path) -> Path:
    return directory / f"{source.name}.json"


def _tail(count: int) -> int:
    """Bytes that the ids take, at the end of the file."""
    return 8 * count + 8


def _sequence(name: str) -> int:
    digits = name.rpartition(".")[0].rpartition("-")[2]
    return int(digits) if digits.isdigit() else 0


def _read_info(source: VectorSource, directory: Path) -> SnapshotInfo:
    try:
        values: Any = json.loads(_manifest(source, directory).read_bytes())
    except ValueError as error:
        raise Unusable(f"{source.name}.json is damaged") from error
    info = _of_kinds(SnapshotInfo, values, source)
    if info.codes is not None:
        info = replace(info, codes=_of_kinds(CodesInfo, values["codes"], source))
    for name in [info.file, *([info.codes.file] if info.codes else [])]:
        if not name.startswith(f"{source.name}-") or "/" in name:
            raise Unusable(f"{source.name}.json names a file that isn't a snapshot")
    return info


def _of_kinds(form: type[Form], values: Any, source: VectorSource) -> Form:
    """Values from a file as what they should be.

    Raises:
        Unusable: One is missing or of another kind.
    """
    kinds = {"identity": dict, "file": str, "kind": str, "reason": str, "recall": float, "codes": dict | None}
    names = [field.name for field in fields(form)]
    if not isinstance(values, dict) or any(
        name not in values or not isinstance(values[name], kinds.get(name, int)) for name in names
    ):
        raise Unusable(f"{source.name}.json is damaged, or of another version")
    return form(**{name: values[name] for name in names})


def _trusted(info: SnapshotInfo, source: VectorSource, path: Path) -> Segment:
    """The file, mapped, after everything that is cheap to check has been checked.

    Raises:
        Unusable: It isn't what it says, or not this source's.
        OSError: It can't be read.
    """
    from searchengine.vectors.segment import Segment

    if info.identity != source.identity or info.dim != source.dim:
        raise Unusable("it was taken from another embedding space")
    if not source.knows(info.position):
        raise Unusable("it was taken from another history of this library")
    if path.stat().st_size != info.size or files.edges_checksum(path, _tail(info.count)) != info.edges:
        raise Unusable(f"{info.file} is damaged")
    try:
        segment = Segment.mapped(path)
    except ValueError as error:
        raise Unusable(str(error)) from error
    if len(segment) != info.count or segment.dim != info.dim:
        raise Unusable(f"{info.file} isn't what {source.name}.json says")
    if info.codes is None:
        return segment
    return replace(segment, codes=_trusted_codes(info, info.codes, path.with_name(info.codes.file)))


def _trusted_codes(info: SnapshotInfo, said: CodesInfo, path: Path) -> Codes | None:
    """The codes, if they are what the snapshot says."""
    from searchengine.vectors.codes import Codes

    try:
        if path.stat().st_size != said.size or files.edges_checksum(path, files.HEAD) != said.edges:
            return None
        codes = Codes.read(path, Setting(said.probes, said.depth))
    except (OSError, ValueError):
        return None
    return codes if len(codes) == info.count else None
