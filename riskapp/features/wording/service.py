"""What happens to the words of a risk and to the posts with a part in it; and expert advice, asked for and received."""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select

from riskapp.domain import wording as rules
from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.wording import CannotReword, Merged, Wording
from riskapp.features.assessments import service as assessments
from riskapp.features.audit import service as audit
from riskapp.features.policy import queries as policies
from riskapp.features.risks import service as risks
from riskapp.features.tolerances import service as tolerances
from riskapp.features.wording import queries
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.people import Post
from riskapp.models.risks import Expertise, Risk, RiskDuty

MOST_POUNDS = 10**12


class CannotCommission(Cannot):
    """What was given is no commission of advice, or no advice."""


class Overtaken(Exception):
    """Somebody else changed the words since the form was filled in; both changes are joined as far as they can be."""

    def __init__(self, merged: Merged, theirs: queries.Kept) -> None:
        super().__init__("somebody else changed these words first")
        self.merged, self.theirs = merged, theirs


def reword(risk: Risk, said: Wording, *, why: str, seen: int, by: Actor, at: datetime, on: date) -> tuple[str, ...]:
    """Change what a risk says; gives the parts that changed. Words filled in over an older version are Overtaken.

    Another category is another appetite: the current score is placed anew, and may wait for somebody to agree.
    Refused for a closed risk, for words that make no risk, for a post that is closed, and where nothing changed.
    """
    if risk.status not in ("draft", "open"):
        raise CannotReword(Refusal(None, "Only a draft or an open risk is changed. Open it again first"))
    kept = queries.wording(by, risk.id)
    base = queries.at_version(by, risk.id, seen)
    if base is None or seen < kept.version:
        raise Overtaken(rules.merge(base or kept.wording, said, kept.wording), kept)
    policy = policies.in_force(on=on)
    rules.check(said, frozenset(policy.policy.appetite.categories))
    changed = said.changed_from(kept.wording)
    if not changed:
        raise CannotReword(Refusal(None, "Nothing was changed. Change something, or leave the page"))
    _check_posts(said, changed)
    db.session.get_one(Entity, risk.id).name = said.title.strip()
    risks.keep_statement(risk, risks.Statement(said.title, said.causes, said.event, said.consequences))
    risk.event, risk.category = said.event.strip(), said.category
    _keep_duties(risk, said, kept.wording, on)
    risks.keep_version(risk, at=at, on=on)
    before, after = asdict(kept.wording), asdict(said)
    audit.record(
        Event.RISK_REWORDED,
        by=by,
        at=at,
        subject_id=risk.id,
        post_id=risk.owner_post_id if risk.owner_post_id in by.post_ids else None,
        before={part: before[part] for part in changed},
        after={part: after[part] for part in changed},
        why=why.strip(),
    )
    tolerances.reconsider(risk, by=by, at=at, on=on)
    if "category" in changed:
        _place_anew(risk, by=by, at=at, on=on)
    return changed


def _check_posts(said: Wording, changed: tuple[str, ...]) -> None:
    named = {
        "champion": [said.champion] if said.champion else [],
        "lead_member": [said.lead_member] if said.lead_member else [],
        "contributors": list(said.contributors),
    }
    asked = {post for part in named if part in changed for post in named[part]}
    is_open = Post.id.in_(asked), Post.closed_on.is_(None)
    known = set(db.session.scalars(select(Post.id).where(*is_open)))
    wrong = [part for part in named if part in changed and not known.issuperset(named[part])]
    if wrong:
        raise CannotReword(*(Refusal(part, "Choose a post that the council has today") for part in wrong))


def _keep_duties(risk: Risk, said: Wording, was: Wording, on: date) -> None:
    """End the parts that ended today and begin the new ones; what stays keeps its first day."""
    new = {("champion", said.champion), ("lead_member", said.lead_member)}
    new |= {("contributor", post) for post in said.contributors}
    old = {("champion", was.champion), ("lead_member", was.lead_member)}
    old |= {("contributor", post) for post in was.contributors}
    ended = old - new
    in_force = db.session.scalars(select(RiskDuty).where(RiskDuty.risk_id == risk.id, RiskDuty.to_on.is_(None)))
    for row in in_force:
        if (row.duty, row.post_id) in ended:
            row.to_on = on
    db.session.flush()
    begun = sorted((duty, post) for duty, post in new - old if post)
    db.session.add_all(RiskDuty(risk_id=risk.id, post_id=post, duty=duty, from_on=on) for duty, post in begun)


def _place_anew(risk: Risk, *, by: Actor, at: datetime, on: date) -> None:
    """Hold the score of today against the appetite of the new category."""
    held = assessments.current(risk)
    why = "The category was changed; the score was not."
    judgement = assessments.judgement_of(held, assessments.levels_of(held), why=why)
    assessments.score(risk, "current", judgement, by=by, at=at, on=on)


@dataclass(frozen=True, slots=True)
class Commission:
    """Advice to be asked for: of whom, on what, what it costs in pounds, and by when it is expected."""

    of_whom: str
    about: str
    pounds: int | None = None
    due_on: date | None = None


def commission(risk: Risk, said: Commission, *, by: Actor, at: datetime, on: date) -> Expertise:
    """Record that expertise was asked for on a risk (Orange Book, expertise sought where the council lacks it)."""
    refusals = []
    if not said.of_whom.strip():
        refusals.append(Refusal("of_whom", "Say who is asked: a firm, a body or a post, not a person's name"))
    if not said.about.strip():
        refusals.append(Refusal("about", "Say what they are asked"))
    if said.pounds is not None and not 0 <= said.pounds <= MOST_POUNDS:
        refusals.append(Refusal("pounds", f"Enter a sum from £0 to £{MOST_POUNDS:,}"))
    if said.due_on and said.due_on < on:
        refusals.append(Refusal("due_on", "The day it is expected has passed. Give a later one, or none"))
    if refusals:
        raise CannotCommission(*refusals)
    sitting = by.sitting(risk.owner_post_id) or by.post
    row = Expertise(
        risk_id=risk.id,
        of_whom=said.of_whom.strip(),
        about=said.about.strip(),
        pounds=said.pounds,
        commissioned_on=on,
        due_on=said.due_on,
        by_post_id=sitting.post_id if sitting else None,
        by_id=by.person_id,
    )
    db.session.add(row)
    after = {"of_whom": row.of_whom, "about": row.about, "pounds": row.pounds, "due_on": row.due_on}
    audit.record(Event.EXPERTISE_COMMISSIONED, by=by, at=at, subject_id=risk.id, after=after)
    return row


def receive(row: Expertise, *, advice: str, by: Actor, at: datetime, on: date) -> None:
    """Keep what the experts said; once kept it is not changed."""
    if row.advice is not None:
        raise CannotCommission(Refusal(None, "Their advice is on the record already. Load the page again"))
    if not advice.strip():
        raise CannotCommission(Refusal("advice", "Say what they advise, and where the paper is"))
    row.advice, row.received_on = advice.strip(), on
    after = {"of_whom": row.of_whom, "advice": row.advice}
    audit.record(Event.EXPERTISE_RECEIVED, by=by, at=at, subject_id=row.risk_id, after=after)
