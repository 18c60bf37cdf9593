"""How a no is said: a refusal beside its field, and a page for each error that tells what to do next."""

import re
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, abort, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from riskapp.domain.refusal import Cannot
from riskapp.models.database import db
from riskapp.web import logs, uploads
from riskapp.web.filters import plural
from riskapp.web.logs import FIRST_ERROR, FIRST_FAULT

PAGES = {
    400: ("The page could not use what was sent", "Go back, load the page again and send it once more."),
    403: ("That did not come from a page of riskapp", "Open the page here, fill in the form and send it from there."),
    404: (
        "Page not found",
        "The address may be wrong, or the page is not one you may read. Check it, or start from My work.",
    ),
    405: ("That cannot be done here", "Go back and use the buttons on the page."),
    408: ("The page waited too long for what you sent", "Check the connection, then send it once more."),
    409: (
        "Somebody else changed this first",
        "Go back, load the page again, then make your change to what it says now.",
    ),
    413: ("That is too large", "Send at most {megabytes} MB here."),
    414: ("The address is too long", "Go back and choose fewer filters."),
    415: ("That kind of file cannot be used here", "Go back and choose a file of the kind that the page names."),
    429: ("Too many requests", "Wait {wait}, then try again."),
    431: ("The browser sent too much with the page", "Clear the cookies of this site, then sign in again."),
    500: ("Something went wrong here", "Nothing was changed. Try again; if it happens again, quote the number below."),
    503: ("riskapp is not ready", "Nothing was changed. Wait a minute, then try again."),
}
A_MINUTE = 60


def show_refusals(form: FlaskForm, refusal: Cannot) -> None:
    """Put each reason beside the field it is about; one about the whole request goes to the summary."""
    _note(refusal)
    for reason in refusal.refusals:
        field = form._fields.get(reason.field) if reason.field else None
        if field is not None:
            field.errors = [*field.errors, reason.message]
        else:
            form.form_errors.append(reason.message)


def _note(refusal: Cannot) -> None:
    """Log that a rule said no, by its name: a wrong password and a deed out of turn are seen there alike."""
    logs.note("a deed was refused", reason=type(refusal).__name__)


def page(status: int, *, wait: int = A_MINUTE) -> ResponseReturnValue:
    """Make the page of an error, with its number and nothing of the fault; `wait` is in seconds.

    Where even that cannot be drawn, since its frame asks the database, the page is bare.
    """
    title, advice = PAGES.get(status) or PAGES[400 if status < FIRST_FAULT else 500]
    words = {
        "title": title,
        "advice": advice.format(wait=_duration(wait), megabytes=uploads.most_bytes() // uploads.MEGABYTE),
        "status": status,
        "number": logs.request_id(),
    }
    try:
        return render_template("errors/error.html", **words), status
    except Exception as failure:  # noqa: BLE001 - whatever it is, the visitor gets an answer with its number
        logs.fault("the page of an error could not be drawn", failure)
        _start_afresh()
        return current_app.jinja_env.get_template("errors/bare.html").render(words), status


def _duration(seconds: int) -> str:
    """Say a wait in whole seconds or minutes."""
    return plural(seconds, "second") if seconds <= A_MINUTE else plural(-(-seconds // A_MINUTE), "minute")


def _start_afresh() -> None:
    """Leave behind a transaction that what failed may have broken."""
    with suppress(SQLAlchemyError):
        db.session.rollback()


def _refuse_what_no_database_keeps() -> None:
    """Refuse the character NUL, which nobody types and PostgreSQL cannot keep."""
    if "\0" in request.path:
        abort(404)
    said = [value for each in (request.args, request.form) for _name, value in each.items(multi=True)]
    if any("\0" in value for value in (*said, *(file.filename or "" for file in request.files.values()))):
        abort(400)


def _http(error: HTTPException) -> ResponseReturnValue:
    """Say it in words; an answer that is no error, such as a redirect, is left as it is."""
    if error.code is None or error.code < FIRST_ERROR:
        return error.get_response()
    response = make_response(page(error.code, wait=_wait_of(error)))
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _wait_of(error: HTTPException) -> int:
    """The seconds to wait that an error names, or a minute."""
    asked = getattr(error, "retry_after", None)
    return asked if isinstance(asked, int) else A_MINUTE


def _refused(error: Cannot) -> ResponseReturnValue:
    _note(error)
    words = [reason.message for reason in error.refusals]
    number = logs.request_id()
    return render_template("errors/refused.html", reasons=words, back=_page_before(), number=number), 422


def _page_before() -> str | None:
    """Give the path of the page that the visitor came from, if it was one of ours."""
    before = urlsplit(request.referrer or "")
    is_ours = before.netloc == request.host and re.match(r"/(?![/\\])", before.path)
    return urlunsplit(("", "", before.path, before.query, "")) if is_ours else None


def _stale_form(_error: CSRFError) -> ResponseReturnValue:
    logs.warn("a form without its token", reason="token")
    return page(400)


def _overtaken(_error: StaleDataError) -> ResponseReturnValue:
    return page(409)


def _no_database(error: OperationalError) -> ResponseReturnValue:
    _start_afresh()
    logs.fault("the database does not answer", error)
    return page(503)


def _fault(error: Exception) -> ResponseReturnValue:
    _start_afresh()
    logs.fault("a request failed", error)
    return page(500)


def install(app: Flask) -> None:
    """Answer every error in words."""
    app.before_request(_refuse_what_no_database_keeps)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(StaleDataError, _overtaken)
    app.register_error_handler(Cannot, _refused)
    app.register_error_handler(OperationalError, _no_database)
    app.register_error_handler(Exception, _fault)
