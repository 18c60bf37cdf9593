import pytest

from riskapp.domain.statement import advise

CAUSE = "Tender prices have risen by a fifth"
EVENT = "The contractor gives three months' notice before the new contract starts"
CONSEQUENCE = "2,000 tenants wait more than a week for urgent repairs"


def fields(*statement):
    return [advice.field for advice in advise(*statement)]


def test_a_sound_statement_gets_no_advice():
    assert advise(CAUSE, EVENT, CONSEQUENCE) == ()


@pytest.mark.parametrize(
    ("statement", "field"),
    [
        ((" ", EVENT, CONSEQUENCE), "cause"),
        ((CAUSE, "", CONSEQUENCE), "event"),
        ((CAUSE, EVENT, ""), "consequence"),
    ],
)
def test_a_missing_part_is_asked_for(statement, field):
    assert fields(*statement) == [field]


@pytest.mark.parametrize(
    "event",
    [
        "Failure to deliver the savings",
        "We fail to meet the budget",
        "The council does not achieve its capital receipts",
        "Inability to recruit",
        "Lack of capacity",
        "Non-delivery of the plan",
        "The council is not able to balance its budget",
        "We are unable to sell",
    ],
)
def test_an_event_that_turns_an_objective_round_is_questioned(event):
    assert fields(CAUSE, event, CONSEQUENCE) == ["event"]


@pytest.mark.parametrize(
    "event",
    [
        "Two buyers withdraw",
        "The failed pump floods the depot",
        "A supplier fails",
        "Notice is given",
        "The boiler fails and heating stops",
    ],
)
def test_an_event_that_could_be_seen_is_left_alone(event):
    assert fields(CAUSE, event, CONSEQUENCE) == []


def test_a_consequence_that_repeats_the_event_is_questioned():
    assert fields(CAUSE, EVENT, EVENT.upper() + ".") == ["consequence"]
