"""Where a risk can go, and what its going would change."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import select

from riskapp.domain import escalation_route as routes
from riskapp.domain.permissions import Actor, Facts, Permission, may
from riskapp.domain.toml_reader import listed
from riskapp.features.choices import queries as choices
from riskapp.features.escalation import queries as escalations
from riskapp.features.policy import queries as policies
from riskapp.models.database import db
from riskapp.models.people import Post
from riskapp.models.risks import Risk, RiskDuty


def homes(actor: Actor, risk: Risk) -> tuple[choices.UnitChoice, ...]:
    """List the other open units that the actor manages, in the order of the tree."""
    return tuple(
        unit
        for unit in choices.units(actor)
        if unit.id != risk.unit_id and may(actor, Permission.RISK_MOVE, Facts(unit_path=unit.path))
    )


def changes(actor: Actor, risk: Risk, unit: choices.UnitChoice, *, on: date) -> Iterator[str]:
    """Say what moving a risk to a unit changes, and what it does not."""
    owner = db.session.get_one(Post, risk.owner_post_id)
    yield f"{owner.title} still owns it, and its score, its actions and its history stay."
    yield _champion(actor, risk, unit)
    yield from _route(risk, unit, on)
    yield f"Those who keep the register of {unit.name} keep it from now on, in place of those of its old unit."


def _champion(actor: Actor, risk: Risk, unit: choices.UnitChoice) -> str:
    held = (
        select(Post.title)
        .join(RiskDuty, RiskDuty.post_id == Post.id)
        .where(RiskDuty.risk_id == risk.id, RiskDuty.duty == "champion", RiskDuty.to_on.is_(None))
    )
    before, after = db.session.scalar(held), choices.champion_of(actor, path=unit.path)
    if after is None:
        return f"{unit.name} has no risk champion, so nobody champions it."
    return f"Its champion stays {after.title}." if before == after.title else f"Its champion becomes {after.title}."


def _route(risk: Risk, unit: choices.UnitChoice, on: date) -> Iterator[str]:
    policy, way = policies.in_force(on=on).policy, escalations.route(on=on)

    def up(unit_id: int) -> list[str]:
        return [step.title for step in routes.path_to_top(way, policy, unit_id) if step.title]

    before, after = up(risk.unit_id), up(unit.id)
    same = " It is the same as before." if before == after else f" It was {listed(before)}."
    yield f"An escalation goes up by {listed(after)}.{same}"
    case = escalations.standing_case(subject_id=risk.id)
    if case is not None and case.state == "open":
        yield f"Its escalation stays with {escalations.whereabouts(case_id=case.id)}, and goes up by the new way."
