from __future__ import annotations

import io

import pytest
from rich.console import Console

from searchengine.cli.lines import LINE, for_terminal, lines
from searchengine.cli.table import UNBOUNDED, console, plain_table, rendered, results_table, show

LONG = "/media/disk/photos/a very long folder name indeed/IMG_20230501_101112_panorama_edited.jpg"


@pytest.fixture
def drawn():
    """Draws a table of results as a terminal of some width shows it."""

    def draw(*results, width, terminal=True):
        target = Console(
            file=io.StringIO(), width=width, force_terminal=terminal, highlight=False, markup=False
        )
        return rendered(results_table(results, width=width), on=target)

    return draw


def test_a_wide_terminal_gets_every_column(result, drawn):
    text = drawn(result(), width=120)
    for part in ("#", "score", "0.312", "rex.jpg", "/photos/2023", "4000 × 3000", "2023-05-01"):  # noqa: RUF001
        assert part in text


@pytest.mark.parametrize("width", [120, 80, 60])
def test_no_line_is_wider_than_the_terminal_and_no_name_is_cut(result, drawn, width):
    lines = drawn(result(path=LONG, rank=100), width=width, terminal=False).splitlines()
    assert max(map(len, lines)) <= width
    letters = "".join("".join(lines).split())
    assert "…" not in letters
    assert "panorama_edit" in letters


def test_sixty_columns_leave_out_the_size_and_put_the_folder_below_the_name(result, drawn):
    lines = drawn(result(), width=60, terminal=False).splitlines()
    assert "4000" not in "".join(lines)
    assert "rex.jpg" in lines[1]
    assert lines[2].strip() == "/photos/2023"


def test_a_name_is_a_link_to_its_file(result, drawn):
    assert "file:///photos/a%20b.jpg\x1b\\" in drawn(result(path="/photos/a b.jpg"), width=100)


def test_what_is_worth_knowing_about_a_picture_stands_beside_its_name(result, drawn):
    text = drawn(result(offline=True, flags=("truncated",), copies=("/b.jpg", "/c.jpg")), width=120)
    assert "offline, truncated, + 2 copies" in text


def test_a_hostile_name_cannot_reach_the_terminal(result, drawn):
    text = drawn(result(path="/photos/\x1b]0;title\x07[red]\udcff.jpg"), width=120)
    assert "\x1b]0;" not in text
    assert r"\x1b]0;title\x07[red]\xff.jpg" in text


def test_less_relevant_results_are_dim(result, drawn):
    assert "\x1b[2m" in drawn(result(relevant=False), width=120)
    assert "\x1b[2m" not in drawn(result(relevant=None), width=120)


def test_a_line_parts_what_is_relevant_from_the_rest_once(result, drawn):
    ranking = [result(rank=rank, relevant=rank <= 2) for rank in range(1, 6)]
    drawn_lines = drawn(*ranking, width=120, terminal=False).splitlines()
    assert [number for number, text in enumerate(drawn_lines) if LINE in text] == [
        3
    ]  # after the head and two
    for untouched in (ranking[:2], [result(relevant=None)]):
        assert LINE not in drawn(*untouched, width=120)
    assert LINE in drawn(ranking[4], width=60)


def test_what_is_no_terminal_gets_plain_lines_of_any_length(result, capsys):
    assert console().width == UNBOUNDED
    show(results_table([result(path="/photos/" + "x" * 300 + ".jpg")], width=UNBOUNDED))
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert "x" * 300 + ".jpg" in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_a_pipe_gets_what_a_very_wide_terminal_would(result, drawn):
    ranking = [
        result(rank=9, path="/photos/東京/Été.jpg", copies=("/b.jpg",), flags=("truncated",), taken_at=None),
        result(rank=10, path="/photos/\x1b]0;a\udcff.jpg", score=None, relevant=False, edits=("/c.jpg",)),
        result(rank=11, path="/clip.mp4", time=61.5, relevant=False, offline=True, width=1),
    ]
    assert lines(ranking) == drawn(*ranking, width=UNBOUNDED, terminal=False)
    assert lines(ranking[:1]) == drawn(ranking[0], width=UNBOUNDED, terminal=False)


@pytest.mark.parametrize(("variable", "value"), [("FORCE_COLOR", "1"), ("TTY_COMPATIBLE", "1")])
def test_who_asks_for_colours_in_a_pipe_gets_them(monkeypatch, variable, value):
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    assert not for_terminal()
    monkeypatch.setenv(variable, value)
    assert for_terminal()


def test_no_color_leaves_no_colour(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    target = Console(file=io.StringIO(), width=80, force_terminal=True)
    table = plain_table("name")
    table.add_row("rex", style="red")
    assert "\x1b[31m" not in rendered(table, on=target)
