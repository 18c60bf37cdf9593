"""Who may hold a post and when, who covers for whom, and what nobody may leave behind (policy, chapter 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from riskapp.domain.calendar import day_words
from riskapp.domain.organisation import sitter
from riskapp.domain.permissions import Role
from riskapp.domain.refusal import Cannot, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from riskapp.domain.organisation import Seat
    from riskapp.domain.toml_reader import Clause, Table

CAPACITIES: Mapping[str, str] = {"holder": "Holds it", "acting": "Acts in it", "deputy": "Deputises for it"}
DEEDS: Mapping[str, str] = {"holder": "held", "acting": "acted in", "deputy": "deputised for"}

ROLES_OF_POSTS: Mapping[str, Role] = {
    "team_manager": Role.MANAGER,
    "service_lead": Role.MANAGER,
    "director": Role.MANAGER,
    "chief_executive": Role.MANAGER,
    "section_151": Role.MANAGER,
    "head_of_assurance": Role.HEAD_OF_ASSURANCE,
    "proper_officer": Role.PROPER_OFFICER,
    "monitoring_officer": Role.PROPER_OFFICER,
    "assurance_officer": Role.ASSURANCE_OFFICER,
    "auditor": Role.AUDITOR,
    "commissioner": Role.COMMISSIONER,
    "administrator": Role.ADMINISTRATOR,
}
"""The role that comes to whoever holds a post of a kind or acts in it; a deputy only answers for the post."""
EVERYWHERE = (
    Role.HEAD_OF_ASSURANCE, Role.ASSURANCE_OFFICER, Role.PROPER_OFFICER, Role.AUDITOR, Role.COMMISSIONER,
    Role.ADMINISTRATOR,
)  # fmt: skip
"""Roles that count for the whole council, so that a post brings them only by the hand of who assures it."""


class CannotKeepPerson(Cannot):
    """Somebody else changed the person first, or one would change one's own posts."""


class CannotJoin(Cannot):
    """The account exists, or its address is none."""


class CannotSeat(Cannot):
    """The post is taken on those days, or the person is not there to take it."""


class CannotBeAway(Cannot):
    """The days are wrong or said twice, or nobody was named for a post with duties."""


class CannotLeave(Cannot):
    """The day is wrong, or what was said of a post would leave its duties with nobody who stays."""


@dataclass(frozen=True, slots=True)
class PeopleRules:
    """What the policy says of people; a policy adopted before it had this chapter sets no training."""

    first_training_days: int | None = None
    refresher_months: int | None = None
    duties: Clause | None = None
    absence: Clause | None = None
    leaving: Clause | None = None
    champions: Clause | None = None
    training: Clause | None = None


class WithPeople(Protocol):
    """The part of a policy that a rule on people reads."""

    @property
    def people(self) -> PeopleRules: ...


@dataclass(frozen=True, slots=True)
class Span:
    """Days from one to another, both included; without an end it goes on."""

    from_on: date
    to_on: date | None = None

    def meets(self, other: Span) -> bool:
        """Tell whether the two share a day."""
        starts_in_time = self.to_on is None or other.from_on <= self.to_on
        return starts_in_time and (other.to_on is None or self.from_on <= other.to_on)

    def covers(self, other: Span) -> bool:
        """Tell whether every day of the other is one of these."""
        ends_late = self.to_on is None or (other.to_on is not None and other.to_on <= self.to_on)
        return self.from_on <= other.from_on and ends_late


@dataclass(frozen=True, slots=True)
class Sits:
    """A person in a post for some days, in a capacity; `email` is how an administrator knows the person."""

    person_id: int
    email: str
    capacity: str
    days: Span


@dataclass(frozen=True, slots=True)
class Somebody:
    """What a rule must know of a person who is to take something on."""

    person_id: int
    email: str
    is_active: bool = True
    leaves_on: date | None = None


def may_seat(
    new: Sits, who: Somebody, post: str, others: Iterable[Sits], *, post_open: Span, field: str | None = "post"
) -> None:
    """Refuse a seat that is taken on one of its days, one before the post, and one for somebody gone or going."""
    days = new.days
    if days.to_on is not None and days.to_on < days.from_on:
        raise CannotSeat(Refusal("to_on", "The last day is before the first. Give a later one"))
    if not post_open.covers(days) and not post_open.covers(Span(days.from_on, days.from_on)):
        raise CannotSeat(Refusal(field, f"{post} does not exist on {day_words(days.from_on)}. Choose another post"))
    refuse_who_goes(who, until=days.to_on, field=field)
    for other in others:
        if not other.days.meets(days):
            continue
        if other.capacity == new.capacity:
            until = f"until {day_words(other.days.to_on)}" if other.days.to_on else "with no end set"
            message = (
                f"{post} is {DEEDS[other.capacity]} by {other.email} from {day_words(other.days.from_on)}, {until}. "
                "Choose days after that, or end that first"
            )
            raise CannotSeat(Refusal(field, message))
        if other.person_id == new.person_id:
            raise CannotSeat(
                Refusal(field, f"{new.email} has {post} on those days already: it is {DEEDS[other.capacity]} by them")
            )


