"""What happens to an action: every date kept, done by its owner, confirmed by somebody else."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from riskapp.domain.actions import CannotMoveAction, CannotMoveDueDate, CannotVerify, Deed
from riskapp.features.actions import queries, service
from riskapp.features.actions.service import CannotAddAction, CannotCancelAction, CannotUpdateAction, NewAction
from riskapp.models.actions import Action, ActionPromise, ActionUpdate
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, transaction
from tests.builders import DAY, NOON, ACouncil, actor, an_action, an_old_risk

NOW = {"at": NOON, "on": DAY}
WEEK = timedelta(days=7)


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def risk(council):
    with transaction():
        return an_old_risk(council)


@pytest.fixture
def action(council, risk):
    with transaction():
        return an_action(council, risk, due_on=DAY + WEEK)


@pytest.fixture
def owner(council):
    return actor(council.manager_person)


@pytest.fixture
def accountable(council):
    return actor(council.lead_person)


def new(council, risk, **changes):
    facts = {
        "title": "Appoint a second contractor",
        "source_ids": (risk.id,),
        "owner_post_id": council.manager.id,
        "accountable_post_id": council.lead.id,
        "start_on": DAY,
        "due_on": DAY + WEEK,
    }
    return NewAction(**(facts | changes))


def test_the_first_date_promised_is_kept_beside_the_action(council, risk, accountable):
    with transaction():
        added = service.add(new(council, risk), by=accountable, **NOW)
    assert queries.promises(action_id=added.id) == (DAY + WEEK,)
    assert (added.first_due_on, added.times_moved, added.status) == (DAY + WEEK, 0, "agreed")


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("title", {"title": "  "}),
        ("title", {"title": "x" * 201}),
        ("source", {"source_ids": ()}),
        ("source", {"source_ids": (999_999,)}),
        ("owner", {"owner_post_id": 999_999}),
        ("accountable", {"accountable_post_id": 999_999}),
        ("due_on", {"due_on": DAY - WEEK, "start_on": DAY - 2 * WEEK}),
        ("start_on", {"start_on": DAY + 2 * WEEK}),
        ("priority", {"priority": "soon"}),
        ("cost", {"cost": -1}),
    ],
)
def test_what_makes_no_action_is_refused_at_its_field_and_nothing_is_kept(council, risk, accountable, field, changes):
    with pytest.raises(CannotAddAction) as no, transaction():
        service.add(new(council, risk, **changes), by=accountable, **NOW)
    assert [reason.field for reason in no.value.refusals] == [field]
    assert db.session.scalar(select(func.count(Action.id))) == 0


def test_the_same_submission_twice_is_one_action(council, risk, accountable):
    with transaction():
        first = service.add(new(council, risk, submission_key="k"), by=accountable, **NOW)
    with transaction():
        again = service.add(new(council, risk, submission_key="k"), by=accountable, **NOW)
    assert again.id == first.id


def test_a_submission_of_somebody_else_is_refused(council, risk, accountable, owner):
    with transaction():
        service.add(new(council, risk, submission_key="k"), by=accountable, **NOW)
    with pytest.raises(CannotAddAction, match="somebody else"):
        service.add(new(council, risk, submission_key="k"), by=owner, **NOW)


def test_progress_on_an_agreed_action_starts_it(action, owner):
    with transaction():
        service.update(action, progress=30, note="Tender out.", by=owner, **NOW)
    assert (action.status, action.progress) == ("in_progress", 30)
    told = db.session.scalars(select(ActionUpdate)).one()
    assert (told.note, told.by_post_id, told.by_id) == ("Tender out.", action.owner_post_id, owner.person_id)


def test_a_hundred_per_cent_is_not_complete_by_itself(action, owner):
    with transaction():
        service.update(action, progress=100, by=owner, **NOW)
    assert action.status == "in_progress"


@pytest.mark.parametrize("progress", [-1, 101])
def test_progress_off_the_scale_is_refused(action, owner, progress):
    with pytest.raises(CannotUpdateAction) as no:
        service.update(action, progress=progress, by=owner, **NOW)
    assert no.value.refusals[0].field == "progress"


def test_an_update_that_says_nothing_is_refused(action, owner):
    with pytest.raises(CannotUpdateAction) as no:
        service.update(action, progress=action.progress, note=" ", by=owner, **NOW)
    assert no.value.refusals[0].field == "note"


def test_a_proposed_action_is_agreed_before_work_on_it_counts(council, risk, owner):
    with transaction():
        proposed = an_action(council, risk, due_on=DAY + WEEK, status="proposed")
    with pytest.raises(CannotUpdateAction):
        service.update(proposed, progress=10, by=owner, **NOW)
    with transaction():
        service.update(proposed, progress=0, deed=Deed.AGREE, by=owner, **NOW)
    assert proposed.status == "agreed"


def test_moving_a_date_keeps_every_earlier_one(action, owner):
    with transaction():
        service.move_due_date(action, to=DAY + 2 * WEEK, reason="Bids came late.", by=owner, **NOW)
    assert queries.promises(action_id=action.id) == (DAY + WEEK, DAY + 2 * WEEK)
    assert (action.due_on, action.first_due_on, action.times_moved) == (DAY + 2 * WEEK, DAY + WEEK, 1)
    assert db.session.scalars(select(ActionPromise.reason).where(ActionPromise.number == 2)).one() == "Bids came late."
    assert "action:moved" in db.session.scalars(select(AuditEntry.event)).all()


@pytest.mark.parametrize(
    ("field", "to", "reason"),
    [("due_on", -WEEK, "Late."), ("due_on", WEEK, "Same."), ("reason", 2 * WEEK, "  ")],
)
def test_a_move_into_the_past_to_the_same_day_or_without_a_reason_is_refused(action, owner, field, to, reason):
    with pytest.raises(CannotMoveDueDate) as no:
        service.move_due_date(action, to=DAY + to, reason=reason, by=owner, **NOW)
    assert [each.field for each in no.value.refusals] == [field]


def test_a_third_move_needs_the_accountable_person(action, owner, accountable):
    for weeks in (2, 3):
        with transaction():
            service.move_due_date(action, to=DAY + weeks * WEEK, reason="Bids.", by=owner, **NOW)
    with pytest.raises(CannotMoveDueDate) as no:
        service.move_due_date(action, to=DAY + 4 * WEEK, reason="Bids.", by=owner, **NOW)
    assert no.value.refusals[0].field == "approved_by"
    with transaction():
        service.move_due_date(action, to=DAY + 4 * WEEK, reason="Bids.", by=accountable, **NOW)
    assert action.times_moved == 3


def completed(action, owner):
    with transaction():
        service.complete(action, note="Contract signed.", by=owner, **NOW)


def test_completing_says_what_was_done(action, owner):
    with pytest.raises(CannotUpdateAction) as no:
        service.complete(action, note="", by=owner, **NOW)
    assert no.value.refusals[0].field == "note"
    completed(action, owner)
    assert (action.status, action.progress, action.completed_on) == ("complete", 100, DAY)


def test_an_owner_cannot_confirm_their_own_action(action, owner):
    completed(action, owner)
    with pytest.raises(CannotVerify):
        service.verify(action, by=owner, **NOW)


def test_whoever_completed_an_action_for_its_owner_cannot_confirm_it_either(action, accountable):
    completed(action, accountable)
    with pytest.raises(CannotVerify):
        service.verify(action, by=accountable, **NOW)


def test_an_owner_cannot_confirm_what_another_completed_for_them(action, owner, accountable):
    completed(action, accountable)
    with pytest.raises(CannotVerify):
        service.verify(action, by=owner, **NOW)


def test_somebody_else_confirms_that_it_is_done(action, owner, accountable):
    completed(action, owner)
    with transaction():
        service.verify(action, by=accountable, **NOW)
    assert action.status == "verified"


def test_what_is_sent_back_is_in_progress_and_late_by_its_old_date(action, owner, accountable):
    completed(action, owner)
    with pytest.raises(CannotUpdateAction):
        service.send_back(action, note="", by=accountable, **NOW)
    with transaction():
        service.send_back(action, note="No signature on page 4.", by=accountable, **NOW)
    assert (action.status, action.completed_on, action.due_on) == ("in_progress", None, DAY + WEEK)


def test_cancelling_needs_a_reason(action, owner):
    with pytest.raises(CannotCancelAction) as no:
        service.cancel(action, reason="", by=owner, **NOW)
    assert no.value.refusals[0].field == "reason"
    with transaction():
        service.cancel(action, reason="Merged with another.", by=owner, **NOW)
    assert action.status == "cancelled"


def test_a_cancelled_action_is_neither_completed_nor_moved(action, owner):
    with transaction():
        service.cancel(action, reason="Merged.", by=owner, **NOW)
    with pytest.raises(CannotMoveAction):
        service.complete(action, note="Done.", by=owner, **NOW)
    with pytest.raises(CannotMoveDueDate):
        service.move_due_date(action, to=DAY + 2 * WEEK, reason="Why not.", by=owner, **NOW)


def test_the_history_tells_promises_and_updates_newest_first(action, owner):
    with transaction():
        service.move_due_date(action, to=DAY + 2 * WEEK, reason="Bids came late.", by=owner, **NOW)
    with transaction():
        service.update(action, progress=40, note="Half way.", by=owner, **NOW)
    words = [told.words for told in queries.history(action_id=action.id)]
    assert words == ["In progress, 40%", "Date moved to 15 Dec 2026, the 2nd", "Promised for 8 Dec 2026"]
