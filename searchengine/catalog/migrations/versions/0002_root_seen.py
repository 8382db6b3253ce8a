"""When a root was last reached, for the list of roots."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; nobody knows it yet of the roots there are."""
    # Made anew on SQLite, where a column that is only added would stand behind the constraints.
    recreate: Literal["always", "never"] = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("root", recreate=recreate, table_kwargs={"sqlite_autoincrement": True}) as root:
        root.add_column(sa.Column("seen_at", sa.DateTime))
