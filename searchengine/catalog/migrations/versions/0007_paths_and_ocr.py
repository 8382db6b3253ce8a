"""The text in pictures; an index of what paths contain, kept up by triggers, and one of what is hidden."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

FORGET = "INSERT INTO path_index (path_index, rowid, path) VALUES ('delete', old.id, CAST(old.path AS TEXT));"
LEARN = "INSERT INTO path_index (rowid, path) VALUES (new.id, CAST(new.path AS TEXT));"


# PostgreSQL has no text that may be any bytes. What isn't UTF-8 is shown as Latin-1, which all bytes are.
PATH_TEXT = """
CREATE FUNCTION path_text(path bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    RETURN convert_from(path, 'UTF8');
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
    RETURN convert_from(path, 'LATIN1');
END $$
"""

# pg_trgm comes with the server, but a distribution may put it into a package of its own, and an
# administrator may not want it: without it every path is read.
PATH_INDEX = """
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX ix_file_path_text ON file USING gin (path_text(path) gin_trgm_ops);
EXCEPTION WHEN feature_not_supported OR undefined_file OR insufficient_privilege OR undefined_object THEN
    RAISE NOTICE 'paths are not indexed: %', SQLERRM;
END $$
"""


def upgrade() -> None:
    """Make them. The index of paths is 31 bytes a file, and takes six seconds for a million."""
    op.create_table(
        "ocr_text",
        sa.Column(
            "content_id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            sa.ForeignKey("content.id", name="fk_ocr_text_content_id"),
            nullable=False,
        ),
        sa.Column("text", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("content_id", name="pk_ocr_text"),
    )
    hidden = sa.text("NOT shown")
    if op.get_bind().dialect.name == "sqlite":
        hidden = sa.text("shown = 0")
    op.create_index("ix_content_hidden", "content", ["id"], sqlite_where=hidden, postgresql_where=hidden)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIEW path_text AS SELECT id, CAST(path AS TEXT) AS path FROM file")
        op.execute(
            "CREATE VIRTUAL TABLE path_index USING fts5(path, content = 'path_text', content_rowid = 'id',"
            " tokenize = 'trigram', detail = none, columnsize = 0)"
        )
        op.execute("INSERT INTO path_index (path_index) VALUES ('rebuild')")
        op.execute(f"CREATE TRIGGER path_comes AFTER INSERT ON file BEGIN {LEARN} END")
        op.execute(f"CREATE TRIGGER path_goes AFTER DELETE ON file BEGIN {FORGET} END")
        op.execute(
            "CREATE TRIGGER path_turns AFTER UPDATE OF path ON file WHEN old.path <> new.path"
            f" BEGIN {FORGET} {LEARN} END"
        )
    else:
        op.execute(PATH_TEXT)
        op.execute(PATH_INDEX)
