"""The clock sends the links that were asked for, and forgets what of signing in counts no more."""

from riskapp.domain.actors import THE_CLOCK
from riskapp.domain.clock import TELLING, Done, Job, Moment
from riskapp.features.accounts import service as accounts
from riskapp.features.passwords import service


def answer_password_requests(moment: Moment) -> Done:
    """Write a message to each account that was asked for."""
    asked, sent = service.answer_requests(by=THE_CLOCK, at=moment.at)
    return Done(found=asked, queued=sent)


def forget_what_is_over(moment: Moment) -> Done:
    """Delete wrong tries that make nobody wait, and sessions and links that open nothing."""
    tries, sessions = accounts.forget_failures(at=moment.at), accounts.forget_sessions(at=moment.at)
    return Done(found=tries + sessions + service.forget_links(at=moment.at))


JOBS = (
    Job("answer_password_requests", answer_password_requests, order=TELLING, every_minutes=1),
    Job("forget_what_is_over", forget_what_is_over),
)
