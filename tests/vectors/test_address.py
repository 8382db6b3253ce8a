from __future__ import annotations

import os

import pytest

from searchengine.errors import UsageError
from searchengine.vectors.milvus.address import TOKEN_VARIABLE, parse


@pytest.mark.parametrize(
    ("text", "uri", "shown", "token", "database"),
    [
        ("http://localhost", "http://localhost:19530", "http://localhost:19530", "", ""),
        ("http://h:1", "http://h:1", "http://h:1", "", ""),
        ("https://root:a%40b@h:443/photos", "https://h:443", "https://h:443/photos", "root:a@b", "photos"),
        ("http://:key@h", "http://h:19530", "http://h:19530", "key", ""),
        ("http://[::1]:7", "http://[::1]:7", "http://[::1]:7", "", ""),
    ],
)
def test_a_servers_address(text, uri, shown, token, database):
    found = parse(text)
    assert (found.uri, found.shown, found.token, found.database) == (uri, shown, token, database)
    assert not found.is_folder
    assert not token or token not in repr(found)


def test_a_folders_address_is_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = parse("milvus+file:vectors")
    assert found.is_folder
    assert found.shown == f"milvus+file:{tmp_path}/vectors"
    assert os.path.dirname(found.uri) == f"{tmp_path}/vectors"


def test_the_environments_token_comes_first(monkeypatch):
    monkeypatch.setenv(TOKEN_VARIABLE, "root:other")
    assert parse("http://root:secret@h").token == "root:other"
    assert parse("http://root@h").token == "root:other"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("milvus+file:", "names no folder"),
        ("http://", "names no host"),
        ("http://h:port", "can't be read"),
        ("http://root@h", TOKEN_VARIABLE),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_way_out(text, said, monkeypatch):
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    with pytest.raises(UsageError, match=said.replace("$", ".")):
        parse(text)
