"""Read a file into a preview, and apply what was shown: all of it or nothing, and once."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from riskapp.domain.audit import Event
from riskapp.domain.import_plan import plan
from riskapp.domain.imports import CannotImport, Fault, Line, read
from riskapp.domain.organisation import KINDS
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Refusal
from riskapp.features.audit import service as audit
from riskapp.features.imports import queries
from riskapp.features.organisation import service as organisation
from riskapp.features.passwords import service as passwords
from riskapp.features.people import queries as accounts
from riskapp.features.people import service as people
from riskapp.models.database import db
from riskapp.models.imports import ImportPreview
from riskapp.models.people import Person, Post, Tenure, Unit

KEPT_FOR = timedelta(days=30)
"""How long a preview is kept: it holds addresses, and is of no use after it was applied or forgotten."""


class OrganisationMoved(CannotImport):
    """The organisation was changed after the preview was made."""


def preview(*, kind: str, file_name: str, data: bytes, by: Actor, at: datetime, on: date) -> ImportPreview:
    """Read a file and keep what each line would do; nothing of the organisation is changed."""
    sheet = read(kind, data)
    return _keep(kind, file_name, sheet.lines, sheet.faults, by=by, at=at, on=on)


def preview_again(key: str, *, by: Actor, at: datetime, on: date) -> ImportPreview:
    """Read the lines of a preview against the organisation as it stands now."""
    old = _mine(key, by)
    lines = [Line(number, cells) for number, cells in old.content["lines"]]
    faults = [Fault(**fault) for fault in old.content["read_faults"]]
    return _keep(old.kind, old.file_name, lines, faults, by=by, at=at, on=on)


def _keep(
    kind: str, file_name: str, lines: Iterable[Line], faults: Iterable[Fault], *, by: Actor, at: datetime, on: date
) -> ImportPreview:
    if by.person_id is None:
        raise CannotImport(Refusal(None, "A file is imported by somebody who is signed in"))
    _forget_own(by)
    lines, faults, state = tuple(lines), tuple(faults), queries.state(by)
    own = db.session.get_one(Person, by.person_id).email
    faulty = {fault.line for fault in faults}
    made = plan(kind, [line for line in lines if line.number not in faulty], state, today=on, own_email=own)
    row = ImportPreview(
        key=secrets.token_urlsafe(24),
        kind=kind,
        file_name=file_name,
        content={
            "lines": [[line.number, dict(line.cells)] for line in lines],
            "read_faults": [asdict(fault) for fault in faults],
            "faults": [asdict(fault) for fault in (*faults, *made.faults)],
            "planned": [
                {"line": each.line, "deed": each.deed, "words": each.words, "facts": dict(each.facts)}
                for each in made.planned
            ],
        },
        fingerprint=queries.fingerprint(by, state),
        made_at=at,
        by_id=by.person_id,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _forget_own(by: Actor) -> None:
    mine = ImportPreview.by_id == by.person_id, ImportPreview.applied_at.is_(None)
    db.session.execute(delete(ImportPreview).where(*mine))


def forget_previews(*, at: datetime) -> int:
    """Delete previews that are older than they are kept; give how many there were."""
    old = delete(ImportPreview).where(ImportPreview.made_at < at - KEPT_FOR)
    return len(db.session.scalars(old.returning(ImportPreview.id)).all())


def apply(key: str, *, welcomes: bool, by: Actor, at: datetime) -> bool:
    """Do what the preview showed, and say whether it was done now; done before, it is not done again.

    Where it `welcomes`, each person who gets an account is told by mail where to choose a password. Refuses
    (`OrganisationMoved`) when the organisation was changed since, and (`CannotImport`) a file with faults.
    """
    organisation.hold_the_tree()
    row = _mine(key, by)
    if row.applied_at is not None:
        return False
    if row.content["faults"]:
        raise CannotImport(Refusal(None, "The file has faults. Put them right and choose it again"))
    if queries.fingerprint(by, queries.state(by)) != row.fingerprint:
        raise OrganisationMoved(Refusal(None, "The organisation was changed after this preview was made"))
    planned = [each for each in row.content["planned"] if each["deed"] != "leave"]
    if row.kind == "units":
        _apply_units(planned, by=by, at=at)
    else:
        _apply_people(planned, welcomes=welcomes, by=by, at=at)
    row.applied_at = at
    counts = {deed: sum(each["deed"] == deed for each in row.content["planned"]) for deed in ("add", "change", "leave")}
    audit.record(Event.IMPORT_APPLIED, by=by, at=at, after={"kind": row.kind, "file": row.file_name, **counts})
    return True


def _mine(key: str, by: Actor) -> ImportPreview:
    row = queries.row(by, key)
    if row is None:
        raise CannotImport(Refusal(None, "The preview is not there any more. Choose the file again"))
    return row


def _apply_units(planned: list[Mapping[str, Any]], *, by: Actor, at: datetime) -> None:
    made: dict[int, Unit] = {}
    added = [each for each in planned if each["deed"] == "add"]
    for each in sorted(added, key=lambda each: (KINDS.index(each["facts"]["kind"]), each["line"])):
        facts = each["facts"]
        parent = made.get(facts["parent_line"]) or db.session.get_one(Unit, facts["parent_id"])
        made[each["line"]] = people.add_unit(
            name=facts["name"],
            kind=facts["kind"],
            parent=parent,
            by=by,
            at=at,
            on=date.fromisoformat(facts["opened"]),
        )
    for each in planned:
        if each["deed"] == "change":
            opened_on = date.fromisoformat(each["facts"]["opened"])
            organisation.redate(each["facts"]["unit_id"], opened_on=opened_on, by=by, at=at)


def _apply_people(planned: list[Mapping[str, Any]], *, welcomes: bool, by: Actor, at: datetime) -> None:
    posts = {post.id: post for post in db.session.scalars(select(Post))}
    # Ends come first: a post is then free for who follows, also where the database allows one open holder.
    for each in planned:
        if each["deed"] == "change":
            _redate(each["facts"], posts, by=by, at=at)
    for each in planned:
        if each["deed"] == "add":
            _seat(each["facts"], posts, welcomes=welcomes, by=by, at=at)


def _redate(facts: Mapping[str, Any], posts: Mapping[int, Post], *, by: Actor, at: datetime) -> None:
    tenure = db.session.get_one(Tenure, facts["tenure_id"])
    before, tenure.to_on = tenure.to_on, date.fromisoformat(facts["to"]) if facts["to"] else None
    db.session.flush()
    post = posts[tenure.post_id]
    audit.record(
        Event.POST_LEFT if tenure.to_on else Event.POST_FILLED,
        by=by,
        at=at,
        subject_id=post.unit_id,
        before={"to": before},
        after={"post": post.title, "person": tenure.person_id, "capacity": tenure.capacity, "to": tenure.to_on},
    )


def _seat(facts: Mapping[str, Any], posts: Mapping[int, Post], *, welcomes: bool, by: Actor, at: datetime) -> None:
    person = accounts.person_by_email(facts["email"])
    if person is None:
        person = people.add_person(email=facts["email"])
        audit.record(Event.PERSON_ADDED, by=by, at=at, after={"person": person.id})
        if welcomes:
            passwords.welcome(person, at=at)
    people.seat(
        person,
        posts[facts["post_id"]],
        capacity=facts["capacity"],
        by=by,
        at=at,
        on=date.fromisoformat(facts["from"]),
        until=date.fromisoformat(facts["to"]) if facts["to"] else None,
    )
