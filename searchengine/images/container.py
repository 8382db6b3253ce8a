"""What a video's container says of it: when, with what and where it was taken."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING

from searchengine.images.metadata import Metadata, camera_name, parse_date

if TYPE_CHECKING:
    from collections.abc import Mapping

# ISO 6709 in degrees, as phones write it: +48.8577+002.2950+035.0/
_PLACE = re.compile(r"([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)")


def read_container_metadata(tags: Mapping[str, str]) -> Metadata:
    """What a container's tags say; what makes no sense is left out.

    Apple's phones write the local time beside the standard's, which is in UTC: of the latter the best guess
    at where it was taken is the time zone of this computer.
    """
    taken_at = parse_date(tags.get("com.apple.quicktime.creationdate"))
    if taken_at is None and (universal := parse_date(tags.get("creation_time"))) is not None:
        # A clock that doesn't know counts from 1904, 1970 or the like.
        with suppress(OverflowError, ValueError, OSError):
            taken_at = universal.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
    place = tags.get("com.apple.quicktime.location.ISO6709") or tags.get("location") or ""
    found = _PLACE.match(place)
    latitude, longitude = (float(found[1]), float(found[2])) if found else (None, None)
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        latitude = longitude = None
    return Metadata(
        taken_at=taken_at if taken_at is not None and taken_at.year > 1970 else None,
        camera=camera_name(
            tags.get("com.apple.quicktime.make") or tags.get("com.android.manufacturer"),
            tags.get("com.apple.quicktime.model") or tags.get("com.android.model"),
        ),
        latitude=latitude,
        longitude=longitude,
    )
