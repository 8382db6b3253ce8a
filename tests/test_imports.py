"""Who may know whom: read from the sources, nothing is imported."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
PACKAGES = ("searchengine", "indexer", "data", "training")


def name_of(path):
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    name_of(path): ast.parse(path.read_text(encoding="utf-8"))
    for package in PACKAGES
    for path in sorted((REPOSITORY / package).rglob("*.py"))
}


def imported(tree, *, at_once):
    """The modules that are imported: all, or those that are when the module itself is."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, "imports name the whole module"
            for each in node.names:
                inner = f"{node.module}.{each.name}"
                yield inner if inner in SOURCES else node.module
        elif not (at_once and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
            only_for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            waiting += node.orelse if at_once and only_for_types else ast.iter_child_nodes(node)


def test_no_module_needs_itself_not_even_late_or_for_types():
    needs = {name: set(imported(tree, at_once=False)) & SOURCES.keys() for name, tree in SOURCES.items()}
    while free := [name for name in needs if not needs[name] & needs.keys() - {name}]:
        for name in free:
            del needs[name]
    assert needs == {}


@pytest.mark.parametrize(
    ("package", "unknown"),
    [
        ("searchengine", ("indexer", "data", "training")),  # the reader never imports the writer
        ("indexer", ("data", "training", "searchengine.server")),
        ("searchengine.server", ("searchengine.cli",)),
        ("searchengine.cli", ("searchengine.server.routes", "searchengine.server.service")),
        (
            "searchengine.catalog",
            ("searchengine.vectors", "searchengine.encoders.load", "searchengine.query"),
        ),
        ("searchengine.vectors", ("searchengine.catalog", "searchengine.encoders", "searchengine.query")),
        ("searchengine.encoders", ("searchengine.catalog", "searchengine.vectors", "searchengine.query")),
        ("searchengine.images", ("searchengine.catalog", "searchengine.vectors", "searchengine.encoders")),
    ],
)
def test_rooms_do_not_know_what_stands_beside_or_above_them(package, unknown):
    assert [
        f"{name} imports {each}"
        for name, tree in SOURCES.items()
        if f"{name}.".startswith(f"{package}.")
        for each in imported(tree, at_once=True)
        if any(f"{each}.".startswith(f"{other}.") for other in unknown)
    ] == []


def test_the_reader_never_imports_the_writer_not_even_late():
    assert [
        name
        for name, tree in SOURCES.items()
        if name.startswith("searchengine")
        and any(each.partition(".")[0] == "indexer" for each in imported(tree, at_once=False))
    ] == []


def test_every_module_and_package_says_its_purpose():
    assert [name for name, tree in SOURCES.items() if not ast.get_docstring(tree)] == []
