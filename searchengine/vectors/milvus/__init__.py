"""Milvus as the engine behind a space's vectors: it names candidates, the catalog's numbers rank them."""
