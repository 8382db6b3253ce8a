from __future__ import annotations

import pytest

from searchengine.cli.display import count, duration, file_uri, printable, short, size


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("rex.jpg", "rex.jpg"),
        ("Фото 犬 🐕‍🦺.jpg", "Фото 犬 🐕‍🦺.jpg"),
        ("9.41.00\u202fAM.png", "9.41.00\u202fAM.png"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("two\nlines\ttab", r"two\x0alines\x09tab"),
        ("caf\udce9.jpg", r"caf\xe9.jpg"),
        ("gpj.\u202etxt", r"gpj.\u202etxt"),
    ],
)
def test_names_are_shown_without_what_could_harm_a_terminal(name, shown):
    assert printable(name) == shown


def test_the_home_folder_is_shortened_and_its_namesakes_are_not():
    assert short("/home/ann/pictures", home="/home/ann") == "~/pictures"
    assert short("/home/ann", home="/home/ann/") == "~"
    assert short("/home/anna/pictures", home="/home/ann") == "/home/anna/pictures"
    assert short("/pictures", home="/") == "/pictures"


def test_an_address_of_a_file_is_quoted_byte_by_byte():
    assert file_uri("/a b/#1?caf\udce9.jpg") == "file:///a%20b/%231%3Fcaf%E9.jpg"


def test_a_number_agrees_with_its_noun():
    assert [count(0, "image"), count(1, "image"), count(1204, "image"), count(2, "copy", "copies")] == [
        "0 images",
        "1 image",
        "1,204 images",
        "2 copies",
    ]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (48_234_567, "48.2 MB"),
        (482_345_678, "482 MB"),
        (999_999, "1.0 MB"),
        (3_200_000_000_000, "3.2 TB"),
        (3_200_000_000_000_000, "3200 TB"),
    ],
)
def test_sizes_count_in_powers_of_ten(number, shown):
    assert size(number) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (12.4, "12 s"),
        (59.6, "1 min 0 s"),
        (75, "1 min 15 s"),
        (4330, "1 h 12 min"),
    ],
)
def test_a_length_of_time_is_told_in_its_two_largest_units(seconds, shown):
    assert duration(seconds) == shown
