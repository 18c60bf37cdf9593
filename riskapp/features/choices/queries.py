"""What a form or a filter offers: units, posts and plan items, in the order people look for them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from riskapp.domain.organisation import CHAMPION
from riskapp.domain.permissions import ASSURERS, KEEPERS, Actor
from riskapp.features.people import queries as people
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.people import Post, Unit

NEVER_OWN = ("risk_champion", "board", "member", "auditor", "external_auditor", "external_reader", "administrator")
"""Kinds of post that keep, watch or serve: none of them answers for a risk."""


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """A unit and its place in the tree."""

    id: int
    reference: str
    name: str
    kind: str
    path: str

    @property
    def indented(self) -> str:
        """The name, further in the further below the council it stands, as a select shows a tree."""
        return "\u00a0\u00a0" * (self.path.count("/") - 2) + self.name


@dataclass(frozen=True, slots=True)
class PostChoice:
    """A post and the unit it is in."""

    id: int
    title: str
    kind: str
    unit: str
    path: str


def units(actor: Actor) -> tuple[UnitChoice, ...]:
    """List every open unit in the order of the tree."""
    del actor  # the organisation is no secret inside the council
    return tuple(_unit(unit) for unit in db.session.scalars(people.units_with_names()))


def own_units(actor: Actor) -> tuple[UnitChoice, ...]:
    """List the units for which the actor may draft a risk: the narrowest sub-tree first, so that a team is offered."""
    if any(grant.role in ASSURERS and grant.is_council_wide for grant in actor.grants):
        return units(actor)
    return tuple(_unit(unit) for unit in people.units_under(actor, KEEPERS))


def _unit(unit: Unit) -> UnitChoice:
    return UnitChoice(unit.id, unit.entity.reference, unit.entity.name, unit.kind, unit.path)


def owners(actor: Actor) -> tuple[PostChoice, ...]:
    """List the posts that can own a risk, unit by unit in the order of the tree."""
    return tuple(post for post in posts(actor) if post.kind not in NEVER_OWN)


def posts(actor: Actor) -> tuple[PostChoice, ...]:
    """List every open post, unit by unit in the order of the tree."""
    del actor
    rows = db.session.execute(
        select(Post.id, Post.title, Post.kind, Entity.name, Unit.path)
        .join(Unit, Unit.id == Post.unit_id)
        .join(Entity, Entity.id == Unit.id)
        .where(Post.closed_on.is_(None), Unit.closed_on.is_(None))
        .order_by(Unit.path, Post.title)
    )
    return tuple(PostChoice(*row) for row in rows)


def champion_of(actor: Actor, *, path: str) -> PostChoice | None:
    """Find the risk champion's post of a unit, or else of the nearest unit above it that has one."""
    found = [post for post in posts(actor) if post.kind == CHAMPION and path.startswith(post.path)]
    return min(found, key=lambda post: (-len(post.path), post.id), default=None)


def line_of(*, posts: Sequence[PostChoice], path: str, kinds: Sequence[str]) -> tuple[PostChoice, ...]:
    """Pick the posts of the line above a unit, the nearest first: the first one owns a risk by default."""
    above = [post for post in posts if path.startswith(post.path) and post.kind in kinds]
    return tuple(sorted(above, key=lambda post: (-len(post.path), kinds.index(post.kind), post.title)))
