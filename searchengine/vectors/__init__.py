"""Finding the nearest vectors; everything here is derived from the catalog and can be rebuilt."""
