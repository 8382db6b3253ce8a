from __future__ import annotations

import http.server
import io
import socket
import sys
import threading
import time

import pytest

from searchengine.cli.picture import picture
from searchengine.errors import ImageError, ImageLimitError, UsageError
from searchengine.images.web import fetch


class Handler(http.server.BaseHTTPRequestHandler):
    """A web server with every fault a picture's address can have."""

    def do_GET(self):
        getattr(
            self,
            "get_" + self.path.strip("/").partition("?")[0].split("/")[0].replace("%20", "_"),
            self.get_nothing,
        )()

    def answer(self, body=b"", *, status=200, kind="image/jpeg", length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def get_picture(self):
        self.answer(b"pixels " + self.path.encode())

    def get_a_dog(self):
        self.answer(b"a dog")

    def get_moved(self):
        self.answer(status=302, Location="/picture")

    def get_to_a_file(self):
        self.answer(status=302, Location="file:///etc/hostname")

    def get_to_ftp(self):
        self.answer(status=302, Location="ftp://127.0.0.1/x")

    def get_page(self):
        self.answer(b"<html>", kind="text/html; charset=utf-8")

    def get_half(self):
        self.answer(b"half", length=100)

    def get_endless(self):
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            self.close_connection = True

    def get_drip(self):
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.02)
        except OSError:
            self.close_connection = True

    def get_silence(self):
        time.sleep(1)

    def get_nonsense(self):
        self.wfile.write(b"\x00\x01\x02\n\n")

    def get_nothing(self):
        self.answer(status=404)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")


def test_a_file_stays_a_path_and_an_address_becomes_bytes(site):
    assert picture("cats/tom.jpg") == "cats/tom.jpg"
    assert picture(f"{site}/picture?size=2") == b"pixels /picture?size=2"


def test_standard_input_becomes_bytes(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xd8pixels")))
    assert picture("-") == b"\xff\xd8pixels"


def test_an_empty_standard_input_is_wrong_usage(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    with pytest.raises(UsageError, match="pipe a picture into it"):
        picture("-")


def test_redirects_are_followed_and_odd_letters_quoted(site):
    assert fetch(f"{site}/moved") == b"pixels /picture"
    assert fetch(f"{site}/a dog") == b"a dog"
    assert fetch(f"{site}/picture/ж?q=ü#part") == b"pixels /picture/%D0%B6?q=%C3%BC"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("missing", "the server answers 404 Not Found"),
        ("page", "is a web page, not a picture"),
        ("half", "broke off in the middle"),
        ("nonsense", "can't be had"),
        ("to_a_file", "can't be had"),
        ("to_ftp", "can't be reached: unknown url type: ftp"),
    ],
)
def test_an_address_without_a_picture_says_what_it_has_instead(site, path, words):
    with pytest.raises(ImageError) as caught:
        fetch(f"{site}/{path}")
    assert words in str(caught.value)
    assert f"{site}/{path}" in str(caught.value)


def test_more_bytes_than_the_limit_are_not_read(site):
    with pytest.raises(ImageLimitError, match=r"bigger than 0\.1 MB"):
        fetch(f"{site}/endless", limit=100_000)
    assert len(fetch(f"{site}/picture", limit=len(b"pixels /picture"))) == 15


@pytest.mark.parametrize("path", ["drip", "silence"])
def test_a_slow_server_is_given_up(site, path):
    with pytest.raises(ImageLimitError, match=r"took longer than 0\.2 seconds"):
        fetch(f"{site}/{path}", timeout=0.2)


def test_nobody_there_is_an_error_that_says_so():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ImageError, match=r"can't be reached: Connection refused"):
        fetch(f"http://127.0.0.1:{port}/cat.jpg")


@pytest.mark.parametrize(
    "address", ["http://", "http://[::1/x", "http://a b/x", "http://localhost:99999/", "https://é" + "é" * 99]
)
def test_an_address_that_is_none_is_an_error(address):
    with pytest.raises(ImageError):
        fetch(address)
