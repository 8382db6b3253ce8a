"""Looking after a library: forget, re-home, repair, fold in."""
