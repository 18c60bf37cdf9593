"""The saved views that somebody may open, and those that they keep."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, or_, select
from sqlalchemy.orm import aliased

from riskapp.domain.permissions import Actor, Facts, Permission, Role, may
from riskapp.models.database import db, read
from riskapp.models.entity import Entity
from riskapp.models.people import Post, Unit
from riskapp.models.saved_views import DefaultView, SavedView

MINE, SHARED = "mine", "shared"


@dataclass(frozen=True, slots=True)
class View:
    """A saved view as one person sees it; `may_keep` says whether they may rename, share and delete it."""

    id: int
    name: str
    address: Mapping[str, str]
    is_mine: bool
    by_post: str | None
    shared_with: str | None
    shared_with_id: int | None
    saved_at: datetime
    version: int
    may_keep: bool
    is_default: bool

    @property
    def state(self) -> str:
        """Whether it is one's own, for a list."""
        return MINE if self.is_mine else SHARED

    @property
    def text(self) -> str:
        """The words it is found by in a list."""
        return f"{self.name} {self.by_post or ''} {self.shared_with or ''}".casefold()


def views(actor: Actor) -> tuple[View, ...]:
    """List the views that the actor saved or that are shared with them, by name; one query."""
    if actor.person_id is None:
        return ()
    unit_name = aliased(Entity)
    rows = read(
        select(
            SavedView.id, SavedView.name, SavedView.address, SavedView.owner_id, Post.title, unit_name.name, Unit.id,
            SavedView.saved_at, SavedView.version, Unit.path, DefaultView.view_id,
        )
        .outerjoin(Post, Post.id == SavedView.by_post_id)
        .outerjoin(Unit, Unit.id == SavedView.shared_with_id)
        .outerjoin(unit_name, unit_name.id == Unit.id)
        .outerjoin(
            DefaultView, and_(DefaultView.view_id == SavedView.id, DefaultView.person_id == actor.person_id)
        )
        .where(or_(SavedView.owner_id == actor.person_id, _is_shared_with(actor)))
        .order_by(SavedView.name, SavedView.id)
    )  # fmt: skip
    found = (_view(actor, *row) for row in rows)
    return tuple(sorted(found, key=lambda view: (view.name.casefold(), view.id)))


def view(actor: Actor, number: int) -> View | None:
    """Find one of the views that the actor may open."""
    return next((each for each in views(actor) if each.id == number), None)


def _is_shared_with(actor: Actor) -> ColumnElement[bool]:
    """Tell whether a view is shared with the unit of a post or a role of the actor's, or with one above it."""
    own = aliased(Unit)
    of_posts = (
        select(own.id)
        .join(Post, Post.unit_id == own.id)
        .where(Post.id.in_(sorted(actor.post_ids)), own.path.startswith(Unit.path))
        .correlate(Unit)
        .exists()
    )
    of_roles = (
        literal(grant.unit_path).startswith(Unit.path)
        for grant in actor.grants
        if grant.role is not Role.EXTERNAL_READER
    )
    return or_(of_posts, *of_roles)


def _view(
    actor: Actor, number: int, name: str, address: Mapping[str, str], owner_id: int, by_post: str | None,
    shared_with: str | None, unit_id: int | None, saved_at: datetime, version: int, path: str | None,
    default_id: int | None,
) -> View:  # fmt: skip
    is_mine = owner_id == actor.person_id
    return View(
        id=number,
        name=name,
        address=address,
        is_mine=is_mine,
        by_post=by_post,
        shared_with=shared_with,
        shared_with_id=unit_id,
        saved_at=saved_at,
        version=version,
        may_keep=is_mine or (path is not None and may(actor, Permission.VIEW_SHARE, Facts(unit_path=path))),
        is_default=default_id is not None,
    )


@dataclass(frozen=True, slots=True)
class Audience:
    """A unit with which the actor may share a view."""

    id: int
    name: str
    path: str


def audiences(actor: Actor) -> tuple[Audience, ...]:
    """List the units with which the actor may share a view, in the order of the tree."""
    if not any(may(actor, Permission.VIEW_SHARE, Facts(unit_path=grant.unit_path)) for grant in actor.grants):
        return ()
    rows: Any = db.session.execute(
        select(Unit.id, Entity.name, Unit.path)
        .join(Entity, Entity.id == Unit.id)
        .where(Unit.closed_on.is_(None))
        .order_by(Unit.path)
    )
    return tuple(Audience(*row) for row in rows if may(actor, Permission.VIEW_SHARE, Facts(unit_path=row.path)))
