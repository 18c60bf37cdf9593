"""The clock seals the trail, issues a checkpoint, erases what is due, and checks the whole once a week."""

import time
from datetime import timedelta

from flask import current_app

from riskapp.adapters.signatures import public_half
from riskapp.domain.clock import TELLING, Done, Job, Moment
from riskapp.domain.permissions import THE_CLOCK
from riskapp.features.audit import queries as audit
from riskapp.features.audit import service as trail
from riskapp.features.audit_trail import service
from riskapp.models.database import db
from riskapp.settings import kept_audit_key

NO_KEY = "AUDIT_KEY is not set, so no checkpoint leaves the database and nobody could tell a rewritten trail. Set it"
VERIFIED_EVERY = timedelta(days=7)


def erase_what_is_due(moment: Moment) -> Done:
    """Erase what entries say once the policy keeps it no longer."""
    return Done(found=service.erase_due(by=THE_CLOCK, at=moment.at, on=moment.on))


def seal_the_audit_trail(moment: Moment) -> Done:
    """Seal the entries written since the last time."""
    return Done(found=trail.seal_entries(at=moment.at))


def issue_a_checkpoint(moment: Moment) -> Done:
    """Sign where the chain stands, and mail it to internal audit."""
    settings = current_app.extensions["settings"]
    key = kept_audit_key(settings)
    if key is None:
        return Done(failed=1, detail=NO_KEY)
    signed = trail.issue_checkpoint(key, by=THE_CLOCK, at=moment.at)
    if signed is None:
        return Done(detail="Nothing is sealed yet.")
    queued = service.send_checkpoint(signed, council=settings.council_name, on=moment.on, at=moment.at)
    detail = "" if queued else "Nobody has the role of internal auditor over the council: nobody was told."
    return Done(found=signed.checkpoint.sequence, queued=queued, detail=detail)


def verify_the_audit_trail(moment: Moment) -> Done:
    """Walk the whole chain if that was last done a week ago, and tell at once if it does not hold."""
    last = audit.last_verification(THE_CLOCK)
    if moment.is_rehearsal or (last is not None and moment.at - last.at < VERIFIED_EVERY):
        return Done(detail="Not due")
    key, begun = kept_audit_key(current_app.extensions["settings"]), time.perf_counter()
    verdict = audit.verify(db.session.connection(), trusted=public_half(key) if key else None)
    seconds = time.perf_counter() - begun
    trail.keep_verification(verdict, seconds=seconds, by=THE_CLOCK, at=moment.at)
    queued = service.send_alarm(verdict, on=moment.on, at=moment.at)
    if verdict.fault:
        detail = f"{verdict.fault.kind.words}. {verdict.fault.detail}"
        return Done(found=verdict.checked, queued=queued, failed=1, detail=detail)
    return Done(found=verdict.checked, detail="It holds")


JOBS = (
    Job("erase_what_is_due", erase_what_is_due, order=TELLING + 3),
    Job("seal_the_audit_trail", seal_the_audit_trail, order=TELLING + 4),
    Job("issue_a_checkpoint", issue_a_checkpoint, order=TELLING + 5),
    Job("verify_the_audit_trail", verify_the_audit_trail, order=TELLING + 6),
)
