"""The policy in force on a day, parsed once a process."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import bindparam, event, or_, select
from sqlalchemy.orm import Session

from riskapp.domain.policy import Policy, parse_policy
from riskapp.models.database import db
from riskapp.models.policy import PolicyVersion

KNOWN = "policies in force"


class NoPolicyError(RuntimeError):
    """No version of the risk policy is in force: `flask policy adopt` brings one in."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy with the row that a decision made under it must store."""

    version_id: int
    number: str
    in_force_from: date
    policy: Policy


def in_force(*, on: date) -> InForce:
    """Give the version in force on a day; without one nothing can be scored, so that is an error.

    A page asks several times, so the answer is kept for as long as the session lives and nothing is taken back.
    """
    known: dict[date, InForce] = db.session.info.setdefault(KNOWN, {})
    if on not in known:
        known[on] = _look_up(on)
    return known[on]


def forget() -> None:
    """Look again from now on: a version was adopted."""
    db.session.info.pop(KNOWN, None)


@event.listens_for(db.session, "after_rollback")
def _forget_what_was_taken_back(session: Session) -> None:
    session.info.pop(KNOWN, None)


_VERSION = (
    select(PolicyVersion.id, PolicyVersion.number, PolicyVersion.in_force_from, PolicyVersion.fingerprint)
    .where(
        PolicyVersion.in_force_from <= bindparam("on"),
        or_(PolicyVersion.in_force_to.is_(None), PolicyVersion.in_force_to >= bindparam("on")),
    )
    .order_by(PolicyVersion.in_force_from.desc(), PolicyVersion.id.desc())
    .limit(1)
)


def _look_up(on: date) -> InForce:
    row = db.session.execute(_VERSION, {"on": on}).first()
    if row is None:
        raise NoPolicyError(f"no risk policy is in force on {on}: run flask policy adopt")
    return InForce(row.id, row.number, row.in_force_from, _parsed(row.id, row.fingerprint))


def of_version(version_id: int) -> InForce:
    """Give the version that a decision was made under, by the row stored with the decision."""
    row = db.session.get_one(PolicyVersion, version_id)
    return InForce(row.id, row.number, row.in_force_from, _parsed(row.id, row.fingerprint))


@lru_cache(maxsize=8)
def _parsed(version_id: int, fingerprint: str) -> Policy:
    """Parse a version once: a row never changes, and its fingerprint keeps one database's apart from another's."""
    del fingerprint
    return parse_policy(db.session.scalars(select(PolicyVersion.documents).where(PolicyVersion.id == version_id)).one())
