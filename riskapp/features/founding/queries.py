"""The demonstration council as its files describe it, and whether a database already holds a council."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from riskapp.domain.permissions import Actor
from riskapp.models.database import db
from riskapp.models.people import Unit

FOLDER = Path(__file__).parent / "council"
FILES = (
    "organisation", "plan", "bodies", "risks", "actions", "escalations", "reviews", "access", "exemptions",
    "challenges", "tolerances", "network",
    "registers", "life",
)  # fmt: skip

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Council:
    """Every table of every file, by name: `rows("risk")` gives the risks in the order they are written."""

    tables: Mapping[str, tuple[Row, ...]]

    def rows(self, name: str) -> tuple[Row, ...]:
        """Give the rows of a table; one that no file has is a KeyError."""
        return self.tables[name]


@cache
def council() -> Council:
    """Read the files once."""
    tables: dict[str, tuple[Row, ...]] = {}
    for name in FILES:
        content = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
        tables |= {key: tuple(rows) for key, rows in content.items()}
    return Council(tables)


def has_a_council(actor: Actor) -> bool:
    """Tell whether the database holds an organisation; one that does is never loaded over."""
    del actor
    return db.session.scalar(select(Unit.id).limit(1)) is not None
