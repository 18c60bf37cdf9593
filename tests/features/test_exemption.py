"""Words are withheld as soon as somebody marks them, and stay so until the proper officer decides otherwise."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from riskapp.domain.audit import Event
from riskapp.domain.exemption import PROOF_LASTS, CannotDecide, CannotMark, Outcome, Ruling
from riskapp.domain.permissions import Role
from riskapp.features.audit import queries as trail
from riskapp.features.classification import queries as classification
from riskapp.features.exemption import queries, service
from riskapp.features.exemption.queries import Wanted
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification
from tests.builders import DAY, NOON, ACouncil, a_holder, a_risk, actor

NEXT_YEAR = date(2027, 12, 1)


class AnExemptCouncil(ACouncil):
    """A council with two proper officers and an open risk, owned by the team's manager."""

    def __init__(self) -> None:
        super().__init__()
        with transaction():
            self.proper, self.proper_person = a_holder(
                self.council, "proper_officer", title="Monitoring Officer", role=Role.PROPER_OFFICER
            )
            _post, self.other_person = a_holder(
                self.council, "officer", title="Deputy Monitoring Officer", role=Role.PROPER_OFFICER
            )
            self.risk = a_risk(self, title="The price of the waste contract")

    def mark(self, group="statement", *, person=None, risk=None, why="It shows a bidder's price", on=DAY):
        with transaction():
            return service.mark(
                (risk or self.risk).id, group=group, why=why, by=actor(person or self.manager_person), at=NOON, on=on
            )

    def decide(
        self, group="statement", outcome=Outcome.EXEMPT, *, person=None, risk=None, on=DAY, proved_at=NOON, **changes
    ):
        facts = {"paragraphs": (3,), "review_on": on + timedelta(days=90), "public_interest": "The bids come first."}
        with transaction():
            return service.decide(
                (risk or self.risk).id,
                Ruling(field_group=group, outcome=outcome, **(facts | changes)),
                proved_at=proved_at,
                by=actor(person or self.proper_person),
                at=NOON,
                on=on,
            )

    def withheld(self, on=DAY):
        return classification.withheld((self.risk.id,), on=on).get(self.risk.id, classification.NOTHING)


@pytest.fixture
def council(app):
    return AnExemptCouncil()


def _fields(refused) -> list[str | None]:
    return [reason.field for reason in refused.value.refusals]


def test_what_is_marked_is_withheld_at_once_and_nothing_else_is(council):
    council.mark("statement")
    assert council.withheld().groups == {"statement"}
    assert not council.withheld().existence


def test_a_mark_says_why_and_is_not_made_twice(council):
    with pytest.raises(CannotMark) as refused:
        council.mark(why=" ")
    assert _fields(refused) == ["why"]
    with pytest.raises(CannotMark) as refused:
        council.mark("price")
    assert _fields(refused) == ["group"]
    council.mark("all")
    with pytest.raises(CannotMark) as refused:
        council.mark("title")
    assert _fields(refused) == ["group"]


def test_two_decisions_on_one_day_are_both_kept_and_the_later_counts(council):
    council.mark()
    council.decide(outcome=Outcome.INTERNAL)
    council.decide(outcome=Outcome.EXEMPT)
    assert council.withheld().groups == {"statement"}
    council.decide(outcome=Outcome.PUBLIC)
    assert council.withheld() == classification.NOTHING
    kept = db.session.scalars(select(Classification.number).order_by(Classification.id)).all()
    assert kept == [1, 2, 3, 4]
    standing = queries.standing_of(council.risk.id, on=DAY)
    assert [each.level for each in standing.history] == ["public", "exempt", "internal", "exempt"]


def test_the_sql_and_the_rule_agree_on_the_last_of_several_decisions_on_a_day(council):
    council.mark()
    council.decide(outcome=Outcome.INTERNAL)
    things = classification.withheld_things(on=DAY)
    assert db.session.execute(select(things)).all() == []
    council.mark()
    row = db.session.execute(select(things)).one()
    assert (row.statement, row.title) == ("", None)
    council.decide(paragraphs=(3, 1))
    assert db.session.execute(select(things)).one().statement == "1,3"


def test_nobody_decides_their_own_mark(council):
    council.mark(person=council.proper_person)
    with pytest.raises(CannotDecide, match="marked this yourself"):
        council.decide()
    council.decide(person=council.other_person)
    assert council.withheld().groups == {"statement"}


def test_nobody_decides_on_a_risk_they_own(council):
    with transaction():
        own = a_risk(council, owner_post_id=council.proper.id)
    council.mark(risk=own)
    with pytest.raises(CannotDecide, match="does not own"):
        council.decide(risk=own)
    council.decide(risk=own, person=council.other_person)


