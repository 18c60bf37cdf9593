"""The two parts of a pack from one set of rows: what the public may read, and what the law lets a council withhold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskapp.domain import pack_words
from riskapp.domain.exemption import paragraphs_in_words
from riskapp.domain.pack_words import Answers, BodyFact, Lateness, RiskFact, Standing
from riskapp.domain.publication import UNDECIDED
from riskapp.reports.dates import month
from riskapp.reports.gathering import LONG, Gathering
from riskapp.reports.glossary import GLOSSARY
from riskapp.reports.pack_data import (
    EXEMPT,
    Appetite,
    Ask,
    Band,
    Exemption,
    Figure,
    Findings,
    Level,
    Matrix,
    MatrixCell,
    Meeting,
    PackData,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from riskapp.domain.pack_source import Source
    from riskapp.domain.policy import Policy
    from riskapp.reports.gathering import Listed, Occasion
    from riskapp.reports.pack_data import Body, Escalation


def public_part(source: Source, occasion: Occasion, policy: Policy, before: PackData | None) -> PackData:
    """Make Part 1: only risks decided to be public, and of them only the fields that a paper prints.

    Source: Local Government Act 1972, sections 100B and 100I. What is exempt or undecided is neither shown nor counted.
    """
    gathering = Gathering(source, occasion, policy, before)
    listed = gathering.listed()
    overdue, ages = gathering.overdue(listed), gathering.ageing()
    escalations, answers = gathering.escalations(listed), gathering.answers()
    bodies, departures = gathering.bodies(listed), gathering.departures()
    words = _Words(
        standing=_standing(gathering, listed, len(departures)),
        late=Lateness(
            overdue=len(overdue),
            was=sum(age.was or 0 for age in ages) if occasion.last_on else None,
            long=sum(age.now for age in ages if age.is_long),
            long_days=LONG,
        ),
        answers=Answers(
            raised=sum(count.raised for count in answers),
            in_time=sum(count.in_time for count in answers),
            moved_up=sum(count.moved_up for count in answers),
            live=len(escalations),
            late=sum(case.is_late for case in escalations),
        ),
        bodies=tuple(_body_fact(body, occasion.as_at) for body in bodies),
    )
    return PackData(
        meeting=_meeting(occasion),
        bands=_bands(policy),
        matrix=_matrix(policy),
        is_illustrative=occasion.is_illustrative,
        figures=_figures(gathering, listed, words, escalations),
        findings=words.findings(),
        decisions=_asks(pack_words.decisions(words.standing)),
        questions=_asks(pack_words.questions(words.standing, words.late, words.bodies)),
        appetites=_appetites(policy),
        risks=tuple(each.risk for each in listed),
        departures=departures,
        overdue=overdue,
        ageing=ages if overdue else (),
        escalations=escalations,
        answers=answers,
        bodies=bodies,
        glossary=GLOSSARY,
    )


def exempt_part(source: Source, occasion: Occasion, policy: Policy) -> PackData | None:
    """Make Part 2 with the exempt risks and why each is; None where no risk is exempt."""
    gathering = Gathering(source, occasion, policy, None)
    exemptions = tuple(_exemption(gathering, each) for each in gathering.listed(is_exempt=True))
    if not exemptions:
        return None
    grounds = {each.ground for each in exemptions}
    count = pack_words.counted(len(exemptions), "item is", "items are")
    return PackData(
        meeting=_meeting(occasion),
        bands=_bands(policy),
        matrix=_matrix(policy),
        part=EXEMPT,
        ground=grounds.pop() if len(grounds) == 1 else "Schedule 12A",
        is_illustrative=occasion.is_illustrative,
        findings=Findings(first=f"{count[:1].upper()}{count[1:]} private for now. The reason for each is below."),
        decisions=(
            Ask("Exclude the press and public while these items are discussed."),
            Ask("Note the scores, and ask that each item be published as soon as its reason has gone."),
        ),
        exemptions=exemptions,
    )


def left_out(source: Source, occasion: Occasion, policy: Policy) -> int:
    """Count the open risks that nobody has decided to publish or to withhold, which stay out of both parts."""
    gathering = Gathering(source, occasion, policy, None)
    undecided = (UNDECIDED, "sensitive")
    return sum(row.status == "open" and gathering.level(row.risk_id) in undecided for row in source.risks)


@dataclass(frozen=True, slots=True)
class _Words:
    """The figures that the sentences of Part 1 are drafted from."""

    standing: Standing
    late: Lateness
    answers: Answers
    bodies: tuple[BodyFact, ...]

    def findings(self) -> Findings:
        return Findings(
            first=pack_words.first_finding(self.standing),
            standing=pack_words.standing_finding(self.standing),
            moves=pack_words.moves_finding(self.standing),
            beyond=pack_words.beyond_finding(self.standing) if self.standing.beyond else "",
            register=pack_words.register_finding(self.standing),
            actions=pack_words.actions_finding(self.late) if self.late.overdue else "",
            escalations=pack_words.escalations_finding(self.answers),
            bodies=pack_words.bodies_finding(self.bodies),
        )


def _standing(gathering: Gathering, listed: Sequence[Listed], departed: int) -> Standing:
    occasion, worst = gathering.occasion, gathering.policy.scoring.ratings[-1].label
    before = None
    if occasion.last_on:
        was = [each.risk.was for each in listed if each.risk.was]
        before = sum(score.band == worst for score in (*was, *(gone.was for gone in gathering.departures())))
    return Standing(
        risks=tuple(_risk_fact(gathering, each, worst) for each in listed),
        worst=worst,
        since=month(occasion.last_on) if occasion.last_on else "",
        worst_before=before,
        departed=departed,
    )


def _risk_fact(gathering: Gathering, each: Listed, worst: str) -> RiskFact:
    risk, as_at = each.risk, gathering.occasion.as_at
    is_worst = risk.now.band == worst
    return RiskFact(
        item=risk.item,
        title=risk.title,
        owner=risk.owner,
        score=risk.now.score,
        is_worst=is_worst,
        was=risk.was.score if risk.was else None,
        was_worst=bool(risk.was and risk.was.band == worst),
        limit=risk.limit,
        worst_months=_months(gathering.source.held_since(each.row.risk_id, as_at), as_at) if is_worst else 0,
    )


def _months(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)


def _body_fact(body: Body, as_at: date) -> BodyFact:
    due = body.next_review_on
    return BodyFact(body.name, due, is_late=bool(due and due < as_at), was_reviewed=body.last_review_on is not None)


def _figures(
    gathering: Gathering, listed: Sequence[Listed], words: _Words, escalations: Sequence[Escalation]
) -> tuple[Figure, ...]:
    standing, late = words.standing, words.late
    beyond_was = sum(each.was_position == "Beyond" for each in listed) + gathering.departed_beyond()
    overdue_was = late.was if late.was is not None else 0
    rows = (
        (f"{standing.worst} risks", standing.worst_now, standing.worst_before or 0),
        ("Beyond appetite", sum(each.risk.position == "Beyond" for each in listed), beyond_was),
        ("Actions overdue", late.overdue, overdue_was),
    )
    notes = [f"was {was} in {standing.since}" if standing.since else "" for _label, _now, was in rows]
    live = Figure("Live escalations", str(len(escalations)), f"{words.answers.late} late")
    return (*(Figure(label, str(now), note) for (label, now, _was), note in zip(rows, notes, strict=True)), live)


def _asks(drafts: Iterable[pack_words.Draft]) -> tuple[Ask, ...]:
    return tuple(Ask(draft.text, draft.why, draft.place) for draft in drafts)


def _exemption(gathering: Gathering, each: Listed) -> Exemption:
    made = gathering.decision(each.row.risk_id)
    if made is None:
        raise AssertionError("a risk is exempt by a decision only")
    named = paragraphs_in_words(made.paragraphs)
    ground = f"{named.capitalize()}, Schedule 12A" if named else "Schedule 12A"
    by, again = made.decided_by or "Not recorded", made.review_on or gathering.occasion.as_at
    return Exemption(each.risk, ground, made.reason or "No reason is recorded.", by, made.from_on, again)


def _meeting(occasion: Occasion) -> Meeting:
    return Meeting(
        council=occasion.council,
        committee=occasion.committee,
        held_on=occasion.held_on,
        as_at=occasion.as_at,
        report_of=occasion.report_of,
        last_on=occasion.last_on,
        next_on=occasion.next_on,
    )


def _bands(policy: Policy) -> tuple[Band, ...]:
    return tuple(Band(rating.label) for rating in policy.scoring.ratings)


def _matrix(policy: Policy) -> Matrix:
    scheme = policy.scoring
    harms = scheme.dimensions[0]
    impacts = [(value, harms.level(value)) for value in scheme.impacts]
    return Matrix(
        likelihood=tuple(Level(level.value, level.word, level.meaning) for level in scheme.likelihood),
        impact=tuple(Level(value, level.word, level.meaning) for value, level in impacts if level),
        cells=tuple(
            MatrixCell(likelihood, impact, cell.score, scheme.rating(cell.rating_key).label)
            for (likelihood, impact), cell in sorted(scheme.matrix.items())
        ),
    )


def _appetites(policy: Policy) -> tuple[Appetite, ...]:
    return tuple(
        Appetite(each.label, each.limits.level.label, each.limits.optimal, each.limits.tolerable)
        if each.limits
        else Appetite(each.label)
        for each in policy.appetite.categories.values()
    )
