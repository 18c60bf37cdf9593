"""The risks that somebody chose for a deed, as they may see them, and what came of a batch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from riskapp.domain.organisation import sitter
from riskapp.domain.permissions import Actor, Permission
from riskapp.features.people import queries as people
from riskapp.features.readers import queries as readers
from riskapp.models.batches import Batch, BatchLine
from riskapp.models.database import db, read
from riskapp.models.entity import Entity
from riskapp.models.people import Post
from riskapp.models.risks import Risk

DEEDS: Mapping[str, Permission] = {
    "reassign": Permission.RISK_REASSIGN,
    "move": Permission.RISK_MOVE,
    "review": Permission.RISK_SET_REVIEW,
    "chase": Permission.RISK_CHASE,
}
WORDS: Mapping[str, str] = {
    "reassign": "Given to another owner",
    "move": "Moved to another unit",
    "review": "Next review set",
    "chase": "Owners asked",
}
unit_entity, owner = aliased(Entity), aliased(Post)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A risk as one reader sees it, and whether they may do the deed to it; a withheld day is None."""

    id: int
    reference: str
    title: str
    unit: str
    owner: str
    owner_post_id: int
    next_review_on: date | None
    is_allowed: bool


def chosen(actor: Actor, references: Iterable[str], deed: str, *, on: date) -> tuple[Chosen, ...]:
    """List those of some risks that the actor may read, by reference; what is not readable is as if it were not."""
    seen = readers.projection(actor, on=on)
    rows = db.session.execute(
        seen.joined(
            select(
                Risk.id, Entity.reference, seen.shown("title", Entity.name), seen.why("title"), unit_entity.name,
                owner.title, owner.id, seen.shown("assessment", Risk.next_review_on),
                readers.may_do(actor, DEEDS[deed], on=on).label("is_allowed"),
            )
            .select_from(Risk)
            .join(Entity, Entity.id == Risk.id)
            .join(unit_entity, unit_entity.id == Risk.unit_id)
            .join(owner, owner.id == Risk.owner_post_id)
        )
        .where(Entity.reference.in_(sorted(set(references))), readers.readable(actor, on=on))
        .order_by(Entity.reference)
    )  # fmt: skip
    return tuple(
        Chosen(number, reference, readers.told(title, why), unit, post, post_id, review_on, bool(is_allowed))
        for number, reference, title, why, unit, post, post_id, review_on, is_allowed in rows
    )


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers for a post today."""

    post_id: int
    title: str
    person_id: int | None


def answering(actor: Actor, *, on: date) -> Mapping[int, Answering]:
    """Map each open post to who answers for it, in the queries of one organisation."""
    del actor  # the organisation is known to everyone with an account
    council = people.organisation(on=on)
    seats = {seat.post_id: sitter(seat) for seat in council.seats}
    return {
        post.id: Answering(post.id, post.title, who.person_id if (who := seats.get(post.id)) else None)
        for post in council.posts
    }


@dataclass(frozen=True, slots=True)
class Done:
    """What a batch did to one risk and what has come of it since; a risk that is no longer readable has no title."""

    reference: str
    title: str
    before: str
    after: str
    state: str
    state_why: str


@dataclass(frozen=True, slots=True)
class Told:
    """A batch as its maker sees it."""

    key: str
    deed: str
    why: str
    at: datetime
    undo_until: datetime
    undone_at: datetime | None
    lines: tuple[Done, ...]

    def can_be_undone(self, at: datetime) -> bool:
        """Whether it was not undone yet and its time has not run out."""
        return self.undone_at is None and at <= self.undo_until


def batch(actor: Actor, key: str, *, on: date) -> Told | None:
    """Give one of the actor's own batches with its lines; None for any other."""
    kept = db.session.scalars(select(Batch).where(Batch.key == key, Batch.by_id == actor.person_id)).first()
    if kept is None:
        return None
    seen = readers.projection(actor, on=on)
    rows = read(
        seen.joined(
            select(
                Entity.reference, seen.shown("title", Entity.name), seen.why("title"), BatchLine.kept, BatchLine.state,
                BatchLine.state_why, readers.readable(actor, on=on).label("is_readable"),
            )
            .select_from(BatchLine)
            .join(Risk, Risk.id == BatchLine.risk_id)
            .join(Entity, Entity.id == Risk.id)
        )
        .where(BatchLine.batch_id == kept.id)
        .order_by(Entity.reference)
    )  # fmt: skip
    lines = tuple(
        Done(
            reference,
            readers.told(title, why) if is_readable else "A risk that you may no longer read",
            did["was"],
            did["became"],
            state,
            state_why,
        )
        for reference, title, why, did, state, state_why, is_readable in rows
    )
    return Told(kept.key, kept.deed, kept.why, kept.at, kept.undo_until, kept.undone_at, lines)


@dataclass(frozen=True, slots=True)
class Made:
    """A batch in the list of those that somebody made."""

    id: int
    key: str
    deed: str
    at: datetime
    undone_at: datetime | None
    count: int

    @property
    def words(self) -> str:
        """What was done, in words."""
        return WORDS[self.deed]

    @property
    def text(self) -> str:
        """The words it is found by in a list."""
        return self.words.casefold()

    @property
    def state(self) -> str:
        """Whether it was undone, for a list."""
        return "done" if self.undone_at is None else "undone"


def batches(actor: Actor, *, limit: int) -> tuple[Made, ...]:
    """List the last batches that the actor made, newest first."""
    count = select(func.count()).where(BatchLine.batch_id == Batch.id).correlate(Batch).scalar_subquery()
    rows = read(
        select(Batch.id, Batch.key, Batch.deed, Batch.at, Batch.undone_at, count)
        .where(Batch.by_id == actor.person_id)
        .order_by(Batch.at.desc(), Batch.id.desc())
        .limit(limit)
    )
    return tuple(Made(*row) for row in rows)
