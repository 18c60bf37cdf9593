"""The outbox: what was sent to whom, why and when."""

from flask import Blueprint, Response, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue

from riskapp.adapters.letters import addressed, with_key
from riskapp.domain.permissions import Facts, Permission
from riskapp.features.policy import queries as policies
from riskapp.features.reminders import queries
from riskapp.web import csv, guards, lists
from riskapp.web.clock import today

blueprint = Blueprint("reminders", __name__)
ORDERS = {
    "queued": "The oldest first",
    "-queued": "The newest first",
    "to": "By the post they went to, then the newest",
    "-to": "By the post they went to, from the end, then the newest",
    "subject": "By subject, then the newest",
    "-subject": "By subject, from the end, then the newest",
}


def _wanted() -> queries.Wanted:
    asked = request.args
    sort = asked.get("sort", "-queued")
    return queries.Wanted(
        state=asked.get("state", ""),
        to=asked.get("to", "").strip()[:200],
        text=asked.get("text", "").strip()[:200],
        sort=sort if sort in queries.ORDERS else "-queued",
    )


def _allow() -> None:
    guards.allow(Permission.OUTBOX_READ, Facts(is_demo=current_app.extensions["settings"].is_demo))


@blueprint.get("/outbox")
@guards.requires(Permission.OUTBOX_READ)
def outbox() -> ResponseReturnValue:
    """List the messages."""
    _allow()
    wanted, number = _wanted(), lists.page_number()
    rows, total = queries.outbox(guards.actor(), wanted, page=number)
    return render_template(
        "reminders/outbox.html",
        rows=rows,
        wanted=wanted,
        states={"": "Any state", **queries.STATE_WORDS},
        counts=queries.counts(guards.actor()),
        order=ORDERS[wanted.sort],
        heads=(
            lists.sorting("subject", "Message", chosen=wanted.sort),
            lists.sorting("to", "To", chosen=wanted.sort),
            lists.sorting("queued", "Written", chosen=wanted.sort),
            "State",
        ),
        pager=lists.pager(number, queries.PAGE, total),
        applied=lists.applied({"state": queries.STATE_WORDS, "to": None, "text": None}),
        csv_url=lists.same_list("reminders.outbox_csv"),
        is_kept=current_app.extensions["settings"].smtp_url is None,
    )


@blueprint.get("/outbox.csv")
@guards.requires(Permission.OUTBOX_READ)
def outbox_csv() -> Response:
    """Give the list on screen as a file."""
    _allow()
    rows, _total = queries.outbox(guards.actor(), _wanted(), page=1, size=csv.MOST_ROWS)
    return csv.answer(
        "outbox",
        ("Subject", "Post", "Address", "Written", "State", "Sent"),
        ((r.subject, r.post_title, r.address, r.queued_at, r.state_words, r.sent_at) for r in rows),
    )


@blueprint.get("/outbox/<int(max=2147483647):message_id>")
@guards.requires(Permission.OUTBOX_READ)
def message(message_id: int) -> ResponseReturnValue:
    """Show a message as it is read: its words, what it is about, and every attempt to send it."""
    _allow()
    found = queries.message(guards.actor(), message_id, policies.in_force(on=today()).policy, on=today())
    if found is None:
        abort(404)
    base_url = current_app.extensions["settings"].base_url
    text = addressed(with_key(found.text, "only-in-the-mail-itself"), base_url)
    return render_template("reminders/message.html", message=found, text=text, base_url=base_url)
