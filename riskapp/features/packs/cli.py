"""`flask packs meetings` and `flask packs build`."""

import os
import tempfile
import time
from datetime import datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from riskapp.domain.permissions import Actor, Grant, Role
from riskapp.domain.refusal import Cannot
from riskapp.features.packs import queries, service
from riskapp.features.packs.service import Publisher
from riskapp.features.policy.queries import NoPolicyError
from riskapp.models.database import db, transaction
from riskapp.web.clock import now, today

commands = AppGroup("packs", help="Build the packs of committees and boards.")
OPERATOR = Actor(person_id=None, door="command", grants=(Grant(Role.HEAD_OF_ASSURANCE, "/"),))
"""Whoever may run commands on the server reads its database anyway: the record names the door, not a post."""


@commands.command("meetings")
def meetings() -> None:
    """List the meetings, each with the reference that `build` takes."""
    rows = queries.meetings(OPERATOR)
    if not rows:
        raise click.ClickException("No meeting is planned.")
    for row in rows:
        packs = f"version {row.packs[0].version} built" if row.packs else "no pack"
        click.echo(f"{row.reference}  {row.held_on:%Y-%m-%d}  {row.board}, {packs}")


@commands.command("build")
@click.option("--meeting", "reference", required=True, help="A reference from `flask packs meetings`.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The PDF to write.")
@click.option("--part", "number", type=click.IntRange(1, 2), default=1, help="1 for the public part, 2 for the exempt.")
@click.option("--as-at", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The day of the figures.")
def build(reference: str, out: Path, number: int, as_at: datetime | None) -> None:
    """Freeze a new version of a meeting's pack and write one part of it as PDF."""
    found = queries.meetings(OPERATOR, reference=reference.strip().upper())
    if not found:
        raise click.ClickException(f"There is no meeting {reference}. `flask packs meetings` lists them.")
    if not out.parent.is_dir():
        raise click.ClickException(f"There is no folder {out.parent}. Make it, or write elsewhere with --out.")
    started = time.perf_counter()
    settings = current_app.extensions["settings"]
    try:
        with transaction():
            pack = service.build(
                found[0],
                by=OPERATOR,
                at=now(),
                on=today(),
                as_at=as_at.date() if as_at else None,
                publisher=Publisher(settings.council_name, settings.is_demo),
            )
            size = _write(out, _drawn(found[0].reference, number))
    except Cannot as refusal:
        raise click.ClickException(" ".join(reason.message for reason in refusal.refusals)) from None
    except NoPolicyError as problem:
        raise click.ClickException(f"{problem}.") from None
    except OSError as problem:
        raise click.ClickException(f"{out} could not be written: {problem.strerror}. Nothing was kept.") from None
    took = time.perf_counter() - started
    click.echo(
        f"Built version {pack.version} for {found[0].board}, {found[0].held_on:%-d %B %Y}, figures as at "
        f"{pack.as_at:%-d %B %Y}. Wrote part {number} to {out}: {size // 1024:,} kB, {took:.1f} seconds."
    )


def _drawn(meeting: str, number: int) -> bytes:
    """Draw a part of the newest version, which this command has just built, from what is stored."""
    db.session.flush()
    [row] = queries.meetings(OPERATOR, reference=meeting)
    part = queries.frozen(OPERATOR, row.packs[0].reference, number)
    if part is None:
        raise click.ClickException("No risk is exempt, so there is no part 2. Nothing was kept.")
    return service.hand_out(part, by=OPERATOR, at=now())


def _write(out: Path, paper: bytes) -> int:
    """Write beside the file and rename, so that there is never half a paper under its name."""
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(paper)
        Path(name).replace(out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return len(paper)
