"""Exempt information: the paragraphs of Schedule 12A, what a decision must say, and when one lowers a guard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from riskapp.domain.publication import FIELD_GROUPS, LEVELS
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.reviews import Interval
from riskapp.domain.toml_reader import Clause, Table, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

PROOF_LASTS = timedelta(minutes=5)
"""How long a password counts that was asked for again before something is disclosed."""
MOST_PARAGRAPHS = 7


class CannotMark(Cannot):
    """The group is not one, is withheld already, or no reason was given."""


class CannotDecide(Cannot):
    """The decision does not say what the law asks for, or is not this person's to make."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of Schedule 12A, Part 1, with where its words were read."""

    number: int
    text: str
    source: str
    is_read_in_the_act: bool


@dataclass(frozen=True, slots=True)
class ExemptionRules:
    """What may be exempt, the test it must pass, and the longest time to its review."""

    paragraphs: tuple[Paragraph, ...]
    test: Clause
    test_source: str
    test_address: str
    marking: Clause
    review: Clause
    longest: Interval

    def latest_review(self, on: date) -> date:
        """Give the last day on which what is decided today can be looked at again."""
        return self.longest.after(on)


class Outcome(StrEnum):
    """What the proper officer decides of a group of fields; each is the level that the decision gives it."""

    EXEMPT = "exempt"
    EXISTENCE_WITHHELD = "withheld"
    INTERNAL = "internal"
    PUBLIC = "public"

    @property
    def label(self) -> str:
        """The outcome as people say it."""
        return {
            Outcome.EXEMPT: "It is exempt",
            Outcome.EXISTENCE_WITHHELD: "Even its existence is withheld",
            Outcome.INTERNAL: "It is not exempt: internal",
            Outcome.PUBLIC: "It is not exempt: public",
        }[self]

    @property
    def withholds(self) -> bool:
        """Whether it keeps the words from the public."""
        return self in {Outcome.EXEMPT, Outcome.EXISTENCE_WITHHELD}


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision as it is about to be made on a group of a risk's fields."""

    field_group: str
    outcome: Outcome
    public_interest: str
    paragraphs: tuple[int, ...] = ()
    review_on: date | None = None


def is_lowering(before: str, after: str) -> bool:
    """Whether a level gives more people more to read than the one before it."""
    return LEVELS.index(after) < LEVELS.index(before)


def is_raising(before: str, after: str) -> bool:
    """Whether a level withholds more than the one before it: who holds the words already is then told of."""
    return LEVELS.index(after) > LEVELS.index(before)


def is_proved(proved_at: datetime | None, at: datetime) -> bool:
    """Whether a password was given again so shortly before that it counts."""
    return proved_at is not None and timedelta() <= at - proved_at <= PROOF_LASTS


def check(
    ruling: Ruling, rules: ExemptionRules, *, before: str, proved_at: datetime | None, at: datetime, on: date
) -> None:
    """Refuse (`CannotDecide`) a ruling that does not say what the law and the policy ask for, all faults at once."""
    faults = [*_faults(ruling, rules, on)]
    if is_lowering(before, ruling.outcome) and not is_proved(proved_at, at):
        faults.append(Refusal("password", "Enter your password. It is asked again before anything is disclosed"))
    if faults:
        raise CannotDecide(*faults)


def _faults(ruling: Ruling, rules: ExemptionRules, on: date) -> Iterable[Refusal]:
    if ruling.field_group not in FIELD_GROUPS:
        yield Refusal("group", "Choose what the decision is about")
    if ruling.outcome is Outcome.EXISTENCE_WITHHELD and ruling.field_group != "all":
        yield Refusal("group", "To withhold that the risk exists, choose all of it")
    if not ruling.public_interest.strip():
        yield Refusal("public_interest", "Say how you weighed the public interest. It stays on the record")
    if not ruling.outcome.withholds:
        return
    known = {paragraph.number for paragraph in rules.paragraphs}
    if not ruling.paragraphs or not set(ruling.paragraphs) <= known:
        yield Refusal("paragraphs", "Choose the paragraphs of Schedule 12A that it falls under")
    latest = rules.latest_review(on)
    if ruling.review_on is None:
        yield Refusal("review_on", "Say by when it is looked at again")
    elif not on < ruling.review_on <= latest:
        message = f"Choose a day after today, and {latest:%-d %B %Y} at the latest"
        yield Refusal("review_on", message)


def kept(paragraphs: Iterable[int]) -> str | None:
    """Spell the numbers of paragraphs as a row keeps them; none is None."""
    return ",".join(str(number) for number in sorted(set(paragraphs))) or None


def paragraphs_in_words(paragraphs: str | None) -> str:
    """Say kept paragraphs in words: "paragraphs 1 and 3"; nothing where none is kept."""
    numbers: Sequence[str] = [number for number in (paragraphs or "").split(",") if number.isdecimal()]
    return f"paragraph{'s' if len(numbers) > 1 else ''} {listed(numbers)}" if numbers else ""


UNDECIDED_YET, NO_PARAGRAPH = "", "-"
"""What stands for the paragraphs of a withheld group that is only marked, and of one decided before they were kept."""


def withheld_words(under: str) -> str:
    """Say why a group is withheld, by its kept paragraphs; `UNDECIDED_YET` for one that is only marked."""
    if under == UNDECIDED_YET:
        return "Withheld: may be exempt, not decided"
    named = paragraphs_in_words(under)
    return f"Withheld under {named} of Schedule 12A" if named else "Withheld under Schedule 12A"


def parse(document: Table) -> ExemptionRules:
    """Read exemption.toml; faults go to the document's notes."""
    test, marking, review = (document.table(key) for key in ("test", "marking", "review"))
    paragraphs = []
    for table in document.tables("paragraph"):
        number = table.integer("number", at_least=1, at_most=MOST_PARAGRAPHS)
        read_in = table.one_of("read_in", ("act", "transcription"))
        paragraphs.append(Paragraph(number, table.text("text"), table.text("source"), read_in == "act"))
        table.done()
    if [each.number for each in paragraphs] != list(range(1, len(paragraphs) + 1)):
        document.fault("paragraph", "expected the paragraphs in order, from 1 on.")
    rules = ExemptionRules(
        paragraphs=tuple(paragraphs),
        test=test.clause(),
        test_source=test.text("source"),
        test_address=test.text("address"),
        marking=marking.clause(),
        review=review.clause(),
        longest=Interval(review.integer("longest_months", at_least=1, at_most=60), "months"),
    )
    for table in (test, marking, review):
        table.done()
    return rules
