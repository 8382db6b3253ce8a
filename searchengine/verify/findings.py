"""What a check has to say, as values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

EXAMPLES = 3
"""As many things are named where many are wrong in the same way."""


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant, and what came of looking at it.

    Attributes:
        name: In a few words, for people: ``vectors are unit vectors``.
        wrong: What isn't as it should be; empty when the invariant holds.
        notes: What is harmless but worth knowing, e.g. what a killed process has left behind.
        looked_at: How many things were compared; None where nothing is counted.
    """

    name: str
    wrong: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    looked_at: int | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


@dataclass(frozen=True, slots=True)
class Report:
    """Every check of a library.

    Attributes:
        checks: In the order they were made.
        repaired: What was put right, in words.
    """

    checks: tuple[Check, ...]
    repaired: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether every invariant holds."""
        return all(check.holds for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """As `verify --json` prints it."""
        return {
            "sound": self.sound,
            "checks": [{**asdict(check), "holds": check.holds} for check in self.checks],
            "repaired": list(self.repaired),
        }


def examples(things: Iterable[object]) -> str:
    """The first few of some things, and that there are more."""
    shown = [str(thing) for thing in things]
    more = ", …" if len(shown) > EXAMPLES else ""
    return ", ".join(shown[:EXAMPLES]) + more
