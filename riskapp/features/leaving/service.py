"""Move somebody to another post, let somebody go, and take a departure back.

All that a departure changes is dated, so a day to come needs nothing more than dates; on the day itself the account
closes, the sessions end and what stands on a desk goes to whoever answers for the post then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from riskapp.domain import staffing as rules
from riskapp.domain.audit import Event
from riskapp.domain.calendar import day_words, local_day
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.staffing import CannotLeave, Span
from riskapp.features.accounts import service as accounts
from riskapp.features.audit import service as audit
from riskapp.features.champions import service as champions
from riskapp.features.staffing import service as staffing
from riskapp.models.champions import ChampionAppointment
from riskapp.models.database import db
from riskapp.models.people import Person, Post, RoleAssignment, Tenure, Unit
from riskapp.models.staffing import Departure

DAY = timedelta(days=1)
WHATS = ("vacant", "successor", "acting", "keep")


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of a post or an appointment: kept, left vacant, or given to somebody, who may only act in it."""

    what: str
    who: Person | None = None


@dataclass
class _Made:
    """What was given to others, so that it can be taken back."""

    tenures: list[int] = field(default_factory=list)
    roles: list[int] = field(default_factory=list)
    appointments: list[int] = field(default_factory=list)

    def seat(self, seated: staffing.Seated) -> None:
        self.tenures.append(seated.tenure.id)
        if seated.role is not None:
            self.roles.append(seated.role.id)


def lasting(person: Person, *, on: date) -> tuple[Tenure, ...]:
    """The posts of a person that last from a day on: each is asked about, by its number."""
    query = select(Tenure).where(Tenure.person_id == person.id, or_(Tenure.to_on.is_(None), Tenure.to_on >= on))
    return tuple(db.session.scalars(query.order_by(Tenure.id)))


def leave(
    person: Person, *, gone_on: date, answers: Mapping[str, Answer], seen: int, by: Actor, at: datetime, on: date
) -> Departure:
    """Let a person go: `gone_on` is the first day they are not here; until then all stays as it is.

    `answers` say what becomes of each post ("post-7") and appointment ("champion-3"). Refuses (`CannotLeave`,
    fields "gone_on", "what-…", "who-…") a wrong day, a post without an answer, and whoever cannot take it on.
    """
    staffing.claim(person, seen=seen, by=by)
    if not person.is_active or person.leaves_on is not None:
        raise CannotLeave(Refusal(None, "They have left, or are leaving already. Take that back first"))
    begun = [tenure for tenure in lasting(person, on=gone_on) if tenure.from_on <= on]
    first = person.joined_on or min((each.from_on for each in _tenures(person)), default=None)
    rules.may_leave(gone_on, first, [(_post(tenure).title, tenure.from_on) for tenure in begun])
    departure = Departure(
        person_id=person.id,
        leaves_on=gone_on,
        planned_at=at,
        planned_by_id=by.person_id,
        changed={"was": _picture(person)},
    )
    made = _HandingOver(person, gone_on, by, at, on).do(answers)
    staffing.end_roles(person.id, gone_on=gone_on, by=by, at=at)
    person.leaves_on = gone_on
    departure.changed = {**departure.changed, "made": vars(made)}
    db.session.add(departure)
    db.session.flush()
    audit.record(Event.PERSON_LEAVES, by=by, at=at, after={"person": person.id, "gone_on": gone_on})
    if gone_on <= on:
        carry_out(departure, by=by, at=at, on=on)
    return departure


def carry_out(departure: Departure, *, by: Actor, at: datetime, on: date) -> None:
    """Do what the day of leaving brings: the account closes, every session ends, and desks go to who answers now."""
    person = db.session.get_one(Person, departure.person_id)
    person.is_active = False
    departure.state, departure.done_at = "done", at
    db.session.flush()
    audit.record(
        Event.PERSON_LEFT,
        by=by,
        at=at,
        before={"person": person.id, "is_active": True},
        after={"person": person.id, "is_active": False, "gone_on": departure.leaves_on},
    )
    accounts.end_sessions(person.id, by=by, at=at)
    staffing.reseat_desks(on=on, by=by, at=at)


