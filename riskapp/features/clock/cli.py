"""`flask clock run` and `flask clock status`."""

import sys
from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal

import click
from flask import current_app
from flask.cli import AppGroup

from riskapp.domain.clock import tick_of
from riskapp.domain.permissions import Actor
from riskapp.features.clock import jobs, queries
from riskapp.features.reminders import queries as reminders
from riskapp.web.clock import now, today

commands = AppGroup("clock", help="Do a day's work by hand, and see how the clock does.")
COMMAND = Actor(person_id=None, door="command")
Verb = Literal["Rehearsing", "Running"]
WIDTHS = "{:<28}{:>8}{:>8}{:>8}{:>9}  {}"


@commands.command("run")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The day; today if not said.")
@click.option("--dry-run", is_flag=True, help="Show what would happen, and undo it.")
def run(day: datetime | None, dry_run: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Do the work of one day, and first of the days before it that were missed.

    Each missed day since the last one done is decided, the oldest first, and all are told in the messages of the
    day asked for: as the clock does after an outage. A day that was done, or has a later one that was, is done alone
    and adds only what it lacks. A day to come is done alone too, and again by the clock when it comes.
    """
    on = day.date() if day else today()
    at = now() if on == today() else tick_of(on)
    missed = queries.days_up_to(on)[:-1] if on <= today() else ()
    of_the_day = current_app.extensions["jobs"]
    if dry_run:
        failed = _show(jobs.rehearse(of_the_day, on=on, at=at, now=now, missed=missed), "Rehearsing", on)
        click.echo("Nothing was kept and nothing was sent.")
    else:
        failed = _show(jobs.run_day_after(missed, of_the_day, on=on, at=at, now=now), "Running", on)
    sys.exit(1 if failed else 0)


def _show(ran: Iterable[jobs.Ran], verb: Verb, on: date) -> int:
    """Print each job as it ends, day by day; in a rehearsal also what would go to whom."""
    failed, day = 0, None
    before = reminders.last_message_id()
    for each in ran:
        if each.on != day:
            day = each.on
            click.echo(f"{verb} {day:%A} {day.day} {day:%B %Y}{'' if day == on else ', which was missed'}")
            click.echo(WIDTHS.format("Job", "found", "queued", "failed", "seconds", ""))
        done = each.done
        seconds = f"{each.took.total_seconds():.2f}"
        click.echo(WIDTHS.format(each.job, done.found, done.queued, done.failed, seconds, done.detail).rstrip())
        failed += each.fault is not None
        if verb == "Rehearsing":
            for line in reminders.messages_after(COMMAND, before):
                click.echo(f"    to {line.post_title or line.address}: {line.subject}")
            before = reminders.last_message_id()
    return failed


@commands.command("status")
def status() -> None:
    """Say when each job ran last, what is due next, and who may act; exit with 1 if the clock is late."""
    health = queries.health(at=now())
    for each in queries.last_runs(COMMAND):
        click.echo(WIDTHS.format(each.job, each.found, each.queued, each.failed, f"{each.seconds:.2f}", each.for_on))
    click.echo(f"Last day done: {health.last_day or 'none'}. Next: {health.next_at:%Y-%m-%d %H:%M} UTC.")
    click.echo(f"Lease: {health.holder} until {health.holder_until:%H:%M:%S} UTC." if health.is_held else "No lease.")
    click.echo(f"The clock is {health.state}." if health.last_day else "The clock never ran.")
    sys.exit(1 if health.state == "late" else 0)
