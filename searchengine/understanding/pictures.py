"""The pictures that a question is about, with their embeddings: files, folders, and what a query finds.

What the library has embedded isn't decoded: a file is recognised by its bytes, what a query finds by its id.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from searchengine.errors import ImageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from searchengine.open_space import OpenSpace

    Vector = NDArray[np.float32]

# Pictures that are decoded side by side, then encoded together.
BATCH = 16
# Embeddings that are read from the catalog at a time.
STORED = 4096


@dataclass(frozen=True, slots=True)
class Unread:
    """A picture that couldn't be read.

    Attributes:
        path: Absolute; empty for a picture that came as bytes.
        reason: Why, and what to do about it.
    """

    path: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A picture and its embedding.

    Attributes:
        path: Absolute; empty for a picture that came as bytes.
        vector: float32 (dim,), of length 1; a video's first key frame's.
    """

    path: str
    vector: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A picture, decoded.

    Attributes:
        path: Absolute; empty for a picture that came as bytes.
        id: Its key, where the library has it.
        image: RGB, upright, its shorter side no shorter than asked for, as far as the file's isn't.
    """

    path: str
    id: int | None
    image: Image.Image


Looked = TypeVar("Looked", "Seen", "Opened")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Answers(Generic[Answer]):
    """What became of the pictures that were asked about.

    Attributes:
        results: Of those that could be read, in the order in which they were named or found.
        failures: Those that couldn't, and why.
    """

    results: tuple[Answer, ...]
    failures: tuple[Unread, ...]


def answer_each(pictures: Iterable[Looked | Unread], answer: Callable[[Looked], Answer]) -> Answers[Answer]:
    """Ask the same of every picture that could be read, one after the other."""
    results: list[Answer] = []
    failures: list[Unread] = []
    for each in pictures:
        if isinstance(each, Unread):
            failures.append(each)
        else:
            results.append(answer(each))
    return Answers(tuple(results), tuple(failures))


Given = Iterable[str | os.PathLike[str] | bytes | int]
"""Ids of pictures in the library, files, folders, and files' bytes."""
Paths = Callable[[Collection[int]], Mapping[int, Sequence[str]]]
"""Where pictures of the library lie, by id."""


def look(
    space: OpenSpace, known: Iterable[tuple[int, str]], others: Iterable[str | bytes]
) -> Iterator[Seen | Unread]:
    """The embeddings of what is `named`: the library's pictures first."""
    return chain(look_up(space, known), look_at(space, others))


def named(given: Given, paths: Paths) -> tuple[list[tuple[int, str]], list[str | bytes]]:
    """What is meant: pictures of the library by id and path, and files.

    Raises:
        UsageError: A path leads nowhere, or the library has no such picture.
    """
    given = list(given)
    ids = [each for each in given if isinstance(each, int)]
    found = files(each for each in given if not isinstance(each, int))
    there = paths(ids)
    if unknown := [each for each in ids if each not in there]:
        raise UsageError(f"the library has no picture {unknown[0]} now; take an id from a result")
    return [(each, there[each][0]) for each in ids], list(found)


def files(paths: Iterable[str | os.PathLike[str] | bytes]) -> Iterator[str | bytes]:
    """The pictures that files and folders name, absolute: files as they are, below folders what is a picture.

    A file's bytes are a picture too.

    Raises:
        UsageError: A path leads nowhere.
    """
    for path in paths:
        if isinstance(path, bytes):
            yield path
            continue
        name = os.path.abspath(os.path.expanduser(path))
        if os.path.isdir(name):
            yield from _below(name)
        elif os.path.exists(name):
            yield name
        else:
            raise UsageError(f"there is no file or folder {os.fspath(path)}; name one that is there")


def look_at(space: OpenSpace, paths: Iterable[str | bytes]) -> Iterator[Seen | Unread]:
    """Embed files, in their order; one that can't be read is a failure, and the others go on."""
    import numpy as np

    rest = iter(paths)
    with ThreadPoolExecutor(thread_name_prefix="decode") as pool:
        while batch := list(islice(rest, BATCH)):
            opened = list(pool.map(lambda path: _open(space, path), batch))
            pixels = [each.pixels for each in opened if isinstance(each, _Undone)]
            encoded = iter(space.encoder.encode_images(np.stack(pixels)) if pixels else ())
            for each in opened:
                yield Seen(each.path, next(encoded)) if isinstance(each, _Undone) else each


def look_up(space: OpenSpace, found: Iterable[tuple[int, str]]) -> Iterator[Seen]:
    """The embeddings of pictures of the library, by id and path, in their order; nothing is decoded."""
    rest = iter(found)
    while batch := list(islice(rest, STORED)):
        vectors = space.stored([content for content, _ in batch])
        yield from (Seen(path, vectors[content]) for content, path in batch if content in vectors)


def open_files(
    space: OpenSpace, known: Iterable[tuple[int, str]], others: Iterable[str | bytes], draft_to: int
) -> Iterator[Opened | Unread]:
    """Decode what is `named`, the library's pictures first; one that can't be read is a failure.

    Args:
        space: Knows how pictures are decoded.
        known: Pictures of the library by id and file.
        others: Files, and files' bytes, which may be of pictures in the library.
        draft_to: Pixels that the shorter side should still have.
    """
    from searchengine.images.files import read_file
    from searchengine.images.limits import DEFAULT_LIMITS

    for id_, file in chain(known, ((None, each) for each in others)):
        path = file if isinstance(file, str) else ""
        try:
            data = read_file(path, DEFAULT_LIMITS).data if isinstance(file, str) else file
            yield Opened(path, space.content_of(data) if id_ is None else id_, space.upright(data, draft_to))
        except ImageError as error:
            yield Unread(path, str(error))
        except OSError as error:
            yield Unread(path, error.strerror or str(error))


def _below(folder: str) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = os.path.join(place, name)
            if not name.startswith(".") and _is_picture(path):
                yield path


def _is_picture(path: str) -> bool:
    from searchengine.images.candidates import kind_of

    try:
        return kind_of(os.fsencode(path)) == "picture"
    except OSError:
        return False


class _Undone(NamedTuple):
    """A picture that the model has yet to embed."""

    path: str
    pixels: NDArray[np.uint8]


def _open(space: OpenSpace, given: str | bytes) -> Seen | _Undone | Unread:
    from searchengine.images.files import read_file
    from searchengine.images.limits import DEFAULT_LIMITS

    path = given if isinstance(given, str) else ""
    try:
        data = read_file(path, DEFAULT_LIMITS).data if isinstance(given, str) else given
        stored = space.recognised(data)
        return _Undone(path, space.pixels(data)) if stored is None else Seen(path, stored)
    except ImageError as error:
        return Unread(path, str(error))
    except OSError as error:
        return Unread(path, error.strerror or str(error))
