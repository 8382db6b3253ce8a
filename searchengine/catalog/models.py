"""The tables, one class each; `migrations/` builds them, a test holds the two together."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLAlchemy evaluates the annotations
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# SQLite makes only INTEGER keys auto-increment; elsewhere a key is 64 bits wide.
Key = BigInteger().with_variant(Integer, "sqlite")

# What keeps SQLite from ever handing out the key of a deleted row again (FAISS ids are such keys);
# elsewhere the identity column does.
NEVER_REUSED = {"sqlite_autoincrement": True}


def _key() -> Mapped[int]:
    return mapped_column(Key, Identity(), primary_key=True)


class Base(DeclarativeBase):
    """The catalog's metadata."""

    # A constraint without a name can't be changed by a later migration on SQLite.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Root(Base):
    """A folder the user asked for. A library that moves is one row's change."""

    __tablename__ = "root"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = _key()
    path: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """Absolute, symlinks resolved, as `os.fsencode` gives it."""
    seen_at: Mapped[datetime | None]
    """When a run last reached it, UTC."""


class Space(Base):
    """One embedding space: vectors are comparable within it and nowhere else."""

    __tablename__ = "space"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = _key()
    token: Mapped[str]
    """Random hex digits, so that what was derived from another library's space isn't taken for ours."""
    model: Mapped[str]
    """`ModelSpec.name`."""
    weights: Mapped[str]
    """SHA-256 of the weights, hexadecimal."""
    dim: Mapped[int]
    precision: Mapped[str]
    """Arithmetic of the image tower: `float32`, `bfloat16` or `int8`."""
    fingerprint: Mapped[str]
    """`Preprocessing.fingerprint`."""
    spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    """`ModelSpec.to_dict`."""
    state: Mapped[str]
    """`active` (answers queries; one at most), `building`, or `retired` (was active; kept until dropped)."""
    created_at: Mapped[datetime]
    """UTC."""
    regions: Mapped[bool] = mapped_column(server_default=false())
    """Whether its pictures have embeddings of their regions too."""


class SpaceCalibration(Base):
    """Where a space's relevance lines come from; `searchengine.calibration` says what the numbers are."""

    __tablename__ = "calibration"

    space_id: Mapped[int] = mapped_column(Key, ForeignKey("space.id"), primary_key=True, autoincrement=False)
    bank: Mapped[bytes] = mapped_column(LargeBinary)
    """Vectors: float16, little-endian, one after the other."""
    sample: Mapped[bytes] = mapped_column(LargeBinary)
    """The same."""
    words: Mapped[list[float]] = mapped_column(JSON)
    pictures: Mapped[list[float]] = mapped_column(JSON)
    digest: Mapped[str]
    images: Mapped[int]


class Content(Base):
    """Distinct bytes. Copies and renames share a row, so a move costs no inference."""

    __tablename__ = "content"
    __table_args__ = (
        # Few are hidden, and who asks for those that aren't need not look at each.
        Index("ix_content_hidden", "id", sqlite_where=text("shown = 0")),
        NEVER_REUSED,
    )

    id: Mapped[int] = _key()
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """SHA-256 of the file's bytes."""
    size: Mapped[int] = mapped_column(BigInteger, index=True)
    """Bytes."""
    width: Mapped[int]
    """Pixels, upright (after EXIF orientation)."""
    height: Mapped[int]
    format: Mapped[str] = mapped_column(index=True)
    """As `formats.sniff` names it: `JPEG`, `PNG`, `MP4`, …"""
    taken_at: Mapped[datetime | None] = mapped_column(index=True)
    """Local time of the picture, without zone, as EXIF has it."""
    camera: Mapped[str | None] = mapped_column(index=True)
    lens: Mapped[str | None] = mapped_column(index=True)
    focal_length: Mapped[float | None] = mapped_column(Double)
    """Millimetres, as on the lens (not the 35 mm equivalent)."""
    latitude: Mapped[float | None] = mapped_column(Double, index=True)
    """Degrees, north positive."""
    longitude: Mapped[float | None] = mapped_column(Double)
    """Degrees, east positive."""
    perceptual_hash: Mapped[bytes | None] = mapped_column(LargeBinary(8))
    flags: Mapped[list[str]] = mapped_column(JSON)
    """What a user should know about the picture: `truncated`, …"""
    shown: Mapped[bool]
    """Whether it has a live file. Written by `visibility.settle` and nothing else."""
    duration: Mapped[float | None] = mapped_column(Double)
    """Seconds that a video lasts; none for a picture, and where a video doesn't say."""


class File(Base):
    """A path below a root, as last seen. It is live exactly when it has a content."""

    __tablename__ = "file"
    __table_args__ = (
        UniqueConstraint("root_id", "path"),
        CheckConstraint("state <> 'failed' OR content_id IS NULL", name="failed_has_no_content"),
        CheckConstraint(
            "state NOT IN ('indexed', 'missing') OR content_id IS NOT NULL", name="live_has_content"
        ),
        # Few files are otherwise, and status and `failures` ask for just those.
        # The migration says the same of PostgreSQL; said here, it would import that dialect (37 ms).
        Index("ix_file_not_indexed", "state", sqlite_where=text("state <> 'indexed'")),
        NEVER_REUSED,
    )

    id: Mapped[int] = _key()
    root_id: Mapped[int] = mapped_column(ForeignKey("root.id"))
    path: Mapped[bytes] = mapped_column(LargeBinary)
    """Relative to the root, as `os.fsencode` gives it."""
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    """`indexed`; `failed` (see `error`); `missing` (its root can't be reached: found, marked offline)."""
    error: Mapped[str | None]
    content_id: Mapped[int | None] = mapped_column(ForeignKey("content.id"), index=True)


