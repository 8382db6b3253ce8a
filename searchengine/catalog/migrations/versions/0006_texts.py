"""What is said of pictures in words, and the index over it, which `migrate.upgrade` fills."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _said() -> list[sa.Column[object]]:
    return [
        sa.Column("title", sa.String),
        sa.Column("caption", sa.String),
        sa.Column("keywords", sa.JSON, nullable=False),
        sa.Column("place", sa.String),
        sa.Column("rating", sa.Integer),
    ]


def upgrade() -> None:
    """Make the tables; nothing is known of the pictures there are until they are read again."""
    op.create_table(
        "content_text",
        sa.Column(
            "content_id", KEY, sa.ForeignKey("content.id", name="fk_content_text_content_id"), nullable=False
        ),
        *_said(),
        sa.PrimaryKeyConstraint("content_id", name="pk_content_text"),
    )
    op.create_index("ix_content_text_rating", "content_text", ["rating"])
    op.create_table(
        "sidecar",
        sa.Column(
            "file_id",
            KEY,
            sa.ForeignKey("file.id", name="fk_sidecar_file_id", deferrable=True, initially="DEFERRED"),
            nullable=False,
        ),
        sa.Column("stamp", sa.String, nullable=False),
        *_said(),
        sa.PrimaryKeyConstraint("file_id", name="pk_sidecar"),
    )
    op.create_index("ix_sidecar_rating", "sidecar", ["rating"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE text_index USING fts5"
            "(path, said, tokenize = 'unicode61 remove_diacritics 2')"
        )
    else:
        op.execute(
            "CREATE TABLE text_index (rowid bigint PRIMARY KEY, path text NOT NULL, said text NOT NULL,"
            " words tsvector NOT NULL DEFAULT '')"
        )
        op.execute("CREATE INDEX ix_text_index_words ON text_index USING gin (words)")
