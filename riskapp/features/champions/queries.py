"""The champions of each team: who, since when, and whether their training is in date."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select

from riskapp.domain.champions import training_due_on
from riskapp.domain.permissions import Actor, Facts, Permission, may
from riskapp.domain.reminders import SubjectFact
from riskapp.features.policy import queries as policies
from riskapp.models.champions import ChampionAppointment, TrainingRecord
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.people import Person, Post, Tenure, Unit

FAMILY = "champion_training"
STATES = {"": "Any", "none": "No champion", "overdue": "Training overdue", "in_date": "Training in date"}


@dataclass(frozen=True, slots=True)
class Row:
    """A unit with a champion, or a team without one; `due_on` is when the champion must be trained."""

    unit_id: int
    unit_reference: str
    unit: str
    path: str
    appointment_id: int | None = None
    person_id: int | None = None
    email: str | None = None
    from_on: date | None = None
    to_on: date | None = None
    trained_on: date | None = None
    due_on: date | None = None

    def state(self, on: date) -> str:
        if self.appointment_id is None:
            return "none"
        return "overdue" if self.due_on is not None and self.due_on < on else "in_date"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows a list shows, and in what order."""

    words: tuple[str, ...] = ()
    state: str = ""
    sort: str = "unit"


SORTS: Mapping[str, Any] = {
    "unit": lambda row: row.unit.lower(),
    "champion": lambda row: (row.email is None, row.email or ""),
    "due": lambda row: (row.due_on is None, row.due_on or date.max),
}


def rows(actor: Actor, wanted: Wanted, *, on: date) -> tuple[Row, ...]:
    """List every team and every other unit with a champion, within what the actor may see."""
    shown = [
        row
        for row in _rows(on)
        if may(actor, Permission.PEOPLE_READ, Facts(unit_path=row.path))
        and (not wanted.state or row.state(on) == wanted.state)
        and all(word.lower() in f"{row.unit} {row.email or ''}".lower() for word in wanted.words)
    ]
    shown.sort(key=lambda row: (row.unit.lower(), row.email or ""))
    shown.sort(key=SORTS.get(wanted.sort.lstrip("-"), SORTS["unit"]), reverse=wanted.sort.startswith("-"))
    return tuple(shown)


def _rows(on: date) -> Iterator[Row]:
    policy = policies.in_force(on=on).policy
    last = (
        select(TrainingRecord.person_id, func.max(TrainingRecord.trained_on).label("trained_on"))
        .group_by(TrainingRecord.person_id)
        .subquery()
    )
    found = db.session.execute(
        select(
            Unit, Entity.reference, Entity.name, ChampionAppointment, Person.email, last.c.trained_on,
            TrainingRecord.next_on,
        )
        .select_from(Unit)
        .join(Entity, Entity.id == Unit.id)
        .outerjoin(
            ChampionAppointment,
            (ChampionAppointment.unit_id == Unit.id)
            & (ChampionAppointment.from_on <= on)
            & or_(ChampionAppointment.to_on.is_(None), ChampionAppointment.to_on >= on),
        )
        .outerjoin(Person, Person.id == ChampionAppointment.person_id)
        .outerjoin(last, last.c.person_id == Person.id)
        .outerjoin(
            TrainingRecord,
            (TrainingRecord.person_id == Person.id) & (TrainingRecord.trained_on == last.c.trained_on),
        )
        .where(Unit.closed_on.is_(None), or_(Unit.kind == "team", ChampionAppointment.id.is_not(None)))
        .order_by(Unit.path, ChampionAppointment.id)
    )  # fmt: skip
    for unit, reference, name, given, email, trained_on, next_on in found:
        if given is None:
            yield Row(unit.id, reference, name, unit.path)
            continue
        yield Row(
            unit.id, reference, name, unit.path, given.id, given.person_id, email, given.from_on, given.to_on,
            trained_on, training_due_on(policy, given.from_on, next_on),
        )  # fmt: skip


def appointment(actor: Actor, appointment_id: int) -> tuple[ChampionAppointment, str, str, str] | None:
    """Give an appointment with the unit's name and path and the person's address; None if there is none."""
    del actor  # the door checks the unit before it shows anything
    row = db.session.execute(
        select(ChampionAppointment, Entity.name, Unit.path, Person.email)
        .join(Unit, Unit.id == ChampionAppointment.unit_id)
        .join(Entity, Entity.id == Unit.id)
        .join(Person, Person.id == ChampionAppointment.person_id)
        .where(ChampionAppointment.id == appointment_id)
    ).first()
    return None if row is None else (row[0], row[1], row[2], row[3])


def training_due(*, on: date) -> Iterator[SubjectFact]:
    """Yield when each champion of a day must be trained, told to a post of theirs, or to the team's manager."""
    posts = _posts_of_champions(on)
    managers = _managers()
    for row in _rows(on):
        recipient = posts.get((row.unit_id, row.person_id or 0), managers.get(row.unit_id))
        if row.due_on is not None and recipient is not None:
            yield SubjectFact(FAMILY, row.unit_id, row.due_on, recipient)


def _posts_of_champions(on: date) -> dict[tuple[int, int], int]:
    """A post that each champion holds on a day, by unit and person: one in the unit before one elsewhere."""
    found = db.session.execute(
        select(ChampionAppointment.unit_id, ChampionAppointment.person_id, Post.id)
        .join(Tenure, Tenure.person_id == ChampionAppointment.person_id)
        .join(Post, Post.id == Tenure.post_id)
        .where(
            Tenure.capacity == "holder", Tenure.from_on <= on, or_(Tenure.to_on.is_(None), Tenure.to_on >= on)
        )
        .order_by((Post.unit_id == ChampionAppointment.unit_id).desc(), Post.id)
    )  # fmt: skip
    posts: dict[tuple[int, int], int] = {}
    for unit_id, person_id, post_id in found:
        posts.setdefault((unit_id, person_id), post_id)
    return posts


def _managers() -> dict[int, int]:
    found = db.session.execute(
        select(Post.unit_id, func.min(Post.id))
        .where(Post.kind == "team_manager", Post.closed_on.is_(None))
        .group_by(Post.unit_id)
    )
    return {unit_id: post_id for unit_id, post_id in found}  # noqa: C416 - rows are not plain pairs
