"""The schema's history: numbered steps that Alembic runs, never edited once shipped."""
