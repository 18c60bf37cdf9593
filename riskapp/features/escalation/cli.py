"""`flask escalation check`."""

import sys
from datetime import datetime

import click
from flask.cli import AppGroup

from riskapp.features.escalation import queries
from riskapp.web.clock import today

commands = AppGroup("escalation", help="Prove the way up.")


@commands.command("check")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The day; today if not said.")
def check(day: datetime | None) -> None:
    """Prove that every team's risks reach the top; name what is broken and exit with 1 if anything is."""
    found = queries.proof(on=day.date() if day else today())
    for words in found.warnings:
        click.echo(f"Note: {words}")
    for words in found.faults:
        click.echo(f"BROKEN: {words}")
    if found.faults:
        sys.exit(1)
    click.echo(f"Every one of {found.teams} teams reaches the top.")
