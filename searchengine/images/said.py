"""Reading what a picture says of itself in EXIF, IPTC and PNG's text. Never raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL import ExifTags

from searchengine.images.description import (
    BOILERPLATE,
    MOST_IN_A_CAPTION,
    MOST_IN_A_KEYWORD,
    MOST_IN_A_TITLE,
    UNDESCRIBED,
    Description,
    described,
    together,
)
from searchengine.images.lines import clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import Image

_CODES = {b"ASCII\0\0\0": "latin-1", b"UNICODE\0": "utf-16", b"\0" * 8: "ascii"}


def read_description(image: Image.Image, exif: Image.Exif | None) -> Description:
    """Read what an opened picture says outside of XMP; a part that is broken costs only itself."""
    return together(
        _from_iptc(_iptc(image)),
        _from_exif(exif) if exif is not None else UNDESCRIBED,
        _from_text_chunks(image.info) if image.format == "PNG" else UNDESCRIBED,
    )


def _from_exif(exif: Image.Exif) -> Description:
    try:
        comment = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
    except Exception:  # noqa: BLE001 -- a bad offset raises whatever the bytes there happen to cause
        comment = None
    captions = (
        clean_text(exif.get(ExifTags.Base.ImageDescription), most=MOST_IN_A_CAPTION),
        _windows(exif.get(ExifTags.Base.XPComment)),
        _user_comment(comment),
        _windows(exif.get(ExifTags.Base.XPSubject)),
    )
    return described(
        title=_windows(exif.get(ExifTags.Base.XPTitle)),
        caption=next((text for text in captions if text and text.casefold() not in BOILERPLATE), None),
        keywords=(_windows(exif.get(ExifTags.Base.XPKeywords)) or "").split(";"),
        rating=exif.get(ExifTags.Base.Rating),
    )


def _windows(value: Any) -> str | None:
    """Text as Windows Explorer writes it, in UTF-16."""
    try:
        return bytes(value).decode("utf-16-le", "replace").split("\0", 1)[0]
    except (TypeError, ValueError):
        return None


def _user_comment(value: Any) -> str | None:
    """EXIF's only text that says how it is encoded; what cameras pack in there otherwise is no text."""
    if not isinstance(value, bytes) or value[:8] not in _CODES:
        return None
    body, code = value[8:], _CODES[value[:8]]
    if code == "utf-16" and body[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        # The byte order is the writer's; of Latin letters, the zero bytes tell.
        code = "utf-16-be" if body[:1] == b"\0" else "utf-16-le"
    try:
        text = body.decode(code)
    except UnicodeDecodeError:
        return None
    return (
        clean_text(text, most=MOST_IN_A_CAPTION) if code in {"latin-1", "ascii"} else text.split("\0", 1)[0]
    )


def _iptc(image: Image.Image) -> Mapping[tuple[int, int], Any]:
    from PIL import IptcImagePlugin

    try:
        return IptcImagePlugin.getiptcinfo(image) or {}  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 -- junk in there raises as variously as junk in EXIF
        return {}


def _from_iptc(records: Mapping[tuple[int, int], Any]) -> Description:
    def texts(number: int, most: int = MOST_IN_A_KEYWORD) -> list[str]:
        values = records.get((2, number), ())
        read = (clean_text(v, most=most) for v in (values if isinstance(values, list) else [values]))
        return [text for text in read if text]

    # Object name, headline; caption; keywords; sublocation, city, province, country: IPTC IIM 4.2, dataset 2.
    return described(
        title=next(iter([*texts(5, MOST_IN_A_TITLE), *texts(105, MOST_IN_A_TITLE)]), None),
        caption=next(iter(texts(120, MOST_IN_A_CAPTION)), None),
        keywords=texts(25),
        place=[text for number in (92, 90, 95, 101) for text in texts(number)],
    )


def _from_text_chunks(info: Mapping[Any, Any]) -> Description:
    """PNG's own text, by the keywords that its specification registers."""
    return described(
        title=clean_text(info.get("Title"), most=MOST_IN_A_TITLE),
        caption=next(
            (text for key in ("Description", "Comment") if (text := clean_text(info.get(key), most=4000))),
            None,
        ),
    )
