"""The catalog's clock: UTC, without zone, as both databases store it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The time, in UTC, without zone."""
    return datetime.now(UTC).replace(tzinfo=None)
