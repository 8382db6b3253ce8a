"""Where each space's relevance lines come from. The next run of the indexer fills it in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table, empty: what is in it needs the model."""
    op.create_table(
        "calibration",
        sa.Column(
            "space_id",
            KEY,
            sa.ForeignKey("space.id", name="fk_calibration_space_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("bank", sa.LargeBinary, nullable=False),
        sa.Column("sample", sa.LargeBinary, nullable=False),
        sa.Column("words", sa.JSON, nullable=False),
        sa.Column("pictures", sa.JSON, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("images", sa.Integer, nullable=False),
    )
