from __future__ import annotations

import pytest

from searchengine.errors import UsageError
from searchengine.server.settings import Settings, may_be_addressed_as
from tests.server.conftest import served

TOKEN = "correct horse battery staple"


@pytest.fixture(scope="module")
def locked(place):
    """Asks a server with a token."""
    with served(place.library, token=TOKEN, host="photos.lan", allowed_hosts=("pics.example",)) as client:
        yield client


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1:8420", True),
        ("localhost", True),
        ("LOCALHOST:8420", True),
        ("[::1]:8420", True),
        ("[::1]", True),
        ("192.168.1.4:8420", True),  # digits aren't resolved, so nobody can rebind them
        ("photos.lan", True),
        ("pics.example:443", True),
        ("pics.example.", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example:8420", False),
        ("", False),
        ("[::1", False),
        ("pics.example:1:2", False),
    ],
)
def test_only_known_names_are_answered(host, known, locked, problem):
    settings = Settings(host="photos.lan", allowed_hosts=("pics.example",))
    assert may_be_addressed_as(host, settings) is known
    answer = locked.get("/healthz", headers={"host": host})
    if known:
        assert answer.status_code in (200, 503)
        assert answer.headers["content-type"] == "application/json"
    else:
        problem(answer, 421)


@pytest.mark.parametrize(
    "path", ["/api/search", "/api/status", "/api/images/1/original", "/metrics", "/openapi.json"]
)
def test_nothing_is_told_without_the_token(path, locked, problem):
    for headers in (
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": "Bearer"},
        {"authorization": b"Bearer \xff\xfe"},
        {"cookie": "imgsearch_session=wrong"},
        {"cookie": f"imgsearch_session={TOKEN}"},
        {"cookie": "\x00;;=;"},
    ):
        answer = locked.get(path, headers=headers)
        problem(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
    assert locked.get(path, headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/status"])
def test_the_key_of_another_server_is_told_that_it_is_wrong_here(path, client, locked, problem):
    for asked in (client, locked):
        problem(asked.get(path, headers={"authorization": "Bearer run-another"}), 421)


def test_the_page_itself_tells_nothing_and_needs_none(locked):
    assert locked.get("/").status_code == 200
    assert locked.get("/healthz").status_code in (200, 503)


def test_the_token_is_exchanged_for_a_cookie(place, problem):
    with served(place.library, token=TOKEN) as client:
        problem(client.post("/api/session", json={"token": "wrong"}), 401)
        problem(client.get("/api/status"), 401)
        answer = client.post("/api/session", json={"token": TOKEN})
        assert answer.status_code == 204
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert TOKEN not in cookie
        assert client.get("/api/status").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
        ({"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 403),
        ({"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}, 200),
        ({"sec-fetch-site": "none", "sec-fetch-mode": "navigate"}, 200),
    ],
)
def test_pages_of_other_sites_get_nothing(headers, status, client):
    assert client.get("/api/status", headers=headers).status_code == status


def test_a_link_from_elsewhere_leads_to_the_page(client):
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/?q=dog", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/search", "/nowhere", "/healthz"])
def test_every_answer_is_guarded(path, client):
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


def test_an_upload_is_bounded_whether_it_says_its_length_or_not(place, problem):
    with served(place.library, upload_bytes=10_000) as client:
        form = {"content-type": "multipart/form-data; boundary=x"}
        problem(client.post("/api/search", content=b"x" * 10_001, headers=form), 413)
        chunks = (
            b"--x\r\nContent-Disposition: form-data; name=i; filename=i\r\n\r\n" + b"x" * 4000
            for _ in range(9)
        )
        problem(client.post("/api/search", content=chunks, headers=form), 413)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(host="0.0.0.0"), "needs a token"),
        (Settings(host="photos.lan"), "needs a token"),
        (Settings(token="short"), "can be guessed"),
        (Settings(token="run-of-the-mill-and-long"), "server's own key"),
    ],
)
def test_what_would_lay_pictures_open_is_refused(settings, said):
    with pytest.raises(UsageError, match=said):
        settings.check()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "localhost", "127.3.2.1"])
def test_on_this_machine_no_token_is_needed(host):
    Settings(host=host).check()
