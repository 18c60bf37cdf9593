"""The changes of a post, on the pages of its unit."""

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.audit import Event
from riskapp.domain.organisation import CHAMPION, MANAGED_BY, POST_KINDS
from riskapp.domain.permissions import Permission
from riskapp.features.audit import queries as trail
from riskapp.features.holdings import queries as holdings
from riskapp.features.organisation.forms import CloseForm, ReopenForm
from riskapp.features.organisation.views import blueprint as blueprint  # noqa: PLC0414 - handed on
from riskapp.features.organisation.views import find, trail_to
from riskapp.features.posts import forms, queries, service
from riskapp.models.people import Post
from riskapp.web import deeds, guards
from riskapp.web.clock import now, today
from riskapp.web.filters import day, plural

OF_A_POST = (Event.POST_RENAMED, Event.POST_CLOSED, Event.POST_REOPENED)


@blueprint.route("/units/<reference>/posts/new", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
def add_post(reference: str) -> ResponseReturnValue:
    """Add a post to a unit."""
    page, form = find(reference), forms.AddPostForm()
    if request.method == "GET":
        form.opened_on.data = today()
        wanted = MANAGED_BY[page.row.kind] if page.row.manager is None else CHAMPION
        form.kind.data = wanted if wanted == MANAGED_BY[page.row.kind] or page.row.champion is None else ""
    return deeds.carry_out(
        form,
        deeds.Deed(
            title="Add a post",
            caption=page.name,
            button="Add the post",
            done=f"{form.title.data} is a post of {page.name}. It is vacant.",
            back=url_for(".unit", reference=reference),
            trail=trail_to(page),
        ),
        lambda: (
            service.add(
                title=form.title.data or "",
                kind=form.kind.data,
                unit_id=page.row.id,
                opened_on=form.opened_on.data or today(),
                key=form.key.data,
                by=guards.actor(),
                at=now(),
                on=today(),
            ).id
        ),
        lambda: [
            "The post is vacant until somebody is put into it.",
            "A post gives no right to read by itself. Roles are given to people.",
            _answers_for(page.name, form.kind.data, page.row.kind),
        ],
    )


def _answers_for(unit: str, kind: str, kind_of_unit: str) -> str:
    if kind != MANAGED_BY[kind_of_unit]:
        return ""
    return f"As {POST_KINDS[kind].lower()} it answers for {unit}: escalations of its risks come to this post."


@blueprint.route("/posts/<int(max=2147483647):post_id>/rename", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
def rename_post(post_id: int) -> ResponseReturnValue:
    """Give a post another title."""
    post, form = _post(post_id), forms.RenamePostForm()
    if request.method == "GET":
        form.title.data = request.args.get("title", post.title)
    title = post.title
    return deeds.carry_out(
        form,
        _deed(post, "Rename a post", "Rename the post", f"It is called {form.title.data} now."),
        lambda: service.rename(post_id, title=form.title.data or "", seen=form.seen, by=guards.actor(), at=now()),
        lambda: [
            f"{title} is called {form.title.data} from now on, wherever it owns or answers for something.",
            "Who sits in it, and what it owns, stays as it is. Frozen packs keep the old title.",
        ],
    )


@blueprint.route("/posts/<int(max=2147483647):post_id>/close", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
def close_post(post_id: int) -> ResponseReturnValue:
    """Close a post that holds no duty; each duty it holds is said with a link."""
    post, form = _post(post_id), CloseForm()
    if request.method == "GET":
        form.on.data = today()
    title, sitters = post.title, holdings.sitters(guards.actor(), post_id, on=today())
    return deeds.carry_out(
        form,
        _deed(post, "Close a post", "Close the post", f"{title} is closed."),
        lambda: service.close(
            post_id, closed_on=form.on.data or today(), seen=form.seen, by=guards.actor(), at=now(), on=today()
        ),
        lambda: [
            f"{title} is closed with the date {day(form.on.data)}. Nothing can be given to it any more.",
            f"{plural(sitters, 'person', 'people')} sitting in it: they leave it the day before." if sitters else "",
            "What it owned in the past stays on the record. You can reopen it from the page of its unit, vacant.",
        ],
        standing=holdings.on_post(guards.actor(), post_id, on=today()) if post.closed_on is None else None,
    )


@blueprint.route("/posts/<int(max=2147483647):post_id>/reopen", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
def reopen_post(post_id: int) -> ResponseReturnValue:
    """Open a closed post again."""
    post, form = _post(post_id), ReopenForm()
    title = post.title
    return deeds.carry_out(
        form,
        _deed(post, "Reopen a post", "Reopen the post", f"{title} is open again. It is vacant."),
        lambda: service.reopen(post_id, seen=form.seen, by=guards.actor(), at=now()),
        lambda: [f"{title} is open again.", "It is vacant until somebody is put into it."],
        at_once=True,
    )


def _post(post_id: int) -> Post:
    guards.allow(Permission.ORGANISATION_KEEP)
    return queries.post(guards.actor(), post_id) or abort(404)


def _deed(post: Post, title: str, button: str, done: str) -> deeds.Deed:
    page = find(post.unit.entity.reference)
    unit_id, post_id = page.row.id, post.id
    return deeds.Deed(
        title=title,
        caption=post.title,
        button=button,
        done=done,
        back=url_for(".unit", reference=page.reference),
        trail=trail_to(page),
        version=post.version,
        changed=lambda seen: deeds.changed_since(
            trail.time_line(guards.actor(), unit_id), seen, OF_A_POST, post=post_id
        ),
    )
