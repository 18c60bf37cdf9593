"""Appoint the champions of units, with the role that follows the appointment, and record their training."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select

from riskapp.domain import champions
from riskapp.domain.audit import Event
from riskapp.domain.champions import CannotAppoint, CannotTrain
from riskapp.domain.permissions import Actor, Role
from riskapp.domain.refusal import Refusal
from riskapp.domain.staffing import CannotSeat, Span, refuse_who_goes
from riskapp.features.accounts import service as accounts
from riskapp.features.audit import service as audit
from riskapp.features.people import service as people
from riskapp.features.policy import queries as policies
from riskapp.features.staffing import service as staffing
from riskapp.models.champions import ChampionAppointment, TrainingRecord
from riskapp.models.database import db
from riskapp.models.people import Person, RoleAssignment, Unit

WITH_APPOINTMENT = "It goes with the appointment as risk champion."
DAY = timedelta(days=1)


def appoint(
    person: Person, unit: Unit, *, days: Span, by: Actor, at: datetime, field: str = "email"
) -> ChampionAppointment:
    """Appoint a person as the champion of a unit; the role over the unit begins and ends with the appointment.

    Refuses (`CannotAppoint`) oneself, somebody gone or going, and a second appointment on the same days.
    """
    if by.person_id is not None and by.person_id == person.id:
        raise CannotAppoint(Refusal(field, "You cannot appoint yourself. Ask the Head of Assurance"))
    try:
        refuse_who_goes(staffing.somebody(person), until=days.to_on, field=field)
    except CannotSeat as no:
        raise CannotAppoint(*no.refusals) from no
    staffing.overtake(person)
    champions.may_appoint(days, _days_of(person, unit), field=field)
    made = ChampionAppointment(
        unit_id=unit.id, person_id=person.id, from_on=days.from_on, to_on=days.to_on, appointed_by_id=by.person_id
    )
    db.session.add(made)
    after = {"person": person.id, "from": days.from_on, "to": days.to_on}
    audit.record(Event.CHAMPION_APPOINTED, by=by, at=at, subject_id=unit.id, after=after)
    _give_role(person, unit, days, by=by, at=at)
    return made


def _days_of(person: Person, unit: Unit) -> Iterable[Span]:
    rows = db.session.execute(
        select(ChampionAppointment.from_on, ChampionAppointment.to_on).where(
            ChampionAppointment.person_id == person.id, ChampionAppointment.unit_id == unit.id
        )
    )
    return [Span(start, end) for start, end in rows]


def _give_role(person: Person, unit: Unit, days: Span, *, by: Actor, at: datetime) -> None:
    accounts.end_sessions(person.id, by=by, at=at)
    same_day = db.session.scalars(
        select(RoleAssignment).where(
            RoleAssignment.person_id == person.id,
            RoleAssignment.role == Role.CHAMPION,
            RoleAssignment.unit_id == unit.id,
            RoleAssignment.from_on == days.from_on,
        )
    ).first()
    if same_day is not None:
        same_day.to_on = days.to_on
        return
    people.grant_role(
        person, Role.CHAMPION, unit, reason=WITH_APPOINTMENT, by=by, at=at, on=days.from_on, until=days.to_on
    )


def end(appointment: ChampionAppointment, *, gone_on: date, by: Actor, at: datetime) -> None:
    """End an appointment, and the role with it, with the day before; one that had not begun is taken back."""
    before = {"person": appointment.person_id, "from": appointment.from_on, "to": appointment.to_on}
    is_begun = appointment.from_on < gone_on
    after = {"person": appointment.person_id, "to": gone_on - DAY if is_begun else "never"}
    audit.record(Event.CHAMPION_ENDED, by=by, at=at, subject_id=appointment.unit_id, before=before, after=after)
    if is_begun:
        appointment.to_on = gone_on - DAY
    else:
        db.session.delete(appointment)
    db.session.flush()
    staffing.end_roles(
        appointment.person_id, gone_on=gone_on, by=by, at=at, role=Role.CHAMPION, unit_id=appointment.unit_id
    )


def end_by(appointment: ChampionAppointment, *, on: date, by: Actor, at: datetime) -> None:
    """End an appointment that lasts from today on; nobody ends their own, and one that is over stays as it is."""
    if by.person_id is not None and by.person_id == appointment.person_id:
        raise CannotAppoint(Refusal(None, "You cannot end your own appointment. Ask the Head of Assurance"))
    if appointment.to_on is not None and appointment.to_on < on:
        raise CannotAppoint(Refusal(None, "This appointment is over already. Nothing was changed"))
    end(appointment, gone_on=on, by=by, at=at)


def of_person(person_id: int, *, on: date) -> tuple[ChampionAppointment, ...]:
    """The appointments of a person that last from a day on."""
    lasting = or_(ChampionAppointment.to_on.is_(None), ChampionAppointment.to_on >= on)
    query = select(ChampionAppointment).where(ChampionAppointment.person_id == person_id, lasting)
    return tuple(db.session.scalars(query.order_by(ChampionAppointment.id)))


def record_training(
    person: Person, *, trained_on: date, note: str, by: Actor, at: datetime, on: date
) -> TrainingRecord:
    """Record a training, and when the policy wants the next; the same day sent twice is one."""
    if by.person_id is not None and by.person_id == person.id:
        raise CannotTrain(Refusal("trained_on", "Somebody else records your training. Ask your manager"))
    champions.may_record_training(trained_on, on)
    known = db.session.scalars(
        select(TrainingRecord).where(TrainingRecord.person_id == person.id, TrainingRecord.trained_on == trained_on)
    ).first()
    if known is not None:
        return known
    made = TrainingRecord(
        person_id=person.id,
        trained_on=trained_on,
        next_on=champions.next_training_on(policies.in_force(on=on).policy, trained_on),
        note=note.strip(),
        recorded_at=at,
        recorded_by_id=by.person_id,
    )
    db.session.add(made)
    after = {"person": person.id, "trained_on": trained_on, "next_on": made.next_on}
    audit.record(Event.CHAMPION_TRAINED, by=by, at=at, after=after, why=made.note)
    return made
