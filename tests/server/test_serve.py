from __future__ import annotations

import json
import signal
import socket
import sys
import threading
import time
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner

from searchengine import running as records
from searchengine.cli import program
from searchengine.server.run import _listen
from tests.server.conftest import server_process

WORDS = "a dog on a beach"


def get(address, path, **headers):
    with urlopen(Request(address + path, headers=headers), timeout=60) as answer:
        return answer.status, dict(answer.headers), answer.read()


@pytest.fixture(scope="module")
def running(place):
    """The address of a server in a process of its own."""
    with server_process(place.library) as (address, _):
        yield address


def test_a_search_over_the_wire(running, place):
    status, headers, body = get(running, f"/api/search?q={quote(WORDS)}")
    first = json.loads(body)["results"][0]
    assert (status, headers["content-type"]) == (200, "application/json")
    assert first["path"] == str(place.scenes[WORDS])
    data = place.scenes[WORDS].read_bytes()
    assert get(running, first["original"], Range="bytes=100-199")[::2] == (206, data[100:200])


def test_many_searches_at_once_get_what_each_asked_for(running, place):
    wrong, questions = [], [*place.scenes] * 6

    def ask(words):
        body = json.loads(get(running, f"/api/search?q={quote(words)}&k=3")[2])
        if body["query"] != words or len(body["results"]) != 3:
            wrong.append(body)

    threads = [threading.Thread(target=ask, args=(words,)) for words in questions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_foreign_name_is_refused_over_the_wire_too(running):
    with pytest.raises(HTTPError) as refused:
        get(running, "/api/status", Host="evil.example")
    with refused.value as answer:
        assert answer.code == 421


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop_it_finishes_what_it_has_begun(how, place):
    with server_process(place.library) as (address, process):
        get(address, "/api/status")
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as wire:
            body = b'{"q": "a dog"}'
            head = f"POST /api/search HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            wire.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
            get(address, "/api/status")  # by now the one before has been read so far
            process.send_signal(how)
            wire.sendall(body[5:])
            wire.settimeout(120)
            answer = b"".join(iter(lambda: wire.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200 OK")
        process.wait(120)
        assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGTERM)


def test_the_access_log_has_a_line_a_request_and_nothing_of_what_was_asked(place):
    with server_process(place.library, "--access-log") as (address, process):
        get(address, "/api/search?q=secret")
        process.send_signal(signal.SIGINT)
        lines = process.stderr.read()
    first = json.loads(lines.splitlines()[0])
    assert (first["method"], first["route"], first["status"]) == ("GET", "/api/search", 200)
    assert "secret" not in lines


def run(*arguments, env=None):
    return CliRunner().invoke(program, [str(argument) for argument in arguments], env=env or {})


def test_a_library_that_is_not_there_is_not_served(tmp_path):
    done = run("--library", tmp_path / "none", "serve")
    assert done.exit_code == 1
    assert "no library" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "needs a token"),
        (["--host", "192.0.2.1"], "needs a token"),
        (["--port", "x"], "--port"),
    ],
)
def test_what_is_unsafe_or_makes_no_sense_is_refused(arguments, said, place):
    done = run("--library", place.library, "serve", *arguments, env={"IMGSEARCH_TOKEN": ""})
    assert done.exit_code == 2
    assert said in done.stderr


def test_without_the_extra_it_says_what_to_install(place, monkeypatch):
    monkeypatch.delitem(sys.modules, "searchengine.server.run", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    done = run("--library", place.library, "serve")
    assert done.exit_code == 2
    assert "pip install 'imgsearch[server]'" in done.stderr


def test_connections_do_not_wait_for_receipts():
    with _listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()) as client:
        connection, _ = listening.accept()
        with connection, client:
            assert connection.proto == socket.IPPROTO_TCP  # what asyncio looks at before it sets TCP_NODELAY


def test_a_server_can_be_found_by_its_library_and_lets_in_who_may_read_that(place):
    token = "a token of some length"
    with server_process(place.library, env={"IMGSEARCH_TOKEN": token}) as (address, process):
        end = time.monotonic() + 120
        while (found := records.read(place.library)) is None:  # until it has searched once
            assert time.monotonic() < end
            time.sleep(0.05)
        assert (found.address, found.pid, found.is_here) == (address, process.pid, True)
        key = {"Authorization": f"Bearer {found.key}"}
        assert get(address, f"/api/search?q={quote(WORDS)}", **key)[0] == 200
        with pytest.raises(HTTPError) as refused:  # that of a server that was here before
            get(address, "/api/search", Authorization="Bearer run-another")
        with refused.value as answer:
            assert answer.code == 421
        process.send_signal(signal.SIGTERM)
        process.wait(120)
        assert records.read(place.library) is None


def test_a_port_that_is_taken_is_named(place):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("--library", place.library, "serve", "--port", port)
    assert done.exit_code == 2
    assert f"port {port}" in done.stderr
    assert "--port" in done.stderr
