"""The truth about a library: which files there are, what is in them, and their embeddings."""
