from __future__ import annotations

import json
import os
import socket

import pytest

from searchengine import running
from searchengine.running import Announcement, Running


@pytest.fixture
def announcement(tmp_path):
    """Of a server in this process."""
    return Announcement(tmp_path, Running.this("http://127.0.0.1:8420"))


def test_a_server_is_found_while_it_runs(announcement, tmp_path):
    assert running.read(tmp_path) is None
    announcement.publish()
    found = running.read(tmp_path)
    assert found == announcement.running
    assert (found.is_here, found.pid, found.host) == (True, os.getpid(), socket.gethostname())
    announcement.withdraw()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_nobody_else_may_read_the_key(announcement, tmp_path):
    announcement.publish()
    assert (tmp_path / running.FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_the_record_of_another_server_stays(announcement, tmp_path):
    announcement.publish()
    other = Announcement(tmp_path, Running.this("http://127.0.0.1:8421"))
    other.publish()
    announcement.withdraw()
    assert running.read(tmp_path) == other.running


def test_a_server_that_has_ended_is_not_announced_late(announcement, tmp_path):
    announcement.withdraw()
    announcement.publish()
    assert running.read(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"address": 1}', json.dumps({"pid": 3, "new": 1})])
def test_what_is_no_record_counts_as_none(text, tmp_path):
    (tmp_path / running.FILE_NAME).write_text(text)
    assert running.read(tmp_path) is None


def test_one_of_another_machine_or_version_is_not_here(announcement):
    values = {name: getattr(announcement.running, name) for name in Running.__slots__}
    assert not Running(**{**values, "host": "elsewhere"}).is_here
    assert not Running(**{**values, "version": "0.0.1"}).is_here
