"""Who asks, and what the thing asked about is like: all that a permission may look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    """A role is given over a unit's sub-tree; owning and answering are relationships and not roles."""

    CHAMPION = "champion"
    MANAGER = "manager"
    HEAD_OF_ASSURANCE = "head_of_assurance"
    ASSURANCE_OFFICER = "assurance_officer"
    PROPER_OFFICER = "proper_officer"
    AUDITOR = "auditor"
    EXTERNAL_AUDITOR = "external_auditor"
    COMMITTEE = "committee"
    COMMISSIONER = "commissioner"
    EXTERNAL_READER = "external_reader"
    ADMINISTRATOR = "administrator"
    BROKEN_GLASS = "broken_glass"

    @property
    def label(self) -> str:
        """The role as people say it."""
        return ROLE_LABELS[self]


ROLE_LABELS: Mapping[Role, str] = {
    Role.CHAMPION: "Risk champion",
    Role.MANAGER: "Manager",
    Role.HEAD_OF_ASSURANCE: "Head of Assurance",
    Role.ASSURANCE_OFFICER: "Assurance officer",
    Role.PROPER_OFFICER: "Proper officer",
    Role.AUDITOR: "Internal auditor",
    Role.EXTERNAL_AUDITOR: "External auditor",
    Role.COMMITTEE: "Committee member",
    Role.COMMISSIONER: "Commissioner",
    Role.EXTERNAL_READER: "External reader",
    Role.ADMINISTRATOR: "Administrator",
    Role.BROKEN_GLASS: "Administrator in an emergency",
}
"""`BROKEN_GLASS` is given to nobody: it lasts for the four hours that two people agreed on."""

COUNCIL_READERS = (
    Role.HEAD_OF_ASSURANCE, Role.ASSURANCE_OFFICER, Role.PROPER_OFFICER, Role.AUDITOR, Role.COMMISSIONER,
    Role.BROKEN_GLASS,
)  # fmt: skip
"""Roles that read every risk of the units they are given over, what is exempt included."""


class Clearance(IntEnum):
    """How much of what is withheld from the public one may read: nothing, exempt words, or even that a thing exists."""

    ORDINARY = 0
    EXEMPT = 1
    EXISTENCE_WITHHELD = 2

    @property
    def label(self) -> str:
        """The clearance as people say it."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Grant:
    """A role over the units whose path begins with `unit_path`; a clearance not said is the role's usual one."""

    role: Role
    unit_path: str
    clearance: Clearance | None = None

    @property
    def reads_up_to(self) -> Clearance:
        """The clearance it was given with, or else the usual one of its role."""
        return usual_clearance(self.role) if self.clearance is None else self.clearance

    @property
    def is_council_wide(self) -> bool:
        """Whether it is given over the whole council, whose path is one step."""
        return self.unit_path.count("/") <= 2  # noqa: PLR2004 - "/1/"


def usual_clearance(role: Role) -> Clearance:
    """Give the clearance that comes with a role unless its grant says otherwise."""
    return Clearance.EXISTENCE_WITHHELD if role in COUNCIL_READERS else Clearance.ORDINARY


@dataclass(frozen=True, slots=True)
class Sitting:
    """A post that the actor answers for today, and in what capacity: holder, acting or deputy."""

    post_id: int
    title: str
    capacity: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking: a person with the posts, roles and named things of this moment, or the clock, which has none.

    `named` are the single things that were opened to the person by name, each with the clearance it was opened with.
    """

    person_id: int | None
    sittings: tuple[Sitting, ...] = ()
    grants: tuple[Grant, ...] = ()
    door: str = "web"
    request_id: str | None = None
    named: Mapping[int, Clearance] = field(default_factory=dict, hash=False)
    post_ids: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "post_ids", frozenset(sitting.post_id for sitting in self.sittings))

    def let_in_with(self, entity_id: int | None) -> Clearance | None:
        """The clearance with which a thing was opened to the actor by name; None if it was not."""
        return None if entity_id is None else self.named.get(entity_id)

    @property
    def post(self) -> Sitting | None:
        """The post people know the actor by: one held before one acted in, before one deputised for."""
        order = {"holder": 0, "acting": 1, "deputy": 2}
        return min(self.sittings, key=lambda sitting: (order[sitting.capacity], sitting.post_id), default=None)

    def sitting(self, post_id: int | None) -> Sitting | None:
        """How the actor answers for a post today, if at all; for no post, the post people know the actor by."""
        if post_id is None:
            return self.post
        return next((sitting for sitting in self.sittings if sitting.post_id == post_id), None)

    def has_role(self, *roles: Role) -> bool:
        """Whether the actor has one of the roles anywhere."""
        return any(grant.role in roles for grant in self.grants)


THE_CLOCK = Actor(person_id=None, door="clock")
THE_PROVIDER = Actor(person_id=None, door="council account")
"""The sign-in provider, where it says what becomes of roles and sessions."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a condition may ask of a thing. A field that is not known is empty, and grants nothing.

    `exempt_groups` are the groups of its fields that are exempt, or may be and nobody has decided yet;
    `is_existence_withheld` says that not even its being there may be told.
    """

    entity_id: int | None = None
    unit_path: str = ""
    owner_post_id: int | None = None
    drafted_by_post_id: int | None = None
    other_post_ids: frozenset[int] = frozenset()
    desk_post_ids: frozenset[int] = frozenset()
    live_desk_post_id: int | None = None
    asked_post_ids: frozenset[int] = frozenset()
    is_open: bool = False
    exempt_groups: frozenset[str] = frozenset()
    is_existence_withheld: bool = False
    is_demo: bool = False

    @property
    def is_exempt(self) -> bool:
        """Whether any of it is withheld from those without clearance."""
        return bool(self.exempt_groups) or self.is_existence_withheld