def move(
    person: Person,
    *,
    from_on: date,
    post: Post | None,
    capacity: str,
    answers: Mapping[str, Answer],
    seen: int,
    by: Actor,
    at: datetime,
    on: date,
) -> None:
    """Move a person from a day on: each post they have is kept or goes on, and they may take up a new one."""
    staffing.claim(person, seen=seen, by=by)
    if not person.is_active or person.leaves_on is not None:
        raise CannotLeave(Refusal(None, "They have left, or are leaving already. Take that back first"))
    _HandingOver(person, from_on, by, at, on).do(answers)
    if post is not None:
        staffing.seat(person, post, capacity=capacity, days=Span(from_on), by=by, at=at, on=on)
    elif all(answer.what == "keep" for answer in answers.values()):
        raise CannotLeave(Refusal("post", "Nothing changes: choose a new post, or say which post they give up"))
    audit.record(
        Event.PERSON_MOVED,
        by=by,
        at=at,
        after={"person": person.id, "from": from_on, "post": post.title if post else None},
    )
    staffing.reseat_desks(on=on, by=by, at=at)


@dataclass
class _HandingOver:
    """What is said of each post and appointment is done; every fault is told at once, and then nothing is kept."""

    person: Person
    gone_on: date
    by: Actor
    at: datetime
    on: date
    made: _Made = field(default_factory=_Made)
    faults: list[Refusal] = field(default_factory=list)

    def do(self, answers: Mapping[str, Answer]) -> _Made:
        for tenure in lasting(self.person, on=self.gone_on):
            key, post = f"post-{tenure.id}", _post(tenure)
            if answer := self._answer(answers, key, post.title):
                self._pass_post(key, tenure, post, answer)
        for appointment in champions.of_person(self.person.id, on=self.gone_on):
            key = f"champion-{appointment.id}"
            if answer := self._answer(answers, key, "the appointment as risk champion"):
                self._pass_appointment(key, appointment, answer)
        if self.faults:
            raise CannotLeave(*self.faults)
        return self.made

    def _answer(self, answers: Mapping[str, Answer], key: str, what: str) -> Answer | None:
        """The answer for a line, if anything is to be done about it."""
        answer = answers.get(key)
        if answer is None or answer.what not in WHATS:
            self.faults.append(Refusal(f"what-{key}", f"Say what becomes of {what}"))
            return None
        if answer.what in {"successor", "acting"} and answer.who is None:
            self.faults.append(Refusal(f"who-{key}", f"Enter the address of whoever takes on {what}"))
            return None
        if answer.who is not None and answer.who.id == self.person.id:
            self.faults.append(Refusal(f"who-{key}", "Name somebody else: this is who gives it up"))
            return None
        return None if answer.what == "keep" else answer

    def _pass_post(self, key: str, tenure: Tenure, post: Post, answer: Answer) -> None:
        capacity = "acting" if answer.what == "acting" else tenure.capacity
        days = Span(max(self.gone_on, tenure.from_on), tenure.to_on)
        staffing.give_up(tenure, gone_on=self.gone_on, by=self.by, at=self.at)
        if answer.who is None:
            return
        try:
            staffing.overtake(answer.who)
            seated = staffing.seat(answer.who, post, capacity=capacity, days=days, by=self.by, at=self.at, on=self.on)
            self.made.seat(seated)
        except Cannot as no:
            self.faults += [Refusal(f"who-{key}", reason.message) for reason in no.refusals]

    def _pass_appointment(self, key: str, appointment: ChampionAppointment, answer: Answer) -> None:
        unit = db.session.get_one(Unit, appointment.unit_id)
        days = Span(max(self.gone_on, appointment.from_on), appointment.to_on)
        champions.end(appointment, gone_on=self.gone_on, by=self.by, at=self.at)
        if answer.who is None:
            return
        try:
            appointed = champions.appoint(answer.who, unit, days=days, by=self.by, at=self.at)
            self.made.appointments.append(appointed.id)
        except Cannot as no:
            self.faults += [Refusal(f"who-{key}", reason.message) for reason in no.refusals]


def _post(tenure: Tenure) -> Post:
    return db.session.get_one(Post, tenure.post_id)


def _tenures(person: Person) -> tuple[Tenure, ...]:
    return tuple(db.session.scalars(select(Tenure).where(Tenure.person_id == person.id).order_by(Tenure.id)))


TABLES: Mapping[str, tuple[type[Any], tuple[str, ...]]] = {
    "tenures": (Tenure, ("post_id", "capacity", "from_on", "to_on")),
    "roles": (RoleAssignment, ("role", "unit_id", "from_on", "to_on", "granted_by_id", "reason")),
    "appointments": (ChampionAppointment, ("unit_id", "from_on", "to_on", "appointed_by_id")),
}


