"""The doors of exemption: marking, the proper officer's desk and decision, and the record of reading."""

from datetime import date, datetime

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.exemption import paragraphs_in_words
from riskapp.domain.permissions import Permission
from riskapp.domain.publication import FIELD_GROUPS
from riskapp.domain.refusal import Cannot
from riskapp.features.accounts import service as accounts
from riskapp.features.exemption import queries, service
from riskapp.features.exemption.forms import DayForm, DecideForm, MarkForm
from riskapp.features.policy import queries as policies
from riskapp.features.readers import queries as readers
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.models.database import transaction
from riskapp.web import csv, guards, lists
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals

blueprint = Blueprint("exemption", __name__)
OVERTAKEN = "Somebody else marked or decided something here after you loaded the page. Read it, then send yours again"
GROUPS = {"": "Any part", **{key: words.capitalize() for key, words in FIELD_GROUPS.items()}}
ORDERS = {
    "since": "The longest first",
    "-since": "The last first",
    "review": "Earliest review first",
    "-review": "Latest review first",
    "title": "By title",
    "-title": "By title, from the end",
}
READING_ORDERS = {
    "-at": "The last first",
    "at": "The first first",
    "person": "By post, then the last",
    "-person": "By post from the end, then the last",
    "risk": "By reference, then the last",
    "-risk": "By reference from the end, then the last",
}


@blueprint.route("/risks/<reference>/mark-exempt", methods=["GET", "POST"])
@guards.requires(Permission.RISK_MARK_EXEMPT)
def mark(reference: str) -> ResponseReturnValue:
    """Mark a part of a risk as perhaps exempt, so that it is withheld until the proper officer decides."""
    about = _about(reference, Permission.RISK_MARK_EXEMPT)
    record_shown((about.reference,), Outlet.MARK)
    standing, form = queries.standing_of(about.id, on=today()), MarkForm()
    if request.method == "GET":
        form.seen.data = standing.seen
    if form.validate_on_submit() and _is_fresh(form, standing):
        try:
            with transaction():
                service.mark(
                    about.id, group=form.group.data, why=form.why.data or "", by=guards.actor(), at=now(), on=today()
                )
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash("It is withheld from now on. The proper officer decides whether it is exempt.")
            is_readable = guards.allows(Permission.RISK_READ, readers.facts(risk_id=about.id, on=today()))
            return redirect(url_for("risks.risk", reference=reference) if is_readable else url_for("risks.register"))
    rules = policies.in_force(on=today()).policy.exemption
    return render_template("exemption/mark.html", about=about, form=form, rules=rules), 422 if form.errors else 200


@blueprint.route("/risks/<reference>/exemption", methods=["GET", "POST"])
@guards.requires(Permission.EXEMPTION_DECIDE)
def decide(reference: str) -> ResponseReturnValue:
    """Show how a risk stands and who holds it already, and take the proper officer's decision."""
    about = _about(reference, Permission.EXEMPTION_DECIDE)
    standing, on = queries.standing_of(about.id, on=today()), today()
    rules = policies.in_force(on=on).policy.exemption
    form = DecideForm()
    form.offer(rules)
    if request.method == "GET":
        form.seen.data, form.group.data = standing.seen, _first_claim(standing)
    if form.validate_on_submit() and _is_fresh(form, standing) and _decided(form, about, at=now(), on=on):
        return redirect(url_for(".desk"))
    record_shown((about.reference,), Outlet.DECISION)
    return render_template(
        "exemption/decide.html",
        about=about,
        standing=standing,
        form=form,
        rules=rules,
        latest=rules.latest_review(on),
        held=queries.handed_out(guards.actor(), about.id),
    ), 422 if form.errors else 200


def _decided(form: DecideForm, about: queries.About, *, at: datetime, on: date) -> bool:
    """Take the decision; a password that does not match is counted like a failed sign-in."""
    by = guards.actor()
    try:
        with transaction():
            proved = None
            if form.password.data and by.person_id is not None:
                proved = accounts.prove(person_id=by.person_id, password=form.password.data, at=at)
            row = service.decide(about.id, form.ruling(), proved_at=proved, by=by, at=at, on=on)
            level = row.level
    except accounts.CannotProve as refusal:
        with transaction():
            accounts.remember_unproved(person_id=by.person_id or 0, at=at)
        show_refusals(form, refusal)
        return False
    except Cannot as refusal:
        show_refusals(form, refusal)
        return False
    flash(f"Decided for {about.reference}: {FIELD_GROUPS[form.group.data]} is {_level_words(level)}.")
    return True


def _level_words(level: str) -> str:
    return {"withheld": "withheld, and that it exists too"}.get(level, level)


def _first_claim(standing: queries.Standing) -> str | None:
    return next((each.group for each in standing.in_force.values() if each.is_claim), None)


def _about(reference: str, permission: Permission) -> queries.About:
    """Find a risk for a deed: not there, not readable and not allowed are one answer."""
    about = queries.risk(guards.actor(), reference, on=today())
    if about is None:
        abort(404)
    guards.allow(permission, readers.facts(risk_id=about.id, on=today()))
    return about


def _is_fresh(form: MarkForm | DecideForm, standing: queries.Standing) -> bool:
    if form.seen.data == standing.seen:
        return True
    form.form_errors.append(OVERTAKEN)
    form.seen.data = standing.seen
    return False


