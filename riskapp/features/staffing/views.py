"""The pages of people: the list, a person, joining, posts, absences, and the posts that nobody answers for."""

from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import StringField

from riskapp.domain.permissions import Facts, Permission
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.staffing import DEEDS, CannotSeat, PeopleRules, Span
from riskapp.features.accounts import service as accounts
from riskapp.features.choices import queries as choices
from riskapp.features.duties import queries as duties
from riskapp.features.people import queries as people
from riskapp.features.policy import queries as policies
from riskapp.features.staffing import forms, queries, service
from riskapp.features.staffing.queries import PersonView, Wanted
from riskapp.models.database import db, once, transaction
from riskapp.models.people import Absence, Person, Post
from riskapp.web import csv, guards, lists
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals
from riskapp.web.filters import day

blueprint = Blueprint("staffing", __name__)
ORDERS = {
    "email": "By e-mail address",
    "-email": "By e-mail address, from the end",
    "post": "By post, then address",
    "-post": "By post, from the end, then address",
    "unit": "By unit, then address",
    "-unit": "By unit, from the end, then address",
}
GAP_HEADS = ("Post", "Unit", "Open risks", "Open actions", "Live escalations", "Risk champion", "Why")


def _rules() -> PeopleRules:
    """What the policy of today says of people."""
    return policies.in_force(on=today()).policy.people


def _wanted() -> Wanted:
    asked = request.args
    state, sort = asked.get("state", "active"), asked.get("sort", "email")
    return Wanted(
        words=tuple(asked.get("q", "").split()[:10]),
        unit=asked.get("unit", "")[:40],
        state=state if state in queries.STATES else "active",
        sort=sort if sort in ORDERS else "email",
    )


@blueprint.get("/people")
@guards.requires(Permission.PEOPLE_READ)
def people_list() -> ResponseReturnValue:
    """List the people: filtered, sorted, a page at a time."""
    allow_somewhere(Permission.PEOPLE_READ)
    wanted, number = _wanted(), lists.page_number()
    rows, total = queries.people(guards.actor(), wanted, on=today(), page=number)
    units = {unit.reference: unit.indented for unit in choices.units(guards.actor())}
    names = {reference: name.strip() for reference, name in units.items()}
    return render_template(
        "staffing/people.html",
        rows=rows,
        wanted=wanted,
        states=queries.STATES,
        units=[("", "Any unit"), *units.items()],
        order=ORDERS[wanted.sort],
        heads=(
            lists.sorting("email", "Person", chosen=wanted.sort),
            lists.sorting("post", "Post", chosen=wanted.sort),
            lists.sorting("unit", "Unit", chosen=wanted.sort),
            "State",
        ),
        pager=lists.pager(number, queries.PAGE, total),
        applied=lists.applied({"q": None, "unit": names, "state": queries.STATES}),
        csv_url=lists.same_list("staffing.people_csv"),
        gaps=len(duties.without_holder(guards.actor(), on=today())),
        may_keep=guards.allows(Permission.PEOPLE_KEEP),
    )


@blueprint.get("/people.csv")
@guards.requires(Permission.PEOPLE_READ)
def people_csv() -> Response:
    """Give the list on screen as a file."""
    allow_somewhere(Permission.PEOPLE_READ)
    rows, _total = queries.people(guards.actor(), _wanted(), on=today(), page=1, size=csv.MOST_ROWS)
    return csv.answer(
        "people",
        ("Address", "Post", "Capacity", "Unit", "Further posts", "State", "Away until", "Gone from"),
        (
            (r.email, r.post, r.capacity, r.unit, r.more_posts, queries.STATES[r.state], r.away_to, r.leaves_on)
            for r in rows
        ),
    )


@blueprint.get("/people/<int(max=2147483647):person_id>")
@guards.requires(Permission.PEOPLE_READ)
def person(person_id: int) -> ResponseReturnValue:
    """Show one person: posts, what hangs on them, absences, roles, champion's work, and what happened."""
    shown = shown_person(person_id)
    posts = {seat.post_id for seat in shown.seats_from(today())}
    return render_template(
        "staffing/person.html",
        person=shown,
        hanging=duties.hanging(guards.actor(), posts, on=today()),
        history=queries.history(guards.actor(), person_id),
        may_keep=guards.allows(Permission.PEOPLE_KEEP) and guards.actor().person_id != person_id,
        is_oneself=guards.actor().person_id == person_id,
        may_undo=queries.may_be_taken_back(guards.actor(), shown, on=today()),
        back_form=forms.BackForm(formdata=None),
    )


