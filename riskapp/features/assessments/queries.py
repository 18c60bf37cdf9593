"""What a score would set off if the risk were opened today: position, desk, review and plan, each with its clause."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from riskapp.domain import appetite, reviews, scoring
from riskapp.domain.appetite import Position
from riskapp.domain.escalation import Trigger
from riskapp.domain.escalation_route import CannotBuildRoute, CannotEscalate, build_route, first_desk
from riskapp.domain.permissions import Actor
from riskapp.domain.scoring import Scored
from riskapp.domain.toml_reader import Clause
from riskapp.features.people import queries as people
from riskapp.features.policy import queries as policies


@dataclass(frozen=True, slots=True)
class Sequel:
    """What follows from a current score: `goes_to` is a post's title, None if the risk stays where it is.

    `nobody` says why nobody on the route could take it; `plan_clause` is there where the band needs an action in date.
    """

    scored: Scored
    position: Position
    position_clause: Clause
    goes_to: str | None
    acts_as: str | None
    hours: int
    route_clause: Clause | None
    nobody: str | None
    review: str
    review_clause: Clause
    plan_clause: Clause | None
    plan_working_days: int


def sequel(
    actor: Actor,
    *,
    unit_id: int,
    owner_post_id: int,
    category: str,
    kind: str = "threat",
    likelihood: int,
    impacts: Mapping[str, int],
    on: date,
) -> Sequel:
    """Work out what opening a risk with this current score would set off; what cannot be scored is CannotScore."""
    del actor  # the rules are the same for everyone, and the route names posts only
    policy = policies.in_force(on=on).policy
    scheme, is_gain = policy.scoring.of(kind), kind == "opportunity"
    scored = scoring.score(scheme, likelihood, impacts)
    position = Position.NO_LIMIT if is_gain else appetite.position(policy, category, scored.score)
    council = people.organisation(on=on)
    desk, nobody = None, None
    try:
        route = build_route(policy, council.units, council.posts, council.seats)
        facts = Trigger(scored.score, scored.rating, position, category)
        desk = None if is_gain else first_desk(route, policy, unit_id, owner_post_id, facts)
    except (CannotEscalate, CannotBuildRoute) as no:
        nobody = str(no)
    titles = {post.id: post.title for post in council.posts}
    rules, unset = policy.reviews, policy.appetite.not_set_clause
    interval = reviews.review_interval(policy, scored.rating.key, position, on)
    sooner = interval is rules.beyond_tolerable and position is Position.BEYOND_TOLERABLE
    needs_plan = scored.rating.key in policy.actions.plan_ratings
    return Sequel(
        scored=scored,
        position=position,
        position_clause={Position.NOT_SET: unset, Position.NO_LIMIT: scheme.clause}.get(
            position, policy.appetite.clause
        ),
        goes_to=titles[desk.post_id] if desk else None,
        acts_as=desk.capacity if desk else None,
        hours=desk.hours if desk else 0,
        route_clause=desk.clause if desk else None,
        nobody=nobody,
        review=interval.words,
        review_clause=rules.beyond_clause if sooner else rules.clauses[scored.rating.key],
        plan_clause=policy.actions.plan_clause if needs_plan else None,
        plan_working_days=policy.actions.plan_working_days,
    )
