"""Keep views of registers: save one under a name, rename it, share it, delete it, or let it open first."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select

from riskapp.domain.audit import Event
from riskapp.domain.columns import ADDRESS
from riskapp.domain.permissions import Actor, Facts, Permission, may
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.audit import service as audit
from riskapp.features.saved_views import queries
from riskapp.models.database import db
from riskapp.models.people import Unit
from riskapp.models.saved_views import DefaultView, SavedView

LONGEST_NAME, LONGEST_VALUE = 80, 500
OVERTAKEN = "This view was changed after you loaded the page. Load the page again"


class CannotKeepView(Cannot):
    """The view cannot be called or shared so, or it is not the actor's to keep."""


def save(
    *, name: str, address: Mapping[str, str], share_with: int | None, opens_first: bool, by: Actor, at: datetime
) -> SavedView:
    """Keep the address of a register under a name of one's own."""
    if by.person_id is None:
        raise CannotKeepView(Refusal(None, "Sign in to save a view"))
    wrong = [*_wrong_name(name, by), *_wrong_audience(share_with, by)]
    kept = {key: value[:LONGEST_VALUE] for key, value in address.items() if key in ADDRESS and value}
    if wrong:
        raise CannotKeepView(*wrong)
    view = SavedView(
        name=name.strip(),
        address=kept,
        owner_id=by.person_id,
        by_post_id=by.post.post_id if by.post else None,
        shared_with_id=share_with,
        saved_at=at,
    )
    db.session.add(view)
    db.session.flush()
    audit.record(Event.VIEW_SAVED, by=by, at=at, after=_told(view))
    if opens_first:
        open_first(view.id, by=by, at=at)
    return view


def change(view_id: int, *, name: str, share_with: int | None, seen: int, by: Actor, at: datetime) -> SavedView:
    """Give a view another name or share it otherwise."""
    view = _held(view_id, seen, by)
    wrong = [*_wrong_name(name, by, but=view)]
    if share_with != view.shared_with_id:
        wrong += _wrong_audience(share_with, by)
    if wrong:
        raise CannotKeepView(*wrong)
    before = _told(view)
    view.name, view.shared_with_id = name.strip(), share_with
    db.session.flush()
    if before != (after := _told(view)):
        audit.record(Event.VIEW_CHANGED, by=by, at=at, before=before, after=after)
    return view


def remove(view_id: int, *, seen: int, by: Actor, at: datetime) -> None:
    """Delete a view; the register itself is untouched, and for whom it opened first the whole one does again."""
    view = _held(view_id, seen, by)
    before = _told(view)
    db.session.delete(view)
    db.session.flush()
    audit.record(Event.VIEW_DELETED, by=by, at=at, before=before)


def open_first(view_id: int | None, *, by: Actor, at: datetime) -> None:
    """Let a view that the actor may open be the one with which the registers open for them; none is the whole."""
    if by.person_id is None or (view_id is not None and queries.view(by, view_id) is None):
        raise CannotKeepView(Refusal(None, "That view is not there. Load the page again"))
    db.session.execute(delete(DefaultView).where(DefaultView.person_id == by.person_id))
    if view_id is not None:
        db.session.add(DefaultView(person_id=by.person_id, view_id=view_id))
    audit.record(Event.VIEW_OPENS_FIRST, by=by, at=at, after={"view": view_id})


def _held(view_id: int, seen: int, by: Actor) -> SavedView:
    view = db.session.get(SavedView, view_id, with_for_update=True, populate_existing=True)
    known = queries.view(by, view_id)
    if view is None or known is None or not known.may_keep:
        raise CannotKeepView(Refusal(None, "That view is not there, or is not yours to change"))
    if view.version != seen:
        raise CannotKeepView(Refusal(None, OVERTAKEN))
    return view


def _wrong_name(name: str, by: Actor, *, but: SavedView | None = None) -> list[Refusal]:
    if not name.strip():
        return [Refusal("name", "Give the view a name")]
    if len(name.strip()) > LONGEST_NAME:
        return [Refusal("name", f"Use at most {LONGEST_NAME} characters")]
    owner_id = but.owner_id if but else by.person_id
    others = select(SavedView.name).where(SavedView.owner_id == owner_id, SavedView.id != (but.id if but else 0))
    if name.strip().casefold() in {other.casefold() for other in db.session.scalars(others)}:
        return [Refusal("name", "There is a view of that name already. Choose another, or delete that one first")]
    return []


def _wrong_audience(unit_id: int | None, by: Actor) -> list[Refusal]:
    if unit_id is None:
        return []
    unit = db.session.get(Unit, unit_id)
    is_allowed = unit is not None and may(by, Permission.VIEW_SHARE, Facts(unit_path=unit.path))
    if unit is None or unit.closed_on is not None or not is_allowed:
        return [Refusal("share_with", "Choose a unit whose register you keep, or nobody")]
    return []


def _told(view: SavedView) -> dict[str, object]:
    """What the record of changes says of a view: by what it narrows, and never the words looked for."""
    return {"name": view.name, "narrowed_by": sorted(view.address), "shared_with": view.shared_with_id}