@blueprint.route("/people/new", methods=["GET", "POST"])
@guards.requires(Permission.PEOPLE_KEEP)
def join() -> ResponseReturnValue:
    """Add somebody."""
    guards.allow(Permission.PEOPLE_KEEP)
    form = forms.JoinForm(from_on=today())
    forms.offer_posts(form.post, choices.posts(guards.actor()), "No post yet")
    welcomes = current_app.extensions["settings"].welcomes_with_a_password
    if form.validate_on_submit():
        facts: dict[str, Any] = {"by": guards.actor(), "at": now(), "on": today()}
        try:
            made = once(
                lambda: service.join(
                    email=form.email.data or "",
                    post=db.session.get(Post, int(form.post.data)) if form.post.data else None,
                    capacity=form.capacity.data,
                    from_on=form.from_on.data or today(),
                    to_on=form.to_on.data,
                    welcomes=welcomes,
                    **facts,
                )
            )
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(
                f"{made.email} is added. "
                + ("A mail tells them where to choose a password." if welcomes else "Send them the link to sign in by.")
            )
            return redirect(url_for("staffing.person", person_id=made.id))
    return render_template("staffing/join.html", form=form, clause=_rules().duties), 422 if form.errors else 200


@blueprint.route("/people/<int(max=2147483647):person_id>/post", methods=["GET", "POST"])
@guards.requires(Permission.PEOPLE_KEEP)
def give_post(person_id: int) -> ResponseReturnValue:
    """Give somebody a post besides those they have."""
    shown = kept_person(person_id)
    form = forms.PostForm(seen=shown.version, from_on=today())
    forms.offer_posts(form.post, choices.posts(guards.actor()), "Choose a post")
    if form.validate_on_submit():
        try:
            with transaction():
                service.give_post(
                    db.session.get_one(Person, person_id),
                    db.session.get_one(Post, int(form.post.data)),
                    capacity=form.capacity.data,
                    days=Span(form.from_on.data or today(), form.to_on.data),
                    seen=form.seen.number,
                    by=guards.actor(),
                    at=now(),
                    on=today(),
                )
        except Cannot as refusal:
            shown = told_again(form, refusal, person_id)
        else:
            flash("The post is theirs. Its role, if it brings one, came with it.")
            return redirect(url_for("staffing.person", person_id=person_id))
    return render_template(
        "staffing/post.html", form=form, person=shown, clause=_rules().duties
    ), 422 if form.errors else 200


@blueprint.get("/people/without-a-holder")
@guards.requires(Permission.PEOPLE_READ)
def without_holder() -> ResponseReturnValue:
    """List every post with duties that nobody answers for today."""
    allow_somewhere(Permission.PEOPLE_READ)
    rows = duties.without_holder(guards.actor(), on=today())
    number = lists.page_number()
    first = (number - 1) * queries.PAGE
    return render_template(
        "staffing/without_holder.html",
        rows=rows[first : first + queries.PAGE],
        total=len(rows),
        pager=lists.pager(number, queries.PAGE, len(rows)),
        csv_url=url_for("staffing.without_holder_csv"),
        clause=_rules().duties,
        may_keep=guards.allows(Permission.PEOPLE_KEEP),
    )


@blueprint.get("/people/without-a-holder.csv")
@guards.requires(Permission.PEOPLE_READ)
def without_holder_csv() -> Response:
    """Give the list as a file."""
    allow_somewhere(Permission.PEOPLE_READ)
    return csv.answer(
        "without-a-holder",
        GAP_HEADS,
        (
            (
                row.title, row.unit, row.duties.open_risks, row.duties.open_actions, row.duties.live_desks,
                "yes" if row.duties.is_champion else "no", row.why,
            )
            for row in duties.without_holder(guards.actor(), on=today())
        ),
    )  # fmt: skip


@blueprint.route("/people/holder", methods=["GET", "POST"])
@guards.requires(Permission.PEOPLE_KEEP)
def name_holder() -> ResponseReturnValue:
    """Name somebody for a post."""
    guards.allow(Permission.PEOPLE_KEEP)
    form = forms.HolderForm(post=request.args.get("post", ""), from_on=today())
    offered = choices.posts(guards.actor())
    forms.offer_posts(form.post, offered, "Choose a post")
    asked = next((each for each in offered if str(each.id) == form.post.data), None)
    if form.validate_on_submit() and asked is not None:
        try:
            with transaction():
                service.name_for(
                    db.session.get_one(Post, asked.id),
                    somebody(form.email, needed=True),
                    capacity=form.capacity.data,
                    days=Span(form.from_on.data or today(), form.to_on.data),
                    by=guards.actor(),
                    at=now(),
                    on=today(),
                )
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(f"{asked.title} is {DEEDS[form.capacity.data]} from {day(form.from_on.data)}.")
            return redirect(url_for("staffing.without_holder"))
    hangs = duties.duties_of(post_ids=(asked.id,))[asked.id] if asked else None
    context = {"form": form, "post": asked, "hangs": hangs, "everybody": everybody(), "clause": _rules().duties}
    return render_template("staffing/holder.html", **context), 422 if form.errors else 200


@blueprint.route("/people/<int(max=2147483647):person_id>/away", methods=["GET", "POST"])
@guards.requires(Permission.PEOPLE_KEEP)
def away(person_id: int) -> ResponseReturnValue:
    """Say for somebody when they are away."""
    shown = kept_person(person_id, even_oneself=True)
    return _away(shown, url_for("staffing.person", person_id=person_id))


