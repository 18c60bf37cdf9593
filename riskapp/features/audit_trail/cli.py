"""`flask audit`: check the trail, seal it, make and use the key that signs checkpoints, and erase personal data."""

import base64
import os
import secrets
import sys
import time
from datetime import timedelta
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from riskapp.adapters.signatures import is_signed, public_half
from riskapp.domain.audit_check import NEEDS_A_WITNESS
from riskapp.domain.checkpoints import NoCheckpointError, Sighting, read_printed, read_signed
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Cannot
from riskapp.features.audit import queries as audit
from riskapp.features.audit import service as trail
from riskapp.features.audit_trail import service
from riskapp.models.database import db, transaction
from riskapp.settings import kept_audit_key
from riskapp.web.clock import now, today

commands = AppGroup("audit", help="Check and seal the audit trail, sign where it stands, and erase personal data.")
OPERATOR = Actor(person_id=None, door="command")
NEWEST_ALLOWED = timedelta(minutes=5)


@commands.command("verify")
@click.option("--checkpoint", type=click.Path(path_type=Path, dir_okay=False), help="A file that holds a checkpoint.")
@click.option("--line", help="The line at the foot of a committee's paper, as it is printed there.")
@click.option("--public-key", help="The public half of the key that internal audit trusts, in base64.")
def verify(checkpoint: Path | None, line: str | None, public_key: str | None) -> None:
    """Walk the chain and name the first entry that fails and what was done to it.

    Exits with 0 if it holds, with 1 if it does not, and with 2 if the witness cannot be used.
    """
    trusted = _public_key(public_key)
    outside = [*_from_file(checkpoint, trusted), *_from_line(line)]
    begun = time.perf_counter()
    with click.progressbar(length=audit.length(OPERATOR), label="Checking", file=sys.stderr) as bar:

        def advance(to: int) -> None:
            bar.update(to - bar.pos)

        verdict = audit.verify(db.session.connection(), outside=outside, trusted=trusted, progress=advance)
    seconds = time.perf_counter() - begun
    db.session.rollback()
    with transaction():
        trail.keep_verification(verdict, seconds=seconds, by=OPERATOR, at=now())
    if verdict.fault:
        click.echo(f"FAILED at number {verdict.fault.sequence:,}: {verdict.fault.kind.words}.\n{verdict.fault.detail}")
        click.echo("Take a copy of the database as evidence before anything else is done to it.")
        sys.exit(1)
    click.echo(
        f"{verdict.checked:,} entries hold, in {seconds:.1f} seconds; {audit.unsealed_count():,} wait to be sealed."
    )
    if verdict.agreed:
        click.echo(f"The last checkpoint that agrees: {verdict.agreed}.")
    if not verdict.outside:
        kinds = "; ".join(each.words.lower() for each in NEEDS_A_WITNESS)
        click.echo(
            f"No witness from outside was given. What only one can show: {kinds}.\n"
            "Give --checkpoint with a message that internal audit kept, or --line from a committee's paper."
        )


def _public_key(given: str | None) -> bytes | None:
    """Give the key to trust: the one given, else the public half of the one set here."""
    if given is None:
        key = kept_audit_key(current_app.extensions["settings"])
        return public_half(key) if key else None
    try:
        return base64.b64decode(given, validate=True)
    except ValueError:
        raise click.BadParameter("is not a public key in base64.", param_hint="--public-key") from None


def _from_file(file: Path | None, trusted: bytes | None) -> list[Sighting]:
    if file is None:
        return []
    try:
        signed = read_signed(file.read_text(encoding="utf-8", errors="replace"))
    except OSError as problem:
        raise click.BadParameter(f"{file} cannot be read: {problem.strerror}.", param_hint="--checkpoint") from None
    except NoCheckpointError as problem:
        raise click.BadParameter(str(problem), param_hint="--checkpoint") from None
    told = signed.checkpoint
    if not is_signed(signed.public_key, told.message(), signed.signature):
        raise click.BadParameter("The signature does not hold: the file was changed.", param_hint="--checkpoint")
    if trusted is not None and signed.public_key != trusted:
        words = "It is signed with another key than the one trusted. If the key was changed, give --public-key."
        raise click.BadParameter(words, param_hint="--checkpoint")
    if told.database != audit.database_name(db.session.connection()):
        raise click.BadParameter("It is a checkpoint of another database.", param_hint="--checkpoint")
    return [Sighting(told.sequence, told.mark, told.at, "the checkpoint given")]


def _from_line(line: str | None) -> list[Sighting]:
    if line is None:
        return []
    try:
        return [read_printed(line)]
    except NoCheckpointError as problem:
        raise click.BadParameter(str(problem), param_hint="--line") from None


@commands.command("seal")
def seal() -> None:
    """Seal every entry that is not yet in the chain."""
    with transaction():
        count = trail.seal_entries(at=now())
    click.echo(f"Sealed {count:,} {'entry' if count == 1 else 'entries'}.")


@commands.command("checkpoint")
def checkpoint() -> None:
    """Sign where the chain stands, and print it: the lines may be kept anywhere outside the database."""
    key = kept_audit_key(current_app.extensions["settings"])
    if key is None:
        raise click.ClickException("AUDIT_KEY is not set. Make a key with: flask audit key --out FILE")
    with transaction():
        signed = trail.issue_checkpoint(key, by=OPERATOR, at=now())
    if signed is None:
        raise click.ClickException("Nothing is sealed yet: flask audit seal does it now.")
    click.echo(f"{signed.line()}\n{signed.printed()}")


@commands.command("key")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file to keep the secret half in.")
def key(out: Path | None) -> None:
    """Make a key that signs checkpoints, or show the public half of the one that is set.

    Give the public half to internal audit on another way than by mail from here.
    """
    if out is None:
        kept = kept_audit_key(current_app.extensions["settings"])
        if kept is None:
            raise click.ClickException("No key is set. Make one with --out FILE, and set AUDIT_KEY to the file.")
        click.echo(f"Public half: {base64.b64encode(public_half(kept)).decode()}")
        return
    made = secrets.token_bytes(32)
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{out} is there already: a key is never overwritten.") from None
    except OSError as problem:
        raise click.ClickException(f"{out} could not be written: {problem.strerror}.") from None
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(made) + b"\n")
    click.echo(f"Wrote {out}, which only this user may read. Set AUDIT_KEY to its path.")
    click.echo(f"Public half: {base64.b64encode(public_half(made)).decode()}")


@commands.command("erase")
@click.option("--person", "person_id", type=int, required=True, help="The number of the person.")
@click.option("--why", required=True, help="The reason, which stays on the record.")
def erase(person_id: int, why: str) -> None:
    """Erase what the trail says of a person or by one; the chain stays whole."""
    try:
        with transaction():
            count = service.erase_person(person_id, why=why, by=OPERATOR, at=now(), on=today())
    except Cannot as refusal:
        raise click.ClickException(" ".join(f"{reason.message}." for reason in refusal.refusals)) from None
    click.echo(f"Erased what {count:,} {'entry says' if count == 1 else 'entries say'}. The chain is whole.")
