"""The clock sends the links that were asked for, and forgets wrong tries that no longer make anybody wait."""

from riskapp.domain.actors import THE_CLOCK
from riskapp.domain.clock import TELLING, Done, Job, Moment
from riskapp.features.accounts import service as accounts
from riskapp.features.passwords import service


def answer_password_requests(moment: Moment) -> Done:
    """Write a message to each account that was asked for."""
    asked, sent = service.answer_requests(by=THE_CLOCK, at=moment.at)
    return Done(found=asked, queued=sent)


def forget_wrong_tries(moment: Moment) -> Done:
    """Delete what was kept of wrong tries to sign in, once it counts no more."""
    return Done(found=accounts.forget_failures(at=moment.at))


JOBS = (
    Job("answer_password_requests", answer_password_requests, order=TELLING, every_minutes=1),
    Job("forget_wrong_tries", forget_wrong_tries),
)
