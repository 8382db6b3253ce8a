"""The whole indexer over 1,622 odd, broken and malicious files, the built-in model included."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from indexer.disk.scan import scan
from indexer.update import Update
from searchengine.catalog import report
from searchengine.catalog.catalog import Catalog

# A reason names the cause and then what can be done about it.
REMEDIES = ("restore it from a copy", "save it as JPEG or PNG", "save a smaller copy", "leave this one out")


def adds_up(summary) -> bool:
    parts = summary.added + summary.updated + summary.moved + summary.unchanged + summary.failed
    return summary.seen == parts


@pytest.mark.shared
def test_hostile_files_are_indexed_or_fail_with_a_reason_and_are_not_tried_again(shared, library):
    pytest.importorskip("pillow_heif")
    folder = shared / "hostile"
    candidates = list(scan(os.fsencode(folder)))
    assert len(candidates) == 1513, "the others are textures, icons, raw bitmaps and text"

    first = Update(library, model="builtin").run([folder])
    assert adds_up(first)
    assert first.seen == len(candidates)
    assert first.added > 880
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        failures = list(report.failures(session))
        indexed = report.counts(session).files
    assert len(failures) == first.failed
    assert indexed + len(failures) == first.seen
    reasons = Counter(failure.error for failure in failures)
    assert [reason for reason in reasons if not any(remedy in reason for remedy in REMEDIES)] == []
    assert len(reasons) < 80, "a reason is what a person would say, not what each decoder happens to"

    second = Update(library, model="builtin").run([folder])
    assert adds_up(second)
    assert (second.seen, second.unchanged, second.failed) == (first.seen, first.added, first.failed)
    assert "read" not in second.stages
