"""Bringing a catalog's schema up to date: numbered steps, all of them in one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from sqlalchemy import select
from sqlalchemy.orm import Session

from searchengine.catalog import words
from searchengine.catalog.models import Content
from searchengine.catalog.version import Version, read_version

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from searchengine.catalog.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def config() -> Config:
    """Alembic's configuration, made here so that no file is needed."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return settings


def upgrade(database: Database) -> None:
    """Run the steps that are missing, and index the words; after an error or a kill nothing has happened."""
    with (
        database.writing.connect() as connection,
        database.altering(connection),
        connection.begin(),
    ):
        # Another process may have done it while this one waited for the lock.
        if read_version(connection)[0] in (Version.EMPTY, Version.OLDER):
            settings = config()
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")
            _fill_index(connection)


def _fill_index(connection: Connection) -> None:
    """Index the names and folders of the pictures that an older version knew."""
    with Session(connection, join_transaction_mode="create_savepoint") as session, session.begin():
        words.settle(session, session.scalars(select(Content.id).where(Content.shown)))
