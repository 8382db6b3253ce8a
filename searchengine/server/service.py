"""What the routes share: the library, turns for heavy work, and whether searches are answered at all."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import anyio
import anyio.to_thread
from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from searchengine.as_json import to_json
from searchengine.cores import available_cores
from searchengine.encoders.texts import MOST_AT_ONCE
from searchengine.errors import ImgsearchError
from searchengine.query.text import Text
from searchengine.server.decoder import Decoder
from searchengine.server.fetcher import WORKERS, Fetcher
from searchengine.server.observe import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from searchengine.details import Details
    from searchengine.duplicates.results import Duplicates, Level
    from searchengine.library import Library
    from searchengine.results import SearchResults
    from searchengine.server.settings import Settings
    from searchengine.understanding.clusters import Cluster

logger = logging.getLogger(__name__)

SEARCHES = 2 * MOST_AT_ONCE
"""How many run at once: while the texts of one half are encoded, the other half is ranked."""

T = TypeVar("T")
Readiness = Literal["starting", "ok", "unavailable"]


class Service:
    """One library being served.

    Searches have threads of their own, so that thumbnails don't wait for them: enough for their texts to be
    encoded together (`searchengine.encoders.texts`). The library ranks no more at once than there are cores.

    Attributes:
        library: The library.
        settings: How it is served.
        metrics: Its counters.
        readiness: Whether searches are answered, as far as is known.
        uploads: How many requests' pictures are in memory at once; those of the others wait on disk.
    """

    def __init__(self, library: Library, settings: Settings) -> None:
        self.library = library
        self.settings = settings
        self.metrics = Metrics()
        library.on_stage = lambda stage, seconds: self.metrics.stages.labels(stage).observe(seconds)
        self.readiness: Readiness = "starting"
        cores = available_cores()
        self._searches = anyio.CapacityLimiter(SEARCHES)
        at_once = max(1, cores // 2)  # each may hold a picture of 500 MB
        self._decoders = anyio.CapacityLimiter(at_once)
        self._decoder = Decoder(
            workers=at_once, seconds=settings.decode_seconds, pixels=settings.upload_pixels
        )
        library.open_picture = self._decoder
        self._fetcher = Fetcher(limit=settings.upload_bytes) if settings.allow_fetch else None
        self._fetched: OrderedDict[str, bytes] = OrderedDict()
        self._fetching = anyio.CapacityLimiter(WORKERS)
        self._surveys = anyio.CapacityLimiter(1)
        self._looks = anyio.CapacityLimiter(1)
        self._lessons = anyio.CapacityLimiter(1)
        self.uploads = anyio.CapacityLimiter(2 * cores)
        self._groups: dict[str, tuple[int, Duplicates]] = {}
        self._clusters: dict[int | None, tuple[int, tuple[Cluster, ...]]] = {}

    async def searching(self, search: Callable[[], SearchResults]) -> bytes:
        """Search in a thread, when it is this search's turn; the answer as JSON."""

        def answer() -> bytes:
            with self.metrics.stage("search"):
                results = search()
            with self.metrics.stage("write"):
                return self._render(results)

        return await self.in_turn(answer)

    async def in_turn(self, search: Callable[[], T]) -> T:
        """Do what searches in a thread, when it is its turn."""
        asked = time.perf_counter()

        def run() -> T:
            self.metrics.stages.labels("wait").observe(time.perf_counter() - asked)
            return search()

        return await anyio.to_thread.run_sync(run, limiter=self._searches)

    def close(self) -> None:
        """End the processes that work for it."""
        self._decoder.close()
        if self._fetcher:
            self._fetcher.close()

    async def fetching(self, url: str, *, fresh: bool) -> bytes:
        """The bytes behind an address.

        Args:
            url: The address.
            fresh: Whether those that were fetched for the page before won't do.

        Raises:
            HTTPException: Fetching wasn't allowed when the server was started.
        """
        if self._fetcher is None:
            raise HTTPException(
                HTTPStatus.FORBIDDEN,
                "this server fetches nothing; start it with --allow-fetch, or send the picture itself",
            )
        fetch = self._fetcher
        if fresh or url not in self._fetched:
            data = await anyio.to_thread.run_sync(lambda: fetch(url), limiter=self._fetching)
            self._fetched[url] = data
        self._fetched.move_to_end(url)
        data = self._fetched[url]
        while len(self._fetched) > 1 and sum(map(len, self._fetched.values())) > self.settings.upload_bytes:
            self._fetched.popitem(last=False)
        return data

    async def decoding(self, decode: Callable[[], T]) -> T:
        """Decode a picture in a thread, when it is its turn."""
        return await anyio.to_thread.run_sync(decode, limiter=self._decoders)

    async def duplicates(self, level: Level, *, fresh: bool) -> Duplicates:
        """The library's duplicates; found once, until pictures come or go.

        Args:
            level: How alike.
            fresh: Whether those that were found before pictures came or went won't do.
        """

        def find() -> Duplicates:
            now = self.library.last_change()
            known = self._groups.get(level)
            if known is None or (fresh and known[0] != now):
                known = self._groups[level] = now, self.library.duplicates(level)
            return known[1]

        return await anyio.to_thread.run_sync(find, limiter=self._surveys)

    async def clusters(self, count: int | None) -> tuple[Cluster, ...]:
        """The library's groups; found once, until pictures come or go."""

        def find() -> tuple[Cluster, ...]:
            now = self.library.last_change()
            known = self._clusters.get(count)
            if known is None or known[0] != now:
                self._clusters.clear()  # one answer has an id for every picture: no more are kept
                known = self._clusters[count] = now, self.library.cluster(count)
            return known[1]

        return await anyio.to_thread.run_sync(find, limiter=self._surveys)

    async def classifying(self, classify: Callable[[], T]) -> T:
        """Classify in a thread, when it is its turn among the searches."""
        return await anyio.to_thread.run_sync(classify, limiter=self._searches)

    async def looking(self, look: Callable[[], T]) -> T:
        """Look closely at pictures in a thread, one request at a time: each takes all cores for a while."""
        return await anyio.to_thread.run_sync(look, limiter=self._looks)

    @property
    def may_teach(self) -> bool:
        """Whether labels can be changed: by nobody where nobody has to show who they are."""
        return self.settings.token is not None

    async def teaching(self, teach: Callable[[], T]) -> T:
        """Change a label in a thread, one request at a time: the catalog has one writer anyway."""
        return await anyio.to_thread.run_sync(teach, limiter=self._lessons)

    def warm_up(self, on_ready: Callable[[], None] | None) -> None:
        """Load model and vectors, in a thread, so that the first visitor doesn't wait for them.

        Args:
            on_ready: Called when searches are answered.
        """

        def search_once() -> None:
            if self.probe() == "ok" and on_ready:
                on_ready()

        # A daemon: a model's download may take minutes, and stopping doesn't wait for it.
        threading.Thread(target=search_once, name="warm up", daemon=True).start()

    def probe(self) -> Readiness:
        """Search once, all the way, and note whether that works."""
        try:
            self.library.search(Text("a picture"), k=1)
        except Exception as error:
            # Whatever it is, searches aren't answered; of a mistake of ours the log has more than a sentence.
            logger.warning("searches can't be answered: %s", error, exc_info=not _is_explained(error))
            self.readiness = "unavailable"
        else:
            self.readiness = "ok"
        return self.readiness

    def _render(self, results: SearchResults) -> bytes:
        """An answer as JSON, every result with the addresses of its picture."""
        answer = results.to_dict() | {"next": results.next}
        answer["results"] = [
            result | addresses(result["id"], result["hash"], result["time"]) for result in answer["results"]
        ]
        return to_json(answer)


def _is_explained(error: Exception) -> bool:
    return isinstance(error, ImgsearchError | OSError)


def details(service: Service, image: int) -> Details:
    """What is known of a picture.

    Raises:
        HTTPException: There is none with this id.
    """
    try:
        return service.library.image(image)
    except KeyError:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"the library has no picture {image}") from None


def addresses(image: int, digest: str, time: float | None = None) -> dict[str, str]:
    """Where a picture's files are; with the hash in its address, a file may be kept for ever."""
    base, version = f"/api/images/{image}", f"?v={digest[:16]}"
    frame = "" if time is None else f"&t={time!r}"
    return {
        "thumbnail": f"{base}/thumbnail{version}{frame}",
        "preview": f"{base}/preview{version}{frame}",
        "original": f"{base}/original{version}",
    }


async def _service(request: Request) -> Service:  # a function that isn't async is called in a thread
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(_service)]


def counted(values: dict[str, int]) -> Iterable[dict[str, Any]]:
    """A facet's values as a list, which keeps their order in every JSON reader."""
    return [{"value": value, "count": count} for value, count in values.items()]
