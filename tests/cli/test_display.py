from __future__ import annotations

import pytest

from searchengine.cli.display import count, file_uri, printable, short


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
