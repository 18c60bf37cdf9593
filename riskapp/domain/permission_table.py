"""The table of permissions as people read it: by room, in sentences, with the roles and clearances explained.

The page "Who may do what" and docs/permissions.md are both made of what stands here, so neither can say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskapp.domain.access import ABOVE_USUAL, AGREES
from riskapp.domain.actors import Clearance, Role, usual_clearance
from riskapp.domain.permissions import PERMISSIONS, line_in_words
from riskapp.domain.toml_reader import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOMS: Mapping[str, str] = {
    "public": "Everybody",
    "signed_in": "Everybody",
    "risk": "Risks",
    "challenge": "Challenges",
    "tolerance": "Tolerances",
    "view": "Risks",
    "issue": "Issues",
    "near_miss": "Near misses and emerging risks",
    "emerging": "Near misses and emerging risks",
    "exemption": "Exemptions",
    "action": "Actions",
    "escalation": "Escalations",
    "body": "External bodies",
    "plan": "Improvement plan",
    "pack": "Committee packs",
    "outbox": "The system’s own records",
    "clock": "The system’s own records",
    "audit": "The system’s own records",
    "role": "Access",
    "named_grant": "Access",
    "glass": "Access",
    "organisation": "Organisation and people",
    "people": "Organisation and people",
    "champion": "Organisation and people",
    "absence": "Organisation and people",
}
"""What the part of a permission before the colon is called; permissions of one name stand together."""

ROLE_WORDS: Mapping[Role, str] = {
    Role.CHAMPION: "Keep the register: log risks, score them, add actions and chase them",
    Role.MANAGER: "Open drafts, agree to lower scores, close risks that you do not own, and chase actions",
    Role.HEAD_OF_ASSURANCE: "Read every risk, chase every late action, build packs, agree to roles; never change "
    "another’s risk",
    Role.ASSURANCE_OFFICER: "Read every risk, chase every late action, build packs and propose roles",
    Role.PROPER_OFFICER: "Read every risk, decide what is exempt from publication, and let people in to it by name",
    Role.AUDITOR: "Read every risk, the record of changes and the clock; change nothing",
    Role.EXTERNAL_AUDITOR: "Read what is not exempt, the packs and the record of changes, until a day",
    Role.COMMITTEE: "Read open risks that are not exempt, their actions, and the packs",
    Role.COMMISSIONER: "Read every risk, the record of changes, and the packs",
    Role.EXTERNAL_READER: "Nothing by itself: read the single things that are opened to you by name, until a day",
    Role.ADMINISTRATOR: "Keep units, posts and people, propose roles and see the clock at work; no power over risks",
    Role.BROKEN_GLASS: "Read everything for as long as the emergency lasts; change nothing",
}
"""What each role lets one do, said to who has it."""

CLEARANCE_WORDS: Mapping[Clearance, str] = {
    Clearance.ORDINARY: "What is neither exempt from publication nor perhaps so.",
    Clearance.EXEMPT: "Also words that are exempt, or may be and nobody has decided yet "
    "(Local Government Act 1972, Schedule 12A).",
    Clearance.EXISTENCE_WITHHELD: "Also things of which not even the existence may be told.",
}

LOOK_THE_SAME = (
    "What you may not read looks the same as what is not there: the page is not found, and no list, count or search "
    "tells of it."
)
WRITTEN_BY = "`flask access table --out docs/permissions.md` writes this file from the table itself; it is not edited."
DEFAULT = "What no line here allows is not allowed."


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that may be done, and each of the ways in which somebody comes to be allowed it."""

    words: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """What may be done in one part of the system."""

    name: str
    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role with what it lets one do, the clearance that usually comes with it, and who agrees to it."""

    name: str
    words: str
    clearance: str
    agreed_by: str


def rooms() -> tuple[Room, ...]:
    """Say the whole table, room by room in the order of the table."""
    found: dict[str, list[Deed]] = {}
    for permission, lines in PERMISSIONS.items():
        room = ROOMS[permission.partition(":")[0]]
        found.setdefault(room, []).append(Deed(permission.words, tuple(map(_sentence, map(line_in_words, lines)))))
    return tuple(Room(name, tuple(deeds)) for name, deeds in found.items())


def roles() -> tuple[RoleLine, ...]:
    """Explain each role."""
    return tuple(
        RoleLine(role.label, f"{ROLE_WORDS[role]}.", usual_clearance(role).label, _agreed_by(role)) for role in Role
    )


def clearances() -> tuple[tuple[str, str], ...]:
    """Explain each clearance: what may be read with it."""
    return tuple((clearance.label, CLEARANCE_WORDS[clearance]) for clearance in Clearance)


def markdown() -> str:
    """Write the table as docs/permissions.md holds it."""
    said = ["# Who may do what", "", f"{DEFAULT} {LOOK_THE_SAME}", "", WRITTEN_BY, ""]
    for room in rooms():
        said += [f"## {room.name}", ""]
        for deed in room.deeds:
            said += [f"### {deed.words}", "", *(f"- {line}" for line in deed.lines), ""]
    said += ["## Roles", "", "| Role | Lets one | Usual clearance | Agreed to by |", "|---|---|---|---|"]
    said += [f"| {each.name} | {each.words} | {each.clearance} | {each.agreed_by} |" for each in roles()]
    said += ["", ABOVE_WORDS, "", "## Clearances", ""]
    said += [f"- **{name}**: {words}" for name, words in clearances()]
    return "\n".join(said) + "\n"


ABOVE_WORDS = (
    f"More clearance than a role usually has is agreed to by the {listed([each.label.lower() for each in ABOVE_USUAL])}"
    " alone. Nobody agrees to what they proposed, to a role of their own, or to more than they have."
)


def _agreed_by(role: Role) -> str:
    agreeing = AGREES.get(role, ())
    return listed([each.label for each in agreeing], "or") or "Given to nobody: two people agree on an emergency"


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
