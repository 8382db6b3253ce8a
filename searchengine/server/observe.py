"""What the server does, for whoever runs it: metrics for Prometheus and a log of requests.

Neither holds anything that was asked for: of a request's path only the route's pattern is kept.
"""

from __future__ import annotations

import json
import logging
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

access = logging.getLogger("imgsearch.access")

_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """The counters of one server.

    Attributes:
        registry: What `/metrics` prints.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "imgsearch_request_seconds",
            "Time from a request's first byte to its answer's last.",
            ("route", "method", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.bytes = Counter(
            "imgsearch_response_bytes", "Bytes of answers.", ("route",), registry=self.registry
        )
        self.open = Gauge("imgsearch_requests_open", "Requests being answered now.", registry=self.registry)
        self.stages = Histogram(
            "imgsearch_search_stage_seconds",
            "Time of a search's stages: read what was sent, wait for a turn, search (encode, rank), write.",
            ("stage",),
            buckets=_BUCKETS,
            registry=self.registry,
        )

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time that the body takes as a stage of a search."""
        with self.stages.labels(name).time():
            yield


class Observed:
    """Times every request; writes one JSON object a line for each, where that is asked for."""

    def __init__(self, app: ASGIApp, metrics: Metrics, *, log: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        status = 500
        sent = 0

        async def counted(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            sent += len(message.get("body", b""))
            await send(message)

        self._metrics.open.inc()
        try:
            await self._app(scope, receive, counted)
        finally:
            self._metrics.open.dec()
            took = time.perf_counter() - start
            route = getattr(scope.get("route"), "path", None) or "none"
            # Methods can be made up without end, and each would be a series of its own.
            method = (
                scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "PATCH", "DELETE") else "other"
            )
            self._metrics.requests.labels(route, method, str(status)).observe(took)
            self._metrics.bytes.labels(route).inc(sent)
            if self._log:
                line = {
                    "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                    "client": (scope.get("client") or ("", 0))[0],
                    "method": method,
                    "route": route,
                    "status": status,
                    "bytes": sent,
                    "ms": round(took * 1000, 1),
                }
                access.info(json.dumps(line))
