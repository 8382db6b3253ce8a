"""What a search gives back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One picture: distinct bytes, wherever they lie.

    Attributes:
        rank: From 1, over the whole ranking (an offset doesn't restart it).
        id: The content's key in the catalog; stable across model switches.
        hash: SHA-256 of its bytes, hexadecimal.
        path: Absolute path of its first live file.
        copies: Absolute paths of the others.
        edits: Absolute paths of its edits further down a ranking that was collapsed; empty in any other.
        score: Cosine of query and picture; None where a query had filters only.
        relevant: Whether it stands above the relevance line (`searchengine.query.relevance`); true of a
            query's first results and of no others. Always true where a query had filters only; None until
            the next run of the indexer in a library that was made before there were lines.
        offline: True when none of its files' roots can be reached.
        flags: What a user should know about the picture, e.g. ``truncated``.
        region: The part that matched best: left, top, right, bottom, as shares of width and height; None
            for the whole picture.
        width: Pixels, upright.
        height: Pixels, upright.
        format: ``JPEG``, ``PNG``, …
        taken_at: Local time of the picture, without zone.
        camera: Maker and model.
        time: Seconds into a video at which the frame is that matched best; None for a picture.
        duration: Seconds that a video lasts; None for a picture.
        title: As said in the picture or beside it.
        caption: As said there.
        keywords: As said there.
        place: As said there, in words.
        rating: 1 to 5, -1 for a rejected picture, None where nobody has rated it.
    """

    rank: int
    id: int
    hash: str
    path: str
    copies: tuple[str, ...]
    score: float | None
    relevant: bool | None
    offline: bool
    flags: tuple[str, ...]
    region: tuple[float, float, float, float] | None
    width: int
    height: int
    format: str
    taken_at: datetime | None
    camera: str | None
    edits: tuple[str, ...] = ()
    time: float | None = None
    duration: float | None = None
    title: str | None = None
    caption: str | None = None
    keywords: tuple[str, ...] = ()
    place: str | None = None
    rating: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """As the JSON that the command line and the server print."""
        # Not `asdict`: it copies what needs no copy, and takes ten times as long.
        values = {name: getattr(self, name) for name in self.__slots__}
        return {**values, "taken_at": self.taken_at.isoformat() if self.taken_at else None}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SearchResult:
        """What `to_dict` made it of, from JSON; other members are left out.

        Raises:
            KeyError: It lacks a member.
            TypeError: The same, or one isn't what it should be.
            ValueError: The latter.
        """
        from datetime import datetime

        known = {name: values[name] for name in cls.__slots__ if name in values}
        known = {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
        taken_at = known["taken_at"]
        return cls(**{**known, "taken_at": datetime.fromisoformat(taken_at) if taken_at else None})


@dataclass(frozen=True, slots=True)
class SearchResults(Sequence[SearchResult]):
    """A page of a ranking, best first.

    Attributes:
        query: As asked.
        space: Name of the model that answered.
        total: Pictures that could have been in the ranking.
        took_ms: Milliseconds from question to answer.
        results: The page.
        next: Where the next page begins, for `cursor`; None when nothing comes after this one.
    """

    query: str
    space: str
    total: int
    took_ms: float
    results: tuple[SearchResult, ...]
    next: str | None = None

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[SearchResult]:
        return iter(self.results)

    @overload
    def __getitem__(self, index: int) -> SearchResult: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[SearchResult, ...]: ...
    def __getitem__(self, index: int | slice) -> SearchResult | tuple[SearchResult, ...]:
        return self.results[index]

    def with_results(self, results: tuple[SearchResult, ...]) -> SearchResults:
        """The same answer with its page in another order."""
        return replace(self, results=results)

    def to_dict(self) -> dict[str, Any]:
        """As the JSON that the command line and the server print."""
        return {
            "query": self.query,
            "space": self.space,
            "total": self.total,
            "took_ms": round(self.took_ms, 1),
            "results": [result.to_dict() for result in self.results],
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SearchResults:
        """An answer as the server sends it; see `SearchResult.from_dict`."""
        return cls(
            query=values["query"],
            space=values["space"],
            total=values["total"],
            took_ms=values["took_ms"],
            results=tuple(map(SearchResult.from_dict, values["results"])),
            next=values.get("next"),
        )
