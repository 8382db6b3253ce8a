"""Decode, embed, commit: batches on their way into the library."""
