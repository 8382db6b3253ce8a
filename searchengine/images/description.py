"""What is said of a picture in words: title, caption, keywords, place, rating.

People write these with Lightroom, digiKam, Windows or a phone, which put them into EXIF, IPTC, XMP or several
of them. Where they disagree, XMP is believed before IPTC before EXIF.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from searchengine.images.lines import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

# One picture's words must not fill the catalog.
MOST_KEYWORDS = 200
MOST_IN_A_KEYWORD = 100
MOST_IN_A_TITLE = 300
MOST_IN_A_CAPTION = 4000

# What cameras and programs write where nobody has written anything.
BOILERPLATE = frozenset(
    {
        "ascii",
        "created with gimp",
        "default",
        "digital camera",
        "hdr",
        "kodak digital still camera",
        "lead technologies inc. v1.01",
        "minolta digital camera",
        "olympus digital camera",
        "samsung",
        "sony dsc",
        "untitled",
    }
)
# XMP has -1 for "rejected"; 0 is its way to say that there is no rating.
_RATINGS = frozenset({-1, 1, 2, 3, 4, 5})


@dataclass(frozen=True, slots=True)
class Description:
    """What somebody has said of a picture.

    Attributes:
        title: A few words.
        caption: A sentence or more.
        keywords: In the order they were given, none twice; people in the picture are among them.
        place: From the narrowest to the widest, with commas: ``Alfama, Lisbon, Portugal``.
        rating: 1 to 5, or -1 for a picture that was rejected.
    """

    title: str | None = None
    caption: str | None = None
    keywords: tuple[str, ...] = ()
    place: str | None = None
    rating: int | None = None

    def __bool__(self) -> bool:
        """Whether anything is said at all."""
        return self != UNDESCRIBED

    def under(self, other: Description) -> Description:
        """With whatever `other` says put in place of what this one says of the same."""
        said = {name: value for name in _NAMES if (value := getattr(other, name)) not in (None, ())}
        return replace(self, **said) if said else self


UNDESCRIBED = Description()
"""Of most pictures nothing is said."""

_NAMES = tuple(field.name for field in fields(Description))


def described(
    *,
    title: str | None = None,
    caption: str | None = None,
    keywords: Iterable[str] = (),
    place: Iterable[str] = (),
    rating: Any = None,
) -> Description:
    """A description of what was read, tidied and cut to size.

    Args:
        title: As read.
        caption: As read; what a camera writes into every picture is none.
        keywords: As read.
        place: Its parts, the narrowest first.
        rating: Anything; what isn't a rating is none.
    """
    caption = _line(caption, MOST_IN_A_CAPTION)
    lines = (_line(part, MOST_IN_A_KEYWORD) for part in place)
    return Description(
        title=_line(title, MOST_IN_A_TITLE),
        caption=None if caption is None or caption.casefold() in BOILERPLATE else caption,
        keywords=_distinct(keywords),
        place=", ".join(dict.fromkeys(line for line in lines if line))[:MOST_IN_A_TITLE] or None,
        rating=_rating(rating),
    )


def together(*sources: Description) -> Description:
    """Each fact from the first source that has it, and the keywords of all."""
    keywords = _distinct(word for source in sources for word in source.keywords)
    whole = UNDESCRIBED
    for source in reversed(sources):
        whole = whole.under(source)
    return replace(whole, keywords=keywords)


def _line(text: Any, most: int) -> str | None:
    return one_line(text, most=most) if isinstance(text, str) else None


def _distinct(keywords: Iterable[str]) -> tuple[str, ...]:
    """Without repetitions, which differ in case at most."""
    found: dict[str, str] = {}
    for keyword in keywords:
        line = _line(keyword, MOST_IN_A_KEYWORD)
        if line and len(found) < MOST_KEYWORDS:
            found.setdefault(line.casefold(), line)
    return tuple(found.values())


def _rating(value: Any) -> int | None:
    """Stars; Lightroom writes ``3``, Nikon ``3.0``."""
    try:
        stars = round(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return stars if stars in _RATINGS else None
