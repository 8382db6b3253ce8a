"""From what was asked to a ranked answer."""
