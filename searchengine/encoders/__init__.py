"""Models that turn pictures and words into unit vectors of one space."""
