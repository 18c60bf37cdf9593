"""Erase what the policy or a person's rights ask for, and tell internal audit what bears witness to the trail."""

from datetime import date, datetime

from riskapp.domain.audit_check import Verdict
from riskapp.domain.checkpoints import Signed
from riskapp.domain.permissions import Actor, Role
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.audit import service as audit
from riskapp.features.audit_trail import queries
from riskapp.features.policy import queries as policies
from riskapp.features.reminders import service as reminders
from riskapp.models.database import db
from riskapp.models.people import Person

AT_ONCE = 20_000
"""Entries that one day of the clock erases at the most, so that a new policy does not hold up the day."""


class CannotErase(Cannot):
    """What was asked for cannot be erased; the message says why."""


def erase_person(person_id: int, *, why: str, by: Actor, at: datetime, on: date) -> int:
    """Erase what entries say of a person or by one; gives their number. Refuses one who is not there, and no reason."""
    if not why.strip():
        raise CannotErase(Refusal("why", "Say why: the reason stays on the record"))
    if db.session.get(Person, person_id) is None:
        raise CannotErase(Refusal("person", f"There is no person {person_id}"))
    rules = policies.in_force(on=on).policy.retention
    if rules is None:
        raise CannotErase(Refusal(None, "The policy in force has no chapter on retention: adopt one that has"))
    ids = queries.entries_of_person(person_id=person_id)
    return audit.erase(ids, clause=rules.request.ref, why=why.strip(), by=by, at=at)


def erase_due(*, by: Actor, at: datetime, on: date) -> int:
    """Erase what entries say that are older than the policy keeps them; gives the number, `AT_ONCE` at the most."""
    rules = policies.in_force(on=on).policy.retention
    erased = 0
    for kind in rules.kinds if rules else ():
        due = queries.entries_due(events=kind.events, last_day=kind.last_day(on), most=AT_ONCE - erased)
        erased += audit.erase(due, clause=kind.clause.ref, why="", by=by, at=at)
    return erased


def send_checkpoint(signed: Signed, *, council: str, on: date, at: datetime) -> int:
    """Mail a checkpoint to internal audit, in plain text; gives the number of messages queued."""
    told = signed.checkpoint
    subject = f"Audit trail: checkpoint at {told.sequence:,} entries"
    return _tell("audit_checkpoint", queries.internal_auditors(on=on), subject, _CHECKPOINT.format(
        council=council, when=f"{told.at:%-d %B %Y, %H:%M} UTC", count=told.sequence, line=signed.line()
    ), on=on, at=at)  # fmt: skip


def send_alarm(verdict: Verdict, *, on: date, at: datetime) -> int:
    """Tell internal audit and the Head of Assurance that the trail does not hold; gives the number of messages."""
    fault = verdict.fault
    if fault is None:
        return 0
    people = queries.internal_auditors(on=on, roles=(Role.AUDITOR, Role.HEAD_OF_ASSURANCE))
    words = _ALARM.format(kind=fault.kind.words, detail=fault.detail)
    return _tell("audit_alarm", people, "Audit trail: it does not hold", words, on=on, at=at)


def _tell(rule: str, people: tuple[int, ...], subject: str, words: str, *, on: date, at: datetime) -> int:
    council_id = queries.council_id()
    if council_id is None or not people:
        return 0
    return reminders.tell_plainly(
        rule, subject_id=council_id, person_ids=people, subject=subject, words=words, on=on, at=at
    )


_CHECKPOINT = """\
Keep this message. It says how the record of changes of {council} stood, and is signed:
if the record is changed later, the change can be shown by it.

Made:     {when}
Entries:  {count:,}

{line}

To check the record against it, save this message as a file and ask whoever keeps the server to run

    flask --app wsgi audit verify --checkpoint FILE

or run it on a copy of the database yourself. The command names the first entry that fails.

--
You get this each day because you are an internal auditor of the whole council.
"""
_ALARM = """\
The audit trail was checked against its chain and against the checkpoints that were kept, and does not hold.

{kind}.
{detail}

Do not let the database be changed, restored or tidied before a copy has been taken as evidence.
The page Audit trail shows this verdict until the next check.

--
You get this because you are an internal auditor of the whole council or the Head of Assurance.
"""
