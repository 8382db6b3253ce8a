"""What pictures show, in words: labels, concepts taught by example, tags, groups of a whole library."""