def _desk_wanted() -> queries.Wanted:
    asked = request.args
    sort = asked.get("sort", "since")
    return queries.Wanted(
        state=asked.get("state", ""),
        group=asked.get("group", ""),
        words=asked.get("q", "").strip()[:100],
        sort=sort if sort in queries.ORDERS else "since",
    )


@blueprint.get("/exemptions")
@guards.requires(Permission.EXEMPTION_DECIDE)
def desk() -> ResponseReturnValue:
    """List what waits for a decision, what is overdue for review, and what else is withheld."""
    guards.allow(Permission.EXEMPTION_DECIDE)
    wanted, number, on = _desk_wanted(), lists.page_number(), today()
    rows, total = queries.desk(guards.actor(), wanted, on=on, page=number)
    record_shown((row.reference for row in rows), Outlet.DESK)
    return render_template(
        "exemption/desk.html",
        rows=rows,
        wanted=wanted,
        counts=queries.counts(guards.actor(), on=on),
        states={"": "Any state", **queries.STATES},
        groups=GROUPS,
        order=ORDERS[wanted.sort],
        heads=(
            lists.sorting("title", "Risk", chosen=wanted.sort),
            "What",
            "State",
            lists.sorting("since", "Since", chosen=wanted.sort),
            lists.sorting("review", "Review by", chosen=wanted.sort),
        ),
        pager=lists.pager(number, queries.PAGE, total),
        applied=lists.applied({"state": queries.STATES, "group": GROUPS, "q": None}),
        csv_url=lists.same_list("exemption.desk_csv"),
    )


@blueprint.get("/exemptions.csv")
@guards.requires(Permission.EXEMPTION_DECIDE)
def desk_csv() -> Response:
    """Give the desk on screen as a file."""
    guards.allow(Permission.EXEMPTION_DECIDE)
    on = today()
    rows, _total = queries.desk(guards.actor(), _desk_wanted(), on=on, size=csv.MOST_ROWS)
    record_shown((row.reference for row in rows), Outlet.DESK_FILE)
    return csv.answer(
        "exemptions",
        ("Reference", "Title", "Part", "State", "Since", "By", "Paragraphs", "Review by"),
        (
            (
                row.reference,
                row.title,
                FIELD_GROUPS.get(row.made.group, row.made.group),
                row.state_words,
                row.made.from_on,
                row.made.post,
                paragraphs_in_words(row.made.paragraphs),
                row.made.review_on,
            )
            for row in rows
        ),
    )


def _readings_wanted(day: DayForm) -> queries.ReadingWanted:
    asked = request.args
    sort = asked.get("sort", "-at")
    return queries.ReadingWanted(
        risk=asked.get("risk", "").strip()[:40],
        person=asked.get("person", "").strip()[:200],
        day=day.day.data,
        outlet=asked.get("outlet", ""),
        sort=sort if sort in queries.READING_ORDERS else "-at",
    )


@blueprint.get("/exemptions/readings")
@guards.requires(Permission.EXEMPTION_TRACE)
def readings() -> ResponseReturnValue:
    """Show who read what is exempt, in what post, where and when."""
    guards.allow(Permission.EXEMPTION_TRACE)
    return _show_readings(DayForm(request.args))


def _show_readings(day: DayForm) -> ResponseReturnValue:
    """Show what is asked for; where the day is wrong, nothing is looked for and the day is said."""
    is_right, number = day.validate(), lists.page_number()
    wanted = _readings_wanted(day)
    rows, total = queries.readings(guards.actor(), wanted, on=today(), page=number) if is_right else ((), 0)
    outlets = {"": "Anywhere", **{outlet.value: outlet.value for outlet in Outlet}}
    page = render_template(
        "exemption/readings.html",
        rows=rows,
        wanted=wanted,
        outlets=outlets,
        order=READING_ORDERS[wanted.sort],
        heads=(
            lists.sorting("at", "When", chosen=wanted.sort),
            lists.sorting("person", "Who", chosen=wanted.sort),
            lists.sorting("risk", "What", chosen=wanted.sort),
            "Exempt parts",
            "Where",
        ),
        pager=lists.pager(number, queries.PAGE, total),
        applied=lists.applied({"risk": None, "person": None, "day": None, "outlet": outlets}),
        csv_url=lists.same_list("exemption.readings_csv"),
        may_decide=guards.allows(Permission.EXEMPTION_DECIDE),
        form=day,
    )
    return page, 200 if is_right else 422


@blueprint.get("/exemptions/readings.csv")
@guards.requires(Permission.EXEMPTION_TRACE)
def readings_csv() -> ResponseReturnValue:
    """Give the record on screen as a file; of a thing it holds the reference and never a word."""
    guards.allow(Permission.EXEMPTION_TRACE)
    day = DayForm(request.args)
    if not day.validate():
        return _show_readings(day)
    rows, _total = queries.readings(guards.actor(), _readings_wanted(day), on=today(), size=csv.MOST_ROWS)
    heads = ("When", "Person", "Post", "Reference", "Exempt parts", "Where")
    return csv.answer(
        "reading-of-exempt-words",
        heads,
        ((row.at, row.person, row.post, row.reference, row.groups_words, row.outlet) for row in rows),
    )