class _Said:
    """Units and meaning as in `images.description.Description`."""

    title: Mapped[str | None]
    caption: Mapped[str | None]
    keywords: Mapped[list[str]] = mapped_column(JSON)
    place: Mapped[str | None]
    rating: Mapped[int | None] = mapped_column(index=True)


class ContentText(_Said, Base):
    """What a picture's own bytes say of it in words; no row where they say nothing."""

    __tablename__ = "content_text"

    content_id: Mapped[int] = mapped_column(
        Key, ForeignKey("content.id"), primary_key=True, autoincrement=False
    )


class OcrText(Base):
    """The text that stands in a picture, as it was recognised; empty where none was."""

    __tablename__ = "ocr_text"

    content_id: Mapped[int] = mapped_column(
        Key, ForeignKey("content.id"), primary_key=True, autoincrement=False
    )
    text: Mapped[str]


class Caption(Base):
    """What imgsearch has said of a picture, where that was kept; what people say of it stands elsewhere."""

    __tablename__ = "caption"

    content_id: Mapped[int] = mapped_column(
        Key, ForeignKey("content.id"), primary_key=True, autoincrement=False
    )
    text: Mapped[str]
    method: Mapped[str]
    """How it came about: `written` by a captioning model, or `composed`."""
    model: Mapped[str]
    """Name of the model that looked."""


class Sidecar(_Said, Base):
    """What the `.xmp` files beside a file say of its picture. It goes before what the picture says itself."""

    __tablename__ = "sidecar"

    # Deferred: a file that moves leaves its place before it arrives at the next one.
    file_id: Mapped[int] = mapped_column(
        Key,
        ForeignKey("file.id", deferrable=True, initially="DEFERRED"),
        primary_key=True,
        autoincrement=False,
    )
    stamp: Mapped[str]
    """Sizes and times of the `.xmp` files, as the scan saw them."""


class Embedding(Base):
    """A unit vector of a content in a space. Its key is its id in FAISS; it is never updated in place."""

    __tablename__ = "embedding"
    __table_args__ = (
        UniqueConstraint("content_id", "space_id", "part"),
        # Most contents are pictures, of one vector each: who asks for the parts reads only those.
        Index("ix_embedding_parts", "space_id", "id", sqlite_where=text("part > 0")),
        NEVER_REUSED,
    )

    id: Mapped[int] = _key()
    content_id: Mapped[int] = mapped_column(ForeignKey("content.id"))
    space_id: Mapped[int] = mapped_column(ForeignKey("space.id"))
    part: Mapped[int] = mapped_column(default=0)
    """0 is the whole picture, or a video's first key frame; the next count regions, or further frames."""
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    """float16, little-endian, `dim` of them."""
    seconds: Mapped[float | None] = mapped_column(Double)
    """When in a video its frame is; none for a picture."""
    box: Mapped[list[float] | None] = mapped_column(JSON(none_as_null=True))
    """Which region of a picture it is of: left, top, right, bottom, as shares; none for all of it."""


class Label(Base):
    """A concept that the user taught, by name."""

    __tablename__ = "label"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = _key()
    name: Mapped[str] = mapped_column(unique=True)
    """In lower case."""
    created_at: Mapped[datetime]
    """UTC."""


class LabelExample(Base):
    """A picture that shows a concept, or one that doesn't."""

    __tablename__ = "label_example"

    label_id: Mapped[int] = mapped_column(Key, ForeignKey("label.id"), primary_key=True, autoincrement=False)
    content_id: Mapped[int] = mapped_column(
        Key, ForeignKey("content.id"), primary_key=True, autoincrement=False, index=True
    )
    shows: Mapped[bool]


class LabelConcept(Base):
    """What a space has learned of a concept; `searchengine.concept` says what the numbers are."""

    __tablename__ = "label_concept"

    label_id: Mapped[int] = mapped_column(Key, ForeignKey("label.id"), primary_key=True, autoincrement=False)
    space_id: Mapped[int] = mapped_column(Key, ForeignKey("space.id"), primary_key=True, autoincrement=False)
    weights: Mapped[bytes] = mapped_column(LargeBinary)
    """float32, little-endian."""
    bias: Mapped[float] = mapped_column(Double)
    recognised: Mapped[int | None]
    """`Concept.recognised`; not known of what older versions have learned."""
    told_apart: Mapped[int | None]


class Change(Base):
    """An embedding came into sight or went out of it; a reader replays these from its snapshot on."""

    __tablename__ = "change"
    __table_args__ = (Index("ix_change_space_sequence", "space_id", "sequence"), NEVER_REUSED)

    sequence: Mapped[int] = _key()
    space_id: Mapped[int] = mapped_column(Key)
    embedding_id: Mapped[int] = mapped_column(Key)
    """Not a foreign key: the change that hides a forgotten embedding outlives it."""
    shown: Mapped[bool]
    mark: Mapped[int]
    """Random, one a batch. A snapshot names sequence and mark, so one taken from a history that this catalog
    doesn't share (it was restored from a backup, say) is noticed."""


class Run(Base):
    """One indexing run."""

    __tablename__ = "run"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = _key()
    started_at: Mapped[datetime]
    """UTC."""
    finished_at: Mapped[datetime | None]
    """UTC; none while it runs, or when it was killed."""
    outcome: Mapped[str]
    """`running`, `done`, `interrupted` or `failed`."""
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    """As `index --json` prints them; while it runs, `status.RunProgress`; when it failed, why: `error`."""
