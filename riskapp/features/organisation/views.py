"""The pages of units: the tree, a unit, and each change of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.audit import Event
from riskapp.domain.consequences import merger_means, move_means
from riskapp.domain.organisation import KINDS, PLURALS, POST_KINDS, STANDS_UNDER
from riskapp.domain.permissions import Permission
from riskapp.features.audit import queries as trail
from riskapp.features.audit.queries import Told
from riskapp.features.holdings import queries as holdings
from riskapp.features.organisation import forms, queries, service
from riskapp.features.organisation.queries import UnitPage, UnitRow, Wanted
from riskapp.web import csv, deeds, guards, history, lists
from riskapp.web.clock import now, today
from riskapp.web.filters import day

blueprint = Blueprint("organisation", __name__, url_prefix="/organisation")
ROWS = 40
KIND_WORDS = {kind: PLURALS[kind].capitalize() for kind in KINDS}
HEADS = (
    "Reference", "Unit", "Kind", "Stands under", "Manager", "Manager’s post", "Champion", "Champion’s post",
    "Posts", "Vacant", "Open risks", "Opened", "Closed", "Merged into",
)  # fmt: skip
SORTS = {
    "": "in the order of the tree",
    "name": "by name",
    "kind": "by kind",
    "posts": "by number of posts",
    "vacant": "by vacant posts",
    "risks": "by open risks",
}


@blueprint.get("")
@guards.requires(Permission.ORGANISATION_READ)
def organisation() -> ResponseReturnValue:
    """Show the tree of units, or a list of those that fit."""
    guards.allow(Permission.ORGANISATION_READ)
    sort, wanted = _sort(), _wanted()
    rows = _rows()
    number = lists.page_number()
    pager = lists.pager(number, ROWS, len(rows))
    return render_template(
        "organisation/organisation.html",
        rows=rows[pager.first - 1 : pager.last] if rows else (),
        is_tree=not sort and not (wanted.words or wanted.kind or wanted.has_vacancy),
        wanted=wanted,
        words=request.args.get("q", ""),
        kinds=KIND_WORDS,
        pager=pager,
        vacant=sum(row.vacant for row in rows),
        order=SORTS[sort.lstrip("-")],
        sort=sort,
        heads=[
            lists.sorting("name", "Unit", chosen=sort),
            "Manager",
            "Champion",
            lists.sorting("posts", "Posts", chosen=sort, number=True),
            lists.sorting("vacant", "Vacant", chosen=sort, number=True),
            lists.sorting("risks", "Open risks", chosen=sort, number=True),
        ],
        applied=lists.applied(
            {
                "q": None,
                "kind": KIND_WORDS,
                "vacant": {"yes": "With a vacant post"},
                "closed": {"yes": "Closed ones too"},
            }
        ),
        csv_url=lists.same_list(".organisation_csv"),
        may_keep=guards.allows(Permission.ORGANISATION_KEEP),
    )


@blueprint.get("/units.csv")
@guards.requires(Permission.ORGANISATION_READ)
def organisation_csv() -> ResponseReturnValue:
    """Give the units on screen as a file."""
    guards.allow(Permission.ORGANISATION_READ)
    return csv.answer("organisation", HEADS, map(_cells, _rows()))


def _rows() -> tuple[UnitRow, ...]:
    sort = _sort()
    return queries.units(guards.actor(), _wanted(), on=today(), sort=sort.lstrip("-"), descending=sort.startswith("-"))


def _sort() -> str:
    asked = request.args.get("sort", "")
    return asked if asked.lstrip("-") in SORTS else ""


def _wanted() -> Wanted:
    said = request.args
    return Wanted(
        words=tuple(said.get("q", "").split()),
        kind=said.get("kind", "") if said.get("kind") in KINDS else "",
        has_vacancy=said.get("vacant") == "yes",
        with_closed=said.get("closed") == "yes",
    )


def _cells(row: UnitRow) -> tuple[object, ...]:
    manager, champion = row.manager, row.champion
    return (
        row.reference, row.name, row.kind.capitalize(), row.trail[-1] if row.trail else None,
        manager.sits if manager else "No post", manager.title if manager else None,
        champion.sits if champion else "No post", champion.title if champion else None,
        row.open_posts, row.vacant, row.risks, row.opened_on, row.closed_on, row.merged_into,
    )  # fmt: skip


@blueprint.get("/units/<reference>")
@guards.requires(Permission.ORGANISATION_READ)
def unit(reference: str) -> ResponseReturnValue:
    """Show a unit: its place, its posts, the units under it, and what was done to it by whom."""
    page = find(reference, Permission.ORGANISATION_READ)
    told = trail.time_line(guards.actor(), page.row.id)
    return render_template(
        "organisation/unit.html",
        page=page,
        unit=page.row,
        under=[row for row in page.below if row.closed_on is None],
        closed=[row for row in page.below if row.closed_on is not None],
        posts=[post for post in page.row.posts if post.closed_on is None],
        closed_posts=[post for post in page.row.posts if post.closed_on is not None],
        whole=page.under(),
        history=history.in_words(told),
        undo=_undo(page, told),
        kinds_of_post=POST_KINDS,
        may_keep=guards.allows(Permission.ORGANISATION_KEEP),
    )


def _undo(page: UnitPage, told: Sequence[Told]) -> dict[str, str] | None:
    """How the last change of the unit itself is taken back, where it can be."""
    last = next((each for each in told if each.event in deeds.OF_A_UNIT), None)
    if last is None or not guards.allows(Permission.ORGANISATION_KEEP):
        return None
    reference, before = page.reference, last.content.get("before", {})
    match last.event:
        case Event.UNIT_RENAMED if before.get("name"):
            url = url_for(".rename_unit", reference=reference, name=before["name"])
            return {"words": f"Name it {before['name']} again", "url": url}
        case Event.UNIT_MOVED if before.get("parent_reference"):
            url = url_for(".move_unit", reference=reference, under=before["parent_reference"])
            return {"words": f"Move it back under {before['parent']}", "url": url}
        case Event.UNIT_MERGED if page.row.merged_into:
            return {"words": "Undo the merger", "url": url_for(".part_unit", reference=reference)}
        case Event.UNIT_CLOSED if page.row.closed_on is not None:
            return {"words": "Reopen it", "url": url_for(".reopen_unit", reference=reference)}
    return None


def find(reference: str, permission: Permission = Permission.ORGANISATION_KEEP) -> UnitPage:
    """Find a unit for a deed: not there and not allowed are one answer."""
    guards.allow(permission)
    return queries.unit(guards.actor(), reference, on=today()) or abort(404)


@dataclass(frozen=True, slots=True)
class OfUnit:
    """A change of a unit that is on its page: how `deeds.carry_out` is told of it."""

    page: UnitPage
    title: str
    button: str

    def deed(self, done: str, *, back: str = "") -> deeds.Deed:
        """Say it in full."""
        url = url_for("organisation.unit", reference=self.page.reference)
        return deeds.Deed(
            title=self.title,
            caption=self.page.name,
            button=self.button,
            done=done,
            back=back or url,
            trail=trail_to(self.page),
            version=self.page.row.version,
            changed=lambda seen: deeds.changed_since(
                trail.time_line(guards.actor(), self.page.row.id), seen, deeds.OF_A_UNIT
            ),
        )


def trail_to(page: UnitPage) -> list[dict[str, str]]:
    """The crumbs down to a unit."""
    return [
        {"label": "Organisation", "url": url_for("organisation.organisation")},
        *({"label": row.name, "url": url_for("organisation.unit", reference=row.reference)} for row in page.above[1:]),
        {"label": page.name, "url": url_for("organisation.unit", reference=page.reference)},
    ]


def named(rows: Sequence[UnitRow]) -> dict[str, str]:
    """Units as options of a select, each with the unit it stands under."""
    return {row.reference: f"{row.name}, in {row.trail[-1]}" if row.trail else row.name for row in rows}


@blueprint.route("/units/new", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
def add_unit() -> ResponseReturnValue:
    """Add a unit."""
    guards.allow(Permission.ORGANISATION_KEEP)
    everything = queries.tree(guards.actor(), on=today())
    form = forms.AddUnitForm()
    holders = [row for row in everything if row.closed_on is None and row.kind != "team"]
    form.parent.choices = {"": "Choose one"} | {
        PLURALS[kind].capitalize() if kind != "council" else "Council": named(
            [row for row in holders if row.kind == kind]
        )
        for kind in STANDS_UNDER.values()
    }
    above = next((row for row in holders if row.reference == request.args.get("under")), None)
    if request.method == "GET":
        form.opened_on.data = today()
        if above:
            form.parent.data = above.reference
            form.kind.data = next(kind for kind, under in STANDS_UNDER.items() if under == above.kind)
    parent = next((row for row in holders if row.reference == form.parent.data), None)
    done = f"{form.name.data} is part of the council."
    return deeds.carry_out(
        form,
        deeds.Deed(
            title="Add a unit",
            button="Add the unit",
            done=done,
            back=url_for(".unit", reference=above.reference) if above else url_for(".organisation"),
            trail=[{"label": "Organisation", "url": url_for(".organisation")}],
        ),
        lambda: (
            service.add(
                name=form.name.data or "",
                kind=form.kind.data,
                parent_id=parent.id if parent else None,
                opened_on=form.opened_on.data or today(),
                key=form.key.data,
                by=guards.actor(),
                at=now(),
                on=today(),
            ).entity.reference
        ),
        lambda: [
            f"It stands under {parent.name} from the day it opened." if parent else "",
            "It has no posts yet: add its manager and its champion next. Until then its risks go to the unit above.",
            f"Whoever has a role over {parent.name} reads its risks." if parent else "",
        ],
        goes_to=lambda made: url_for(".unit", reference=made),
    )


@blueprint.route("/units/<reference>/rename", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
def rename_unit(reference: str) -> ResponseReturnValue:
    """Give a unit another name."""
    page, form = find(reference), forms.RenameUnitForm()
    if request.method == "GET":
        form.name.data = request.args.get("name", page.name)
    return deeds.carry_out(
        form,
        OfUnit(page, "Rename a unit", "Rename the unit").deed(f"It is called {form.name.data} now."),
        lambda: service.rename(page.row.id, name=form.name.data or "", seen=form.seen, by=guards.actor(), at=now()),
        lambda: [
            f"{page.name} is called {form.name.data} from now on: on pages, in lists, in letters still to be sent.",
            "Packs that are frozen keep the old name.",
            "Nothing else changes. You can name it back from its page.",
        ],
    )


@blueprint.route("/units/<reference>/move", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
def move_unit(reference: str) -> ResponseReturnValue:
    """Put a unit under another."""
    page, form = find(reference), forms.MoveUnitForm()
    form.parent.choices = forms.chosen("Choose one", named(page.everything))
    if request.method == "GET":
        form.parent.data = request.args.get("under", "")
    to = next((row for row in page.everything if row.reference == form.parent.data), None)
    return deeds.carry_out(
        form,
        OfUnit(page, "Move a unit", "Move the unit").deed(f"{page.name} stands under {to.name if to else ''} now."),
        lambda: service.move(page.row.id, to_id=to.id if to else None, seen=form.seen, by=guards.actor(), at=now()),
        lambda: _what_a_move_means(page, to),
        offers={"parent": named(page.homes())},
    )


def _what_a_move_means(page: UnitPage, to: UnitRow | None) -> list[str]:
    row = page.row
    if to is None or not row.trail:
        return []
    found = holdings.touched(guards.actor(), row.path, to_path=f"{to.path}{row.id}/", on=today())
    return move_means(row.name, row.trail[-1], to.name, found)


@blueprint.route("/units/<reference>/merge", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
def merge_unit(reference: str) -> ResponseReturnValue:
    """Give all of a unit to another and close it."""
    page, form = find(reference), forms.MergeUnitForm()
    form.into.choices = forms.chosen("Choose one", named(page.everything))
    if request.method == "GET":
        form.on.data = today()
    into = next((row for row in page.everything if row.reference == form.into.data), None)
    return deeds.carry_out(
        form,
        OfUnit(page, "Merge a unit into another", "Merge the units").deed(
            f"{page.name} is merged into {into.name if into else ''} and closed."
        ),
        lambda: service.merge(
            page.row.id,
            into_id=into.id if into else None,
            merged_on=form.on.data or today(),
            seen=form.seen,
            by=guards.actor(),
            at=now(),
            on=today(),
        ),
        lambda: _what_a_merger_means(page, into, day(form.on.data)),
        offers={"into": named(page.peers())},
    )


def _what_a_merger_means(page: UnitPage, into: UnitRow | None, when: str) -> list[str]:
    row = page.row
    if into is None:
        return []
    found = holdings.touched(guards.actor(), row.path, on=today())
    return merger_means(row.name, into.name, when, found, roles=holdings.roles_over(guards.actor(), row.id, on=today()))


@blueprint.route("/units/<reference>/part", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
def part_unit(reference: str) -> ResponseReturnValue:
    """Undo a merger."""
    page, form = find(reference), forms.ReopenForm()
    return deeds.carry_out(
        form,
        OfUnit(page, "Undo a merger", "Undo the merger").deed(f"{page.name} is a unit of its own again."),
        lambda: service.part(page.row.id, seen=form.seen, by=guards.actor(), at=now(), on=today()),
        lambda: [
            f"{page.name} is open again.",
            f"What went over to {page.row.merged_into} comes back if it is still there: risks, posts, units.",
            "What was moved elsewhere, closed or added since then stays where it is.",
        ],
        at_once=True,
    )


@blueprint.route("/units/<reference>/close", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
def close_unit(reference: str) -> ResponseReturnValue:
    """Close a unit in which nothing open stands; what stands in the way is said with links."""
    page, form = find(reference), forms.CloseForm()
    if request.method == "GET":
        form.on.data = today()
    return deeds.carry_out(
        form,
        OfUnit(page, "Close a unit", "Close the unit").deed(f"{page.name} is closed."),
        lambda: service.close(
            page.row.id,
            closed_on=form.on.data or today(),
            seen=form.seen,
            by=guards.actor(),
            at=now(),
            on=today(),
        ),
        lambda: [
            f"{page.name} is closed with the date {day(form.on.data)}. It is hidden from the tree unless asked for.",
            "Nobody can log a risk for it, and no post can be added to it.",
            "Its history and its closed risks stay. You can reopen it from its page.",
        ],
        standing=holdings.in_unit(guards.actor(), page.row.id, on=today()) if page.row.closed_on is None else None,
    )


@blueprint.route("/units/<reference>/reopen", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
def reopen_unit(reference: str) -> ResponseReturnValue:
    """Open a closed unit again."""
    page, form = find(reference), forms.ReopenForm()
    return deeds.carry_out(
        form,
        OfUnit(page, "Reopen a unit", "Reopen the unit").deed(f"{page.name} is open again."),
        lambda: service.reopen(page.row.id, seen=form.seen, by=guards.actor(), at=now(), on=today()),
        lambda: [
            f"{page.name} stands under {page.row.trail[-1] if page.row.trail else 'the council'} again.",
            f"What went over to {page.row.merged_into} stays there." if page.row.merged_into else "",
            "Its closed posts stay closed: reopen those that are needed.",
        ],
        at_once=True,
    )
