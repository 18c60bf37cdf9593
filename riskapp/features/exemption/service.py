"""Mark words of a risk as perhaps exempt, and decide: each is appended, and the last one counts."""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from riskapp.domain import exemption
from riskapp.domain.audit import Event
from riskapp.domain.exemption import CannotDecide, CannotMark, Ruling
from riskapp.domain.permissions import Actor, Permission, may
from riskapp.domain.publication import EXEMPT, FIELD_GROUPS
from riskapp.domain.refusal import Refusal
from riskapp.features.audit import service as audit
from riskapp.features.exemption import queries
from riskapp.features.policy import queries as policies
from riskapp.features.readers import queries as readers
from riskapp.models.database import db
from riskapp.models.entity import Classification

FOLLOWERS: list[Callable[[int], Iterable[int]]] = []
"""What is withheld with a risk: each function gives things of one kind to which all that is said of the risk goes on.
The feature that keeps the kind registers its own here when it is imported."""


def mark(risk_id: int, *, group: str, why: str, by: Actor, at: datetime, on: date) -> Classification:
    """Mark a group of a risk's fields as perhaps exempt: it is withheld from now until the proper officer decides."""
    if group not in FIELD_GROUPS:
        raise CannotMark(Refusal("group", "Choose what may be exempt"))
    if not why.strip():
        raise CannotMark(Refusal("why", "Say why it may be exempt. The proper officer reads this first"))
    before = queries.standing_of(risk_id, on=on)
    if {before.level("all"), before.level(group)} & EXEMPT:
        raise CannotMark(Refusal("group", "That is withheld already. The proper officer decides on it"))
    row = Classification(
        entity_id=risk_id,
        field_group=group,
        level="exempt",
        state="claimed",
        reason=why.strip(),
        claimed_by_id=by.person_id,
        claimed_by_post_id=by.post.post_id if by.post else None,
        from_on=on,
    )
    db.session.add(row)
    held = queries.handed_out(by, risk_id)
    after = {"group": group, "level": "exempt", "state": "claimed", "held_by": _plain(held)}
    # Why it may be exempt may itself be exempt: it stands with the mark alone, which only those cleared can read.
    audit.record(
        Event.RISK_MARKED_EXEMPT, by=by, at=at, subject_id=risk_id, before={"level": before.level(group)}, after=after
    )
    _go_on(row, by=by, at=at)
    return row


def inherit(entity_id: int, risk_id: int, *, by: Actor, at: datetime, on: date) -> None:
    """Withhold of a new thing what is withheld of the risk it came from."""
    in_force = queries.in_force_of(risk_id, on=on)
    for row in in_force:
        db.session.add(_copied(row, entity_id, from_on=on))
        db.session.flush()
    if in_force:
        after = {row.field_group: row.level for row in in_force}
        audit.record(Event.ISSUE_CLASSIFIED, by=by, at=at, subject_id=entity_id, after=after)


def _go_on(row: Classification, *, by: Actor, at: datetime) -> None:
    for follower in (each for follow in FOLLOWERS for each in follow(row.entity_id)):
        db.session.add(_copied(row, follower, from_on=row.from_on))
        after = {row.field_group: row.level}
        audit.record(Event.ISSUE_CLASSIFIED, by=by, at=at, subject_id=follower, after=after)


def _copied(row: Classification, entity_id: int, *, from_on: date) -> Classification:
    """Say of another thing what was said of a risk; why stands with the risk alone."""
    return Classification(
        entity_id=entity_id,
        field_group=row.field_group,
        level=row.level,
        state=row.state,
        paragraphs=row.paragraphs,
        from_on=from_on,
    )


def decide(
    risk_id: int, ruling: Ruling, *, proved_at: datetime | None = None, by: Actor, at: datetime, on: date
) -> Classification:
    """Decide on a group of a risk's fields; `proved_at` is when the password was given again."""
    rules = policies.in_force(on=on).policy.exemption
    before = queries.standing_of(risk_id, on=on)
    if not may(by, Permission.EXEMPTION_DECIDE, readers.facts(risk_id=risk_id, on=on)):
        raise CannotDecide(Refusal(None, "Only a proper officer who does not own the risk decides"))
    if before.is_claimed_by(by.person_id, ruling.field_group):
        message = "You marked this yourself. Another proper officer decides on it"
        raise CannotDecide(Refusal(None, message))
    was = before.level_in_force(ruling.field_group)
    exemption.check(ruling, rules, before=was, proved_at=proved_at, at=at, on=on)
    row = Classification(
        entity_id=risk_id,
        field_group=ruling.field_group,
        level=ruling.outcome,
        state="decided",
        paragraphs=exemption.kept(ruling.paragraphs) if ruling.outcome.withholds else None,
        public_interest=ruling.public_interest.strip(),
        decided_by_id=by.person_id,
        decided_by_post_id=by.post.post_id if by.post else None,
        from_on=on,
        review_on=ruling.review_on if ruling.outcome.withholds else None,
    )
    db.session.add(row)
    after: dict[str, object] = {
        "group": row.field_group,
        "level": row.level,
        "paragraphs": row.paragraphs,
        "review_on": row.review_on,
    }
    if exemption.is_raising(was, ruling.outcome):
        after["held_by"] = _plain(queries.handed_out(by, risk_id))
    audit.record(Event.RISK_CLASSIFIED, by=by, at=at, subject_id=risk_id, before={"level": was}, after=after)
    _go_on(row, by=by, at=at)
    return row


def _plain(held: Iterable[queries.HandedOut]) -> list[dict[str, object]]:
    return [{"what": each.what, "post": each.post, "at": each.at.isoformat()} for each in held]
