"""A small stand-in for the Hugging Face hub: HEAD and GET of /ORG/NAME/resolve/main/FILE, with ranges."""

import contextlib
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class StandIn:
    """What it serves and what it was asked.

    Attributes:
        files: Content by (repository, file).
        cut_after: Bytes of a GET's answer after which the connection is dropped, for every GET, or None.
        asked: (method, path, range header) of each request.
    """

    def __init__(self):  # noqa: C901 - the handler must see the stand-in
        self.files = {}
        self.cut_after = None
        self.asked = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self):
                self.answer(body=False)

            def do_GET(self):
                self.answer(body=True)

            def answer(self, *, body):
                stand_in.asked.append((self.command, self.path, self.headers.get("Range")))
                repository, _, file = self.path.lstrip("/").partition("/resolve/main/")
                content = stand_in.files.get((repository, file))
                if content is None:
                    return self.missing(repository)
                start = 0
                if wanted := self.headers.get("Range"):
                    start = int(wanted.removeprefix("bytes=").split("-")[0])
                self.send_response(206 if start else 200)
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
                self.send_header("Content-Length", str(len(content) - start))
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
                self.end_headers()
                if body:
                    self.send(content[start:])
                return None

            def missing(self, repository):
                known = any(one == repository for one, _ in stand_in.files)
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound" if known else "RepoNotFound")
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def send(self, content):
                limit = stand_in.cut_after
                if limit is None or len(content) <= limit:
                    self.wfile.write(content)
                    return
                self.wfile.write(content[:limit])
                self.wfile.flush()
                self.close_connection = True
                self.connection.shutdown(2)

            def log_message(self, *_):
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def gets(self, file):
        """The range headers of the GETs of a file."""
        return [
            wanted for method, path, wanted in self.asked if method == "GET" and path.endswith(f"/{file}")
        ]


@contextlib.contextmanager
def running():
    stand_in = StandIn()
    thread = threading.Thread(target=stand_in.server.serve_forever)
    thread.start()
    try:
        yield stand_in
    finally:
        stand_in.server.shutdown()
        stand_in.server.server_close()
        thread.join()
