"""Do one thing to many risks through their own services, each refused by itself, and undo it once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor, Facts, Permission, may
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.registers import RegisterRules
from riskapp.features.audit import service as audit
from riskapp.features.batches import queries
from riskapp.features.batches.queries import WORDS, Answering, Chosen
from riskapp.features.policy import queries as policies
from riskapp.features.readers import queries as readers
from riskapp.features.reminders import service as reminders
from riskapp.features.risks import service as risks
from riskapp.models.audit import AuditEntry
from riskapp.models.batches import Batch, BatchLine
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.people import Post, Unit
from riskapp.models.reminders import Message, Occurrence
from riskapp.models.risks import Risk

NOT_ALLOWED: Mapping[str, str] = {
    "reassign": "You do not manage its unit, or are not cleared for what is exempt in it",
    "move": "You do not manage its unit, or are not cleared for what is exempt in it",
    "review": "You neither own it nor keep its register, or are not cleared for what is exempt in it",
    "chase": "You do not keep its register, or are not cleared for what is exempt in it",
}
UNDONE = "Undone: what was done to many risks at once is put back."


class CannotChangeMany(Cannot):
    """Nothing or too much was chosen, or where it is to go was not said rightly."""


class CannotUndo(Cannot):
    """The batch is another's or undone already, or its time has run out."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be done to each risk: its kind, why, and where it goes: a post, a unit or a day."""

    kind: str
    why: str = ""
    post_id: int | None = None
    unit_id: int | None = None
    review_on: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A risk with what it was and what it became, or why nothing is done to it."""

    risk: Chosen
    was: str
    became: str
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Batched:
    """What came of a deed on many risks; `key` is None where it was done to none."""

    key: str | None
    lines: tuple[Line, ...]

    @property
    def done(self) -> tuple[Line, ...]:
        """The lines to which it was done."""
        return tuple(line for line in self.lines if line.refusal is None)

    @property
    def refused(self) -> tuple[Line, ...]:
        """The lines to which it was not done."""
        return tuple(line for line in self.lines if line.refusal is not None)


def rules(on: date) -> RegisterRules:
    """Give what the policy in force says of many risks at once."""
    found = policies.in_force(on=on).policy.registers
    if found is None:
        raise CannotChangeMany(Refusal(None, "The policy in force does not allow it. Adopt a later version first"))
    return found


def change(deed: Deed, references: Iterable[str], *, key: str, by: Actor, at: datetime, on: date) -> Batched:
    """Do a deed to each of some risks that the actor may do it to; the rest are refused one by one, in words.

    Refused as a whole where nothing or too much was chosen, or where the deed does not say where it goes; the same
    form sent twice is done once.
    """
    known = db.session.scalars(select(Batch).where(Batch.key == key, Batch.by_id == by.person_id)).first()
    if known is not None:
        return Batched(known.key, ())
    asked, allowed = tuple(dict.fromkeys(references)), rules(on)
    if not asked:
        raise CannotChangeMany(Refusal(None, "Choose at least one risk"))
    if len(asked) > allowed.most:
        message = f"Choose at most {allowed.most} at once (policy {allowed.many_clause.ref})"
        raise CannotChangeMany(Refusal(None, f"{len(asked)} are chosen. {message}"))
    do = _Doing(deed, by=by, at=at, on=on, clause=allowed)
    chosen = queries.chosen(by, asked, deed.kind, on=on)
    lines = [do.to(risk) for risk in chosen]
    batch = _keep(deed, key, [(line, kept) for line, kept in lines if kept is not None], allowed, by=by, at=at)
    return Batched(batch.key if batch else None, tuple(line for line, _kept in lines))


def _keep(
    deed: Deed,
    key: str,
    lines: list[tuple[Line, dict[str, Any]]],
    allowed: RegisterRules,
    *,
    by: Actor,
    at: datetime,
) -> Batch | None:
    if not lines or by.person_id is None:
        return None
    batch = Batch(
        key=key,
        deed=deed.kind,
        why=deed.why.strip(),
        by_id=by.person_id,
        by_post_id=by.post.post_id if by.post else None,
        at=at,
        undo_until=at + allowed.undo_within,
    )
    db.session.add(batch)
    db.session.flush()
    for line, kept in lines:
        said = {"was": line.was, "became": line.became, **kept}
        db.session.add(BatchLine(batch_id=batch.id, risk_id=line.risk.id, kept=said))
    after = {
        "deed": WORDS[deed.kind],
        "count": len(lines),
        "batch": batch.id,
        "records": [line.risk.reference for line, _kept in lines],
    }
    audit.record(Event.RISKS_CHANGED, by=by, at=at, after=after, why=deed.why)
    return batch


class _Doing:
    """A deed with what it needs to know once, whatever the number of risks."""

    def __init__(self, deed: Deed, *, by: Actor, at: datetime, on: date, clause: RegisterRules) -> None:
        self.deed, self.by, self.at, self.on, self.rules = deed, by, at, on, clause
        self.answering: Mapping[int, Answering] = {}
        deeds: dict[str, tuple[Callable[[], None], Callable[[Chosen, Risk], tuple[str, str, dict[str, Any]]]]] = {
            "reassign": (self._find_post, self._reassign),
            "move": (self._find_unit, self._move),
            "review": (self._find_day, self._set_review),
            "chase": (self._find_people, self._chase),
        }
        find, self.do = deeds[deed.kind]
        if deed.kind != "chase" and not deed.why.strip():
            raise CannotChangeMany(Refusal("why", "Say why. The reason stays on the record"))
        find()

    def to(self, risk: Chosen) -> tuple[Line, dict[str, Any] | None]:
        """Do it to one risk, or say why not; what is kept of it is None then."""
        if not risk.is_allowed:
            return Line(risk, self._was(risk), "", NOT_ALLOWED[self.deed.kind]), None
        row = db.session.get_one(Risk, risk.id)
        try:
            was, became, kept = self.do(risk, row)
        except (risks.CannotHandOver, CannotChangeMany) as no:
            return Line(risk, self._was(risk), "", " ".join(refusal.message for refusal in no.refusals)), None
        return Line(risk, was, became), kept

    def _was(self, risk: Chosen) -> str:
        return {"move": risk.unit, "review": _day(risk.next_review_on)}.get(self.deed.kind, risk.owner)

    def _find_post(self) -> None:
        post = db.session.get(Post, self.deed.post_id or 0)
        unit = db.session.get(Unit, post.unit_id) if post else None
        if post is None or unit is None or not may(self.by, Permission.RISK_REASSIGN, Facts(unit_path=unit.path)):
            raise CannotChangeMany(Refusal("post", "Choose a post of a unit that you manage"))
        self.post = post

    def _find_unit(self) -> None:
        unit = db.session.get(Unit, self.deed.unit_id or 0)
        if unit is None or not may(self.by, Permission.RISK_MOVE, Facts(unit_path=unit.path)):
            raise CannotChangeMany(Refusal("unit", "Choose a unit that you manage"))
        self.unit_id, self.unit_name = unit.id, db.session.get_one(Entity, unit.id).name

    def _find_day(self) -> None:
        if self.deed.review_on is None:
            raise CannotChangeMany(Refusal("review_on", "Enter the day by which the review is wanted"))
        self.review_on = self.deed.review_on

    def _find_people(self) -> None:
        self.answering = queries.answering(self.by, on=self.on)

    def _reassign(self, risk: Chosen, row: Risk) -> tuple[str, str, dict[str, Any]]:
        before = row.owner_post_id
        risks.reassign(row, to_post_id=self.post.id, why=self.deed.why, by=self.by, at=self.at, on=self.on)
        return risk.owner, self.post.title, {"before": before, **_stand(row)}

    def _move(self, risk: Chosen, row: Risk) -> tuple[str, str, dict[str, Any]]:
        before = row.unit_id
        risks.move(row, to_unit_id=self.unit_id, why=self.deed.why, by=self.by, at=self.at, on=self.on)
        return risk.unit, self.unit_name, {"before": before, **_stand(row)}

    def _set_review(self, risk: Chosen, row: Risk) -> tuple[str, str, dict[str, Any]]:
        del risk
        before = row.next_review_on
        if before is not None and self.review_on > before:
            raise CannotChangeMany(Refusal("review_on", f"It is due sooner: {_day(before)}"))
        risks.set_review(row, to=self.review_on, why=self.deed.why, by=self.by, at=self.at, on=self.on)
        kept = {"before": before.isoformat() if before else None, **_stand(row)}
        return _day(before), _day(self.review_on), kept

    def _chase(self, risk: Chosen, row: Risk) -> tuple[str, str, dict[str, Any]]:
        if row.status == "closed":
            raise CannotChangeMany(Refusal(None, "It is closed"))
        who = self.answering.get(risk.owner_post_id)
        if who is None or who.person_id is None:
            raise CannotChangeMany(Refusal(None, f"Nobody answers for {risk.owner}. Give it to another owner"))
        if who.person_id == self.by.person_id:
            raise CannotChangeMany(Refusal(None, "You answer for it yourself"))
        message = reminders.notify(
            "risk_chased",
            subject_id=risk.id,
            post_id=who.post_id,
            person_id=who.person_id,
            heading="A risk that you own: say how it stands",
            words=f"{self.by.post.title if self.by.post else 'Somebody who keeps the register'} asks you to look at it,"
            " and to record a review or a score if it has changed.",
            clause=self.rules.chase_clause,
            on=self.on,
            at=self.at,
        )
        if message is None:
            raise CannotChangeMany(Refusal(None, "Its owner was asked today already"))
        audit.record(Event.RISK_CHASED, by=self.by, at=self.at, subject_id=risk.id, after={"asked": who.title})
        return "Not asked today", f"E-mail to {who.title}", {"message": message.id}


def undo(key: str, *, by: Actor, at: datetime, on: date) -> tuple[int, int]:
    """Put back what a batch of the actor's did, but for each risk that somebody changed since, or that cannot go back.

    Gives how many were put back and how many stay.
    """
    batch = db.session.scalars(
        select(Batch)
        .where(Batch.key == key, Batch.by_id == by.person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if batch is None:
        raise CannotUndo(Refusal(None, "There is nothing of yours to undo. Load the register again"))
    if batch.undone_at is not None:
        raise CannotUndo(Refusal(None, "It was undone already. Nothing was changed"))
    if at > batch.undo_until:
        clause = rules(on).undo_clause.ref
        raise CannotUndo(
            Refusal(None, f"The time to undo it has run out (policy {clause}). Change each risk by itself")
        )
    batch.undone_at = at
    lines = db.session.scalars(
        select(BatchLine).where(BatchLine.batch_id == batch.id).order_by(BatchLine.risk_id)
    ).all()
    for line in lines:
        try:
            _put_back(batch.deed, line, by=by, at=at, on=on)
        except (risks.CannotHandOver, CannotUndo) as no:
            line.state, line.state_why = "kept", " ".join(refusal.message for refusal in no.refusals)
        else:
            line.state = "undone"
    back = sum(line.state == "undone" for line in lines)
    after = {"deed": WORDS[batch.deed], "count": back, "batch": batch.id}
    audit.record(Event.RISKS_PUT_BACK, by=by, at=at, after=after)
    db.session.flush()
    return back, len(lines) - back


def _stand(risk: Risk) -> dict[str, int]:
    """How a risk stands: its version, and the last entry that tells of a change to it."""
    db.session.flush()
    told = (AuditEntry.event.startswith("risk:"), AuditEntry.event != Event.RISK_CHASED)
    last = db.session.scalar(select(func.max(AuditEntry.id)).where(AuditEntry.subject_id == risk.id, *told))
    return {"version": risk.version, "entry": last or 0}


def _put_back(deed: str, line: BatchLine, *, by: Actor, at: datetime, on: date) -> None:
    if deed == "chase":
        _take_back_mail(line.kept["message"])
        return
    risk = db.session.get_one(Risk, line.risk_id, with_for_update=True, populate_existing=True)
    if _stand(risk) != {key: line.kept[key] for key in ("version", "entry")}:
        raise CannotUndo(Refusal(None, "Somebody changed it since"))
    if not may(by, queries.DEEDS[deed], readers.facts(risk_id=risk.id, on=on)):
        raise CannotUndo(Refusal(None, NOT_ALLOWED[deed]))
    before = line.kept["before"]
    if deed == "reassign":
        risks.reassign(risk, to_post_id=before, why=UNDONE, by=by, at=at, on=on)
    elif deed == "move":
        risks.move(risk, to_unit_id=before, why=UNDONE, by=by, at=at, on=on)
    elif before is None:
        raise CannotUndo(Refusal(None, "It had no review before"))
    else:
        risks.set_review(risk, to=date.fromisoformat(before), why=UNDONE, by=by, at=at, on=on)


def _take_back_mail(message_id: int) -> None:
    """Delete a message that still waits, and that its owner was asked; one that has left cannot be taken back.

    The empty write holds it, so that whoever sends mail passes it by.
    """
    held = update(Message).where(Message.id == message_id, Message.state == "queued").values(state="queued")
    if not db.session.scalars(held.returning(Message.id)).all():
        raise CannotUndo(Refusal(None, "The e-mail has left"))
    db.session.execute(delete(Occurrence).where(Occurrence.message_id == message_id))
    db.session.execute(delete(Message).where(Message.id == message_id))


def _day(on: date | None) -> str:
    return f"{on:%-d %b %Y}" if on else ""
