"""Concepts that the user taught, by which examples, and what each space has learned from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _reference(table: str, column: str, to: str) -> sa.Column[int]:
    return sa.Column(column, KEY, sa.ForeignKey(f"{to}.id", name=f"fk_{table}_{column}"), nullable=False)


def upgrade() -> None:
    """Make the tables, empty."""
    op.create_table(
        "label",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_label"),
        sa.UniqueConstraint("name", name="uq_label_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "label_example",
        _reference("label_example", "label_id", "label"),
        _reference("label_example", "content_id", "content"),
        sa.Column("shows", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("label_id", "content_id", name="pk_label_example"),
    )
    op.create_index("ix_label_example_content_id", "label_example", ["content_id"])
    op.create_table(
        "label_concept",
        _reference("label_concept", "label_id", "label"),
        _reference("label_concept", "space_id", "space"),
        sa.Column("weights", sa.LargeBinary, nullable=False),
        sa.Column("bias", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("label_id", "space_id", name="pk_label_concept"),
    )
