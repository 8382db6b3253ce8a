"""The catalog in a database of PostgreSQL, which several machines may share."""
