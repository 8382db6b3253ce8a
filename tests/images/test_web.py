from __future__ import annotations

import http.server
import threading

import pytest

from searchengine.errors import ImageError, UsageError
from searchengine.images import web


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("127.8.9.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # where clouds tell their machines' secrets
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_which_addresses_are_public(address, public):
    assert web.is_public(address) is public


class Handler(http.server.BaseHTTPRequestHandler):
    """Sends on to another address of this machine, or answers."""

    def do_GET(self):
        if self.path == "/on":
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.2:{self.server.server_port}/picture")
        else:
            self.send_response(200)
        self.send_header("Content-Length", "0" if self.path == "/on" else "6")
        self.end_headers()
        self.wfile.write(b"" if self.path == "/on" else b"pixels")

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def server():
    """Listens on all of this machine's own addresses; gives the port."""
    with http.server.ThreadingHTTPServer(("0.0.0.0", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield listening.server_port
        listening.shutdown()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433"])
def test_strangers_are_not_led_to_this_machine(host, server):
    assert web.fetch(f"http://127.0.0.1:{server}/picture") == b"pixels"
    with pytest.raises(UsageError, match="public"):
        web.fetch(f"http://{host}:{server}/picture", public_only=True)


def test_a_redirect_leads_nowhere_else_either(server, monkeypatch):
    monkeypatch.setattr(web, "is_public", lambda address: address == "127.0.0.1")
    assert web.fetch(f"http://127.0.0.1:{server}/picture", public_only=True) == b"pixels"
    with pytest.raises(UsageError, match=r"127\.0\.0\.2 isn't on the public internet"):
        web.fetch(f"http://127.0.0.1:{server}/on", public_only=True)


def test_a_proxy_is_not_asked_in_a_strangers_name(server, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server}")
    with pytest.raises((UsageError, ImageError), match=r"public|reached"):
        web.fetch("http://picture.invalid/picture", public_only=True)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/x", "x", "", "HTTP:/x"])
def test_only_addresses_of_the_web_are_fetched(url):
    with pytest.raises((UsageError, ImageError)):
        web.fetch(url, public_only=True)
