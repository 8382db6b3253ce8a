"""What Alembic runs: the steps, on the connection and in the transaction that `migrate.upgrade` gives it."""

from __future__ import annotations

from alembic import context

from searchengine.catalog.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite can't alter most things in place
)
context.run_migrations()
