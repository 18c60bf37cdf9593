"""`flask policy check` and `flask policy adopt`."""

from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from riskapp.domain.permissions import Actor
from riskapp.domain.policy import fingerprint, parse_policy, read_documents
from riskapp.domain.refusal import Cannot
from riskapp.features.policy import service
from riskapp.models.database import transaction
from riskapp.settings import POLICIES
from riskapp.web.clock import now, today

commands = AppGroup("policy", help="Check and adopt the risk policy.")
folder_option = click.option("--from", "folder", type=click.Path(path_type=Path), default=POLICIES, help="A folder.")


@commands.command("check")
@folder_option
def check(folder: Path) -> None:
    """Read the documents of a folder and name every fault."""
    try:
        documents = read_documents(folder)
        policy = parse_policy(documents)
    except Cannot as refusal:
        raise click.ClickException("\n".join(reason.message for reason in refusal.refusals)) from None
    click.echo(f"{policy.title}, version {policy.number}: whole and sound. Fingerprint {fingerprint(documents)}")


@commands.command("adopt")
@folder_option
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The first day; today if not said.")
def adopt(folder: Path, on: datetime | None) -> None:
    """Bring the documents of a folder into force."""
    first_day = on.date() if on else today()
    try:
        with transaction():
            version = service.adopt(
                read_documents(folder),
                by=Actor(person_id=None, door="command"),
                at=now(),
                on=first_day,
            )
    except Cannot as refusal:
        raise click.ClickException("\n".join(reason.message for reason in refusal.refusals)) from None
    click.echo(f"Policy version {version.number} is in force from {first_day:%-d %B %Y}.")
