"""Embedding on the machines of a Ray cluster: blocks of files out, Parquet shards back, one writer."""
