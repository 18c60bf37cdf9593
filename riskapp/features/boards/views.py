"""The pages of boards: the list, a board with its members, and each change."""

from typing import Any

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Permission
from riskapp.features.audit import queries as trail
from riskapp.features.boards import forms, queries, service
from riskapp.features.boards.queries import LED_BY, ROLES, BoardRow
from riskapp.features.posts.views import blueprint as blueprint  # noqa: PLC0414 - handed on
from riskapp.web import csv, deeds, guards, history, lists
from riskapp.web.clock import now, today
from riskapp.web.filters import day

OF_A_BOARD = (Event.BOARD_CHANGED, Event.BOARD_JOINED, Event.BOARD_LEFT)
ROWS = 25
ORDERS = {"name": "by name", "led": "by who leads", "members": "by members", "meeting": "by next meeting"}


@blueprint.get("/boards")
@guards.requires(Permission.ORGANISATION_READ)
def boards() -> ResponseReturnValue:
    """List the boards."""
    guards.allow(Permission.ORGANISATION_READ)
    sort, rows = _sort(), _rows()
    pager = lists.pager(lists.page_number(), ROWS, len(rows))
    return render_template(
        "boards/boards.html",
        rows=rows[pager.first - 1 : pager.last] if rows else (),
        pager=pager,
        words=request.args.get("q", ""),
        sort=sort,
        order=ORDERS[sort.lstrip("-")],
        led_by=LED_BY,
        heads=[
            lists.sorting("name", "Board", chosen=sort),
            lists.sorting("led", "Led by", chosen=sort),
            "Chair",
            lists.sorting("members", "Members", chosen=sort, number=True),
            lists.sorting("meeting", "Next meeting", chosen=sort),
        ],
        applied=lists.applied({"q": None}),
        csv_url=lists.same_list(".boards_csv"),
        may_keep=guards.allows(Permission.ORGANISATION_KEEP),
    )


@blueprint.get("/boards.csv")
@guards.requires(Permission.ORGANISATION_READ)
def boards_csv() -> ResponseReturnValue:
    """Give the members of the boards on screen as a file, a seat a line."""
    guards.allow(Permission.ORGANISATION_READ)
    heads = ("Reference", "Board", "Led by", "Purpose", "Post", "Role", "From", "To")
    lines = (line for row in _rows() for line in _lines(row))
    return csv.answer("boards", heads, lines)


def _lines(row: BoardRow) -> list[tuple[object, ...]]:
    of_all = (row.reference, row.name, LED_BY[row.led_by], row.purpose)
    seats = [(*of_all, each.post, ROLES[each.role], each.from_on, each.to_on) for each in row.members]
    return [*seats] or [of_all]


def _rows() -> tuple[BoardRow, ...]:
    sort, words = _sort(), tuple(request.args.get("q", "").split())
    return queries.boards(guards.actor(), words, on=today(), sort=sort.lstrip("-"), descending=sort.startswith("-"))


def _sort() -> str:
    asked = request.args.get("sort", "name")
    return asked if asked.lstrip("-") in ORDERS else "name"


@blueprint.get("/boards/<reference>")
@guards.requires(Permission.ORGANISATION_READ)
def board(reference: str) -> ResponseReturnValue:
    """Show a board: who sits on it, who did, and what was done to it."""
    row = _board(reference, Permission.ORGANISATION_READ)
    return render_template(
        "boards/board.html",
        board=row,
        over=[member for member in row.members if member.is_over],
        roles=ROLES,
        led_by=LED_BY,
        history=history.in_words(trail.time_line(guards.actor(), row.id)),
        may_keep=guards.allows(Permission.ORGANISATION_KEEP),
    )


