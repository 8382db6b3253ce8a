"""Rendered scenes: the pictures that training, the tests and the demo draw on. Not installed."""
