"""`imgsearch evaluate`: recall and mean reciprocal rank over a file of queries with known answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from searchengine.as_json import to_json
from searchengine.cli import output
from searchengine.cli.display import count, printable
from searchengine.evaluation import (
    RECALL_AT,
    Judgement,
    Scores,
    rank_of_first_right,
    read_judgements,
    right_answers,
    scores,
)

if TYPE_CHECKING:
    from searchengine.cli.place import Place
    from searchengine.library import Library
    from searchengine.results import SearchResults


@click.command()
@click.argument(
    "queries", metavar="QUERIES.tsv", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "-k",
    "at",
    metavar="N",
    type=click.IntRange(min=1),
    multiple=True,
    default=RECALL_AT,
    show_default=True,
    help="Report recall among the first N; may be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one object, with a row for each query.")
@click.pass_obj
def evaluate(place: Place, queries: Path, at: tuple[int, ...], *, as_json: bool) -> None:
    """Measure how well searches find what they should.

    \b
      imgsearch evaluate queries.tsv
      imgsearch evaluate queries.tsv -k 1 -k 100 --json

    QUERIES.tsv has lines of a query, a tab, and the path of a picture that is a
    right answer; relative paths start at the file's folder. Several lines with
    the same query are several right answers: any of them counts. Queries are
    taken literally.

    Recall@k is the share of queries with a right answer among the first k
    results; the mean reciprocal rank is 1 when it always comes first.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    judgements = read_judgements(queries)
    with place.open() as library:
        rows, last = _answer(library, judgements, str(queries))
    figures = scores([row["rank"] for row in rows], at=sorted(set(at)))
    if as_json:
        output.write([to_json(_summary(figures, last) | {"results": rows}, indent=2) + b"\n"])
    else:
        _print_table(figures, last)


def _answer(
    library: Library, judgements: list[Judgement], source: str
) -> tuple[list[dict[str, Any]], SearchResults]:
    """Ask every query; a row for each with the rank of its first right answer, and the last answer whole."""
    from searchengine.query.text import Text

    rows = []
    answer = library.search(Text(judgements[0].query), k=None)
    indexed = {path: hit.id for hit in answer for path in (hit.path, *hit.copies)}
    # Every mistake in the file comes to light before the first of what may be many thousand queries.
    right = [right_answers(judgement, indexed, source=source) for judgement in judgements]
    with click.progressbar(
        judgements, label="Asking", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as asked:
        for judgement, ids in zip(asked, right, strict=True):
            answer = library.search(Text(judgement.query), k=None)
            rows.append(
                {
                    "query": judgement.query,
                    "paths": list(judgement.paths),
                    "rank": rank_of_first_right((hit.id for hit in answer), ids),
                    "first": answer[0].path,
                    "took_ms": round(answer.took_ms, 1),
                }
            )
    return rows, answer


def _summary(figures: Scores, answer: SearchResults) -> dict[str, Any]:
    return {
        "space": answer.space,
        "images": answer.total,
        "queries": figures.queries,
        "recall": {str(k): round(share, 4) for k, share in figures.recall.items()},
        "mean_reciprocal_rank": round(figures.mean_reciprocal_rank, 4),
    }


def _print_table(figures: Scores, answer: SearchResults) -> None:
    from searchengine.cli.table import plain_table, show

    heads = [f"recall@{k}" for k in figures.recall]
    table = plain_table(*heads, "mean reciprocal rank", right=heads)
    table.add_row(
        *(f"{share:.3f}" for share in figures.recall.values()), f"{figures.mean_reciprocal_rank:.3f}"
    )
    show(table)
    output.note(
        f"{count(figures.queries, 'query', 'queries')} over {count(answer.total, 'image')},"
        f" model {printable(answer.space)}"
    )
