"""XMP: what Lightroom, darktable, digiKam and others say of a picture, in the file or in one beside it.

The parser is expat, fed from outside: it resolves nothing, and a document type, the only way to declare
entities, ends the reading. What was read until then, or until the XML breaks, counts.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from xml.parsers import expat

from searchengine.images.description import (
    MOST_IN_A_CAPTION,
    MOST_KEYWORDS,
    UNDESCRIBED,
    Description,
    described,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES = 8 << 20
"""A longer packet isn't read. Keywords take kilobytes; the masks and histories of editors have been seen to
take megabytes."""

_MOST_DEPTH = 100
_MOST_VALUES = 4 * MOST_KEYWORDS

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns# "
_DC = "http://purl.org/dc/elements/1.1/ "
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/ "
_IPTC_CORE = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/ "
_IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/ "
_LIGHTROOM = "http://ns.adobe.com/lightroom/1.0/ "
_DIGIKAM = "http://www.digikam.org/ns/1.0/ "
_LANGUAGE = "http://www.w3.org/XML/1998/namespace lang"
_DESCRIPTION, _ITEM = _RDF + "Description", _RDF + "li"

# Properties of the picture itself.
_PROPERTIES = {
    _DC + "title": "title",
    _PHOTOSHOP + "Headline": "headline",
    _DC + "description": "caption",
    _DC + "subject": "keyword",
    _LIGHTROOM + "hierarchicalSubject": "path|",
    _DIGIKAM + "TagsList": "path/",
    _IPTC_EXT + "PersonInImage": "keyword",
    "http://ns.adobe.com/xap/1.0/ Rating": "rating",
    _IPTC_CORE + "Location": "place 0",
    _PHOTOSHOP + "City": "place 1",
    _PHOTOSHOP + "State": "place 2",
    _PHOTOSHOP + "Country": "place 3",
}
# Fields of structures in it: the faces that programs have named, and places.
_FIELDS = {
    "http://www.metadataworkinggroup.com/schemas/regions/ Name": "keyword",
    "http://ns.microsoft.com/photo/1.2/t/Region# PersonDisplayName": "keyword",
    _IPTC_EXT + "Sublocation": "place 0",
    _IPTC_EXT + "City": "place 1",
    _IPTC_EXT + "ProvinceState": "place 2",
    _IPTC_EXT + "CountryName": "place 3",
}

# darktable notes what it has done as tags of this branch.
_NOT_SAID = "darktable"


def read_xmp(packet: bytes | str) -> Description:
    """Read what a packet says; nothing, where it isn't XMP.

    Args:
        packet: XML, as text, or as bytes in UTF-8 or the encoding that it declares.
    """
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "replace")
    if len(packet) > MOST_BYTES:
        return UNDESCRIBED
    reader = _Reader()
    # Besides what isn't XML: an encoding that Python doesn't know, or one of several bytes a character.
    with suppress(expat.ExpatError, LookupError, ValueError, _EnoughError):
        reader.parse(packet.strip(b"\0 \t\r\n"))
    return reader.description()


def find_packet(data: bytes) -> bytes:
    """The first packet in a file of any format; empty where there is none, or its end is out of reach."""
    start = data.find(b"<x:xmpmeta")
    end = data.find(b"</x:xmpmeta>", start, start + MOST_BYTES) if start >= 0 else -1
    return data[start : end + len(b"</x:xmpmeta>")] if end >= 0 else b""


class _EnoughError(Exception):
    """The packet is something else than XMP, or there is too much of it."""


class _Reader:
    """Collects the values of the wanted properties while expat walks through the packet."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._wanted: list[str | None] = []
        self._default = False
        self._text: list[str] = []
        self._length = 0
        self._values: list[tuple[str, str, bool]] = []

    def parse(self, packet: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse
        parser.buffer_text = True
        parser.Parse(packet, True)  # noqa: FBT003  there is no more

    def description(self) -> Description:
        """What was found until now."""
        found: dict[str, list[str]] = {}
        # Of several languages the one that is marked as the default.
        for name, value, _ in sorted(self._values, key=lambda each: not each[2]):
            found.setdefault(name, []).append(value)
        paths = [path.split(mark) for mark in "|/" for path in found.get("path" + mark, ())]
        return described(
            title=next(iter([*found.get("title", ()), *found.get("headline", ())]), None),
            caption=next(iter(found.get("caption", ())), None),
            keywords=[
                *(word for word in found.get("keyword", ()) if not word.startswith(_NOT_SAID + "|")),
                *(word for path in paths if path[0] != _NOT_SAID for word in path),
            ],
            place=[part for level in range(4) for part in found.get(f"place {level}", ())],
            rating=next(iter(found.get("rating", ())), None),
        )

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) >= _MOST_DEPTH:
            raise _EnoughError
        is_picture = name == _DESCRIPTION and self._open[-1:] == [_RDF + "RDF"]
        for key, value in attributes.items():
            wanted = _FIELDS.get(key) or (_PROPERTIES.get(key) if is_picture else None)
            if wanted is not None:
                self._add(wanted, value)
        of_picture = self._open[-2:] == [_RDF + "RDF", _DESCRIPTION]
        wanted = _FIELDS.get(name) or (_PROPERTIES.get(name) if of_picture else None)
        self._wanted.append(wanted or (self._wanted[-1] if self._wanted else None))
        self._open.append(name)
        self._default = attributes.get(_LANGUAGE) == "x-default"
        self._begin()

    def _end(self, name: str) -> None:
        # The text of a list stands in its items; what stands between them is layout.
        wanted = self._wanted.pop()
        self._open.pop()
        text = "".join(self._text).strip()
        if wanted is not None and text:
            self._add(wanted, text, default=name == _ITEM and self._default)
        self._begin()

    def _characters(self, text: str) -> None:
        if self._wanted and self._wanted[-1] is not None and self._length < MOST_IN_A_CAPTION:
            self._text.append(text[:MOST_IN_A_CAPTION])
            self._length += len(text)

    def _refuse(self, *_: object) -> None:
        raise _EnoughError

    def _begin(self) -> None:
        self._text.clear()
        self._length = 0

    def _add(self, name: str, value: str, *, default: bool = False) -> None:
        if len(self._values) >= _MOST_VALUES:
            raise _EnoughError
        self._values.append((name, value[:MOST_IN_A_CAPTION], default))
