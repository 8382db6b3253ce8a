"""The write path: scan, plan, decode, encode, commit."""
