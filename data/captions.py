"""Saying a scene in words: full descriptions, shorter ones, and the single words people type."""

from dataclasses import dataclass
from random import Random

from data.backgrounds import BACKGROUNDS
from data.glyphs import glyphs
from data.scenes import Kind, Scene

NUMBERS = {2: "two", 3: "three", 4: "four"}
SIZE_WORDS = {"small": ("small", "small", "little", "tiny"), "large": ("large", "big", "big", "huge")}
# Synonyms that take no article: plurals, and what isn't counted.
BARE = frozenset(
    [
        "grapes",
        "cherries",
        "scissors",
        "glasses",
        "sunglasses",
        "jeans",
        "gloves",
        "headphones",
        "pancakes",
        "bread",
        "cheese",
        "coffee",
        "salad",
        "popcorn",
        "chocolate",
        "luggage",
        "lightning",
        "books",
    ]
) | {"french fries", "red wine", "ice cream", "noodle soup", "chopsticks"}
TEMPLATES = (
    "a photo of {}",
    "a photo of {}",
    "a picture of {}",
    "a picture with {}",
    "an image of {}",
    "a drawing of {}",
    "a scene with {}",
)
RELATION_WORDS = {
    "left": ("left of", "to the left of", "on the left of"),
    "right": ("right of", "to the right of", "on the right of"),
    "above": ("above", "above", "over"),
    "below": ("below", "below", "under"),
}
CLOSE_WORDS = ("next to", "beside")


@dataclass(frozen=True)
class Caption:
    """A text and what it asks for: kinds (or `group` words such as "animal") and a background.

    `full` means that everything in the scene was said. What is asked for decides which other
    pictures a short caption also fits.
    """

    text: str
    kinds: tuple[Kind, ...]
    background: str | None
    group: str | None = None
    full: bool = False


def describe(scene: Scene, rng: Random, *, synonyms: float = 0.25) -> Caption:
    """Say all of a scene: every kind with its number and size, where they stand, and the place."""
    kinds = list(scene.counts)
    things = _things(scene, kinds, rng, synonyms, sizes=1.0)
    place = BACKGROUNDS[scene.background]
    if rng.random() < 0.12:
        text = f"{rng.choice(place.alone)} with {things}"
    else:
        text = f"{things} {rng.choice(place.phrases)}"
        if rng.random() < 0.3:
            text = rng.choice(TEMPLATES).format(text)
    return Caption(text, tuple(kinds), scene.background, full=True)


def caption(scene: Scene, rng: Random) -> Caption:  # noqa: PLR0911 one return a way of saying it
    """Say a scene as somebody might: all of it, or a part, or a single word."""
    draw = rng.random()
    kinds = list(scene.counts)
    place = BACKGROUNDS[scene.background]
    if draw < 0.3:
        return describe(scene, rng)
    if draw < 0.55:
        text = _things(scene, kinds, rng, 0.3, sizes=0.5)
        return Caption(_dressed(text, rng), tuple(kinds), None)
    if draw < 0.75 and len(kinds) > 1:
        some = rng.sample(kinds, rng.randrange(1, len(kinds)))
        text = f"{_things(scene, some, rng, 0.3, sizes=0.4)} {rng.choice(place.phrases)}"
        return Caption(_dressed(text, rng), tuple(some), scene.background)
    if draw < 0.9:
        kind = rng.choice(kinds)
        text = noun(kind, 1, rng, 0.4)
        return Caption(_dressed(text, rng) if rng.random() < 0.5 else _bare(text), (kind,), None)
    group = group_of(rng.choice(kinds))
    if draw < 0.96 or group == "thing":
        return Caption(_dressed(rng.choice(place.alone), rng), (), scene.background)
    text = with_article(group)
    if rng.random() < 0.5:
        return Caption(_dressed(f"{text} {rng.choice(place.phrases)}", rng), (), scene.background, group)
    return Caption(_dressed(text, rng), (), None, group)


def group_of(kind: Kind) -> str:
    """Return the word for a kind's whole group: "animal", "fruit", ..., "shape"."""
    thing, colour = kind
    return "shape" if colour is not None else glyphs()[thing].kind


def noun(kind: Kind, count: int, rng: Random, synonyms: float, size: str = "medium") -> str:
    """Return a noun phrase: "a small red circle", "two foxes", "scissors"."""
    thing, colour = kind
    adjectives = [rng.choice(SIZE_WORDS[size])] if size in SIZE_WORDS else []
    if colour is not None:
        words = [*adjectives, colour, thing if count == 1 else plural_of(thing)]
        return f"{NUMBERS[count]} {' '.join(words)}" if count > 1 else with_article(" ".join(words))
    glyph = glyphs()[thing]
    name = glyph.name
    if glyph.synonyms and rng.random() < synonyms:
        name = rng.choice(glyph.synonyms)
    if count > 1:
        several = glyph.plural if name == glyph.name or name in BARE else plural_of(name)
        return " ".join([NUMBERS[count], *adjectives, several])
    phrase = " ".join([*adjectives, name])
    return phrase if name in BARE else with_article(phrase)


def with_article(phrase: str) -> str:
    """Put "a" or "an" before a phrase, by its first letter ("a unicorn" is the exception)."""
    vowel = phrase[0] in "aeiou" and not phrase.startswith(("uni", "ufo"))
    return f"{'an' if vowel else 'a'} {phrase}"


def plural_of(name: str) -> str:
    """Return a regular English plural."""
    if name.endswith("y") and name[-2] not in "aeiou":
        return name[:-1] + "ies"
    if name.endswith("man"):
        return name[:-2] + "en"
    return name + ("es" if name.endswith(("s", "x", "ch", "sh")) else "s")


def _things(scene: Scene, kinds: list[Kind], rng: Random, synonyms: float, sizes: float) -> str:
    """Name some kinds of a scene, with their numbers and, where it is clear, how they stand."""
    kinds = list(kinds)
    rng.shuffle(kinds)
    counts = scene.counts
    size_of = {placed.kind: placed.size for placed in scene.placed}
    phrases = []
    for kind in kinds:
        size = size_of[kind] if rng.random() < sizes else "medium"
        phrases.append(noun(kind, counts[kind], rng, synonyms, size))
    if len(kinds) == 2:
        first, second = kinds
        if scene.close(first, second) and rng.random() < 0.25:
            return f"{phrases[0]} {rng.choice(CLOSE_WORDS)} {phrases[1]}"
        relation = scene.relation(first, second)
        if relation is not None and rng.random() < 0.8:
            return f"{phrases[0]} {rng.choice(RELATION_WORDS[relation])} {phrases[1]}"
        return f"{phrases[0]} and {phrases[1]}"
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def _bare(phrase: str) -> str:
    """Drop the article: what people type."""
    return phrase.split(" ", 1)[1] if phrase.startswith(("a ", "an ")) else phrase


def _dressed(text: str, rng: Random) -> str:
    """Now and then put a text into a template."""
    return rng.choice(TEMPLATES).format(text) if rng.random() < 0.25 else text
