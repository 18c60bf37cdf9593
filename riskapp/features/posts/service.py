"""Change the posts of a unit: each verb refuses in words, and closing leaves no duty to nobody."""

from datetime import date, datetime, timedelta

from sqlalchemy import or_, select

from riskapp.domain.audit import Event
from riskapp.domain.organisation import (
    POST_KINDS,
    CannotChangePost,
    Overtaken,
    closing_day_refusals,
    same_name,
)
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Refusal
from riskapp.features.audit import service as audit
from riskapp.features.holdings import queries as holdings
from riskapp.features.organisation import service as organisation
from riskapp.features.people import service as people
from riskapp.models.database import db
from riskapp.models.people import Post, Tenure, Unit


def add(
    *, title: str, kind: str, unit_id: int, opened_on: date, key: str | None, by: Actor, at: datetime, on: date
) -> Post:
    """Add a post to an open unit; the same form sent twice is one post."""
    organisation.hold_the_tree()
    known = key and db.session.scalars(select(Post).where(Post.submission_key == key)).first()
    if known:
        return known
    unit = db.session.get_one(Unit, unit_id, populate_existing=True)
    wrong = _title_taken(title)
    if kind not in POST_KINDS:
        wrong.append(Refusal("kind", "Choose the kind of post"))
    if unit.closed_on is not None:
        wrong.append(Refusal(None, "The unit is closed. Reopen it first"))
    if opened_on > on:
        wrong.append(Refusal("opened_on", "That day is still to come. Add the post when the day comes"))
    if wrong:
        raise CannotChangePost(*wrong)
    post = people.add_post(title=title.strip(), kind=kind, unit=unit, by=by, at=at, on=opened_on)
    post.submission_key = key or None
    db.session.flush()
    return post


def rename(post_id: int, *, title: str, seen: int, by: Actor, at: datetime) -> None:
    """Give a post another title, which no other post has."""
    post = _held(post_id, seen)
    if wrong := _title_taken(title, but=post):
        raise CannotChangePost(*wrong)
    if title.strip() != post.title:
        before, post.title = post.title, title.strip()
        _record(Event.POST_RENAMED, post, before={"title": before}, by=by, at=at)


def close(post_id: int, *, closed_on: date, seen: int, by: Actor, at: datetime, on: date) -> None:
    """Close a post that holds no duty; whoever sits in it leaves it the day before."""
    post = _held(post_id, seen)
    wrong = [Refusal(None, f"{post.title} is closed already")] if post.closed_on is not None else []
    wrong += closing_day_refusals(post.opened_on, closed_on, on)
    wrong += [Refusal(None, words) for words in holdings.on_post(by, post.id, on=on).words]
    sitting = db.session.scalars(
        select(Tenure)
        .where(Tenure.post_id == post.id, or_(Tenure.to_on.is_(None), Tenure.to_on >= closed_on))
        .order_by(Tenure.id)
    ).all()
    if late := [tenure for tenure in sitting if tenure.from_on >= closed_on]:
        day = f"{min(tenure.from_on for tenure in late):%-d %B %Y}"
        wrong.append(Refusal("on", f"Somebody takes the post on {day}. Give a later day, or end that first"))
    if wrong:
        raise CannotChangePost(*wrong)
    for tenure in sitting:
        tenure.to_on = closed_on - timedelta(days=1)
        audit.record(
            Event.POST_LEFT,
            by=by,
            at=at,
            subject_id=post.unit_id,
            after={"post": post.title, "person": tenure.person_id, "to": tenure.to_on},
        )
    post.closed_on = closed_on
    _record(Event.POST_CLOSED, post, after={"closed_on": closed_on}, by=by, at=at)


def reopen(post_id: int, *, seen: int, by: Actor, at: datetime) -> None:
    """Open a closed post again, vacant."""
    post = _held(post_id, seen)
    if post.closed_on is None:
        raise CannotChangePost(Refusal(None, f"{post.title} is open already"))
    if db.session.get_one(Unit, post.unit_id, populate_existing=True).closed_on is not None:
        raise CannotChangePost(Refusal(None, "Its unit is closed. Reopen that first"))
    before, post.closed_on = post.closed_on, None
    _record(Event.POST_REOPENED, post, before={"closed_on": before}, by=by, at=at)


def _held(post_id: int, seen: int) -> Post:
    organisation.hold_the_tree()
    post = db.session.get_one(Post, post_id, populate_existing=True)
    if post.version != seen:
        raise Overtaken(Refusal(None, "This post was changed after you loaded the page"))
    return post


def _title_taken(title: str, *, but: Post | None = None) -> list[Refusal]:
    if not title.strip():
        return [Refusal("title", "Enter the title of the post")]
    others = db.session.scalars(select(Post.title).where(Post.id != (but.id if but else 0)))
    if same_name(title) in {same_name(other) for other in others}:
        return [Refusal("title", f"There is a post called {title.strip()} already. Name the unit in the title")]
    return []


def _record(
    what: Event,
    post: Post,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    by: Actor,
    at: datetime,
) -> None:
    db.session.flush()
    after = {"post": post.id, "title": post.title, **(after or {}), "version": post.version}
    audit.record(what, by=by, at=at, subject_id=post.unit_id, before=before, after=after)
