"""Challenges as people see them: those to a risk, those of the council with its figures, and whose each was."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import aliased

from riskapp.domain import challenges as rules
from riskapp.domain.challenges import Answer, Counted, Figures, Named, Place, Standing, Verdict, may_know
from riskapp.domain.permissions import Actor
from riskapp.domain.policy import Policy
from riskapp.features.escalation import queries as routes
from riskapp.features.policy import queries as policies
from riskapp.features.readers import queries as readers
from riskapp.models.audit import AuditPayload
from riskapp.models.challenges import Challenge
from riskapp.models.database import db, read
from riskapp.models.entity import Entity
from riskapp.models.people import Person, Post
from riskapp.models.risks import Assessment, Risk, RiskStanding
from riskapp.models.tolerances import IN_FORCE, LIVE, Tolerance

PAGE = 50
STATES: Mapping[str, str] = {
    "": "Any state",
    "waiting": "Waits for an answer",
    Standing.LATE: "Answer overdue",
    "answered": "Answered",
    Standing.AGREED: "Agreed",
    Standing.KEPT: "Score kept",
}
_disputed, _made, _owner, _answerer = aliased(Assessment), aliased(Assessment), aliased(Post), aliased(Post)
ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "due": (Challenge.answer.is_not(None).asc(), Challenge.due_on.asc()),
    "-due": (Challenge.answer.is_not(None).asc(), Challenge.due_on.desc()),
    "raised": (Challenge.raised_on.asc(),),
    "-raised": (Challenge.raised_on.desc(),),
    "title": (func.lower(Entity.name).asc(),),
    "-title": (func.lower(Entity.name).desc(),),
    "apart": ((Challenge.score - _disputed.score).asc(),),
    "-apart": ((Challenge.score - _disputed.score).desc(),),
}


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a risk's scores: how many challenges wait, what is tolerated, and what is asked for."""

    open_challenges: int = 0
    in_force: "Borne | None" = None
    asked: "Borne | None" = None


@dataclass(frozen=True, slots=True)
class Borne:
    """A tolerance in force or asked for: of whom, until when, and whether its owner accepted it."""

    post: str
    expires_on: date
    is_own: bool


_THE_RISK = bindparam("risk_id", type_=Integer)
_BESIDE = (
    select(
        select(func.count(Challenge.id))
        .where(Challenge.risk_id == _THE_RISK, Challenge.answer.is_(None))
        .scalar_subquery(),
        Tolerance.state,
        Post.title,
        Tolerance.expires_on,
        Tolerance.is_own,
    )
    .select_from(Risk)
    .outerjoin(Tolerance, and_(Tolerance.risk_id == Risk.id, Tolerance.state.in_(LIVE)))
    .outerjoin(Post, Post.id == Tolerance.asked_of_post_id)
    .where(Risk.id == _THE_RISK)
)


def beside(actor: Actor, risk_id: int) -> Beside:
    """Read what stands beside the scores of a risk in one query; the caller has shown that the actor may read it."""
    del actor
    rows = read(_BESIDE, {"risk_id": risk_id}).all()
    borne = {state: Borne(*rest) for _count, state, *rest in rows if state}
    asked = next((each for state, each in borne.items() if state != IN_FORCE), None)
    return Beside(rows[0][0], borne.get(IN_FORCE), asked)


def own_open_challenge(actor: Actor, risk_id: int) -> int | None:
    """Find the actor's own challenge to a risk that waits for an answer."""
    mine = Challenge.risk_id == risk_id, Challenge.by_id == actor.person_id, Challenge.answer.is_(None)
    return db.session.scalar(select(Challenge.id).where(*mine))


@dataclass(frozen=True, slots=True)
class Told:
    """Who challenged, for one reader: a post, and whether the sealed trail vouches for it; nothing where it is kept."""

    is_known: bool
    post: str | None = None
    email: str | None = None
    is_vouched: bool | None = None


