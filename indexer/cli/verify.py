"""The commands that look after a library: `verify` and `optimize`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from searchengine.cli.display import count, printable, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from searchengine.cli.place import Place
    from searchengine.verify.findings import Report

UNSOUND = 1


@click.command()
@click.option("--repair", "mend", is_flag=True, help="Put right what can be, and make anew what is derived.")
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
@click.pass_obj
def verify(place: Place, /, *, mend: bool, as_json: bool) -> None:
    """Check every invariant of the library, and say what holds and what doesn't.

    \b
      imgsearch verify
      imgsearch verify --repair

    Everything is read: the database, every vector, the snapshot. Nothing is
    changed without --repair, and nothing that is right is changed with it.
    Exit code 0 when every invariant holds (after the repair), 1 when not.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    if mend:
        from indexer.upkeep.repair import repair

        report = repair(place.library)
    else:
        from searchengine.verify.library import verify as look

        report = look(place.library)
    click.echo(json.dumps(report.to_dict()) if as_json else printable_lines(report))
    if not report.sound:
        if not as_json:
            click.echo(advice(report, mended=mend), err=True)
        click.get_current_context().exit(UNSOUND)


@click.command()
@click.option(
    "--purge",
    is_flag=True,
    help="Also drop what is kept of deleted pictures, so that a restored file costs no inference.",
)
@click.pass_obj
def optimize(place: Place, /, *, purge: bool) -> None:
    """Fold all changes into a new snapshot, delete what nothing needs, give space back.

    \b
      imgsearch optimize
      imgsearch optimize --purge

    Searches go on meanwhile and are right before and after; a cold one starts
    more quickly when there is little to fold in.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    from indexer.upkeep.repair import optimize as fold

    done = fold(place.library, purge=purge)
    if done.vectors is None:
        click.echo("Nothing is indexed yet.")
        return
    parts = [f"wrote a snapshot of {count(done.vectors, 'vector')}"]
    if done.purged:
        parts.append(f"dropped {count(done.purged, 'deleted picture')}")
    if done.deleted:
        parts.append(f"deleted {count(done.deleted, 'file')} that nothing needs")
    click.echo(f"{_sentence(parts)}. The catalog: {size(done.bytes_before)}, now {size(done.bytes_after)}.")


def printable_lines(report: Report) -> str:
    """A report for people, a check a line."""
    return "\n".join(printable(line) for line in lines(report))


def lines(report: Report) -> Iterator[str]:
    """What was repaired, each check with what is wrong below it, and the verdict."""
    for words in report.repaired:
        yield f"repaired  {words}"
    for check in report.checks:
        looked_at = "" if check.looked_at is None else f" ({check.looked_at:,})"
        yield f"{'ok      ' if check.holds else 'WRONG   '}  {check.name}{looked_at}"
        for words in (*check.wrong, *check.notes):
            yield f"            {words}"
    if report.sound:
        yield f"All {len(report.checks)} checks hold."


def advice(report: Report, *, mended: bool) -> str:
    """The next step after a check that failed."""
    wrong = sum(not check.holds for check in report.checks)
    failed = f"{wrong} of {count(len(report.checks), 'check')} {'fails' if wrong == 1 else 'fail'}"
    if mended:
        return (
            f"{failed}, and a repair doesn't help: restore the library from a backup, or move it away and "
            "index again."
        )
    return f"{failed}. To put right what can be: imgsearch verify --repair"


def _sentence(parts: list[str]) -> str:
    words = ", ".join(parts)
    return words[0].upper() + words[1:]
