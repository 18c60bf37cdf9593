"""A council with one risk whose year is known day by day, for looking back to it."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from functools import partial

from riskapp.domain.calendar import LONDON
from riskapp.domain.exemption import Outcome, Ruling
from riskapp.domain.permissions import Role
from riskapp.features.actions import service as actions
from riskapp.features.assessments import service as assessments
from riskapp.features.exemption import service as exemptions
from riskapp.features.risks import service as risks
from riskapp.models.database import transaction
from riskapp.models.risks import Risk
from tests.builders import ACouncil, Person, a_holder, a_judgement, a_new_risk, actor
from tests.pack_builders import reference_of

LOGGED, OPENED, SCORED, SCORED_AGAIN = date(2026, 3, 2), date(2026, 3, 4), date(2026, 6, 1), date(2026, 9, 1)
TITLE = "Repairs fall behind"


def day_before(day: date) -> date:
    return day - timedelta(days=1)


class APastCouncil(ACouncil):
    """The risk is drafted, opened two days later, and scored 9, 16 and 25; nothing else happens to it.

    The last score takes it so high that nobody of this small council can take it.
    """

    def __init__(self) -> None:
        super().__init__()
        with transaction():
            self.proper, self.proper_person = a_holder(
                self.council, "proper_officer", title="Monitoring Officer", role=Role.PROPER_OFFICER
            )
        self.risk = self.log(TITLE, on=LOGGED, opened_on=OPENED)
        self.reference = reference_of(self.risk)
        for day, deed in sorted(self.deeds(), key=lambda each: each[0]):
            deed(on=day)

    def deeds(self) -> Iterable[tuple[date, Callable[..., object]]]:
        """What happens to the risk, each on its day: a life is lived in order."""
        yield SCORED, partial(self.score, 4, 4)
        yield SCORED_AGAIN, partial(self.score, 5, 5)

    def when(self, day: date, hour: int = 10) -> dict[str, object]:
        return {"at": datetime.combine(day, time(hour), LONDON), "on": day}

    def by(self, person: Person, day: date, hour: int = 10) -> dict[str, object]:
        return {"by": actor(person, on=day), **self.when(day, hour)}

    def log(self, title: str, *, on: date, opened_on: date | None = None, **changes: object) -> Risk:
        with transaction():
            risk = risks.draft(a_new_risk(self, title=title, **changes), **self.by(self.champion_person, on))
        if opened_on:
            with transaction():
                risks.open_risk(risk, **self.by(self.manager_person, opened_on))
        return risk

    def score(self, likelihood: int, impact: int, *, on: date, basis: str = "current", **changes: object):
        judgement = a_judgement(likelihood, impact, **changes)
        with transaction():
            return assessments.score(self.risk, basis, judgement, **self.by(self.manager_person, on))

    def an_action(self, title: str, *, on: date, due_on: date, treats: tuple[Risk, ...] = ()):
        ids = tuple(each.id for each in (self.risk, *treats))
        new = actions.NewAction(title, ids, self.lead.id, self.director.id, start_on=on, due_on=due_on)
        with transaction():
            return actions.add(new, **self.by(self.champion_person, on))

    def decide(self, group: str, outcome: str, *, on: date, risk: Risk | None = None) -> None:
        is_kept = outcome in {"exempt", "withheld"}
        paragraphs, review_on = ((3,), on + timedelta(days=90)) if is_kept else ((), None)
        ruling = Ruling(group, Outcome(outcome), "The bids come first", paragraphs, review_on)
        when = self.by(self.proper_person, on)
        with transaction():
            exemptions.decide((risk or self.risk).id, ruling, proved_at=when["at"], **when)

    def mark(self, group: str, *, on: date) -> None:
        with transaction():
            exemptions.mark(self.risk.id, group=group, why="A price", **self.by(self.manager_person, on))
