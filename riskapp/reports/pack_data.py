"""What a pack says: a tree of frozen facts with no live keys, which is also the stored snapshot.

Every figure was worked out and every sentence written before it came here; paper only counts, orders and
draws. Posts are named, never persons. Items are numbered afresh from 1 in each paper, so that no internal
sequence can be read from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date  # noqa: TC003 - a snapshot is read back by these annotations
from typing import Final, Literal

FORMAT: Final = 1
"""Version of this tree's shape, stored with each snapshot."""

EXEMPT: Final = 2
"""The part of a pack that is not for publication."""

Position = Literal["Within", "Above", "Beyond", "Not set"]
"""Where a score stands against appetite: content, bearable with a plan, over the limit, or none agreed."""

RequestState = Literal["Done", "Partly done", "Late", "Not yet due"]


@dataclass(frozen=True, slots=True)
class Band:
    """A band of scores; colours like `#E3913C`, or empty to take the paper's own by rank."""

    name: str
    fill: str = ""
    ink: str = ""
    edge: str = ""
    tint: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """A step of likelihood or impact, from 1, with what it means in a few words."""

    value: int
    name: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """The score and the band, by name, that the policy gives to a pair of levels."""

    likelihood: int
    impact: int
    score: int
    band: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """The policy's scheme of scores: levels from 1 up, and a cell for every pair."""

    likelihood: tuple[Level, ...]
    impact: tuple[Level, ...]
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True, slots=True)
class Appetite:
    """What the council is willing to bear for one kind of risk; None where it has not been agreed."""

    category: str
    level: str = ""
    content_to: int | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One assessment: levels, and the score and band as the policy in force gave them."""

    likelihood: int
    impact: int
    score: int
    band: str


@dataclass(frozen=True, slots=True)
class Risk:
    """A risk on the register; `was` is its score in the last pack, None if new; `why` tells why it moved."""

    item: int
    title: str
    category: str
    directorate: str
    owner: str
    now: Score
    inherent: Score | None = None
    was: Score | None = None
    target: Score | None = None
    target_on: date | None = None
    position: Position = "Not set"
    content_to: int | None = None
    limit: int | None = None
    next_review_on: date | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Departure:
    """A risk of the last pack that has left it: closed, or merged into an item."""

    title: str
    was: Score
    why: str
    merged_into: int | None = None


@dataclass(frozen=True, slots=True)
class OverdueAction:
    """An action late against the last of the dates promised, which begin with the first promise."""

    title: str
    owner: str
    promised_on: tuple[date, ...]
    item: int | None = None
    score: int | None = None


@dataclass(frozen=True, slots=True)
class Ageing:
    """How many actions are overdue by one span of days, now and in the last pack."""

    label: str
    now: int
    was: int | None = None
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class Escalation:
    """A live case: with which post, since when, and in words how long it has left or how late it is."""

    title: str
    held_by: str
    since: date
    time_left: str
    is_late: bool = False
    item: int | None = None


@dataclass(frozen=True, slots=True)
class AnswerCount:
    """How the escalations that reached a post since the last pack were answered; `limit` in words."""

    post: str
    limit: str
    raised: int
    in_time: int
    moved_up: int


@dataclass(frozen=True, slots=True)
class Body:
    """An external body and the council's part in it; `items` are the risks it stands behind."""

    name: str
    role: str
    interest: str
    lead: str
    next_review_on: date | None = None
    last_review_on: date | None = None
    items: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the first page: "5", and beneath it "was 7 in September"."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A decision or a question, the reason for it, and the place in the paper to read more (see `PLACES`)."""

    text: str
    why: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What the committee asked for last time, and what became of it."""

    asked: str
    done: str
    state: RequestState


@dataclass(frozen=True, slots=True)
class Findings:
    """The sentences that open the pages, each saying what its page shows."""

    first: str = ""
    standing: str = ""
    moves: str = ""
    beyond: str = ""
    register: str = ""
    actions: str = ""
    escalations: str = ""
    bodies: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    word: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Exemption:
    """An item of Part 2: the risk, and why it is private (Local Government Act 1972, Schedule 12A)."""

    risk: Risk
    ground: str
    public_interest: str
    decided_by: str
    decided_on: date
    ask_again_on: date


@dataclass(frozen=True, slots=True)
class SignOff:
    post: str
    signed_on: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """For which meeting the paper is; `last_on` is the day of the last pack's figures."""

    council: str
    committee: str
    held_on: date
    as_at: date
    report_of: str
    last_on: date | None = None
    next_on: date | None = None
    published_on: date | None = None
    title: str = "Corporate risk report"


PLACES: Final = (
    "standing",
    "beyond",
    "moves",
    "register",
    "actions",
    "escalations",
    "bodies",
    "reading",
    "annex",
)
"""Where an `Ask` may send its reader."""


@dataclass(frozen=True, slots=True)
class PackData:
    """One part of a pack. Unsigned, it is a draft; bands run from the lowest to the highest."""

    meeting: Meeting
    bands: tuple[Band, ...]
    matrix: Matrix
    part: Literal[1, 2] = 1
    ground: str = ""
    is_illustrative: bool = False
    sign_off: SignOff | None = None
    figures: tuple[Figure, ...] = ()
    findings: Findings = field(default_factory=Findings)
    decisions: tuple[Ask, ...] = ()
    questions: tuple[Ask, ...] = ()
    requests: tuple[Request, ...] = ()
    appetites: tuple[Appetite, ...] = ()
    risks: tuple[Risk, ...] = ()
    departures: tuple[Departure, ...] = ()
    overdue: tuple[OverdueAction, ...] = ()
    ageing: tuple[Ageing, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    answers: tuple[AnswerCount, ...] = ()
    bodies: tuple[Body, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    glossary: tuple[Term, ...] = ()
    format: int = FORMAT
