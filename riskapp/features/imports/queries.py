"""The organisation as a file is read against it, and the previews of files."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from riskapp.domain.import_plan import PostState, State, TenureState, UnitState
from riskapp.domain.imports import CAPACITIES
from riskapp.domain.permissions import Actor
from riskapp.features.organisation import queries as organisation
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.imports import ImportPreview
from riskapp.models.people import Person, Post, Tenure, Unit

DONE = {"add": "Added", "change": "Changed", "leave": "Left as it was"}
TO_DO = {"fault": "To put right", "add": "To be added", "change": "To be changed", "leave": "Left as it is"}


def state(actor: Actor) -> State:
    """Read the whole organisation, in four queries."""
    del actor  # read for a file of whoever may keep it
    units = db.session.execute(
        select(Unit.id, Entity.reference, Entity.name, Unit.kind, Unit.parent_id, Unit.opened_on, Unit.closed_on)
        .join(Entity, Entity.id == Unit.id)
        .order_by(Unit.id)
    )
    posts = db.session.execute(select(Post.id, Post.title, Post.unit_id, Post.closed_on).order_by(Post.id))
    tenures = db.session.execute(
        select(Tenure.id, Tenure.post_id, Person.email, Tenure.capacity, Tenure.from_on, Tenure.to_on)
        .join(Person, Person.id == Tenure.person_id)
        .order_by(Tenure.id)
    )
    people = db.session.execute(select(Person.email, Person.is_active).order_by(Person.id))
    return State(
        units=tuple(UnitState(*row[:6], is_open=row.closed_on is None) for row in units),
        posts=tuple(PostState(*row[:3], is_open=row.closed_on is None) for row in posts),
        tenures=tuple(TenureState(*row) for row in tenures),
        accounts={email: is_active for email, is_active in people},  # noqa: C416 - rows are not plain pairs to the type checker
    )


def fingerprint(actor: Actor, of: State) -> str:
    """Spell the whole state in one word, which differs when anything a file is read against does."""
    del actor  # of what was read
    return hashlib.sha256(repr(of).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of a preview: what it would do, or what is wrong with it."""

    line: int
    deed: str
    words: str
    column: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """A file that was read, as its page shows it."""

    key: str
    kind: str
    file_name: str
    made_at: datetime
    applied_at: datetime | None
    new_accounts: int
    shown: tuple[Shown, ...]

    def count(self, deed: str) -> int:
        """How many lines do that; faults are counted, not lines."""
        return sum(each.deed == deed for each in self.shown)

    @property
    def deeds(self) -> Mapping[str, str]:
        """What becomes of a line, in words: before it is done, and after."""
        return DONE if self.applied_at else TO_DO

    @property
    def faults(self) -> tuple[Shown, ...]:
        """What is to be put right."""
        return tuple(each for each in self.shown if each.deed == "fault")

    @property
    def can_be_applied(self) -> bool:
        """Nothing is wrong, something would be done, and it was not done yet."""
        return not self.faults and self.applied_at is None and any(each.deed != "leave" for each in self.shown)


def row(actor: Actor, key: str) -> ImportPreview | None:
    """Find a preview; only whoever sent the file has it."""
    query = select(ImportPreview).where(ImportPreview.key == key, ImportPreview.by_id == actor.person_id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def preview(actor: Actor, key: str) -> Preview | None:
    """Find a preview with its lines in the order of the file, faults before deeds of the same line."""
    found = row(actor, key)
    if found is None:
        return None
    return Preview(
        key=found.key,
        kind=found.kind,
        file_name=found.file_name,
        made_at=found.made_at,
        applied_at=found.applied_at,
        new_accounts=sum(each["facts"].get("is_new", False) for each in found.content["planned"]),
        shown=tuple(sorted(_shown(found.content), key=lambda each: (each.line, each.deed != "fault"))),
    )


def _shown(content: dict[str, Any]) -> Iterator[Shown]:
    for fault in content["faults"]:
        yield Shown(fault["line"], "fault", fault["advice"], fault["column"], fault["said"])
    for each in content["planned"]:
        yield Shown(each["line"], each["deed"], each["words"])


def file_of_units(actor: Actor, *, on: date) -> tuple[tuple[object, ...], ...]:
    """Give the open units as lines of a units file: applied again, it leaves everything as it is."""
    rows = [row for row in organisation.tree(actor, on=on) if row.closed_on is None]
    names = [row.name.casefold() for row in rows]
    return tuple(
        (
            row.name,
            row.kind,
            (row.trail[-1] if names.count(row.trail[-1].casefold()) == 1 else row.parent_reference)
            if row.trail
            else None,
            row.opened_on,
        )
        for row in rows
    )


def file_of_people(actor: Actor, *, on: date) -> tuple[tuple[object, ...], ...]:
    """Give who sits in an open post, today or later, as lines of a people file."""
    del actor  # a file for whoever may keep the organisation
    rows = db.session.execute(
        select(Person.email, Post.title, Entity.reference, Tenure.capacity, Tenure.from_on, Tenure.to_on)
        .join(Tenure, Tenure.person_id == Person.id)
        .join(Post, Post.id == Tenure.post_id)
        .join(Entity, Entity.id == Post.unit_id)
        .where(Post.closed_on.is_(None), Person.is_active, (Tenure.to_on.is_(None)) | (Tenure.to_on >= on))
        .order_by(Post.title, Tenure.from_on, Tenure.id)
    )
    return tuple(tuple(row) for row in rows)


EXAMPLES = {
    "units": (("Housing", "directorate", "The council", "2026-04-01"), ("Repairs", "service", "Housing", "2026-04-01")),
    "people": (("name@council.gov.uk", "Service Lead, Repairs", "Repairs", CAPACITIES[0], "2026-04-01", ""),),
}
