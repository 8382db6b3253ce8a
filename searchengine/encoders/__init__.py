"""Models that turn pictures and words into unit vectors of one space."""

from searchengine.encoders.load import load_encoder
from searchengine.encoders.registry import DEFAULT_MODEL
from searchengine.encoders.resolve import Resolved, resolve

__all__ = ["DEFAULT_MODEL", "Resolved", "load_encoder", "resolve"]
