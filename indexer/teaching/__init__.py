"""Concepts by example: which pictures show one, and what each embedding space learns from them."""
