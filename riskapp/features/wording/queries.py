"""The words of a risk as they stand, as they stood at a version, and the expert advice on it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from riskapp.domain.permissions import Actor
from riskapp.domain.wording import Wording
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.people import Post
from riskapp.models.risks import Expertise, Risk, RiskCause, RiskConsequence, RiskDuty, RiskVersion


@dataclass(frozen=True, slots=True)
class Kept:
    """The words in force, the number of their version, and who changed them last and when."""

    wording: Wording
    version: int
    by_post: str | None
    at: datetime


def wording(actor: Actor, risk_id: int) -> Kept:
    """Give the words of a risk as they stand; the caller has shown that the actor may read them."""
    del actor
    title, event, category = db.session.execute(
        select(Entity.name, Risk.event, Risk.category).join(Entity, Entity.id == Risk.id).where(Risk.id == risk_id)
    ).one()
    latest = db.session.execute(
        select(RiskVersion.version, RiskVersion.recorded_at)
        .where(RiskVersion.risk_id == risk_id)
        .order_by(RiskVersion.version.desc())
        .limit(1)
    ).one()
    by_post = db.session.scalar(
        select(Post.title)
        .join(AuditEntry, AuditEntry.post_id == Post.id)
        .where(AuditEntry.subject_id == risk_id, AuditEntry.at == latest.recorded_at)
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    duties = _duties(risk_id)
    kept = Wording(
        title=title,
        causes=_texts(RiskCause, risk_id),
        event=event,
        consequences=_texts(RiskConsequence, risk_id),
        category=category,
        champion=next(iter(duties.get("champion", ())), None),
        lead_member=next(iter(duties.get("lead_member", ())), None),
        contributors=duties.get("contributor", ()),
    )
    return Kept(kept, latest.version, by_post, latest.recorded_at)


def _texts(table: type[RiskCause] | type[RiskConsequence], risk_id: int) -> tuple[str, ...]:
    return tuple(db.session.scalars(select(table.text).where(table.risk_id == risk_id).order_by(table.position)))


def _duties(risk_id: int) -> dict[str, tuple[int, ...]]:
    rows = db.session.execute(
        select(RiskDuty.duty, RiskDuty.post_id)
        .where(RiskDuty.risk_id == risk_id, RiskDuty.to_on.is_(None))
        .order_by(RiskDuty.post_id)
    ).all()
    return {duty: tuple(row.post_id for row in rows if row.duty == duty) for duty in {row.duty for row in rows}}


def at_version(actor: Actor, risk_id: int, version: int) -> Wording | None:
    """Give the words as a form that carries a version was filled in over them; None for a version never kept."""
    del actor  # as for `wording`
    row = db.session.scalars(
        select(RiskVersion)
        .where(RiskVersion.risk_id == risk_id, RiskVersion.version <= version)
        .order_by(RiskVersion.version.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    words: dict[str, Any] = row.words
    return Wording(
        title=row.title,
        causes=tuple(words["causes"]),
        event=words["event"],
        consequences=tuple(words["consequences"]),
        category=row.category,
        champion=words.get("champion"),
        lead_member=words.get("lead_member"),
        contributors=tuple(words.get("contributors", ())),
    )


@dataclass(frozen=True, slots=True)
class Advice:
    """Expertise that was asked for: of whom, on what, for how many pounds, and what came back and when."""

    id: int
    of_whom: str
    about: str
    pounds: int | None
    commissioned_on: date
    due_on: date | None
    advice: str | None
    received_on: date | None
    by_post: str | None


def expertise(actor: Actor, risk_id: int) -> tuple[Advice, ...]:
    """List the expertise commissioned on a risk, the latest first; the caller has shown that the actor may read it."""
    del actor
    rows = db.session.execute(
        select(
            Expertise.id, Expertise.of_whom, Expertise.about, Expertise.pounds, Expertise.commissioned_on,
            Expertise.due_on, Expertise.advice, Expertise.received_on, Post.title,
        )
        .outerjoin(Post, Post.id == Expertise.by_post_id)
        .where(Expertise.risk_id == risk_id)
        .order_by(Expertise.commissioned_on.desc(), Expertise.id.desc())
    )  # fmt: skip
    return tuple(Advice(*row) for row in rows)
