"""The commands that write, and what they say while they work."""