@pytest.mark.parametrize("who", ["assurance_person", "manager_person", "chief_person", "member_person"])
def test_only_a_proper_officer_decides(council, who):
    council.mark()
    with pytest.raises(CannotDecide):
        council.decide(person=getattr(council, who))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"public_interest": " "}, "public_interest"),
        ({"paragraphs": ()}, "paragraphs"),
        ({"paragraphs": (8,)}, "paragraphs"),
        ({"review_on": None}, "review_on"),
        ({"review_on": DAY}, "review_on"),
        ({"review_on": NEXT_YEAR + timedelta(days=1)}, "review_on"),
        ({"outcome": Outcome.EXISTENCE_WITHHELD}, "group"),
        ({"group": "price"}, "group"),
    ],
)
def test_a_decision_says_all_that_the_law_and_the_policy_ask_for(council, changes, field):
    with pytest.raises(CannotDecide) as refused:
        council.decide(**changes)
    assert _fields(refused) == [field]


def test_the_longest_time_to_a_review_is_the_policys(council):
    council.decide(review_on=NEXT_YEAR)
    assert council.withheld().groups == {"statement"}


@pytest.mark.parametrize("proved_at", [None, NOON - PROOF_LASTS - timedelta(seconds=1), NOON + timedelta(seconds=1)])
def test_whatever_lets_more_people_read_needs_a_password_of_the_last_five_minutes(council, proved_at):
    council.mark()
    for outcome in (Outcome.INTERNAL, Outcome.PUBLIC):
        with pytest.raises(CannotDecide) as refused:
            council.decide(outcome=outcome, proved_at=proved_at)
        assert _fields(refused) == ["password"]
    assert council.withheld().groups == {"statement"}
    council.decide(outcome=Outcome.INTERNAL, proved_at=NOON - PROOF_LASTS)
    assert council.withheld() == classification.NOTHING


def test_to_tell_again_that_a_risk_exists_lowers_a_guard_too(council):
    council.decide("all", Outcome.EXISTENCE_WITHHELD, proved_at=None)
    assert council.withheld().existence
    with pytest.raises(CannotDecide) as refused:
        council.decide("all", proved_at=None)
    assert _fields(refused) == ["password"]


def test_an_exemption_whose_review_is_overdue_stays_withheld_and_stands_on_the_desk_as_overdue(council):
    council.decide(review_on=DAY + timedelta(days=10))
    later = DAY + timedelta(days=11)
    assert council.withheld(later).groups == {"statement"}
    rows, total = queries.desk(actor(council.proper_person), Wanted(state="overdue"), on=later)
    assert total == 1
    assert rows[0].state_words == "Overdue for review"
    assert queries.desk(actor(council.proper_person), Wanted(state="overdue"), on=DAY)[1] == 0
    assert queries.waiting_count(actor(council.proper_person), on=later) == 1


def test_the_desk_filters_sorts_and_pages(council):
    with transaction():
        others = [a_risk(council, title=f"Another price {number}") for number in (1, 2, 3)]
    council.mark("all")
    for risk in others:
        council.decide("title", risk=risk)
    reader = actor(council.proper_person)
    assert queries.counts(reader, on=DAY) == {"waits": 1, "overdue": 0, "withheld": 3}
    assert queries.desk(reader, Wanted(words="another"), on=DAY)[1] == 3
    assert queries.desk(reader, Wanted(group="all"), on=DAY)[1] == 1
    first, total = queries.desk(reader, Wanted(sort="-title"), on=DAY, page=1, size=2)
    second, _total = queries.desk(reader, Wanted(sort="-title"), on=DAY, page=2, size=2)
    titles = [row.title for row in (*first, *second)]
    assert (total, titles) == (4, sorted(titles, reverse=True))


def test_to_withhold_what_was_open_files_an_event_that_names_nothing_of_it(council):
    council.mark(why="The bidder is Quagga and Sons")
    told = trail.time_line(actor(council.assurance_person), council.risk.id)[0]
    assert told.event == Event.RISK_MARKED_EXEMPT
    assert told.content["after"]["held_by"] == []
    assert "Quagga" not in str(told.content)


def test_the_paragraphs_of_the_schedule_are_seven_and_say_where_they_were_read(council):
    from riskapp.features.policy import queries as policies  # noqa: PLC0415 - after the council adopted it

    paragraphs = policies.in_force(on=DAY).policy.exemption.paragraphs
    assert [each.number for each in paragraphs] == [1, 2, 3, 4, 5, 6, 7]
    assert [each.number for each in paragraphs if not each.is_read_in_the_act] == [6, 7]
    assert all(each.source.startswith("https://") for each in paragraphs)