KEPT_NAME = Told(is_known=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A challenge with both scores, both reasons, its answer, and who was right so far."""

    id: int
    key: str
    risk_id: int
    reference: str
    title: str
    kind: str
    owner: str
    likelihood: int
    dimension: str
    impact: int
    score: int
    rating: str
    why: str
    raised_on: date
    due_on: date
    went_up_on: date | None
    disputed_score: int
    disputed_rating: str
    disputed_why: str
    disputed_on: date
    answer: str | None
    answer_why: str | None
    answered_on: date | None
    answered_by: str | None
    new_score: int | None
    new_rating: str | None
    new_state: str | None
    by: Told
    is_own: bool
    standing: Standing
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which challenges of the council are asked for; an empty field is no condition."""

    state: str = ""
    words: str = ""
    sort: str = "due"


def of_risk(actor: Actor, risk_id: int, *, on: date) -> tuple[Shown, ...]:
    """List the challenges to a risk, what waits first, then the newest; the caller has shown that they may be read."""
    query = _rows().where(Challenge.risk_id == risk_id)
    waits_first = (Challenge.answer.is_not(None), Challenge.raised_on.desc(), Challenge.id.desc())
    return _shown(actor, db.session.execute(query.order_by(*waits_first)).all(), on)


def challenges(
    actor: Actor, wanted: Wanted, *, on: date, page: int = 1, size: int = PAGE
) -> tuple[tuple[Shown, ...], int]:
    """Give a page of the challenges to risks of which the actor may read all, and how many there are."""
    query = _rows().where(readers.reads_all(actor, on=on), *_conditions(wanted, on))
    total = db.session.scalar(query.with_only_columns(func.count(Challenge.id))) or 0
    order = ORDERS.get(wanted.sort, ORDERS["due"])
    rows = db.session.execute(
        query.order_by(*order, Entity.reference, Challenge.id).limit(size).offset((page - 1) * size)
    )
    return _shown(actor, rows.all(), on), total


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Challenge,
            Entity.reference,
            Entity.name.label("title"),
            Risk.kind,
            Risk.status,
            Risk.owner_post_id,
            _owner.title.label("owner"),
            _disputed.likelihood.label("was_likelihood"),
            _disputed.impact.label("was_impact"),
            _disputed.score.label("was_score"),
            _disputed.rating.label("was_rating"),
            _disputed.rationale.label("was_why"),
            _disputed.effective_on.label("was_on"),
            _answerer.title.label("answerer"),
            _made.score.label("new_score"),
            _made.rating.label("new_rating"),
            _made.state.label("new_state"),
        )
        .select_from(Challenge)
        .join(Risk, Risk.id == Challenge.risk_id)
        .join(Entity, Entity.id == Risk.id)
        .join(_owner, _owner.id == Risk.owner_post_id)
        .join(_disputed, _disputed.id == Challenge.assessment_id)
        .outerjoin(_answerer, _answerer.id == Challenge.answered_by_post_id)
        .outerjoin(_made, _made.id == Challenge.new_assessment_id)
    )


def _conditions(wanted: Wanted, on: date) -> Iterator[ColumnElement[bool]]:
    waits = and_(Challenge.answer.is_(None), Risk.status == "open")
    states: Mapping[str, ColumnElement[bool]] = {
        "waiting": waits,
        Standing.LATE: and_(waits, Challenge.due_on < on),
        "answered": Challenge.answer.is_not(None),
        Standing.AGREED: Challenge.answer == Answer.AGREED,
        Standing.KEPT: Challenge.answer == Answer.KEPT,
    }
    if wanted.state in states:
        yield states[wanted.state]
    if wanted.words:
        yield or_(*(each.icontains(wanted.words, autoescape=True) for each in (Entity.name, Entity.reference)))


def _shown(actor: Actor, rows: Sequence[Row[*tuple[Any, ...]]], on: date) -> tuple[Shown, ...]:
    policy = policies.in_force(on=on).policy
    names = _names(actor, rows, policy, on)
    later = _later({row.Challenge.risk_id for row in rows})
    return tuple(_one(actor, row, names, later, policy, on) for row in rows)