def _picture(person: Person) -> dict[str, list[dict[str, Any]]]:
    """What a person has before it ends, so that taking it back gives exactly that again."""
    return {
        name: [
            {"id": row.id, **{column: _plain(getattr(row, column)) for column in columns}}
            for row in db.session.scalars(select(table).where(table.person_id == person.id).order_by(table.id))
        ]
        for name, (table, columns) in TABLES.items()
    }


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def undo(departure: Departure, *, seen: int, by: Actor, at: datetime, on: date) -> None:
    """Take a departure back: what others were given is taken from them, and the person has again what they had.

    Refused (`CannotLeave`) after the day, and where a post was given to somebody else since, who is named.
    """
    person = db.session.get_one(Person, departure.person_id)
    staffing.claim(person, seen=seen, by=by)
    db.session.refresh(departure)
    done_on = local_day(departure.done_at) if departure.done_at else None
    if not rules.may_take_back(departure.state, done_on, on):
        message = "A departure is taken back on the day it is done, not later. Give them their posts anew"
        raise CannotLeave(Refusal(None, message))
    made = departure.changed["made"]
    for name, (table, _columns) in TABLES.items():
        for number in made[name]:
            row = db.session.get(table, number)
            if row is not None:
                _take_back(row, by=by, at=at)
    db.session.flush()
    _give_again(person, departure.changed["was"], by=by, at=at)
    person.is_active, person.leaves_on = True, None
    departure.state = "undone"
    db.session.flush()
    audit.record(
        Event.PERSON_REINSTATED,
        by=by,
        at=at,
        before={"person": person.id, "gone_on": departure.leaves_on},
        after={"person": person.id, "is_active": True},
    )
    staffing.reseat_desks(on=on, by=by, at=at)


def _take_back(row: Tenure | RoleAssignment | ChampionAppointment, *, by: Actor, at: datetime) -> None:
    if isinstance(row, Tenure):
        staffing.give_up(row, gone_on=row.from_on, by=by, at=at)
    elif isinstance(row, ChampionAppointment):
        champions.end(row, gone_on=row.from_on, by=by, at=at)
    else:
        before = {"person": row.person_id, "role": row.role, "to": row.to_on}
        after = {"person": row.person_id, "role": row.role, "to": "never"}
        audit.record(Event.ROLE_ENDED, by=by, at=at, subject_id=row.unit_id, before=before, after=after)
        db.session.delete(row)
        db.session.flush()


def _give_again(person: Person, was: Mapping[str, list[dict[str, Any]]], *, by: Actor, at: datetime) -> None:
    accounts.end_sessions(person.id, by=by, at=at)
    for name, (table, columns) in TABLES.items():
        for kept in was[name]:
            facts = {column: _read(column, kept[column]) for column in columns}
            row = db.session.get(table, kept["id"])
            if row is not None and row.to_on == facts["to_on"]:
                continue
            if table is Tenure:
                _refuse_if_taken(person, facts)
            if row is None:
                row = table(person_id=person.id, **facts)
                db.session.add(row)
            row.to_on = facts["to_on"]
            db.session.flush()
            _record_again(person, name, facts, by=by, at=at)


def _record_again(person: Person, name: str, facts: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    """Each thing given again is on the record as when it was given first."""
    said = {"person": person.id, "from": facts["from_on"], "to": facts["to_on"]}
    if name == "tenures":
        post = db.session.get_one(Post, facts["post_id"])
        after = {**said, "post": post.title, "capacity": facts["capacity"]}
        audit.record(Event.POST_FILLED, by=by, at=at, subject_id=post.unit_id, after=after, why="Given again")
        return
    event = Event.ROLE_GRANTED if name == "roles" else Event.CHAMPION_APPOINTED
    after = {**said, "role": facts["role"]} if name == "roles" else said
    audit.record(event, by=by, at=at, subject_id=facts["unit_id"], after=after, why="Given again")


def _read(column: str, value: Any) -> Any:
    return date.fromisoformat(value) if value is not None and column in {"from_on", "to_on"} else value


def _refuse_if_taken(person: Person, facts: Mapping[str, Any]) -> None:
    """Name whoever was put into the post since: their seat is ended first, by hand."""
    post, days = db.session.get_one(Post, facts["post_id"]), Span(facts["from_on"], facts["to_on"])
    for other in staffing.sits_in(post):
        is_own = other.person_id == person.id
        if not is_own and other.capacity == facts["capacity"] and other.days.meets(days):
            message = f"{post.title} was given to {other.email} from {day_words(other.days.from_on)}. End that first"
            raise CannotLeave(Refusal(None, message))
