"""Let people join, take up posts with the roles that posts bring, give posts up, and be away."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import CursorResult, or_, select, update

from riskapp.domain import staffing
from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor, Role
from riskapp.domain.refusal import Refusal
from riskapp.domain.staffing import (
    EVERYWHERE,
    ROLES_OF_POSTS,
    CannotBeAway,
    CannotJoin,
    CannotKeepPerson,
    CannotSeat,
    Sits,
    Somebody,
    Span,
)
from riskapp.features.accounts import service as accounts
from riskapp.features.audit import service as audit
from riskapp.features.duties import queries as duties
from riskapp.features.escalation import queries as escalations
from riskapp.features.escalation import service as escalation
from riskapp.features.passwords import service as passwords
from riskapp.features.people import queries as people_now
from riskapp.features.people import service as people
from riskapp.models.database import db
from riskapp.models.people import Absence, Person, Post, RoleAssignment, Tenure, Unit

ADDRESS = re.compile(r"[^@\s<>\"',;]+@[^@\s<>\"',;]+\.[^@\s<>\"',;]+")
WITH_POST = "It goes with the post."
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seated:
    """A seat that was given, and the role that came with it where one did."""

    tenure: Tenure
    role: RoleAssignment | None


def claim(person: Person, *, seen: int, by: Actor) -> None:
    """Take a person to change them, if nobody did since the form was opened; nobody changes their own posts."""
    refuse_oneself(person, by=by)
    kept = update(Person).where(Person.id == person.id, Person.version == seen).values(version=seen + 1)
    done = db.session.execute(kept, execution_options={"synchronize_session": False})
    assert isinstance(done, CursorResult)  # noqa: S101 - what an update gives; says so to the type checker
    if done.rowcount != 1:
        message = (
            f"Somebody else changed {person.email} since you opened this page. Nothing of yours was kept. "
            "Read what it says now, then send it again"
        )
        raise CannotKeepPerson(Refusal(None, message))
    db.session.refresh(person)


def refuse_oneself(person: Person, *, by: Actor) -> None:
    """Refuse that anybody gives posts to themselves, or takes them."""
    if by.person_id is not None and by.person_id == person.id:
        message = "You cannot change your own posts. Ask another administrator, or the Head of Assurance"
        raise CannotKeepPerson(Refusal(None, message))


def join(
    *,
    email: str,
    post: Post | None,
    capacity: str,
    from_on: date,
    to_on: date | None,
    welcomes: bool,
    by: Actor,
    at: datetime,
    on: date,
) -> Person:
    """Add a person, and put them into a post if one is named; no role comes but the post's own.

    Where it `welcomes`, they are told by mail where to choose a password.
    """
    address = email.strip().lower()
    if not ADDRESS.fullmatch(address):
        raise CannotJoin(Refusal("email", "Enter an e-mail address, like name@council.gov.uk"))
    known = people_now.person_by_email(address)
    if known is not None:
        ending = "Open their page to give a post" if known.is_active else "They left: open their page to reinstate them"
        raise CannotJoin(Refusal("email", f"{address} has an account already. {ending}"))
    person = people.add_person(email=address)
    person.joined_on = from_on
    after = {"person": person.id, "email": address, "from": from_on}
    audit.record(Event.PERSON_ADDED, by=by, at=at, after=after)
    if post is not None:
        seat(person, post, capacity=capacity, days=Span(from_on, to_on), by=by, at=at, on=on)
    if welcomes:
        passwords.welcome(person, at=at)
    return person


def give_post(
    person: Person, post: Post, *, capacity: str, days: Span, seen: int, by: Actor, at: datetime, on: date
) -> Seated:
    """Put a known person into a post besides those they have."""
    claim(person, seen=seen, by=by)
    return seat(person, post, capacity=capacity, days=days, by=by, at=at, on=on)


def name_for(post: Post, person: Person, *, capacity: str, days: Span, by: Actor, at: datetime, on: date) -> Seated:
    """Name somebody for a post that nobody answers for: the same seat, begun from the post."""
    refuse_oneself(person, by=by)
    overtake(person)
    made = seat(person, post, capacity=capacity, days=days, by=by, at=at, on=on, field="email")
    reseat_desks(on=on, by=by, at=at, post_ids=(post.id,))
    return made


def overtake(person: Person) -> None:
    """Change a person from another's page: whoever has a form about them open is told."""
    kept = update(Person).where(Person.id == person.id).values(version=Person.version + 1)
    db.session.execute(kept, execution_options={"synchronize_session": False})
    db.session.refresh(person)