@blueprint.route("/boards/new", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
def add_board() -> ResponseReturnValue:
    """Add a board."""
    guards.allow(Permission.ORGANISATION_KEEP)
    form = forms.BoardForm()
    return deeds.carry_out(
        form,
        deeds.Deed(
            title="Add a board or committee",
            button="Add the board",
            done=f"{form.name.data} is on the list. It has no members yet.",
            back=url_for(".boards"),
            trail=_trail(),
        ),
        lambda: service.add(**_said(form), key=form.key.data, by=guards.actor(), at=now()).entity.reference,
        lambda: ["It has no members and no meetings yet.", "A seat on it gives no right to read."],
        goes_to=lambda made: url_for(".board", reference=made),
    )


@blueprint.route("/boards/<reference>/edit", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
def edit_board(reference: str) -> ResponseReturnValue:
    """Change the name, the lead or the purpose of a board."""
    row, form = _board(reference), forms.BoardForm()
    if request.method == "GET":
        form.name.data, form.led_by.data, form.purpose.data = row.name, row.led_by, row.purpose
    return deeds.carry_out(
        form,
        _deed(row, "Change a board", "Change the board", f"{form.name.data} is changed."),
        lambda: service.change(row.id, **_said(form), seen=form.seen, by=guards.actor(), at=now()),
        lambda: [
            f"{row.name} is called {form.name.data} from now on. Frozen packs keep the old name."
            if form.name.data != row.name
            else "",
            "Its members and meetings stay as they are.",
        ],
    )


@blueprint.route("/boards/<reference>/members/new", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
def add_member(reference: str) -> ResponseReturnValue:
    """Give a post a seat on a board."""
    row, form = _board(reference), forms.SeatForm()
    posts = {str(post_id): title for post_id, title in queries.open_posts(guards.actor())}
    form.post.choices = {"": "Choose one"} | posts
    if request.method == "GET":
        form.from_on.data, form.role.data = today(), "member"
    chosen = form.post.data or ""
    return deeds.carry_out(
        form,
        _deed(row, "Add a member", "Add the member", f"{posts.get(chosen, '')} sits on {row.name}."),
        lambda: service.join(
            row.id,
            post_id=int(chosen),
            role=form.role.data,
            from_on=form.from_on.data or today(),
            seen=form.seen,
            by=guards.actor(),
            at=now(),
        ),
        lambda: [
            f"{posts.get(chosen, '')} sits on {row.name} from {day(form.from_on.data)}.",
            "The seat gives no right to read. Roles are given to people.",
        ],
        offers={
            "post": {
                key: title for key, title in posts.items() if int(key) not in {each.post_id for each in row.sitting}
            }
        },
    )


@blueprint.route("/boards/<reference>/members/<int(max=2147483647):seat_id>/end", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
def end_member(reference: str, seat_id: int) -> ResponseReturnValue:
    """End a seat on a board."""
    row, form = _board(reference), forms.EndSeatForm()
    seat = next((each for each in row.members if each.id == seat_id), None) or abort(404)
    if request.method == "GET":
        form.on.data = today()
    return deeds.carry_out(
        form,
        _deed(row, "End a seat", "End the seat", f"{seat.post} no longer sits on {row.name}."),
        lambda: service.leave(
            seat_id, to_on=form.on.data or today(), seen=form.seen, by=guards.actor(), at=now(), on=today()
        ),
        lambda: [
            f"{seat.post} leaves {row.name} on {day(form.on.data)}. The seat stays on the record.",
            "The board is then without a chair." if seat.role == "chair" else "",
            "You can give the post a seat again from the page of the board.",
        ],
    )


def _board(reference: str, permission: Permission = Permission.ORGANISATION_KEEP) -> BoardRow:
    guards.allow(permission)
    return queries.board(guards.actor(), reference, on=today()) or abort(404)


def _trail() -> list[dict[str, str]]:
    return [
        {"label": "Organisation", "url": url_for(".organisation")},
        {"label": "Boards and committees", "url": url_for(".boards")},
    ]


def _said(form: forms.BoardForm) -> dict[str, Any]:
    return {"name": form.name.data or "", "led_by": form.led_by.data, "purpose": form.purpose.data or ""}


def _deed(row: BoardRow, title: str, button: str, done: str) -> deeds.Deed:
    url = url_for(".board", reference=row.reference)
    return deeds.Deed(
        title=title,
        caption=row.name,
        button=button,
        done=done,
        back=url,
        trail=[*_trail(), {"label": row.name, "url": url}],
        version=row.version,
        changed=lambda seen: deeds.changed_since(trail.time_line(guards.actor(), row.id), seen, OF_A_BOARD),
    )
