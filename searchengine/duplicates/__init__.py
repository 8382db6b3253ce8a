"""Which pictures are the same one, or nearly: candidates, their verification, grouping, and which to keep."""
