from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from searchengine.errors import ImgsearchError
from searchengine.evaluation import (
    Judgement,
    mean_reciprocal_rank,
    rank_of_first_right,
    read_judgements,
    recall_at,
    right_answers,
    scores,
    spellings,
)


@pytest.mark.parametrize(
    ("ranking", "right", "rank"),
    [("abc", "a", 1), ("abc", "cb", 2), ("abc", "c", 3), ("abc", "x", None), ("", "x", None)],
)
def test_the_first_right_answer_counts(ranking, right, rank):
    assert rank_of_first_right(ranking, set(right)) == rank


@pytest.mark.parametrize(
    ("ranks", "at", "reciprocal"),
    [
        ([1, 1], {1: 1, 5: 1, 10: 1}, 1),
        ([1, 2, 6, 11], {1: 0.25, 5: 0.5, 10: 0.75}, (1 + 1 / 2 + 1 / 6 + 1 / 11) / 4),
        ([None, 5], {1: 0, 5: 0.5, 10: 0.5}, 0.1),
        ([None], {1: 0, 5: 0, 10: 0}, 0),
    ],
)
def test_recall_and_reciprocal_rank_are_the_fields(ranks, at, reciprocal):
    assert {k: recall_at(k, ranks) for k in at} == at
    assert mean_reciprocal_rank(ranks) == pytest.approx(reciprocal)
    figures = scores(ranks)
    assert (figures.queries, figures.recall) == (len(ranks), at)
    assert scores(ranks, at=[2]).recall == {2: recall_at(2, ranks)}


def test_recall_agrees_with_clip_benchmarks_formula():
    """There: the top k as one-hot times the positive pairs, summed, and whether that is above 0."""
    import numpy as np

    chance = np.random.default_rng(7)
    similarity = chance.normal(size=(40, 30))
    positive = chance.random((40, 30)) < 0.05
    positive[np.arange(40), chance.integers(0, 30, 40)] = True
    order = np.argsort(-similarity, axis=1)
    ranks = [
        rank_of_first_right(row.tolist(), set(np.flatnonzero(yes)))
        for row, yes in zip(order, positive, strict=True)
    ]
    for k in (1, 5, 10):
        theirs = (np.take_along_axis(positive, order[:, :k], axis=1).sum(axis=1) > 0).mean()
        assert recall_at(k, ranks) == pytest.approx(theirs)


def test_a_file_of_judgements_is_read(tmp_path):
    file = tmp_path / "queries.tsv"
    file.write_bytes(
        b"\xef\xbb\xbfa dog\tdogs/rex.jpg\r\n\n a cat \t/cats/tom.jpg\n"
        b"a dog\tdogs/ben.jpg\nodd\tcaf\xe9\ttab.jpg"
    )
    assert read_judgements(file) == [
        Judgement("a dog", {str(tmp_path / "dogs/rex.jpg"): 1, str(tmp_path / "dogs/ben.jpg"): 4}),
        Judgement("a cat", {"/cats/tom.jpg": 3}),
        Judgement("odd", {str(tmp_path / "caf\udce9\ttab.jpg"): 5}),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a dog\trex.jpg\na cat", "queries.tsv, line 2: expected a query, a tab and a path"),
        (b"\trex.jpg", "line 1: expected a query"),
        (b"a dog\t", "line 1: expected a query"),
        (b"caf\xe9\trex.jpg", "line 1: the query isn't UTF-8"),
        (b"\n\n", "queries.tsv has no queries"),
    ],
)
def test_a_mistake_in_a_file_of_judgements_is_named_by_its_line(content, words, tmp_path):
    (tmp_path / "queries.tsv").write_bytes(content)
    with pytest.raises(ImgsearchError) as caught:
        read_judgements(tmp_path / "queries.tsv")
    assert words in str(caught.value)


def test_a_path_is_known_by_any_of_its_spellings(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/rex.jpg").touch()
    (tmp_path / "real/link.jpg").symlink_to("rex.jpg")
    (tmp_path / "alias").symlink_to("real")
    assert spellings(f"{tmp_path}/alias/../alias/link.jpg") == (
        f"{tmp_path}/alias/link.jpg",
        f"{tmp_path}/real/link.jpg",
        f"{tmp_path}/real/rex.jpg",
    )
    wanted = Judgement("dog", {f"{tmp_path}/alias/rex.jpg": 1, f"{tmp_path}/alias/link.jpg": 2})
    assert right_answers(wanted, {f"{tmp_path}/real/rex.jpg": 17}, source="q.tsv") == {17}


@pytest.fixture
def queries(indexed, tmp_path):
    """A file of queries for the library: two right answers to one, one to the other."""
    file = tmp_path / "queries.tsv"
    circle, square, *_ = indexed.pictures
    relative = os.path.relpath(square, tmp_path)
    file.write_text(f"a red circle\t{circle}\na blue square\t{relative}\na red circle\t{indexed.copy}\n")
    return file


def test_evaluate_prints_the_figures_of_its_rows(imgsearch, indexed, queries):
    done = imgsearch("--library", indexed.library, "evaluate", queries, "--json", "-k", "1", "-k", "2")
    values = json.loads(done.stdout)
    assert (values["space"], values["images"], values["queries"]) == ("builtin", len(indexed.pictures), 2)
    ranks = [row["rank"] for row in values["results"]]
    assert [row["query"] for row in values["results"]] == ["a red circle", "a blue square"]
    assert values["recall"] == {"1": recall_at(1, ranks), "2": recall_at(2, ranks)}
    assert values["mean_reciprocal_rank"] == pytest.approx(mean_reciprocal_rank(ranks), abs=1e-4)
    for row in values["results"]:
        answer = imgsearch("--library", indexed.library, "search", row["query"], "--format", "jsonl").stdout
        hits = [json.loads(line) for line in answer.splitlines()]
        assert row["first"] == hits[0]["path"]
        assert hits[row["rank"] - 1]["path"] in [str(Path(path).resolve()) for path in row["paths"]]


def test_evaluate_prints_a_table(imgsearch, indexed, queries):
    done = imgsearch("--library", indexed.library, "evaluate", queries)
    assert done.exit_code == 0
    assert done.stdout.split("\n")[0].split() == [
        "recall@1",
        "recall@5",
        "recall@10",
        "mean",
        "reciprocal",
        "rank",
    ]
    assert f"2 queries over {len(indexed.pictures)} images, model builtin" in done.stderr


def test_a_right_answer_that_is_not_indexed_is_an_error_that_names_its_line(imgsearch, indexed, queries):
    with queries.open("a") as file:
        file.write("a dog\tnowhere.jpg\n")
    done = imgsearch("--library", indexed.library, "evaluate", queries)
    assert done.exit_code == 1
    assert f"{queries}, line 4: {queries.parent / 'nowhere.jpg'} isn't in the library" in done.stderr
