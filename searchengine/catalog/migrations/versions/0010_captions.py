"""What imgsearch has said of pictures (`describe --save`), apart from what people say of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "caption",
        sa.Column(
            "content_id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            sa.ForeignKey("content.id", name="fk_caption_content_id"),
            nullable=False,
        ),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("method", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("content_id", name="pk_caption"),
    )
