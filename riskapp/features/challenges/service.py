"""What happens to a challenge: made beside an owner's score, answered, and taken up where nobody answers.

Where the challenger's name may not be known, no entry of the trail, no message and no log holds it: the entry has a
salted hash of it, with which the row's own name can be proved.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from riskapp.domain import challenges as rules
from riskapp.domain import scoring
from riskapp.domain.audit import Event
from riskapp.domain.calendar import day_words
from riskapp.domain.challenges import Answer, CannotAnswerChallenge, CannotChallenge
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Refusal
from riskapp.features.assessments import service as assessments
from riskapp.features.assessments.service import Judgement
from riskapp.features.audit import service as audit
from riskapp.features.challenges import queries
from riskapp.features.escalation import queries as routes
from riskapp.features.policy import queries as policies
from riskapp.features.reminders import service as reminders
from riskapp.features.reminders.service import Notice
from riskapp.models.challenges import Challenge
from riskapp.models.database import db
from riskapp.models.risks import Assessment, Risk

KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")
ANSWERED = {Answer.AGREED: "agreed, and scored anew", Answer.KEPT: "the score stays"}


@dataclass(frozen=True, slots=True)
class NewChallenge:
    """A likelihood and the level on one kind of impact, why, and whether the name may be known."""

    likelihood: int
    dimension: str
    impact: int
    why: str
    is_named: bool
    submission_key: str


def challenge(risk: Risk, new: NewChallenge, *, by: Actor, at: datetime, on: date) -> Challenge:
    """Put a second score beside the owner's; the same submission posted twice is the same challenge.

    Refused to the owner, a second time while the first waits, and for a score that is the owner's own; fields are
    "current_likelihood", "current_impact" and "why".
    """
    if not KEY.fullmatch(new.submission_key):
        raise CannotChallenge(Refusal(None, "The form came without its number. Load the page again"))
    known = db.session.scalars(select(Challenge).where(Challenge.key == new.submission_key)).first()
    if known is not None:
        return _refuse_a_stranger(known, risk, by)
    policy = policies.in_force(on=on)
    chapter = rules.rules_of(policy.policy)
    person_id = _challenger(risk, by)
    held = assessments.current(risk)
    judgement = Judgement(new.likelihood, {new.dimension: new.impact}, new.why)
    refusals = assessments.check("current", judgement, policy, kind=risk.kind)
    if not refusals and (new.likelihood, new.impact) == (held.likelihood, held.impact):
        refusals.append(
            Refusal("current_likelihood", f"That is the {held.score} that it has now. Choose another level")
        )
    if not new.why.strip():
        refusals.append(Refusal("why", "Say why you score it differently. The owner reads this first"))
    if refusals:
        raise CannotChallenge(*refusals)
    scored = scoring.score(policy.policy.scoring.of(risk.kind), new.likelihood, judgement.impacts)
    due, salt, post = rules.due_on(policy.policy, on), secrets.token_bytes(16), by.post
    post_id = post.post_id if post else None
    vouched = {} if new.is_named else {"challenger": rules.sealed_name(salt, person_id, post_id)}
    entry = audit.record(
        Event.RISK_CHALLENGED,
        by=by if new.is_named else _nameless(by),
        at=at,
        subject_id=risk.id,
        before={"score": held.score, "likelihood": held.likelihood, "impact": held.impact},
        after={
            "score": scored.score,
            "likelihood": scored.likelihood,
            "impact": scored.impact,
            "due_on": due,
            **vouched,
        },
        why=new.why,
    )
    row = Challenge(
        key=new.submission_key,
        risk_id=risk.id,
        assessment_id=held.id,
        likelihood=scored.likelihood,
        dimension=new.dimension,
        impact=scored.impact,
        score=scored.score,
        rating=scored.rating.key,
        policy_version_id=policy.version_id,
        why=new.why.strip(),
        by_id=person_id,
        by_post_id=post_id,
        is_named=new.is_named,
        salt=salt,
        entry_id=entry.id,
        raised_on=on,
        raised_at=at,
        due_on=due,
    )
    db.session.add(row)
    db.session.flush()
    reminders.tell_post(
        reminders.once_for("challenge_raised", row.id),
        subject_id=risk.id,
        post_id=risk.owner_post_id,
        heading="The score of your risk was challenged",
        words=f"Answer by {day_words(due)}: agree and score it anew, or say why the score stays.",
        clause=chapter.answer_clause,
        on=on,
        at=at,
    )
    return row


def _refuse_a_stranger(known: Challenge, risk: Risk, by: Actor) -> Challenge:
    if (known.by_id, known.risk_id) != (by.person_id, risk.id):
        raise CannotChallenge(Refusal(None, "This form was sent before. Load the page again"))
    return known


def _challenger(risk: Risk, by: Actor) -> int:
    """Give who challenges, who is somebody, does not own the risk and has no open challenge to it."""
    if risk.status != "open":
        raise CannotChallenge(Refusal(None, "Only the score of an open risk is challenged"))
    if risk.owner_post_id in by.post_ids or by.person_id is None:
        raise CannotChallenge(Refusal(None, "You own this risk. Score it anew instead"))
    if queries.own_open_challenge(by, risk.id) is not None:
        raise CannotChallenge(Refusal(None, "You have challenged it already. Wait for the owner’s answer"))
    return by.person_id


def _nameless(by: Actor) -> Actor:
    """Leave who asks, the posts and the request out of an entry: what else the request did names them."""
    return replace(by, person_id=None, sittings=(), grants=(), request_id=None)


def answer(
    challenge_id: int, *, agrees: bool, why: str, seen: int | None = None, by: Actor, at: datetime, on: date
) -> Challenge:
    """Answer as the owner: agree, and the challenger's score is given anew, or keep the score and say why.

    A score that falls across an appetite line is proposed, as any other. `seen` is the current assessment that the
    owner answered over. Refused with field "why".
    """
    row = db.session.get_one(Challenge, challenge_id)
    risk = db.session.get_one(Risk, row.risk_id)
    _refuse_who_may_not_answer(row, risk, by)
    if not why.strip():
        raise CannotAnswerChallenge(Refusal("why", "Say why. Both scores and both reasons stay on the record"))
    held = assessments.current(risk)
    if seen is not None and seen != held.id:
        message = f"The score is {held.score} now: somebody scored it after you loaded the page. Answer once more"
        raise CannotAnswerChallenge(Refusal(None, message))
    said = Answer.AGREED if agrees else Answer.KEPT
    made = _score_anew(row, risk, held, why, by=by, at=at, on=on) if agrees else None
    _keep_answer(row, said, why.strip(), made, risk, by=by, at=at, on=on)
    audit.record(
        Event.RISK_CHALLENGE_ANSWERED,
        by=by,
        at=at,
        subject_id=risk.id,
        post_id=risk.owner_post_id,
        before={"score": held.score, "challenger": row.score},
        after={"answer": ANSWERED[said], "score": made.score if made else held.score},
        why=why,
    )
    if row.is_named:
        _tell_the_challenger(row, at=at, on=on)
    return row


def _refuse_who_may_not_answer(row: Challenge, risk: Risk, by: Actor) -> None:
    if row.answer is not None:
        raise CannotAnswerChallenge(Refusal(None, "This challenge is answered already. Load the page again"))
    if risk.owner_post_id not in by.post_ids:
        raise CannotAnswerChallenge(Refusal(None, "The owner of the risk answers. Nothing was changed"))
    if risk.status != "open":
        raise CannotAnswerChallenge(Refusal(None, "This risk is not open, so there is no score to answer for"))


def _score_anew(
    row: Challenge, risk: Risk, held: Assessment, why: str, *, by: Actor, at: datetime, on: date
) -> Assessment:
    """Give the challenger's score; all that was said beside the one it replaces, and is no worse than it, stays."""
    milder = {each: level for each, level in assessments.levels_of(held).items() if level <= row.impact}
    said = assessments.judgement_of(held, {**milder, row.dimension: row.impact}, why=why)
    return assessments.score(risk, "current", replace(said, likelihood=row.likelihood), by=by, at=at, on=on)


