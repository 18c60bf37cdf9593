"""The rows behind every figure of a paper, as they stood on a day."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select

from riskapp.domain.pack_source import ActionRow, BodyRow, DeskRow, Scored, Source, Standing
from riskapp.domain.permissions import Actor, Permission, may
from riskapp.domain.publication import Decision
from riskapp.models.actions import Action, ActionPromise, ActionUpdate
from riskapp.models.bodies import Body, GovernanceReview
from riskapp.models.database import db
from riskapp.models.entity import Classification, Entity, Link
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.people import Post, Unit
from riskapp.models.risks import Assessment, Review, Risk, RiskVersion


def source(actor: Actor, *, as_at: date, last_on: date | None) -> Source:
    """Read the council's risk work as it stood on a day, and the risks as they stood on an earlier one.

    Exempt rows are among them, since what a paper may hold is decided on these rows: only a builder of packs gets them.
    """
    if not may(actor, Permission.PACK_BUILD):
        raise PermissionError("the rows behind a paper are for those who build it")
    links = _links()
    return Source(
        risks=tuple(_standings(as_at)),
        risks_before={row.risk_id: row for row in _standings(last_on)} if last_on else {},
        scores=_scores(as_at),
        reviews=_reviews(as_at),
        closing=_closing(),
        decisions=_decisions(),
        directorates=_directorates(),
        actions=tuple(_actions(as_at, links["treats"])),
        desks=tuple(_desks()),
        bodies=tuple(_bodies(as_at, links["concerns"])),
    )


def _standings(on: date) -> Iterable[Standing]:
    latest = (
        select(RiskVersion.risk_id, func.max(RiskVersion.version).label("version"))
        .join(Risk, Risk.id == RiskVersion.risk_id)
        .where(RiskVersion.valid_from <= on, Risk.kind == "threat")
        .group_by(RiskVersion.risk_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            RiskVersion.risk_id,
            Entity.reference,
            RiskVersion.title,
            RiskVersion.status,
            RiskVersion.category,
            Unit.path,
            Post.title,
        )
        .join(latest, (latest.c.risk_id == RiskVersion.risk_id) & (latest.c.version == RiskVersion.version))
        .join(Entity, Entity.id == RiskVersion.risk_id)
        .join(Unit, Unit.id == RiskVersion.unit_id)
        .join(Post, Post.id == RiskVersion.owner_post_id)
        .order_by(RiskVersion.title, Entity.reference)
    )
    return (Standing(*row) for row in rows)


def _scores(as_at: date) -> Mapping[tuple[int, str], tuple[Scored, ...]]:
    found: dict[tuple[int, str], list[Scored]] = defaultdict(list)
    rows = db.session.execute(
        select(
            Assessment.risk_id,
            Assessment.basis,
            Assessment.effective_on,
            Assessment.likelihood,
            Assessment.impact,
            Assessment.score,
            Assessment.rating,
            Assessment.position,
            Assessment.target_on,
            Assessment.rationale,
        )
        .where(Assessment.state == "in_force", Assessment.effective_on <= as_at)
        .order_by(Assessment.risk_id, Assessment.basis, Assessment.effective_on, Assessment.id)
    )
    for risk_id, basis, *rest in rows:
        found[risk_id, basis].append(Scored(*rest))
    return {key: tuple(history) for key, history in found.items()}


def _reviews(as_at: date) -> Mapping[int, date | None]:
    rows = db.session.execute(
        select(Review.risk_id, Review.next_review_on)
        .where(Review.held_on <= as_at)
        .order_by(Review.risk_id, Review.held_on, Review.id)
    )
    then = {risk_id: next_on for risk_id, next_on in rows}  # noqa: C416 - rows are not plain pairs to the type checker
    held = db.session.execute(select(Review.risk_id, func.max(Review.held_on)).group_by(Review.risk_id))
    latest = {risk_id: held_on for risk_id, held_on in held}  # noqa: C416 - as above
    # A score between two reviews moves the next one: where no review came after the day, the risk itself knows.
    now = db.session.execute(select(Risk.id, Risk.next_review_on).where(Risk.status == "open"))
    return then | {risk_id: on for risk_id, on in now if risk_id not in latest or latest[risk_id] <= as_at}


def _closing() -> Mapping[int, str]:
    rows = db.session.execute(select(Risk.id, Risk.closed_why).where(Risk.status == "closed"))
    return {risk_id: why or "" for risk_id, why in rows}


def _decisions() -> Mapping[int, tuple[Decision, ...]]:
    found: dict[int, list[Decision]] = defaultdict(list)
    rows = db.session.execute(
        select(
            Classification.entity_id,
            Classification.field_group,
            Classification.level,
            Classification.from_on,
            Classification.paragraphs,
            func.coalesce(Classification.public_interest, Classification.reason),
            Post.title,
            Classification.review_on,
        )
        .outerjoin(Post, Post.id == Classification.decided_by_post_id)
        .order_by(Classification.entity_id, Classification.from_on, Classification.id)
    )
    for entity_id, *decision in rows:
        found[entity_id].append(Decision(*decision))  # type: ignore[arg-type] # the columns above, in the fields' order
    return {entity_id: tuple(made) for entity_id, made in found.items()}


def _directorates() -> tuple[tuple[str, str], ...]:
    rows = db.session.execute(
        select(Unit.path, Entity.name)
        .join(Entity, Entity.id == Unit.id)
        .where(Unit.kind == "directorate")
        .order_by(Unit.path)
    )
    return tuple((path, name) for path, name in rows)


def _links() -> Mapping[str, Mapping[int, tuple[int, ...]]]:
    """Map each action to the risks it treats, and each body to the risks that concern it."""
    found: dict[str, dict[int, list[int]]] = {"treats": defaultdict(list), "concerns": defaultdict(list)}
    rows = db.session.execute(
        select(Link.kind, Link.from_id, Link.to_id).where(Link.kind.in_(found)).order_by(Link.from_id, Link.to_id)
    )
    for kind, from_id, to_id in rows:
        if kind == "treats":
            found[kind][from_id].append(to_id)
        else:
            found[kind][to_id].append(from_id)
    return {kind: {key: tuple(ids) for key, ids in of.items()} for kind, of in found.items()}


def _actions(as_at: date, treats: Mapping[int, tuple[int, ...]]) -> Iterable[ActionRow]:
    promises: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for action_id, promised_on, due_on in db.session.execute(
        select(ActionPromise.action_id, ActionPromise.promised_on, ActionPromise.due_on)
        .where(ActionPromise.promised_on <= as_at)
        .order_by(ActionPromise.action_id, ActionPromise.number)
    ):
        promises[action_id].append((promised_on, due_on))
    updates: dict[int, list[tuple[date, str]]] = defaultdict(list)
    for action_id, said_on, status in db.session.execute(
        select(ActionUpdate.action_id, ActionUpdate.said_on, ActionUpdate.status).order_by(
            ActionUpdate.action_id, ActionUpdate.said_on, ActionUpdate.id
        )
    ):
        updates[action_id].append((said_on, status))
    rows = db.session.execute(
        select(Action.id, Entity.name, Post.title, Action.status)
        .join(Entity, Entity.id == Action.id)
        .join(Post, Post.id == Action.owner_post_id)
        .order_by(Entity.name, Entity.reference)
    )
    for action_id, title, owner, status in rows:
        made, said = tuple(promises[action_id]), tuple(updates[action_id])
        yield ActionRow(action_id, title, owner, status, made, said, treats.get(action_id, ()))


def _desks() -> Iterable[DeskRow]:
    rows = db.session.execute(
        select(
            EscalationCase.subject_id,
            Entity.name,
            EscalationDesk.tier,
            Post.title,
            EscalationDesk.state,
            EscalationDesk.arrived_at,
            EscalationDesk.due_at,
            EscalationDesk.acknowledged_at,
            EscalationDesk.left_at,
        )
        .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
        .join(Entity, Entity.id == EscalationCase.subject_id)
        .join(Post, Post.id == EscalationDesk.post_id)
        .where(EscalationCase.is_drill.is_(False))
        .order_by(EscalationDesk.arrived_at, EscalationDesk.id)
    )
    return (DeskRow(*row) for row in rows)  # type: ignore[arg-type] # a case that is no drill has a subject


def _bodies(as_at: date, concerns: Mapping[int, tuple[int, ...]]) -> Iterable[BodyRow]:
    last = (
        select(GovernanceReview.body_id, func.max(GovernanceReview.held_on).label("held_on"))
        .where(GovernanceReview.held_on <= as_at)
        .group_by(GovernanceReview.body_id)
        .subquery()
    )
    query: Select[Any] = (
        select(Body.id, Entity.name, Body.roles, Body.interest, Post.title, Body.next_review_on, last.c.held_on)
        .join(Entity, Entity.id == Body.id)
        .join(Post, Post.id == Body.lead_post_id)
        .outerjoin(last, last.c.body_id == Body.id)
        .order_by(Body.position)
    )
    for body_id, name, roles, interest, lead, next_on, last_on in db.session.execute(query):
        behind = concerns.get(body_id, ())
        yield BodyRow(body_id, name, tuple(roles), interest, lead, next_on, last_on, behind)
