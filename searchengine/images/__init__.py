"""Opening any picture safely, and what can be read off it."""
