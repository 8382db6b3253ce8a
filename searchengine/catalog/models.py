"""The tables, one class each; `migrations/` builds them, a test holds the two together."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, LargeBinary, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# SQLite makes only INTEGER keys auto-increment; elsewhere a key is 64 bits wide.
Key = BigInteger().with_variant(Integer, "sqlite")

# What keeps SQLite from ever handing out the key of a deleted row again: FAISS ids are such keys.
NEVER_REUSED = {"sqlite_autoincrement": True}


class Base(DeclarativeBase):
    """The catalog's metadata."""


class Root(Base):
    """A folder the user asked for. A library that moves is one row's change."""

    __tablename__ = "root"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    path: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """Absolute, symlinks resolved, as `os.fsencode` gives it."""


class Space(Base):
    """One embedding space: vectors are comparable within it and nowhere else."""

    __tablename__ = "space"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    model: Mapped[str]
    """`ModelSpec.name`."""
    weights: Mapped[str]
    """SHA-256 of the weights, hexadecimal."""
    dim: Mapped[int]
    precision: Mapped[str]
    """Arithmetic of the image tower: `float32`."""
    fingerprint: Mapped[str]
    """`Preprocessing.fingerprint`."""
    spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    """`ModelSpec.to_dict`."""
    state: Mapped[str]
    """`active` (answers queries; one at most) or `building`."""
    created_at: Mapped[datetime]
    """UTC."""


class Content(Base):
    """Distinct bytes. Copies and renames share a row, so a move costs no inference."""

    __tablename__ = "content"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """SHA-256 of the file's bytes."""
    size: Mapped[int] = mapped_column(BigInteger, index=True)
    """Bytes."""
    width: Mapped[int]
    """Pixels, upright (after EXIF orientation)."""
    height: Mapped[int]
    format: Mapped[str]
    """Pillow's name: `JPEG`, `PNG`, …"""
    taken_at: Mapped[datetime | None] = mapped_column(index=True)
    """Local time of the picture, without zone, as EXIF has it."""
    camera: Mapped[str | None]
    lens: Mapped[str | None]
    focal_length: Mapped[float | None]
    """Millimetres, as on the lens (not the 35 mm equivalent)."""
    latitude: Mapped[float | None]
    """Degrees, north positive."""
    longitude: Mapped[float | None]
    """Degrees, east positive."""
    perceptual_hash: Mapped[bytes | None] = mapped_column(LargeBinary(8))
    flags: Mapped[list[str]] = mapped_column(JSON)
    """What a user should know about the picture: `truncated`, …"""


class File(Base):
    """A path below a root, as last seen."""

    __tablename__ = "file"
    __table_args__ = (UniqueConstraint("root_id", "path"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    root_id: Mapped[int] = mapped_column(ForeignKey("root.id"))
    path: Mapped[bytes] = mapped_column(LargeBinary)
    """Relative to the root, as `os.fsencode` gives it."""
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    """`indexed`; `failed` (see `error`); `missing` (its root can't be reached: still found, marked offline)."""
    error: Mapped[str | None]
    content_id: Mapped[int | None] = mapped_column(ForeignKey("content.id"), index=True)


class Embedding(Base):
    """A unit vector of a content in a space. Its key is its id in FAISS; it is never updated in place."""

    __tablename__ = "embedding"
    __table_args__ = (UniqueConstraint("content_id", "space_id", "part"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    content_id: Mapped[int] = mapped_column(ForeignKey("content.id"))
    space_id: Mapped[int] = mapped_column(ForeignKey("space.id"))
    part: Mapped[int] = mapped_column(default=0)
    """0 is the whole picture."""
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    """float16, little-endian, `dim` of them."""


class Change(Base):
    """An embedding came into sight or went out of it; a reader replays these from its snapshot on."""

    __tablename__ = "change"
    __table_args__ = (Index("ix_change_space_sequence", "space_id", "sequence"), NEVER_REUSED)

    sequence: Mapped[int] = mapped_column(Key, primary_key=True)
    space_id: Mapped[int] = mapped_column(Key)
    embedding_id: Mapped[int] = mapped_column(Key)
    shown: Mapped[bool]


class Run(Base):
    """One indexing run."""

    __tablename__ = "run"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    started_at: Mapped[datetime]
    """UTC."""
    finished_at: Mapped[datetime | None]
    """UTC; none while it runs, or when it was killed."""
    outcome: Mapped[str]
    """`running`, `done`, `interrupted` or `failed`."""
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    """As `index --json` prints them."""