def refuse_who_goes(who: Somebody, *, until: date | None, field: str | None) -> None:
    """Nothing is given to somebody who has gone, nor beyond the day from which somebody is going to be gone."""
    if not who.is_active:
        raise CannotSeat(Refusal(field, f"{who.email} has left. Name somebody who is here"))
    if who.leaves_on is not None and (until is None or until >= who.leaves_on):
        message = f"{who.email} is leaving too, and is gone from {day_words(who.leaves_on)}. Name somebody who stays"
        raise CannotSeat(Refusal(field, message))


def may_be_away(
    away: Span, others: Iterable[Span], uncovered: Iterable[str], *, has_deputy: bool, goes_up: bool, on: date
) -> None:
    """Refuse days out of order, gone by, or said already, and an absence that nobody covers and nobody answers for."""
    refusals = []
    if away.to_on is not None and away.to_on < away.from_on:
        refusals.append(Refusal("to_on", "The last day is before the first. Give a later one"))
    elif away.to_on is not None and away.to_on < on:
        refusals.append(Refusal("to_on", "These days are over. Give days that end today or later"))
    elif clash := next((other for other in others if other.meets(away)), None):
        until = f" to {day_words(clash.to_on)}" if clash.to_on else ""
        message = f"Already away from {day_words(clash.from_on)}{until}. Give other days"
        refusals.append(Refusal("from_on", message))
    posts = tuple(uncovered)
    if posts and not has_deputy and not goes_up:
        message = f"Nobody covers {' and '.join(posts)}. Name a deputy, or tick that escalations go up the route"
        refusals.append(Refusal("deputy", message))
    if refusals:
        raise CannotBeAway(*refusals)


def may_leave(gone_on: date, joined_on: date | None, begun: Iterable[tuple[str, date]]) -> None:
    """Refuse a first day gone that is not after the day of joining, or before a post that was taken up since."""
    if joined_on is not None and gone_on <= joined_on:
        message = f"They joined on {day_words(joined_on)}, so they cannot be gone by then. Give a later day"
        raise CannotLeave(Refusal("gone_on", message))
    for post, since in begun:
        if since > gone_on:
            message = f"They have had {post} since {day_words(since)}. Give a later day, or take that post away first"
            raise CannotLeave(Refusal("gone_on", message))


def may_take_back(state: str, done_on: date | None, on: date) -> bool:
    """A departure to come can be called off; one that is done can be taken back on the day it was done."""
    return state == "planned" or (state == "done" and done_on == on)


@dataclass(frozen=True, slots=True)
class Duties:
    """What hangs on a post: how many open risks and actions, live desks, and whether a team's champion sits there."""

    open_risks: int = 0
    open_actions: int = 0
    live_desks: int = 0
    is_champion: bool = False

    @property
    def any(self) -> bool:
        return bool(self.open_risks or self.open_actions or self.live_desks or self.is_champion)


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A post whose duties nobody answers for on a day, and whether its holder is only away."""

    post_id: int
    duties: Duties
    is_away: bool


def left_over(duties: Mapping[int, Duties], seats: Iterable[Seat]) -> tuple[LeftOver, ...]:
    """List the posts with duties that nobody answers for, the heaviest first: live desks, then risks, then actions."""
    found = [
        LeftOver(seat.post_id, hangs, seat.holder_away)
        for seat in seats
        if (hangs := duties.get(seat.post_id)) is not None and hangs.any and sitter(seat) is None
    ]
    return tuple(
        sorted(
            found,
            key=lambda each: (
                -each.duties.live_desks,
                -each.duties.open_risks,
                -each.duties.open_actions,
                each.post_id,
            ),
        )
    )


def may_give_role(role: Role | None, by: Iterable[Role], *, is_assured: bool) -> None:
    """A post that opens the whole council is filled by the Head of Assurance, if there is one.

    An administrator keeps accounts and is not a reader: filling such a post alone would be a way to become one.
    """
    if role in EVERYWHERE and is_assured and Role.HEAD_OF_ASSURANCE not in by:
        message = "This post brings a role over the whole council. The Head of Assurance fills it"
        raise CannotSeat(Refusal("post", message))


def parse(document: Table) -> PeopleRules:
    """Read people.toml; faults go to the document's notes."""
    tables = {key: document.table(key) for key in ("duties", "absence", "leaving", "champions", "training")}
    training = tables["training"]
    rules = PeopleRules(
        first_training_days=training.integer("first_within_days", at_least=1, at_most=366),
        refresher_months=training.integer("refresher_months", at_least=1, at_most=60),
        duties=tables["duties"].clause(),
        absence=tables["absence"].clause(),
        leaving=tables["leaving"].clause(),
        champions=tables["champions"].clause(),
        training=training.clause(),
    )
    for table in tables.values():
        table.done()
    return rules