def _one(
    actor: Actor,
    row: Row[*tuple[Any, ...]],
    names: Mapping[int, Told],
    later: Mapping[int, Sequence[tuple[int, date, Any]]],
    policy: Policy,
    on: date,
) -> Shown:
    each: Challenge = row.Challenge
    return Shown(
        id=each.id,
        key=each.key,
        risk_id=each.risk_id,
        reference=row.reference,
        title=row.title,
        kind=row.kind,
        owner=row.owner,
        likelihood=each.likelihood,
        dimension=each.dimension,
        impact=each.impact,
        score=each.score,
        rating=each.rating,
        why=each.why,
        raised_on=each.raised_on,
        due_on=each.due_on,
        went_up_on=each.went_up_on,
        disputed_score=row.was_score,
        disputed_rating=row.was_rating,
        disputed_why=row.was_why,
        disputed_on=row.was_on,
        answer=each.answer,
        answer_why=each.answer_why,
        answered_on=each.answered_on,
        answered_by=row.answerer,
        new_score=row.new_score,
        new_rating=row.new_rating,
        new_state=row.new_state,
        by=names.get(each.id, KEPT_NAME),
        is_own=each.by_id == actor.person_id,
        standing=rules.standing(each.answer, each.due_on, on, is_risk_open=row.status == "open"),
        verdict=_verdict(row, later[each.risk_id], policy, on),
    )


def _names(actor: Actor, rows: Iterable[Row[*tuple[Any, ...]]], policy: Policy, on: date) -> Mapping[int, Told]:
    """Read who challenged, of those alone of whom the actor may know it: no other name is ever read."""
    named = {row.Challenge.id: Named(row.Challenge.by_id, row.Challenge.is_named, row.owner_post_id) for row in rows}
    chapter = policy.challenge
    known = {each for each, facts in named.items() if may_know(chapter, actor, facts, ())}
    owned = {each for each, facts in named.items() if facts.owner_post_id in actor.post_ids}
    doubtful = {each: facts for each, facts in named.items() if each not in known | owned}
    if doubtful and actor.post_ids:
        way = routes.route(on=on)
        known |= {
            each
            for each, facts in doubtful.items()
            if may_know(chapter, actor, facts, rules.superiors(way, policy, facts.owner_post_id))
        }
    return _told(known)


def _told(ids: Collection[int]) -> Mapping[int, Told]:
    if not ids:
        return {}
    found = db.session.execute(
        select(
            Challenge.id, Challenge.is_named, Challenge.salt, Challenge.by_id, Challenge.by_post_id, Post.title,
            Person.email, AuditPayload.content,
        )
        .join(Person, Person.id == Challenge.by_id)
        .outerjoin(Post, Post.id == Challenge.by_post_id)
        .outerjoin(AuditPayload, AuditPayload.entry_id == Challenge.entry_id)
        .where(Challenge.id.in_(ids))
    )  # fmt: skip
    return {
        number: Told(
            is_known=True,
            post=title or "A person without a post",
            email=email,
            is_vouched=None if is_named or not content else _vouches(content, salt, person_id, post_id),
        )
        for number, is_named, salt, person_id, post_id, title, email, content in found
    }


def _vouches(content: Mapping[str, Any], salt: bytes, person_id: int, post_id: int | None) -> bool:
    """Whether the sealed entry was made of this very name."""
    return bool(content["after"].get("challenger") == rules.sealed_name(salt, person_id, post_id))


def _later(risk_ids: Collection[int]) -> Mapping[int, Sequence[tuple[int, date, Any]]]:
    """Read the current scores of some risks that came into force, in their order."""
    found: defaultdict[int, list[tuple[int, date, Any]]] = defaultdict(list)
    if risk_ids:
        query = (
            select(
                Assessment.risk_id, Assessment.id, Assessment.effective_on, Assessment.likelihood, Assessment.impact,
                Assessment.score, Assessment.rating,
            )
            .where(Assessment.risk_id.in_(risk_ids), Assessment.basis == "current", Assessment.state == "in_force")
            .order_by(Assessment.id)
        )  # fmt: skip
        for risk_id, number, day, *place in db.session.execute(query):
            found[risk_id].append((number, day, place))
    return found