@blueprint.post("/people/<int(max=2147483647):person_id>/back")
@guards.requires(Permission.PEOPLE_KEEP)
def back(person_id: int) -> ResponseReturnValue:
    """Call somebody's absence off."""
    kept_person(person_id, even_oneself=True)
    return _back(person_id, url_for("staffing.person", person_id=person_id))


@blueprint.post("/people/<int(max=2147483647):person_id>/sign-out")
@guards.requires(Permission.PEOPLE_KEEP)
def sign_out(person_id: int) -> ResponseReturnValue:
    """Sign somebody out wherever they are signed in: a computer was lost, or a session is not theirs."""
    kept_person(person_id)
    with transaction():
        ended = accounts.end_sessions(person_id, by=guards.actor(), at=now())
    flash("They are signed out everywhere." if ended else "They were signed in nowhere.")
    return redirect(url_for("staffing.person", person_id=person_id))


@blueprint.route("/account/away", methods=["GET", "POST"])
@guards.requires(Permission.OWN_ABSENCE)
def own_absence() -> ResponseReturnValue:
    """Say when one is away oneself."""
    guards.allow(Permission.OWN_ABSENCE)
    person_id = guards.actor().person_id or 0
    found = queries.oneself(guards.actor(), on=today())
    return _away(found or abort(404), url_for("staffing.own_absence"), is_own=True, person_id=person_id)


@blueprint.post("/account/back")
@guards.requires(Permission.OWN_ABSENCE)
def own_return() -> ResponseReturnValue:
    """Call one's own absence off."""
    guards.allow(Permission.OWN_ABSENCE)
    return _back(guards.actor().person_id or 0, url_for("staffing.own_absence"))


def _away(shown: PersonView, done: str, *, is_own: bool = False, person_id: int | None = None) -> ResponseReturnValue:
    form = forms.AwayForm()
    if form.validate_on_submit():
        try:
            with transaction():
                service.be_away(
                    db.session.get_one(Person, person_id or shown.id),
                    days=Span(form.from_on.data or today(), form.to_on.data),
                    deputy=somebody(form.deputy),
                    goes_up=bool(form.goes_up.data),
                    by=guards.actor(),
                    at=now(),
                    on=today(),
                )
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(f"Away from {day(form.from_on.data)} to {day(form.to_on.data)}. It can be called off.")
            return redirect(done)
    return render_template(
        "staffing/away.html",
        form=form,
        person=shown,
        is_own=is_own,
        everybody=everybody(),
        back_form=forms.BackForm(formdata=None),
        clause=_rules().absence,
    ), 422 if form.errors else 200


def _back(person_id: int, done: str) -> ResponseReturnValue:
    number = forms.BackForm().absence.number
    absence = db.session.get(Absence, number) if number else None
    if absence is not None and absence.person_id == person_id:
        with transaction():
            service.come_back(absence, by=guards.actor(), at=now(), on=today())
    flash("The absence is called off.")  # also to whoever sent it twice
    return redirect(done)


# ---- what the pages of leaving and of champions share
def allow_somewhere(permission: Permission) -> None:
    """Let in whoever may see at least one person, or keep at least one unit's champions."""
    if not any(guards.allows(permission, Facts(unit_path=path)) for path in ("", *_paths())):
        abort(404)


def _paths() -> tuple[str, ...]:
    return tuple(grant.unit_path for grant in guards.actor().grants)


def shown_person(person_id: int) -> PersonView:
    """The person of a page, if the visitor may see them; what is not there and what one may not see look the same."""
    found = queries.person(guards.actor(), person_id, on=today())
    if found is None or not any(
        guards.allows(Permission.PEOPLE_READ, facts) for facts in queries.facts(guards.actor(), person_id, on=today())
    ):
        abort(404)
    return found


def kept_person(person_id: int, *, even_oneself: bool = False) -> PersonView:
    """The person of a form, for those who keep people; one's own posts are another's to change."""
    guards.allow(Permission.PEOPLE_KEEP)
    found = shown_person(person_id)
    if not even_oneself:
        service.refuse_oneself(db.session.get_one(Person, person_id), by=guards.actor())
    return found


def told_again(form: FlaskForm, refusal: Cannot, person_id: int) -> PersonView:
    """Show why not over what is known now: whoever reads it may send the form again."""
    show_refusals(form, refusal)
    found = shown_person(person_id)
    form.seen.data = str(found.version)
    return found


def somebody(field: StringField, *, needed: bool = False) -> Any:
    """The person whose address was typed; an address that no account has is refused beside the field."""
    text = (field.data or "").strip()
    if not text and not needed:
        return None
    found = people.person_by_email(text)
    if found is None:
        raise CannotSeat(Refusal(field.name, f"No account has the address {text}. Choose one of the list, or add them"))
    return found


def everybody() -> tuple[tuple[str, str], ...]:
    """Who is here, for the boxes that complete an address."""
    return queries.addresses(guards.actor(), on=today())
