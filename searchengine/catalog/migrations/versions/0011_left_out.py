"""How well a space tells a concept's examples apart, each left out in turn; known once it is learned anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the columns, empty."""
    for name in ("recognised", "told_apart"):
        op.add_column("label_concept", sa.Column(name, sa.Integer))
