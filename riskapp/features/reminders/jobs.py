"""The clock writes the day's digests, and sends what waits."""

from flask import current_app

from riskapp.adapters.letters import addressed
from riskapp.adapters.mail import KeepInOutbox, Letter, Mailer, mailer_for
from riskapp.domain.clock import TELLING, Done, Job, Moment
from riskapp.features.reminders import service
from riskapp.models.database import transaction


def queue_digests(moment: Moment) -> Done:
    """Write each person's message of the day."""
    made = service.queue_digests(on=moment.on, at=moment.at)
    return Done(made.found, made.queued, len(made.unreachable), "; ".join(made.unreachable))


def send_mail(moment: Moment) -> Done:
    """Send every message that waits, by the mailer of the settings; a rehearsal sends nothing."""
    settings = current_app.extensions["settings"]
    mailer = mailer_for(settings)
    if moment.is_rehearsal:
        return Done(detail="A rehearsal sends nothing.")
    if mailer is None:
        return Done(detail="No mail server is set: SMTP_URL names one.")
    if isinstance(mailer, KeepInOutbox):
        doubted = service.doubt_the_abandoned(at=moment.at)
        kept = service.keep_in_outbox(mailer.outcome, at=moment.at)
        return Done(found=kept, detail=_words(kept, doubted))
    return send_queued(mailer, moment, base_url=settings.base_url)


def send_queued(mailer: Mailer, moment: Moment, *, base_url: str) -> Done:
    """Send message by message: claimed and committed, handed over, noted and committed.

    A process that dies in between leaves a message that is seen to be in doubt, never one that is lost or sent twice
    unseen. A server that cannot be reached ends the round, so that an outage costs one wait and not one a message.
    """
    with transaction():
        doubted = service.doubt_the_abandoned(at=moment.at)
    sent = failed = 0
    while True:
        with transaction():
            message = service.claim(at=moment.at)
        if message is None:
            break
        with transaction():
            text, html = service.completed(message, at=moment.at)
        outcome = mailer.send(
            Letter(
                message.message_id,
                message.address,
                message.subject,
                addressed(text, base_url),
                addressed(html, base_url),
                message.queued_at,
            )
        )
        with transaction():
            service.note(message, outcome, at=moment.at)
        sent += outcome.kind in {"sent", "kept"}
        failed += outcome.kind not in {"sent", "kept"}
        if outcome.kind == "unreachable":
            break
    return Done(found=sent + failed, failed=failed, detail=_words(sent, doubted))


def _words(sent: int, doubted: int) -> str:
    return f"{sent} sent" + (f", {doubted} in doubt after a stop" if doubted else "")


JOBS = (
    Job("queue_digests", queue_digests, order=TELLING),
    Job("send_mail", send_mail, order=TELLING + 10, every_minutes=1),
)
