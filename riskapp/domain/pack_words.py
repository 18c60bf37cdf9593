"""The sentences of a committee pack, drafted by rule from its figures: bad news first, all of it counted.

Each is a draft that the Head of Assurance may edit. `strange_numbers` finds what an edit has made up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

_IN_WORDS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_NUMBER: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")
_MOST_QUESTIONS: Final = 3


@dataclass(frozen=True, slots=True)
class RiskFact:
    """What the rules need of a risk: its scores now and before, the limit, months in the worst band."""

    item: int
    title: str
    owner: str
    score: int
    is_worst: bool
    was: int | None = None
    was_worst: bool = False
    limit: int | None = None
    worst_months: int = 0

    @property
    def excess(self) -> int:
        """How far the score is over the limit; 0 where it is not, or none is agreed."""
        return max(self.score - self.limit, 0) if self.limit is not None else 0

    @property
    def rise(self) -> int:
        return self.score - self.was if self.was is not None else 0


@dataclass(frozen=True, slots=True)
class Standing:
    """The whole register: its risks, the name of the worst band, and the month of the last pack."""

    risks: tuple[RiskFact, ...]
    worst: str
    since: str = ""
    worst_before: int | None = None
    departed: int = 0

    @property
    def worst_now(self) -> int:
        return sum(1 for risk in self.risks if risk.is_worst)

    @property
    def beyond(self) -> int:
        return sum(1 for risk in self.risks if risk.excess)


@dataclass(frozen=True, slots=True)
class Lateness:
    """Overdue actions now and in the last pack, and how many are over so many days late."""

    overdue: int
    was: int | None = None
    long: int = 0
    long_days: int = 90


@dataclass(frozen=True, slots=True)
class Answers:
    """Escalations since the last pack."""

    raised: int
    in_time: int
    moved_up: int
    live: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class BodyFact:
    name: str
    review_due_on: date | None = None
    is_late: bool = False
    was_reviewed: bool = True


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted decision or question, its reason, and the place of the pack to read more."""

    text: str
    why: str = ""
    place: str = ""


def number(count: int) -> str:
    """Write a count: in words up to nine, in figures from 10."""
    return _IN_WORDS[count] if 0 <= count < len(_IN_WORDS) else f"{count:,}"


def counted(count: int, thing: str, things: str = "") -> str:
    """Write a count with its noun: "one risk", "12 risks"."""
    return f"{number(count)} {thing if count == 1 else things or thing + 's'}"


def _who(count: int, one: str, many: str) -> str:
    """Write a count that stands for its noun: "none is", "one is", "12 are"."""
    return f"{_alone(count)} {one if count <= 1 else many}"


def _alone(count: int) -> str:
    return number(count) if count else "none"


def first_finding(standing: Standing) -> str:
    """Say in one sentence what has changed for the worse or the better, the worse half first."""
    if not standing.risks:
        return "There is no risk on the register."
    worst, before = standing.worst.lower(), standing.worst_before
    grown = sum(1 for risk in standing.risks if risk.rise > 0)
    rose = f"{counted(grown, 'risk has', 'risks have')} grown"
    now = _who(standing.worst_now, f"is {worst}", f"are {worst}")
    if before is None:
        return _sentence(
            f"of {counted(len(standing.risks), 'risk')}, {now} and {_alone(standing.beyond)} beyond appetite"
        )
    if standing.worst_now > before:
        return _sentence(f"more risks are {worst} than in {standing.since}: {standing.worst_now}, was {before}")
    if standing.worst_now < before:
        fewer = f"fewer risks are {worst} than in {standing.since}"
        return _sentence(f"{fewer}, but {rose}" if grown else f"{fewer}, and none has grown")
    return _sentence(f"as many risks are {worst} as in {standing.since}, and {rose if grown else 'none has grown'}")