def seat(
    person: Person, post: Post, *, capacity: str, days: Span, by: Actor, at: datetime, on: date, field: str = "post"
) -> Seated:
    """Put a person into a post for some days, with the role that it brings; refused where the post is taken."""
    refuse_oneself(person, by=by)
    db.session.execute(select(Post.id).where(Post.id == post.id).with_for_update())  # two at once wait for each other
    new = Sits(person.id, person.email, capacity, days)
    open_for = Span(post.opened_on, post.closed_on - DAY if post.closed_on else None)
    staffing.may_seat(new, somebody(person), post.title, sits_in(post), post_open=open_for, field=field)
    role = ROLES_OF_POSTS.get(post.kind) if capacity != "deputy" else None
    if role is not None:
        try:
            staffing.may_give_role(
                role, (grant.role for grant in by.grants), is_assured=bool(escalations.heads_of_assurance(on=on))
            )
        except CannotSeat as no:
            raise CannotSeat(*(Refusal(field, reason.message) for reason in no.refusals)) from no
    tenure = people.seat(person, post, capacity=capacity, by=by, at=at, on=days.from_on, until=days.to_on)
    return Seated(tenure, _bring_role(person, post, role, days, by=by, at=at) if role else None)


def somebody(person: Person) -> Somebody:
    """Say of a person what rules ask."""
    return Somebody(person.id, person.email, person.is_active, person.leaves_on if person.is_active else None)


def sits_in(post: Post) -> Iterable[Sits]:
    """Who has, had or will have a post, in order of time."""
    rows = db.session.execute(
        select(Tenure, Person.email)
        .join(Person, Person.id == Tenure.person_id)
        .where(Tenure.post_id == post.id)
        .order_by(Tenure.from_on, Tenure.id)
    )
    for tenure, email in rows:
        yield Sits(tenure.person_id, email, tenure.capacity, Span(tenure.from_on, tenure.to_on))


def _bring_role(
    person: Person, post: Post, role: Role, days: Span, *, by: Actor, at: datetime
) -> RoleAssignment | None:
    """Give the post's role for the days of the seat; None where the person has it on all of them."""
    unit = _unit_of_role(post, role)
    theirs = db.session.scalars(
        select(RoleAssignment)
        .where(RoleAssignment.person_id == person.id, RoleAssignment.role == role, RoleAssignment.unit_id == unit.id)
        .order_by(RoleAssignment.id)
    ).all()
    if any(Span(each.from_on, each.to_on).covers(days) for each in theirs):
        return None
    accounts.end_sessions(person.id, by=by, at=at)
    begun = next((each for each in theirs if each.from_on == days.from_on), None)
    if begun is not None:
        begun.to_on = days.to_on
        return None
    return people.grant_role(person, role, unit, reason=WITH_POST, by=by, at=at, on=days.from_on, until=days.to_on)


def _unit_of_role(post: Post, role: Role) -> Unit:
    if role in EVERYWHERE:
        return db.session.scalars(select(Unit).where(Unit.parent_id.is_(None)).order_by(Unit.id)).first() or _unit(post)
    return _unit(post)


def _unit(post: Post) -> Unit:
    return db.session.get_one(Unit, post.unit_id)


def give_up(tenure: Tenure, *, gone_on: date, by: Actor, at: datetime) -> None:
    """End a seat with the day before `gone_on`, and the role that came with it; one that had not begun goes."""
    post = db.session.get_one(Post, tenure.post_id)
    said = {"post": post.title, "person": tenure.person_id, "capacity": tenure.capacity, "from": tenure.from_on}
    audit.record(
        Event.POST_LEFT,
        by=by,
        at=at,
        subject_id=post.unit_id,
        before={**said, "to": tenure.to_on},
        after={**said, "to": gone_on - DAY if tenure.from_on < gone_on else "never"},
    )
    if tenure.from_on >= gone_on:
        db.session.delete(tenure)
    else:
        tenure.to_on = gone_on - DAY
    db.session.flush()
    role = ROLES_OF_POSTS.get(post.kind)
    if (
        role is not None
        and tenure.capacity != "deputy"
        and not _brought_by_another(tenure, role, _unit_of_role(post, role), gone_on)
    ):
        end_roles(tenure.person_id, gone_on=gone_on, by=by, at=at, role=role, unit_id=_unit_of_role(post, role).id)


def _brought_by_another(ended: Tenure, role: Role, unit: Unit, gone_on: date) -> bool:
    """Tell whether the person still has another post that brings the same role over the same unit."""
    kinds = [kind for kind, its_role in ROLES_OF_POSTS.items() if its_role is role]
    rest = db.session.scalars(
        select(Post)
        .join(Tenure, Tenure.post_id == Post.id)
        .where(
            Tenure.person_id == ended.person_id,
            Tenure.capacity != "deputy",
            or_(Tenure.to_on.is_(None), Tenure.to_on >= gone_on),
            Post.kind.in_(kinds),
        )
    )
    return any(_unit_of_role(post, role).id == unit.id for post in rest)


