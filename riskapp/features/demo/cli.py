"""`flask demo load`."""

from datetime import datetime, time

import click
from flask import current_app
from flask.cli import AppGroup

from riskapp.domain.permissions import Actor
from riskapp.features.accounts.service import hash_password
from riskapp.features.demo import service
from riskapp.features.founding import queries
from riskapp.models.database import transaction
from riskapp.web.clock import LONDON, now, today

commands = AppGroup("demo", help="The demonstration council.")
NOBODY = Actor(person_id=None, door="command")


@commands.command("load")
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="The day it is loaded for; today if not said.")
@click.option("--password", envvar="DEMO_PASSWORD", help="One password for all its accounts.")
def load(on: datetime | None, password: str | None) -> None:
    """Load the demonstration council into an empty database."""
    if not current_app.extensions["settings"].is_demo:
        raise click.ClickException("The demonstration is only loaded with RISKAPP_MODE=demo")
    if queries.has_a_council(NOBODY):
        raise click.ClickException("The database holds a council already. Name an empty one in DATABASE_URL")
    day = on.date() if on else today()
    at = datetime.combine(day, time(17), LONDON) if on else now()
    with transaction(), click.progressbar(length=100, label=f"The council as it stands on {day:%-d %B %Y}") as bar:
        service.load(
            jobs=current_app.extensions["jobs"],
            by=NOBODY,
            at=at,
            on=day,
            progress=lambda done: bar.update(done - bar.pos),
        )
        bar.update(100 - bar.pos)
    if password:
        with transaction():
            service.set_password(hash_password(password))