def standing_finding(standing: Standing) -> str:
    """Say how many risks are in the worst band, and how many were."""
    if not standing.risks:
        return "There is no risk on the register."
    worst = f"{_who(standing.worst_now, 'is', 'are')} {standing.worst.lower()}"
    said = f"of {counted(len(standing.risks), 'risk')}, {worst}"
    return _sentence(
        said + ("" if standing.worst_before is None else f", was {_alone(standing.worst_before)} in {standing.since}")
    )


def moves_finding(standing: Standing) -> str:
    """Count risks that rose, fell, came, went and stayed."""
    if not standing.since:
        return ""
    risks = standing.risks
    rose = sum(1 for risk in risks if risk.rise > 0)
    fell = sum(1 for risk in risks if risk.rise < 0)
    new = sum(1 for risk in risks if risk.was is None)
    same = len(risks) - rose - fell - new
    went = f" {counted(standing.departed, 'risk has', 'risks have')} left the register." if standing.departed else ""
    first = _sentence(f"{counted(rose, 'risk')} rose, {_alone(fell)} fell and {_who(new, 'is', 'are')} new")
    stayed = _sentence(f"{_who(same, 'has', 'have')} not moved since {standing.since}")
    return f"{first} {stayed}{_capital(went)}"


def beyond_finding(standing: Standing) -> str:
    """Say how many risks the council is not willing to bear, and the largest excess."""
    over = sorted((risk for risk in standing.risks if risk.excess), key=lambda risk: (-risk.excess, risk.item))
    if not over:
        return "No risk is beyond what the council is willing to bear."
    most = over[0]
    said = _sentence(f"{counted(len(over), 'risk is', 'risks are')} beyond what the council is willing to bear")
    return f"{said} Item {most.item} is furthest, {most.excess} over its limit of {most.limit}."


def register_finding(standing: Standing) -> str:
    """Say how long risks have stayed in the worst band."""
    long = sorted(risk.worst_months for risk in standing.risks if risk.worst_months)
    said = _sentence(f"the register holds {counted(len(standing.risks), 'risk')}")
    if not long:
        return said
    worst = standing.worst.lower()
    if len(long) == 1:
        return f"{said} One has been {worst} for {_months(long[0])}."
    return f"{said} {_capital(number(len(long)))} have been {worst}, the longest for {_months(long[-1])}."


def actions_finding(late: Lateness) -> str:
    """Say how many actions are overdue, how that changed, and how many are very late."""
    if not late.overdue:
        return "No action is overdue."
    said = counted(late.overdue, "action is", "actions are") + " overdue"
    if late.was is not None and late.was != late.overdue:
        step = abs(late.overdue - late.was)
        said += f", {number(step)} {'more' if late.overdue > late.was else 'fewer'} than in the last pack"
    long = f"{_capital(_who(late.long, 'is', 'are'))} more than {late.long_days} days late." if late.long else ""
    return f"{_sentence(said)} {long}".strip()


def escalations_finding(answers: Answers) -> str:
    """Say how many escalations were answered in time, and what became of the others."""
    live = _sentence(f"{_who(answers.live, 'is', 'are')} live, {_alone(answers.late)} late")
    if not answers.raised:
        return f"No risk has been escalated since the last pack. {live}"
    of = f"of {counted(answers.raised, 'escalation')}, {_who(answers.in_time, 'was', 'were')} answered in time"
    up = f" and {number(answers.moved_up)} moved up because nobody answered" if answers.moved_up else ""
    return f"{_sentence(of + up)} {live}"


def bodies_finding(bodies: Sequence[BodyFact]) -> str:
    """Say how many reviews of external bodies are late or never were."""
    if not bodies:
        return ""
    late = sum(1 for body in bodies if body.is_late)
    never = sum(1 for body in bodies if not body.was_reviewed)
    if not late and not never:
        return _sentence(f"each of {counted(len(bodies), 'body', 'bodies')} has had its review, and none is late")
    parts = []
    if late:
        parts.append(f"{_who(late, 'has', 'have')} a review that is late")
    if never:
        parts.append(
            f"{_who(never, 'has', 'have')} never had one"
            if late
            else f"{_who(never, 'has', 'have')} never had a review"
        )
    return _sentence(f"of {counted(len(bodies), 'body', 'bodies')}, {' and '.join(parts)}")


