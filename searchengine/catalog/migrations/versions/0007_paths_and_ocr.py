"""The text in pictures; an index of what paths contain, kept up by triggers, and one of what is hidden."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

FORGET = "INSERT INTO path_index (path_index, rowid, path) VALUES ('delete', old.id, CAST(old.path AS TEXT));"
LEARN = "INSERT INTO path_index (rowid, path) VALUES (new.id, CAST(new.path AS TEXT));"


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
