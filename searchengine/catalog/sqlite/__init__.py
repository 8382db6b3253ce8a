"""The catalog in a file of SQLite, in the library's own folder."""