def _verdict(row: Row[*tuple[Any, ...]], scores: Iterable[tuple[int, date, Any]], policy: Policy, on: date) -> Verdict:
    each, chapter = row.Challenge, policy.challenge
    if chapter is None:
        return Verdict.TO_BE_SEEN
    scheme = policy.scoring if row.kind == "threat" else policy.scoring.opportunity or policy.scoring
    ranks = {rating.key: rating.rank for rating in scheme.ratings}

    def place(likelihood: int, impact: int, score: int, rating: str) -> Place:
        return Place(likelihood, impact, score, ranks.get(rating, 0))

    return rules.verdict(
        chapter,
        answer=each.answer,
        raised_on=each.raised_on,
        disputed=place(row.was_likelihood, row.was_impact, row.was_score, row.was_rating),
        challenger=place(each.likelihood, each.impact, each.score, each.rating),
        later=[
            (day, place(*at)) for number, day, at in scores if number > each.assessment_id and day >= each.raised_on
        ],
        on=on,
    )


def figures(actor: Actor, *, on: date) -> Figures:
    """Count the challenges that the actor may see: how many wait, were answered, and proved right."""
    rows = db.session.execute(_rows().where(readers.reads_all(actor, on=on))).all()
    policy, later = policies.in_force(on=on).policy, _later({row.Challenge.risk_id for row in rows})
    return rules.figures(
        Counted(
            standing=rules.standing(each.answer, each.due_on, on, is_risk_open=row.status == "open"),
            verdict=_verdict(row, later[each.risk_id], policy, on),
            is_in_time=each.answered_on is not None and each.answered_on <= each.due_on,
        )
        for row in rows
        for each in (row.Challenge,)
    )


def waiting_to_go_up(*, on: date) -> tuple[Challenge, ...]:
    """Challenges to open risks whose time is over, that nobody above was told of yet."""
    wanted = (
        select(Challenge)
        .join(Risk, Risk.id == Challenge.risk_id)
        .where(Risk.status == "open", Challenge.answer.is_(None))
        .where(Challenge.due_on < on, Challenge.went_up_on.is_(None))
    )
    return tuple(
        db.session.scalars(
            wanted.order_by(Challenge.id).with_for_update(of=Challenge, skip_locked=True, key_share=True)
        )
    )


def due(*, by: date) -> Iterator[tuple[int, date, int]]:
    """Give risk, last day and owner's post of each challenge to an open risk that is due by a day."""
    rows = db.session.execute(
        select(Challenge.risk_id, Challenge.due_on, Risk.owner_post_id)
        .join(Risk, Risk.id == Challenge.risk_id)
        .where(Risk.status == "open", Challenge.answer.is_(None), Challenge.due_on <= by)
        .order_by(Challenge.risk_id, Challenge.due_on)
    )
    return ((risk_id, due_on, post_id) for risk_id, due_on, post_id in rows)


@dataclass(frozen=True, slots=True)
class Disputed:
    """The score that a challenge would dispute, with the one reason given for it."""

    id: int
    kind: str
    status: str
    category: str
    owner: str
    score: int
    rating: str
    likelihood: int
    impact: int
    rationale: str
    effective_on: date


def disputed(actor: Actor, risk_id: int) -> Disputed:
    """Read the current score of a risk; the caller has shown that the actor may read it."""
    del actor
    row: Sequence[Any] = db.session.execute(
        select(
            Assessment.id, Risk.kind, Risk.status, Risk.category, Post.title, Assessment.score, Assessment.rating,
            Assessment.likelihood, Assessment.impact, Assessment.rationale, Assessment.effective_on,
        )
        .select_from(Risk)
        .join(RiskStanding, RiskStanding.risk_id == Risk.id)
        .join(Assessment, Assessment.id == RiskStanding.current_id)
        .join(Post, Post.id == Risk.owner_post_id)
        .where(Risk.id == risk_id)
    ).one()  # fmt: skip
    return Disputed(*row)
