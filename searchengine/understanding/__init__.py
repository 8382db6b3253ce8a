"""What pictures show, in words: labels, tags, objects, sentences, groups, and concepts taught by example."""
