"""What happens to the links of a risk: one is added, one ends with a word why; both ends keep it on their record."""

from datetime import date, datetime

from riskapp.domain.audit import Event
from riskapp.domain.network import MANNERS, CannotLinkRisk, says
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Refusal
from riskapp.features.audit import service as audit
from riskapp.features.network import queries
from riskapp.features.network.queries import End, Held
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link
from riskapp.models.risks import Risk

NOT_THERE = "Nothing that you may read has that reference or those words. Try other words of its title"
LONGEST_WHY = 300


def link(risk: Risk, *, manner: str, reference: str, by: Actor, at: datetime, on: date) -> Link:
    """Link a risk to another, in one of `MANNERS`, or to an item of the plan or a body, whatever the manner.

    Refused to itself, twice, to what is closed, and to what is not there or is not the actor's to read: one answer.
    """
    _refuse_closed(risk)
    other = queries.end(by, reference, on=on)
    if other is None:
        raise CannotLinkRisk(Refusal("reference", NOT_THERE))
    if other.id == risk.id:
        raise CannotLinkRisk(Refusal("reference", "A risk is not linked to itself. Choose another"))
    if other.is_closed:
        raise CannotLinkRisk(Refusal("reference", "That risk is closed. Choose one that is a draft or open"))
    kind, is_onward = _kind(other, manner)
    from_id, to_id = (risk.id, other.id) if is_onward else (other.id, risk.id)
    _refuse_twice(by, kind, from_id, to_id)
    row = Link(from_id=from_id, to_id=to_id, kind=kind)
    db.session.add(row)
    db.session.flush()
    _record(Event.LINK_ADDED, risk, other, kind, is_onward=is_onward, by=by, at=at)
    return row


def end(risk: Risk, number: int, *, why: str, by: Actor, at: datetime, on: date) -> None:
    """End a link of a risk; refused without a word why, and where it has ended already."""
    _refuse_closed(risk)
    held = queries.held(by, risk.id, number, on=on)
    if held is None:
        raise CannotLinkRisk(Refusal(None, "This link has ended already. Go back to the network of the risk"))
    if not why.strip():
        raise CannotLinkRisk(Refusal("why", "Say why it ends"))
    if len(why.strip()) > LONGEST_WHY:
        raise CannotLinkRisk(Refusal("why", f"Use at most {LONGEST_WHY} characters"))
    _take_out(held)
    is_onward = held.tie.from_id == risk.id
    _record(Event.LINK_ENDED, risk, held.other, held.tie.kind, is_onward=is_onward, by=by, at=at, why=why.strip())


def _take_out(held: Held) -> None:
    db.session.delete(db.session.get_one(Link, held.tie.number))


def _refuse_closed(risk: Risk) -> None:
    if risk.status not in queries.LIVE:
        raise CannotLinkRisk(Refusal(None, "Only a draft or an open risk is linked. Open it again first"))


def _kind(other: End, manner: str) -> tuple[str, bool]:
    """The kind of a link and whether the risk at hand is its first end: only between risks is there a choice."""
    if other.kind != "risk":
        return ("concerns" if other.kind == "body" else "threatens"), True
    chosen = MANNERS.get(manner)
    if chosen is None:
        raise CannotLinkRisk(Refusal("manner", "Choose how the two are linked"))
    return chosen.kind, chosen.is_onward


def _refuse_twice(by: Actor, kind: str, from_id: int, to_id: int) -> None:
    ends = [(from_id, to_id)] + ([(to_id, from_id)] if kind == "shares_cause" else [])
    for one, other in ends:
        if queries.ties(by, Link.kind == kind, Link.from_id == one, Link.to_id == other):
            raise CannotLinkRisk(Refusal("reference", "The two are linked in this way already"))


def _record(
    what: Event, risk: Risk, other: End, kind: str, *, is_onward: bool, by: Actor, at: datetime, why: str = ""
) -> None:
    """Say it on the record of both ends, each time from that end."""
    mine = db.session.get_one(Entity, risk.id).reference
    post_id = risk.owner_post_id if risk.owner_post_id in by.post_ids else None
    part = "before" if what is Event.LINK_ENDED else "after"
    sides = (
        (risk.id, {"kind": kind, "says": says(kind, is_onward=is_onward), "linked": other.name, "linked_id": other.id}),
        (other.id, {"kind": kind, "says": says(kind, is_onward=not is_onward), "linked": mine, "linked_id": risk.id}),
    )
    for subject_id, said in sides:
        audit.record(what, by=by, at=at, subject_id=subject_id, post_id=post_id, why=why, **{part: said})
