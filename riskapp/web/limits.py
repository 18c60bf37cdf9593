"""How often one may ask: counted by account and by network address, in the database, the same for every process.

Of signing in this counts each request, right or wrong, before anything is looked up: it spares the machine, to which a
password is dear, and of tries that come at one moment it lets a few through. What wrong tries for an account cost, from
wherever they come, is the policy's (clause 14.3) and stands in features/accounts: a wait that grows and never locks.
"""

import hashlib
import hmac
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from flask import Flask, current_app, g, request
from sqlalchemy import delete
from werkzeug.exceptions import TooManyRequests

from riskapp.models.database import db, insert_or, transaction
from riskapp.models.limits import RateLimit
from riskapp.settings import Deed, Limit
from riskapp.web import logs, sessions
from riskapp.web.clock import now
from riskapp.web.origin import SAFE, SIGNED, UNCHECKED

FILES = (".csv", ".xlsx", ".pdf")
DOWNLOADS = frozenset({"packs.download"})
ADDRESS_TIMES = 10
"""An office of many people has one address: all of them together may do as often as this many accounts."""
SIGN_IN_TIMES = 50
"""The same for signing in, which a whole council does within half an hour, many with a code after the password."""


def kind_of_deed() -> Deed | None:
    """What a request counts as, if it is one of the things that are counted."""
    if request.url_rule is None:
        return None
    if request.endpoint in UNCHECKED:
        return "report"
    if request.endpoint in SIGNED:
        return "logout"
    if request.method not in SAFE:
        return "sign in" if g.actor.person_id is None else "write"
    if request.url_rule.rule.endswith(FILES) or request.endpoint in DOWNLOADS or "as" in request.args:
        return "export"
    return "search" if request.args.get("q") else None


def _askers(deed: Deed) -> Iterator[tuple[str, int]]:
    """Who is counted, and how many times as often as one account each may ask.

    A try to sign in counts for an account from one address: nobody can shut an account's owner out from elsewhere. The
    account is the one that is typed, or whose password was right and whose code is asked for.
    """
    network = sessions.network() or "unknown"
    yield f"address {network}", SIGN_IN_TIMES if deed == "sign in" else ADDRESS_TIMES
    if g.actor.person_id is not None:
        yield f"person {g.actor.person_id}", 1
    elif deed == "sign in" and g.known is not None:
        yield f"person {g.known.actor.person_id} from {network}", 1
    elif deed == "sign in" and (typed := request.form.get("email", "").strip().casefold()):
        yield f"account {typed} from {network}", 1


def count(deed: str, asker: str, *, window: timedelta, at: datetime) -> tuple[int, datetime]:
    """Count one more; gives how many there are in this window of time, and when it ends."""
    seconds = window.total_seconds()
    ends_at = datetime.fromtimestamp((math.floor(at.timestamp() / seconds) + 1) * seconds, UTC)
    kept = hmac.digest(str(current_app.secret_key).encode(), asker.encode(), hashlib.sha256)[:16]
    row = insert_or(RateLimit).values(deed=deed, asker=kept, ends_at=ends_at, count=1)
    one_more = row.on_conflict_do_update(
        index_elements=[RateLimit.deed, RateLimit.asker, RateLimit.ends_at], set_={"count": RateLimit.count + 1}
    ).returning(RateLimit.count)
    with transaction():
        done = db.session.execute(one_more).scalar_one()
        if done == 1:  # the first of a window takes away those that ended
            db.session.execute(delete(RateLimit).where(RateLimit.ends_at <= at))
    return done, ends_at


def install(app: Flask, limits: Mapping[Deed, Limit]) -> None:
    """Refuse what is asked for too often, and say how long to wait."""

    @app.before_request
    def _refuse_a_flood() -> None:
        deed = kind_of_deed()
        if deed is None:
            return
        limit, at = limits[deed], now()
        for asker, times in _askers(deed):
            done, ends_at = count(deed, asker, window=limit.window, at=at)
            if done > limit.most * times:
                logs.warn("too many requests", deed=deed)
                raise TooManyRequests(retry_after=max(math.ceil((ends_at - at).total_seconds()), 1))