def questions(standing: Standing, late: Lateness, bodies: Sequence[BodyFact]) -> tuple[Draft, ...]:
    """Draft up to three questions: a rise, a long stay at the worst, a late review, late actions."""
    drafts = (_about_rise(standing), _about_stay(standing), _about_review(bodies), _about_lateness(late))
    return tuple(draft for draft in drafts if draft)[:_MOST_QUESTIONS]


def decisions(standing: Standing) -> tuple[Draft, ...]:
    """Draft the decisions: note, judge the excess, call the owner of the risk longest at the worst."""
    drafts = [Draft(f"Note how the {counted(len(standing.risks), 'risk')} have moved.", place="moves")]
    if len(standing.risks) == 1:
        drafts = [Draft("Note how the one risk has moved.", place="moves")]
    if standing.beyond:
        over = counted(standing.beyond, "risk")
        said = f"Decide whether enough is being done about the {over} beyond appetite, or ask for more."
        drafts.append(Draft(said, place="beyond"))
    longest = _longest(standing)
    if longest:
        drafts.append(
            Draft(
                f"Call the owner of item {longest.item}, {longest.owner}, to the next meeting.",
                place="register",
            )
        )
    return tuple(drafts)


def strange_numbers(sentence: str, known: Iterable[str]) -> tuple[str, ...]:
    """Give the numbers of a sentence that no text of the snapshot holds, in order; these block a sign-off."""
    held = {figure for text in known for figure in _NUMBER.findall(text)}
    return tuple(figure for figure in _NUMBER.findall(sentence) if figure.rstrip(",") not in held)


def _about_rise(standing: Standing) -> Draft | None:
    risen = [risk for risk in standing.risks if risk.rise > 0]
    if not risen:
        return None
    risk = max(risen, key=lambda risk: (risk.excess, risk.rise, -risk.item))
    limit = f" The most the council will bear is {risk.limit}." if risk.excess else ""
    why = f"It rose from {risk.was} to {risk.score}.{limit}"
    return Draft(f"What will bring item {risk.item} back down: “{risk.title}”?", why, "moves")


def _about_stay(standing: Standing) -> Draft | None:
    risk = _longest(standing)
    if risk is None:
        return None
    text = f"Why has item {risk.item} been {standing.worst.lower()} for {_months(risk.worst_months)}?"
    why = f"“{risk.title}” stands at {risk.score}" + (", as in the last pack." if risk.rise == 0 else ".")
    return Draft(text, why, "register")


def _about_review(bodies: Sequence[BodyFact]) -> Draft | None:
    for body in sorted(bodies, key=lambda body: (not body.is_late, body.was_reviewed)):
        if body.is_late and body.review_due_on:
            due = body.review_due_on
            why = f"It was due on {due.day} {due:%B} {due.year}."
            return Draft(f"When will {body.name} have its governance review?", why, "bodies")
        if not body.was_reviewed:
            return Draft(f"Why has {body.name} never had a governance review?", "", "bodies")
    return None


def _about_lateness(late: Lateness) -> Draft | None:
    if not late.long:
        return None
    text = f"What stands in the way of the actions more than {late.long_days} days late?"
    return Draft(text, _sentence(f"{_who(late.long, 'is', 'are')}, of {late.overdue} overdue"), "actions")


def _longest(standing: Standing) -> RiskFact | None:
    stayed = [risk for risk in standing.risks if risk.worst_months]
    return max(stayed, key=lambda risk: (risk.worst_months, -risk.item), default=None)


def _months(count: int) -> str:
    return counted(count, "month")


def _capital(text: str) -> str:
    head = len(text) - len(text.lstrip())
    return text[:head] + text[head : head + 1].upper() + text[head + 1 :]


def _sentence(text: str) -> str:
    return _capital(text) + "."
