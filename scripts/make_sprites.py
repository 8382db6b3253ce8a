"""Build the sprite sheet in data/sprites/ from the emoji font and CLDR's keywords.

    npm pack emojibase-data@17.0.0 && tar xzf emojibase-data-17.0.0.tgz
    python scripts/make_sprites.py --font NotoColorEmoji.ttf --keywords package/en/data.json

Reads data/sprites/selection.txt; writes sheet.webp (one square cell a glyph) and glyphs.json.
Only this script needs the font and the keywords: everything else reads the sheet.
"""

import argparse
import json
import math
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SPRITES = Path(__file__).resolve().parent.parent / "data" / "sprites"
STRIKE = 109  # the one bitmap size that Noto Color Emoji holds
CELL = 128  # px; the strike's pictures are 128 px high
COLUMNS = 16
PLAIN_PLURALS = ("s", "x", "ch", "sh")


def read_selection(text: str) -> list[dict[str, object]]:
    """Parse selection.txt into one record a glyph: emoji, name, plural, synonyms, kind."""
    records: list[dict[str, object]] = []
    kind = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            kind = line.strip("[]")
            continue
        emoji, _, rest = line.partition(" ")
        rest, _, synonyms = rest.partition(" = ")
        name, _, plural = rest.partition(" | ")
        if not plural and name.endswith(PLAIN_PLURALS):
            raise SystemExit(f"selection.txt:{number}: {name!r} needs its plural after '|'")
        records.append(
            {
                "emoji": emoji,
                "name": name,
                "plural": plural or name + "s",
                "synonyms": [s.strip() for s in synonyms.split(",") if s.strip()],
                "kind": kind,
            }
        )
    return records


def draw_glyph(font: ImageFont.FreeTypeFont, emoji: str) -> Image.Image:
    """Return one glyph, cropped to what is drawn, centred on a transparent CELL x CELL picture."""
    canvas = Image.new("RGBA", (2 * STRIKE, 2 * STRIKE))
    ImageDraw.Draw(canvas).text((20, 20), emoji, font=font, embedded_color=True)
    box = canvas.getchannel("A").point(lambda a: 255 if a > 8 else 0).getbbox()
    if box is None:
        raise SystemExit(f"the font has no picture for {emoji}")
    glyph = canvas.crop(box)
    scale = (CELL - 2) / max(glyph.size)  # a transparent rim keeps neighbours from bleeding in
    if scale < 1:
        size = (round(glyph.width * scale), round(glyph.height * scale))
        glyph = glyph.resize(size, Image.Resampling.LANCZOS)
    cell = Image.new("RGBA", (CELL, CELL))
    cell.paste(glyph, ((CELL - glyph.width) // 2, (CELL - glyph.height) // 2))
    return cell


def main() -> None:
    """Read the arguments, write the sheet and its index."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--font", type=Path, required=True, help="NotoColorEmoji.ttf")
    parser.add_argument("--keywords", type=Path, required=True, help="emojibase-data's en/data.json")
    parser.add_argument("--quality", type=int, default=90, help="WebP quality of the colours")
    arguments = parser.parse_args()

    records = read_selection((SPRITES / "selection.txt").read_text(encoding="utf-8"))
    cldr = {
        entry["emoji"].replace("\ufe0f", ""): entry
        for entry in json.loads(arguments.keywords.read_text(encoding="utf-8"))
    }
    font = ImageFont.truetype(
        str(arguments.font), STRIKE, layout_engine=ImageFont.Layout.RAQM
    )  # joined sequences (a chef, an astronaut) need RAQM's shaping
    rows = math.ceil(len(records) / COLUMNS)
    sheet = Image.new("RGBA", (COLUMNS * CELL, rows * CELL))
    for index, record in enumerate(records):
        emoji = str(record["emoji"])
        entry = cldr[emoji.replace("\ufe0f", "")]
        record["cldr_name"] = entry["label"]
        record["keywords"] = entry.get("tags", [])
        row, column = divmod(index, COLUMNS)
        sheet.paste(draw_glyph(font, emoji), (column * CELL, row * CELL))
    sheet.save(SPRITES / "sheet.webp", quality=arguments.quality, alpha_quality=90, method=6)
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    (SPRITES / "glyphs.json").write_text(
        f'{{"cell": {CELL}, "columns": {COLUMNS}, "glyphs": [\n{lines}\n]}}\n', encoding="utf-8"
    )
    size = (SPRITES / "sheet.webp").stat().st_size
    print(f"{len(records)} glyphs, {sheet.width} x {sheet.height} px, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
