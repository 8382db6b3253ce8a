from __future__ import annotations

import click
import pytest

from searchengine.cli.query_arguments import split_arguments

OPTIONS = {"-k": True, "--format": True, "--all": False, "-0": False, "-h": False}


@pytest.mark.parametrize(
    ("line", "options", "words"),
    [
        ("a dog", [], ["a", "dog"]),
        ("a dog -k 5", ["-k", "5"], ["a", "dog"]),
        ("-k 5 a dog", ["-k", "5"], ["a", "dog"]),
        ("a -k 5 dog --all", ["-k", "5", "--all"], ["a", "dog"]),
        ("dog --format=json", ["--format=json"], ["dog"]),
        ("dog -k5", [], ["dog", "-k5"]),
        ("food -kitchen", [], ["food", "-kitchen"]),
        ("birthday -cake", [], ["birthday", "-cake"]),
        ("car -new", [], ["car", "-new"]),
        ("car -00 -hat -- --all -k", [], ["car", "-00", "-hat", "--all", "-k"]),
        ("dog -", [], ["dog", "-"]),
        ("dog -k -1", ["-k", "-1"], ["dog"]),
        ("a -- b -- c", [], ["a", "b", "--", "c"]),
    ],
)
def test_only_exact_options_are_options(line, options, words):
    assert split_arguments(line.split(), OPTIONS) == (options, words)


def test_a_slip_of_an_option_is_an_error_that_names_the_near_one():
    with pytest.raises(click.NoSuchOption) as caught:
        split_arguments(["dog", "--fromat", "json"], OPTIONS)
    assert "--format" in caught.value.format_message()
    assert "After -- everything is query" in caught.value.format_message()


@pytest.mark.parametrize("line", ["dog --all=yes", "dog --k=5"])
def test_a_value_glued_to_what_takes_none_is_an_error(line):
    with pytest.raises(click.NoSuchOption):
        split_arguments(line.split(), OPTIONS)


def test_an_option_at_the_end_without_its_value_is_an_error():
    with pytest.raises(click.BadOptionUsage, match="-k requires a value"):
        split_arguments(["dog", "-k"], OPTIONS)