def _keep_answer(
    row: Challenge, said: Answer, why: str, made: Assessment | None, risk: Risk, *, by: Actor, at: datetime, on: date
) -> None:
    """Keep the answer, if nobody else gave one a moment ago."""
    sitting = by.sitting(risk.owner_post_id)
    values = {
        "answer": said,
        "answer_why": why,
        "answered_on": on,
        "answered_at": at,
        "answered_by_id": by.person_id,
        "answered_by_post_id": sitting.post_id if sitting else None,
        "new_assessment_id": made.id if made else None,
    }
    statement = (
        update(Challenge)
        .where(Challenge.id == row.id, Challenge.answer.is_(None))
        .values(**values)
        .returning(Challenge)
    )
    options = {"synchronize_session": False, "populate_existing": True}
    if db.session.scalars(statement, execution_options=options).first() is None:
        raise CannotAnswerChallenge(Refusal(None, "Somebody else answered this a moment ago. Load the page again"))


def _tell_the_challenger(row: Challenge, *, at: datetime, on: date) -> None:
    """Tell who lets the name be known; a message to anybody else would tell it to whoever reads the outbox."""
    reminders.notify(
        reminders.once_for("challenge_answered", row.id),
        subject_id=row.risk_id,
        post_id=row.by_post_id,
        person_id=row.by_id,
        heading="Your challenge was answered",
        words="Read the answer on the page of the risk’s challenges.",
        clause=rules.rules_of(policies.in_force(on=on).policy).answer_clause,
        on=on,
        at=at,
    )


def take_up(late: Iterable[Challenge], *, by: Actor, at: datetime, on: date) -> int:
    """Tell the next post above the owner, and the Head of Assurance, of what is still not answered; once each."""
    policy = policies.in_force(on=on).policy
    due = [row for row in late if rules.goes_up_on(policy, row.due_on) <= on]
    if not due:
        return 0
    way, clause = routes.route(on=on), rules.rules_of(policy).up_clause
    risks = {risk.id: risk for risk in db.session.scalars(select(Risk).where(Risk.id.in_({r.risk_id for r in due})))}
    heads, notices, changes = routes.heads_of_assurance(on=on), [], []
    for row in due:
        above = rules.superiors(way, policy, risks[row.risk_id].owner_post_id)
        post_id = next((each for each in above if way.sitters.get(each)), None)
        sitter = way.sitters.get(post_id) if post_id else None
        row.went_up_on, row.went_up_to_post_id = on, post_id
        told = way.posts[post_id].title if post_id else "the Head of Assurance"
        after = {"told": told, "due_on": row.due_on}
        changes.append(audit.Change(Event.RISK_CHALLENGE_WENT_UP, row.risk_id, after=after))
        facts: dict[str, Any] = {
            "rule": reminders.once_for("challenge_went_up", row.id),
            "subject_id": row.risk_id,
            "due_on": on,
            "heading": "A challenge is not answered",
            "words": f"The owner’s answer was due on {day_words(row.due_on)}. See to it that it is given.",
            "clause": clause,
        }
        people = {**dict.fromkeys(heads), **({sitter.person_id: post_id} if sitter else {})}
        notices += [Notice(person_id=person, post_id=post, **facts) for person, post in people.items()]
    audit.record_all(changes, by=by, at=at)
    reminders.tell(notices, on=on, at=at)
    return len(due)
