"""What the search for duplicates gives back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from datetime import datetime

Level = Literal["exact", "edited", "burst", "similar"]

LEVELS: tuple[Level, ...] = get_args(Level)
"""From strict to loose; each level takes in the ones before it."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a group.

    Attributes:
        path: Absolute.
        score: How sure it is that it belongs to the one to keep, 1 for that one itself. `exact`: 1; `edited`:
            correlation of the aligned pictures; `burst` and `similar`: cosine of the embeddings.
        level: How it belongs to the one to keep.
        id: The content's key in the catalog; copies share it.
        width: Pixels, upright.
        height: Pixels, upright.
        bytes: Size of the file.
        format: ``JPEG``, ``PNG``, …
        taken_at: Local time of the picture, without zone.
        offline: Whether the file can't be reached now.
    """

    path: str
    score: float
    level: Level
    id: int
    width: int
    height: int
    bytes: int
    format: str
    taken_at: datetime | None
    offline: bool

    def to_dict(self) -> dict[str, Any]:
        """As the JSON that the command line prints."""
        return {
            **asdict(self),
            "score": round(self.score, 4),
            "taken_at": self.taken_at.isoformat() if self.taken_at else None,
        }


@dataclass(frozen=True, slots=True)
class Group:
    """Files that are the same picture, or nearly. Nothing is ever deleted; `keep` is a suggestion.

    Attributes:
        level: The loosest of its members' levels.
        keep: Path of the best one.
        why: What makes it the best, in words.
        members: The one to keep, then the others, the surest first; two at least.
    """

    level: Level
    keep: str
    why: str
    members: tuple[Member, ...]

    def to_dict(self) -> dict[str, Any]:
        """As the JSON that the command line prints."""
        members = [member.to_dict() for member in self.members]
        return {"level": self.level, "keep": self.keep, "why": self.why, "members": members}


@dataclass(frozen=True, slots=True)
class Duplicates:
    """All groups of a library.

    Attributes:
        groups: Disjoint; those of the strictest level first, then by path.
        unreadable: Pictures that couldn't be looked at (offline, damaged), so only their copies were found.
    """

    groups: tuple[Group, ...]
    unreadable: int
