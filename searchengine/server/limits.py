"""How much one request may ask for; what asks a server itself looks here first."""

from __future__ import annotations

LONGEST_QUERY = 2000
"""Characters."""

MOST_RESULTS = 500
MOST_PATHS = 10_000

MOST_LOOKED_AT = 16
"""Pictures, each of which takes all cores for a while."""

LARGEST_ID = 2**53 - 1
"""The largest integer that every JSON reader keeps."""
