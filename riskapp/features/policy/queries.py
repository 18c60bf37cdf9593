"""The policy in force on a day, parsed once a process."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, event, select
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
    """Give the version in force on a day; without one nothing can be scored, so that is an error."""
    row = next((row for row in reversed(_kept()) if _covers(row, on)), None)
    if row is None:
        raise NoPolicyError(f"no risk policy is in force on {on}: run flask policy adopt")
    return _opened(row)


def since(*, on: date) -> tuple[InForce, ...]:
    """List the version in force on a day and those that came after it; before the first, all of them."""
    rows = _kept()
    first = max((number for number, row in enumerate(rows) if row.in_force_from <= on), default=0)
    return tuple(_opened(row) for row in rows[first:])


def first_day() -> date | None:
    """Give the day on which the first version came into force; None without one."""
    return next((row.in_force_from for row in _kept()), None)


def forget() -> None:
    """Look again from now on: a version was adopted."""
    db.session.info.pop(KNOWN, None)


@event.listens_for(db.session, "after_rollback")
def _forget_what_was_taken_back(session: Session) -> None:
    session.info.pop(KNOWN, None)


_VERSIONS = select(
    PolicyVersion.id,
    PolicyVersion.number,
    PolicyVersion.in_force_from,
    PolicyVersion.in_force_to,
    PolicyVersion.fingerprint,
).order_by(PolicyVersion.in_force_from, PolicyVersion.id)


def _kept() -> Sequence[Row[*tuple[Any, ...]]]:
    """Read which versions there are, the first first: there are few, and a page asks several times.

    The answer is kept for as long as the session lives and nothing is taken back.
    """
    if KNOWN not in db.session.info:
        db.session.info[KNOWN] = db.session.execute(_VERSIONS).all()
    known: Sequence[Row[*tuple[Any, ...]]] = db.session.info[KNOWN]
    return known


def _covers(row: Row[*tuple[Any, ...]], on: date) -> bool:
    return bool(row.in_force_from <= on and (row.in_force_to is None or row.in_force_to >= on))


def _opened(row: Row[*tuple[Any, ...]]) -> InForce:
    return InForce(row.id, row.number, row.in_force_from, _parsed(row.id, row.fingerprint))


def of_version(version_id: int) -> InForce:
    """Give the version that a decision was made under, by the row stored with the decision."""
    row = db.session.get_one(PolicyVersion, version_id)
    return InForce(row.id, row.number, row.in_force_from, _parsed(row.id, row.fingerprint))


@lru_cache(maxsize=8)
def _parsed(version_id: int, fingerprint: str) -> Policy:
    """Parse a version once: a row never changes, and its fingerprint keeps one database's apart from another's."""
    del fingerprint
    documents = db.session.scalars(select(PolicyVersion.documents).where(PolicyVersion.id == version_id)).one()
    return parse_policy(documents, is_kept=True)
