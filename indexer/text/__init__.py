"""Reads the text that stands in pictures, where that is asked for."""
