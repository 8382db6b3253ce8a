"""Pages of an answer: as it is ranked, in the order of dates, or with edits of one picture as one result."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, ParamSpec, TypeVar

from searchengine.answering.ranking import Ranking
from searchengine.cores import available_cores
from searchengine.query.paging import Cursor, Page
from searchengine.query.rank import by_date, to_results
from searchengine.query.relevance import checked
from searchengine.reach import Reach
from searchengine.results import SearchResults

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from searchengine.answering.question import Question
    from searchengine.catalog.catalog import Catalog
    from searchengine.open_space import OpenSpace

    Ask = Callable[[Question, Page], SearchResults]

VERDICTS_KEPT = 100_000
"""Pairs of pictures that no further page has to compare again; 20 MB."""

Sort = Literal["relevance", "newest", "oldest"]

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Answering:
    """Answers questions, from several threads at once.

    Args:
        folder: The library's.
        catalog: Its catalog.
        space: The space that answers now; None before the first run of the indexer.
        on_stage: Told how many seconds each stage took.
    """

    def __init__(
        self,
        folder: Path,
        catalog: Catalog,
        space: Callable[[], OpenSpace | None],
        on_stage: Callable[[str, float], None],
    ) -> None:
        self._folder = folder
        self._catalog = catalog
        self._space = space
        self._on_stage = on_stage
        self._encoding = ThreadPoolExecutor(thread_name_prefix="encode")
        self._turns = threading.BoundedSemaphore(available_cores())
        self._verdicts: dict[tuple[int, int], bool] = {}
        self._latest: Ranking | None = None

    def close(self) -> None:
        """Wait for what is being encoded."""
        self._encoding.shutdown()

    def answer(self, question: Question, page: Page, sort: Sort = "relevance") -> SearchResults:
        """A page of the answer, ranked or in the order of dates."""
        ask = self._collapsed if question.collapse else self._ranked
        # With nothing to rank by, the newest come first anyway.
        by_itself = not question.query.has_direction and question.query.ranking_label is None
        if sort == "relevance" or (sort == "newest" and by_itself):
            return ask(question, page)
        return self._dated(question, ask, page, newest=sort == "newest")

    def _dated(self, question: Question, ask: Ask, page: Page, *, newest: bool) -> SearchResults:
        """An answer in the order of dates, as far as it is relevant: as much of the ranking as that takes."""
        start = time.perf_counter()
        name = f"{'newest' if newest else 'oldest'} {question.name}"
        space = self._space()
        after, first = _beginning(page, name, space)
        wanted = depth = None if page.k is None else first + page.k + 1
        while True:
            answer = ask(question, Page(depth))
            if depth is None or len(answer) < depth or answer.results[-1].relevant is not True:
                break
            depth *= 4
        if answer.results and answer.results[-1].relevant is None:
            answer = answer.with_results(answer.results[: None if wanted is None else wanted - 1])
        rest = by_date(answer.results, newest=newest, after=after)[0 if after else page.offset :]
        shown = tuple(replace(each, rank=rank) for rank, each in enumerate(rest[: page.k], start=first + 1))
        following = None
        if shown and len(rest) > len(shown) and space is not None:
            last = shown[-1]
            score = last.score if last.relevant is False else None
            following = Cursor(name, space.id, last.rank, last.id, score, last.taken_at).encode()
        took_ms = (time.perf_counter() - start) * 1000
        return replace(answer, results=shown, next=following, took_ms=took_ms)

    def _collapsed(self, question: Question, page: Page) -> SearchResults:
        """An answer in which edits of one picture are one result: as much of the ranking as that takes."""
        start = time.perf_counter()
        after, first = _beginning(page, question.name, self._space())
        # One beyond tells whether there is a next page.
        wanted = None if page.k is None else first + page.k + 1
        depth = None if wanted is None else 2 * wanted
        while True:
            answer = self._ranked(question, Page(depth))
            space = self._space()
            if space is None:
                return answer
            from searchengine.duplicates.find import collapse_results

            results, enough = collapse_results(
                answer.results,
                wanted,
                self._catalog,
                space,
                self._folder,
                verdicts=self._verdicts,
                is_reachable=Reach(),
            )
            if enough or answer.next is None or depth is None:
                break
            depth *= 2
        if len(self._verdicts) > VERDICTS_KEPT:
            self._verdicts = {}
        if after:
            # Where that result is now; when it has gone, where it was.
            first = next((each.rank for each in results if each.id == after.id), min(first, len(results)))
        shown = results[first:][: page.k]
        following = None
        if shown and len(results) > first + len(shown):
            following = Cursor(question.name, space.id, shown[-1].rank, shown[-1].id).encode()
        took_ms = (time.perf_counter() - start) * 1000
        return replace(answer, results=tuple(shown), next=following, took_ms=took_ms)

    def _ranked(self, question: Question, page: Page) -> SearchResults:
        """A page of the ranking."""
        start = time.perf_counter()
        asked, encode = question.query, question.encode
        checked(question.strictness)
        while True:
            space = self._space()
            if space is None:
                return SearchResults(question.text, "", 0, (time.perf_counter() - start) * 1000, ())
            after, first = _beginning(page, question.name, space)
            # The model loads in another thread while this one imports and maps the vectors: both are native
            # code, so a cold query waits for the longer of the two instead of for both.
            direction = None
            if not asked.has_direction:
                space.refresh()
            elif space.is_warm:
                direction = self._timed("encode", encode, space)
                space.refresh()
            else:
                encoded = self._encoding.submit(self._timed, "encode", encode, space)
                self._timed("vectors", space.refresh)
                direction = encoded.result()
            vector = direction.vector if direction else None
            if asked.ranking_label is not None:
                vector, _ = space.taught.concept(asked.ranking_label).direction
            # The vectors' search uses every core: more of them at once than there are cores gain nothing.
            with self._turns:
                answer = self._timed(
                    "rank", self._ranking(space).answer, vector, asked, page.k, page.offset, after=after
                )
            there = max(answer.total - first, 0)
            complete = answer.total > 0 and len(answer.found) >= (
                there if page.k is None else min(page.k, there)
            )
            # Fewer than there are: another process may just have switched models and dropped this space.
            if complete or self._space() is space:
                break
        # Whatever passes a filter is what was asked for, also where a taught concept ranks it.
        line = None if asked.ranking_label is None else -math.inf
        if direction and answer.best is not None:
            line = space.line(direction, answer.best, question.strictness)
        results = to_results(answer.found, answer.rows, offset=first, line=line)
        following = None
        if answer.more and answer.found:
            (embedding, by, _), last = answer.found[-1], results[-1]
            key = last.id if by is None else embedding
            following = Cursor(question.name, space.id, last.rank, key, by, last.taken_at).encode()
        took_ms = (time.perf_counter() - start) * 1000
        return SearchResults(question.text, space.name, answer.total, took_ms, results, following)

    def _timed(self, stage: str, run: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        start = time.perf_counter()
        try:
            return run(*args, **kwargs)
        finally:
            self._on_stage(stage, time.perf_counter() - start)

    def _ranking(self, space: OpenSpace) -> Ranking:
        ranking = self._latest
        if ranking is None or ranking.space is not space:
            ranking = self._latest = Ranking(self._catalog, space)
        return ranking


def _beginning(page: Page, name: str, space: OpenSpace | None) -> tuple[Cursor | None, int]:
    """The result behind which a page begins, where a cursor names one, and how many stand before the page."""
    if page.cursor is None or space is None:
        return None, page.offset
    after = Cursor.decode(page.cursor, question=name, space=space.id)
    return after, after.rank
