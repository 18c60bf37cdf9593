"""How a no is said: a refusal beside its field, and a page for each error that tells what to do next."""

from flask import Flask, abort, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from riskapp.domain.refusal import Cannot
from riskapp.models.database import db

PAGES = {
    400: ("The page could not use what was sent", "Go back, load the page again and send it once more."),
    404: (
        "Page not found",
        "The address may be wrong, or the page is not one you may read. Check it, or start from My work.",
    ),
    405: ("That cannot be done here", "Go back and use the buttons on the page."),
    409: (
        "Somebody else changed this first",
        "Go back, load the page again, then make your change to what it says now.",
    ),
    413: ("That is too large", "Send at most 10 MB."),
    429: ("Too many requests", "Wait a minute, then try again."),
    500: ("Something went wrong here", "Nothing was changed. Try again; if it happens again, quote the number below."),
}


def show_refusals(form: FlaskForm, refusal: Cannot) -> None:
    """Put each reason beside the field it is about; one about the whole request goes to the summary."""
    for reason in refusal.refusals:
        field = form._fields.get(reason.field) if reason.field else None
        if field is not None:
            field.errors = [*field.errors, reason.message]
        else:
            form.form_errors.append(reason.message)


def page(status: int) -> ResponseReturnValue:
    """Make the page of an error; it holds a request number and nothing of the fault."""
    title, advice = PAGES.get(status, PAGES[500])
    number = g.get("request_id", "none")
    return render_template("errors/error.html", title=title, advice=advice, status=status, number=number), status


def install(app: Flask) -> None:
    """Answer every error in words."""

    @app.before_request
    def _refuse_what_no_database_keeps() -> None:
        """Refuse the character NUL, which nobody types and PostgreSQL cannot keep."""
        if "\0" in request.path:
            abort(404)
        if any("\0" in value for each in (request.args, request.form) for _name, value in each.items(multi=True)):
            abort(400)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> ResponseReturnValue:
        return page(error.code or 500)

    @app.errorhandler(CSRFError)
    def _stale_form(_error: CSRFError) -> ResponseReturnValue:
        return page(400)

    @app.errorhandler(StaleDataError)
    def _overtaken(_error: StaleDataError) -> ResponseReturnValue:
        return page(409)

    @app.errorhandler(Cannot)
    def _refused(error: Cannot) -> ResponseReturnValue:
        words = [reason.message for reason in error.refusals]
        return render_template("errors/refused.html", reasons=words, back=request.referrer), 422

    @app.errorhandler(Exception)
    def _fault(error: Exception) -> ResponseReturnValue:
        db.session.rollback()  # what failed may have broken it, and the page of the error asks it things
        app.logger.error("request %s failed", g.get("request_id", "none"), exc_info=error)
        return page(500)
