#!/usr/bin/env python3
"""Print how much there is of source and of tests, package by package, as docs/design.md has it.

Lines with code on them count: no blank ones, no comments, no docstrings. Tests lie as the packages do.
"""

import ast
import io
import subprocess
import tokenize
from collections import Counter
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
LONG = 400  # lines, whatever is on them


def code_lines(source: str) -> int:
    """How many lines of a module have code on them."""
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in LAYOUT and token.string:
            found.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
            found.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(found)


def package(path: Path) -> str:
    """Where a file belongs: `indexer`, `searchengine/catalog`, …; what tests several is `all together`."""
    folders = path.parent.parts
    if folders[0] == "tests":
        folders = folders[1:]
        if folders and (REPOSITORY / "searchengine" / folders[0]).is_dir():
            folders = ("searchengine", *folders)
    if not folders:
        return "all together"
    return "/".join(folders[:2] if folders[0] == "searchengine" else folders[:1])


def main() -> None:
    """Print the table, and which modules are long."""
    tracked = subprocess.check_output(["git", "ls-files", "*.py", "*.js"], cwd=REPOSITORY, text=True)
    files, source, tests = Counter(), Counter(), Counter()
    long = []
    for path in map(Path, tracked.splitlines()):
        text = (REPOSITORY / path).read_text(encoding="utf-8")
        is_script = path.suffix == ".js"
        lines = sum(map(bool, map(str.strip, text.splitlines()))) if is_script else code_lines(text)
        if path.parts[0] == "tests":
            tests[package(path)] += lines
        else:
            files[package(path)] += 1
            source[package(path)] += lines
            if len(text.splitlines()) > LONG:
                long.append(f"{path} ({len(text.splitlines())})")
    print("| | files | lines of code | lines of tests |\n|---|---|---|---|")
    for name in sorted(source.keys() | tests.keys()):
        print(f"| `{name}` | {files[name]} | {source[name]:,} | {tests[name]:,} |")
    print(f"| **together** | {files.total()} | {source.total():,} | {tests.total():,} |")
    print(f"\nModules of more than {LONG} lines: {', '.join(long) or 'none'}")


if __name__ == "__main__":
    main()
