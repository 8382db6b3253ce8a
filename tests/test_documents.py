"""The documents lead somewhere: every link has a target, every command a place where it is explained."""

import re
from pathlib import Path

import pytest

from searchengine.cli import COMMANDS

REPOSITORY = Path(__file__).parent.parent
DOCUMENTS = [
    REPOSITORY / "README.md",
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    REPOSITORY / "deploy/README.md",
]
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(document: Path) -> set[str]:
    """The names that GitHub gives to a document's headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_have_targets(document):
    for target, anchor in LINK.findall(document.read_text(encoding="utf-8")):
        file = (document.parent / target).resolve() if target else document
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), f"{target}#{anchor}"


def test_every_document_can_be_reached_from_the_readme():
    seen, ahead = set(), [REPOSITORY / "README.md"]
    while ahead:
        document = ahead.pop()
        if document in seen or document.suffix != ".md":
            continue
        seen.add(document)
        ahead += [
            (document.parent / target).resolve()
            for target, _ in LINK.findall(document.read_text(encoding="utf-8"))
            if target
        ]
    assert set(DOCUMENTS) <= seen


def test_every_command_is_in_a_document():
    told = "\n".join(each.read_text(encoding="utf-8") for each in DOCUMENTS)
    assert [name for name in COMMANDS if f"imgsearch {name}" not in told and f"`{name}`" not in told] == []
