"""Which part of a picture an embedding is of, and whether a library's pictures are embedded in parts too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the columns in place, as step 0004 did: nothing that was indexed so far has regions."""
    op.add_column("embedding", sa.Column("box", sa.JSON))
    op.add_column("space", sa.Column("regions", sa.Boolean, nullable=False, server_default=sa.false()))
