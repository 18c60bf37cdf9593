"""`flask access table`."""

from pathlib import Path

import click
from flask.cli import AppGroup

from riskapp.domain import permission_table

commands = AppGroup("access", help="Who may do what.")


@commands.command("table")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file to write; the screen if not said.")
def table(out: Path | None) -> None:
    """Write the table of permissions as people read it."""
    words = permission_table.markdown()
    if out is None:
        click.echo(words, nl=False)
    else:
        out.write_text(words, encoding="utf-8")
