"""When in a video an embedding's frame is, how long the video lasts, and which embeddings are parts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns, empty: nothing that was indexed so far has either.

    Added in place: making `embedding` anew, as a step on a small table may, would copy every vector.
    """
    op.add_column("embedding", sa.Column("seconds", sa.Double))
    op.add_column("content", sa.Column("duration", sa.Double))
    op.create_index(
        "ix_embedding_parts",
        "embedding",
        ["space_id", "id"],
        sqlite_where=sa.text("part > 0"),
        postgresql_where=sa.text("part > 0"),
    )
