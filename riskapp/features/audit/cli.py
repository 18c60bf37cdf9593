"""`flask audit verify` and `flask audit seal`."""

import sys

import click
from flask.cli import AppGroup

from riskapp.features.audit import queries, service
from riskapp.models.database import transaction
from riskapp.web.clock import now

commands = AppGroup("audit", help="Check and seal the audit trail.")


@commands.command("verify")
def verify() -> None:
    """Walk the chain and name the first entry that fails."""
    verdict = queries.verify()
    if verdict.fault:
        click.echo(f"FAILED after {verdict.checked} entries: {verdict.fault}")
        sys.exit(1)
    click.echo(f"{verdict.checked} entries hold; {service.entries_unsealed()} wait for the clock to seal them.")


@commands.command("seal")
def seal() -> None:
    """Seal every entry that is not yet in the chain."""
    with transaction():
        count = service.seal_entries(at=now())
    click.echo(f"Sealed {count} entries.")
