"""Another model for a library, beside the old one until it is complete."""
