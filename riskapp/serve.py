"""One command that starts it all: migrate, load the demonstration if asked to and empty, serve pages, run the clock."""

import gc
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
import flask_migrate
from alembic.util.exc import CommandError
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from riskapp.domain.permissions import Actor
from riskapp.features.accounts import queries as account_queries
from riskapp.features.accounts import service as accounts
from riskapp.features.demo import service as demo_service
from riskapp.features.founding import queries as founding
from riskapp.models.database import db, transaction
from riskapp.settings import Settings
from riskapp.web.clock import now, today

NOBODY = Actor(person_id=None, door="command")
SHORT_LIVED = 20_000
"""Objects that a page makes and drops: with Python's own 700 the collector looks through them many times a page."""


def settle() -> None:
    """Let the garbage collector pass over what start-up made, which lives as long as the process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(SHORT_LIVED, 20, 20)


@click.command("serve")
@with_appcontext
def serve() -> None:
    """Start the web server and the clock, in demo mode over a council that is loaded first."""
    settings: Settings = current_app.extensions["settings"]
    _refuse_a_busy_port(settings.host, settings.port)
    _migrate(current_app)
    if settings.is_demo:
        _prepare_the_demonstration(settings)
    db.session.remove()
    db.engine.dispose()
    click.echo(f"\n  riskapp is at {settings.base_url}   (Ctrl+C stops it)\n")
    sys.exit(_run_until_one_stops(_web(settings), [sys.executable, "-m", "riskapp.scheduler"]))


def _refuse_a_busy_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            raise click.ClickException(
                f"{host}:{port} cannot be used ({fault.strerror}). Choose another: make run PORT={port + 1}"
            ) from None


def _migrate(app: Flask) -> None:
    try:
        flask_migrate.upgrade(directory=app.extensions["migrate"].directory)
    except (SQLAlchemyError, CommandError) as fault:
        reason = str(getattr(fault, "orig", None) or fault).splitlines()[0]
        raise click.ClickException(f"The database cannot be used: {reason}. Check DATABASE_URL") from None


def _prepare_the_demonstration(settings: Settings) -> None:
    if not founding.has_a_council(NOBODY):
        started = time.monotonic()
        with transaction(), click.progressbar(length=100, label="Loading the demonstration council") as bar:
            demo_service.load(
                jobs=current_app.extensions["jobs"],
                by=NOBODY,
                at=now(),
                on=today(),
                progress=lambda done: bar.update(done - bar.pos),
            )
        click.echo(f"Loaded in {time.monotonic() - started:.0f} seconds.")
    password = settings.demo_password or _kept_password(settings.data_dir)
    with transaction():
        demo_service.set_password(accounts.hash_password(password))
    click.echo("\n  Sign in as:")
    for person in account_queries.demonstration_accounts(NOBODY):
        click.echo(f"    {person.email:<28} {person.purpose}")
    click.echo(f"  Password for all: {password}")


def _kept_password(folder: Path) -> str:
    """Give the demonstration's password, made once and readable by this user alone."""
    kept = folder / "demo_password"
    if not kept.exists():
        handle, draft = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "w") as file:
            file.write("-".join(secrets.token_hex(2) for _ in range(4)))
        Path(draft).replace(kept)
    return kept.read_text()


def _web(settings: Settings) -> list[str]:
    address = f"[{settings.host}]" if ":" in settings.host else settings.host
    return [
        sys.executable, "-m", "gunicorn", "wsgi:app", "--worker-class", "gthread", "--workers", "2", "--threads", "4",
        "--bind", f"{address}:{settings.port}", "--log-level", "warning", "--no-control-socket",
    ]  # fmt: skip


def _run_until_one_stops(*commands: Sequence[str]) -> int:
    """Run the commands side by side; when one ends, or somebody says stop, all of them end."""
    folder = Path(__file__).parents[1]
    running = [subprocess.Popen(command, cwd=folder) for command in commands]  # noqa: S603 - our own commands

    def stop(*_signal: object) -> None:
        for process in running:
            process.terminate()

    signal.signal(signal.SIGTERM, stop)
    try:
        while all(process.poll() is None for process in running):
            time.sleep(0.3)
    except KeyboardInterrupt:
        click.echo("\nStopping.")
    stop()
    return max(abs(process.wait(timeout=30)) for process in running)


@click.command("db-check")
def database_check() -> None:
    """Build an empty database from the migrations and compare it with the tables the code knows."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "RISKAPP_MODE": "demo", "DATA_DIR": folder}
        for name in ("DATABASE_URL", "DATABASE_URL_FILE"):
            environment.pop(name, None)
        for step in ("upgrade", "check"):
            command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", step]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
            if done.returncode:
                raise click.ClickException(f"flask db {step}: {(done.stderr or done.stdout).strip()}")
    click.echo("The migrations build the tables that the code knows.")