def end_roles(
    person_id: int, *, gone_on: date, by: Actor, at: datetime, role: Role | None = None, unit_id: int | None = None
) -> None:
    """End a person's roles, or one role over one unit, with the day before; each ending is on the record.

    The person is signed out: a session begun with other roles is not carried on.
    """
    query = select(RoleAssignment).where(
        RoleAssignment.person_id == person_id, or_(RoleAssignment.to_on.is_(None), RoleAssignment.to_on >= gone_on)
    )
    if role is not None:
        query = query.where(RoleAssignment.role == role, RoleAssignment.unit_id == unit_id)
    ending = db.session.scalars(query.order_by(RoleAssignment.id)).all()
    if ending:
        accounts.end_sessions(person_id, by=by, at=at)
    for given in ending:
        said = {"person": person_id, "role": given.role}
        audit.record(
            Event.ROLE_ENDED,
            by=by,
            at=at,
            subject_id=given.unit_id,
            before={**said, "to": given.to_on},
            after={**said, "to": gone_on - DAY if given.from_on < gone_on else "never"},
        )
        if given.from_on >= gone_on:
            db.session.delete(given)
        else:
            given.to_on = gone_on - DAY
    db.session.flush()


def reseat_desks(*, on: date, by: Actor, at: datetime, post_ids: Iterable[int] | None = None) -> int:
    """Give live desks whose person has left the post to whoever answers for it now, or up; gives how many moved."""
    wanted = None if post_ids is None else set(post_ids)
    moved, sitting = 0, duties.sitting(on=on)
    for desk in escalations.live_desks():
        if (wanted is None or desk.post_id in wanted) and (desk.person_id, desk.post_id) not in sitting:
            moved += escalation.reseat(desk, by=by, at=at, on=on)
    return moved


def be_away(
    person: Person,
    *,
    days: Span,
    deputy: Person | None,
    goes_up: bool,
    by: Actor,
    at: datetime,
    on: date,
) -> Absence:
    """Say that a person is away for some days; a post with duties that nobody covers then asks for a deputy.

    Whoever is away may say so themselves, and name the deputy. Refuses (`CannotBeAway`, fields "from_on", "to_on",
    "deputy") days out of order, over or said before, no answer for a post, and a deputy who cannot be one.
    """
    overtake(person)
    others = db.session.scalars(select(Absence).where(Absence.person_id == person.id).order_by(Absence.from_on))
    uncovered = duties.uncovered_posts(person_id=person.id, days=days, on=on)
    staffing.may_be_away(
        days,
        [Span(other.from_on, other.to_on) for other in others],
        [post.title for post, hangs in uncovered if hangs.any],
        has_deputy=deputy is not None,
        goes_up=goes_up,
        on=on,
    )
    if deputy is not None:
        _name_deputy(deputy, person, [post for post, _hangs in uncovered], days, by=by, at=at)
    assert days.to_on is not None  # noqa: S101 - the form asks for both ends
    absence = people.say_away(person, from_on=days.from_on, to_on=days.to_on, by=by, at=at)
    db.session.flush()
    return absence


def _name_deputy(deputy: Person, person: Person, posts: Iterable[Post], days: Span, *, by: Actor, at: datetime) -> None:
    if deputy.id == person.id:
        raise CannotBeAway(Refusal("deputy", "A deputy is somebody else. Name another"))
    if duties.is_away(deputy.id, days=days):
        raise CannotBeAway(Refusal("deputy", f"{deputy.email} is away on some of those days. Name another"))
    for post in posts:
        try:
            staffing.may_seat(
                Sits(deputy.id, deputy.email, "deputy", days),
                somebody(deputy),
                post.title,
                sits_in(post),
                post_open=Span(post.opened_on),
                field="deputy",
            )
        except CannotSeat as no:
            raise CannotBeAway(*no.refusals) from no
        people.seat(deputy, post, capacity="deputy", by=by, at=at, on=days.from_on, until=days.to_on)


def come_back(absence: Absence, *, by: Actor, at: datetime, on: date) -> None:
    """Call an absence off: one that has begun ends yesterday, one to come was never said."""
    before = {"person": absence.person_id, "from": absence.from_on, "to": absence.to_on}
    audit.record(Event.BACK, by=by, at=at, before=before, after={"person": absence.person_id, "back": on})
    if absence.from_on >= on:
        db.session.delete(absence)
    elif absence.to_on >= on:
        absence.to_on = on - DAY
    db.session.flush()
