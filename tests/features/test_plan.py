"""The plan with the risks that threaten it."""

import pytest

from riskapp.features.plan import queries, service
from riskapp.models.database import transaction
from tests.builders import BY_HAND, DAY, NOON, ACouncil, a_risk, actor


@pytest.fixture
def council(app):
    return ACouncil()


def _item(kind, code, position):
    return service.add_item(
        kind=kind, code=code, position=position, title=f"{kind} {code}", text="", by=BY_HAND, at=NOON
    )


def test_an_item_shows_the_worst_open_risk_the_reader_may_see(council):
    with transaction():
        direction = _item("direction", "A", 1)
        links = {"link_ids": (direction.id,)}
        a_risk(council, title="Mild", current=(1, 2), **links)
        a_risk(council, title="Worst of ours", current=(3, 4), **links)
        a_risk(council, title="Of another team", current=(5, 5), unit_id=council.sibling.id, **links)
        a_risk(council, title="Draft", current=(5, 5), status="draft", **links)
    everyone = queries.plan(actor(council.assurance_person), on=DAY).threats[direction.id]
    champion = queries.plan(actor(council.champion_person), on=DAY).threats[direction.id]
    assert (everyone.count, everyone.worst) == (3, "Of another team")
    assert (champion.count, champion.worst, champion.score) == (2, "Worst of ours", 12)


def test_an_item_knows_what_is_linked_to_it(council):
    with transaction():
        stream, objective, direction = (
            _item("workstream", "1", 1),
            _item("objective", "1", 1),
            _item("direction", "A", 1),
        )
        service.connect(objective.id, stream.id, "belongs_to")
        service.connect(objective.id, direction.id, "serves")
    plan = queries.plan(actor(council.member_person), on=DAY)
    (found,) = plan.linked_to(plan.of("workstream")[0], "objective")
    assert found.id == objective.id
    assert [each.code for each in plan.linked_to(found, "direction")] == ["A"]
