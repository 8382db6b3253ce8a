"""The first schema. Never edited once shipped: later ones are later files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _key(name: str = "id") -> sa.Column[int]:
    return sa.Column(name, KEY, sa.Identity(), primary_key=True)


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "root",
        _key(),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("path", name="uq_root_path"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "space",
        _key(),
        sa.Column("token", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("weights", sa.String, nullable=False),
        sa.Column("dim", sa.Integer, nullable=False),
        sa.Column("precision", sa.String, nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "content",
        _key(),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("format", sa.String, nullable=False),
        sa.Column("taken_at", sa.DateTime),
        sa.Column("camera", sa.String),
        sa.Column("lens", sa.String),
        sa.Column("focal_length", sa.Double),
        sa.Column("latitude", sa.Double),
        sa.Column("longitude", sa.Double),
        sa.Column("perceptual_hash", sa.LargeBinary(8)),
        sa.Column("flags", sa.JSON, nullable=False),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.UniqueConstraint("hash", name="uq_content_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_content_size", "content", ["size"])
    op.create_index("ix_content_taken_at", "content", ["taken_at"])
    op.create_table(
        "file",
        _key(),
        sa.Column("root_id", KEY, sa.ForeignKey("root.id", name="fk_file_root_id"), nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("error", sa.String),
        sa.Column("content_id", KEY, sa.ForeignKey("content.id", name="fk_file_content_id")),
        sa.UniqueConstraint("root_id", "path", name="uq_file_root_id_path"),
        sa.CheckConstraint(
            "state <> 'failed' OR content_id IS NULL", name=op.f("ck_file_failed_has_no_content")
        ),
        sa.CheckConstraint(
            "state NOT IN ('indexed', 'missing') OR content_id IS NOT NULL",
            name=op.f("ck_file_live_has_content"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_file_content_id", "file", ["content_id"])
    op.create_index(
        "ix_file_not_indexed",
        "file",
        ["state"],
        sqlite_where=sa.text("state <> 'indexed'"),
        postgresql_where=sa.text("state <> 'indexed'"),
    )
    op.create_table(
        "embedding",
        _key(),
        sa.Column(
            "content_id", KEY, sa.ForeignKey("content.id", name="fk_embedding_content_id"), nullable=False
        ),
        sa.Column("space_id", KEY, sa.ForeignKey("space.id", name="fk_embedding_space_id"), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("content_id", "space_id", "part", name="uq_embedding_content_id_space_id_part"),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        # Vectors up to 4,000 numbers in their rows, and none through the compressor: it wins nothing.
        op.execute("ALTER TABLE embedding ALTER COLUMN vector SET STORAGE EXTERNAL")
        op.execute("ALTER TABLE embedding SET (toast_tuple_target = 8160)")
    op.create_table(
        "change",
        _key("sequence"),
        sa.Column("space_id", KEY, nullable=False),
        sa.Column("embedding_id", KEY, nullable=False),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.Column("mark", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_change_space_sequence", "change", ["space_id", "sequence"])
    op.create_table(
        "run",
        _key(),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("counts", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
