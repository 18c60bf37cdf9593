"""Chase late actions: one mail an action a day to whoever answers for it."""

from collections.abc import Iterable
from datetime import date, datetime

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.features.audit import service as audit
from riskapp.features.overdue.queries import ChasePlan
from riskapp.features.policy import queries as policies
from riskapp.features.reminders import service as reminders
from riskapp.models.actions import Chase
from riskapp.models.database import db


def chase(plans: Iterable[ChasePlan], *, by: Actor, at: datetime, on: date) -> int:
    """Ask whoever answers for each late action where it is, once a day at most; give the number of mails queued.

    The caller has shown that the actor may chase every one of them; a vacant post's chase goes to the accountable one.
    """
    clause = policies.in_force(on=on).policy.actions.due_clause
    queued = 0
    sitting = by.post
    for plan in plans:
        if plan.is_chased_today or plan.person_id is None:
            continue
        post_id = sitting.post_id if sitting else None
        db.session.add(Chase(action_id=plan.action_id, chased_on=on, by_post_id=post_id, by_id=by.person_id))
        audit.record(Event.ACTION_CHASED, by=by, at=at, subject_id=plan.action_id, after={"asked": plan.post_title})
        asked = reminders.notify(
            "action_chased",
            subject_id=plan.action_id,
            post_id=plan.post_id,
            person_id=plan.person_id,
            heading="A late action: say where it is",
            words=plan.words,
            clause=clause,
            on=on,
            at=at,
        )
        queued += asked is not None
    return queued
