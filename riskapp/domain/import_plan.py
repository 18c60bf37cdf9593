"""What each line of a file would do to the organisation as it stands: add, change, leave; or what is wrong with it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from riskapp.domain.imports import Fault, Line, day
from riskapp.domain.organisation import KINDS, STANDS_UNDER, same_name


@dataclass(frozen=True, slots=True)
class UnitState:
    """A unit as it stands."""

    id: int
    reference: str
    name: str
    kind: str
    parent_id: int | None
    opened_on: date
    is_open: bool


@dataclass(frozen=True, slots=True)
class PostState:
    """A post as it stands."""

    id: int
    title: str
    unit_id: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class TenureState:
    """A person in a post, as it stands."""

    id: int
    post_id: int
    email: str
    capacity: str
    from_on: date
    to_on: date | None


@dataclass(frozen=True, slots=True)
class State:
    """The organisation that a file is read against; `accounts` says of each address whether it is active."""

    units: tuple[UnitState, ...]
    posts: tuple[PostState, ...] = ()
    tenures: tuple[TenureState, ...] = ()
    accounts: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Planned:
    """What a line would do, in words and as the facts that doing it takes."""

    line: int
    deed: str
    words: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a whole file would do; with a fault it does nothing."""

    planned: tuple[Planned, ...]
    faults: tuple[Fault, ...]


def plan(kind: str, lines: Sequence[Line], state: State, *, today: date, own_email: str) -> Plan:
    """Plan a file of a kind; nobody puts themselves (`own_email`) into a post."""
    planner: _Units | _People = _Units(state, today) if kind == "units" else _People(state, own_email)
    planner.run(lines)
    return Plan(
        tuple(sorted(planner.planned, key=lambda each: each.line)),
        tuple(sorted(planner.faults, key=lambda fault: fault.line)),
    )


class _WrongError(Exception):
    """What is wrong with a line, in one of its columns or as a whole."""

    def __init__(self, column: str, said: str, advice: str) -> None:
        self.column, self.said, self.advice = column, said, advice

    def at(self, number: int) -> Fault:
        """Say it of a line."""
        return Fault(number, self.column, self.said, self.advice)


@dataclass(frozen=True, slots=True)
class _Place:
    """A unit that a line may stand under: one that is there, or one that another line adds."""

    name: str
    kind: str
    unit_id: int | None = None
    line: int | None = None


class _Units:
    def __init__(self, state: State, today: date) -> None:
        self.today, self.state = today, state
        self.planned: list[Planned] = []
        self.faults: list[Fault] = []
        self.open = [unit for unit in state.units if unit.is_open]
        self.places: dict[str, list[_Place]] = defaultdict(list)
        for unit in self.open:
            place = _Place(unit.name, unit.kind, unit_id=unit.id)
            for key in (same_name(unit.name), same_name(unit.reference)):
                self.places[key].append(place)
        self.children = {(unit.parent_id, same_name(unit.name)): unit for unit in self.open}
        self.taken: dict[tuple[_Place | None, str], int] = {}

    def run(self, lines: Sequence[Line]) -> None:
        """Plan the upper kinds first, so that a line may stand under one that the same file adds."""
        known = [line for line in lines if line.cells["kind"].casefold() in KINDS]
        for line in sorted(known, key=lambda line: KINDS.index(line.cells["kind"].casefold())):
            try:
                self.planned.append(self._line(line))
            except _WrongError as wrong:
                self.faults.append(wrong.at(line.number))

    def _line(self, line: Line) -> Planned:
        cells, kind = line.cells, line.cells["kind"].casefold()
        name, opened_on = cells["name"], day(cells["opened"])
        if not name or opened_on is None:
            raise _WrongError("", name, "Put right what is said of this line first")
        if opened_on > self.today:
            raise _WrongError("opened", cells["opened"], "That day is still to come. Add it when the day comes")
        parent = self._parent(line, kind)
        if before := self.taken.get((parent, same_name(name))):
            advice = f"Line {before} has a unit of that name under the same unit. Take one out"
            raise _WrongError("name", name, advice)
        self.taken[parent, same_name(name)] = line.number
        known = self._known(parent, name)
        if kind == "council" and (known is None or known.kind != "council"):
            raise _WrongError("name", name, "There is one council, under another name. Rename it on its page")
        if known is None:
            return self._added(line.number, name, kind, parent, opened_on)
        if known.kind != kind:
            advice = f"{known.name} is a {known.kind} ({known.reference}). A file does not change a kind"
            raise _WrongError("kind", kind, advice)
        if known.opened_on == opened_on:
            return Planned(line.number, "leave", f"{known.name} is there already", {})
        words = f"{known.name}: opened {_said(opened_on)}, not {_said(known.opened_on)}"
        return Planned(line.number, "change", words, {"unit_id": known.id, "opened": opened_on.isoformat()})

    def _known(self, parent: _Place | None, name: str) -> UnitState | None:
        if parent is not None and parent.unit_id is None:
            return None
        return self.children.get((parent.unit_id if parent else None, same_name(name)))

    def _added(self, number: int, name: str, kind: str, parent: _Place | None, opened_on: date) -> Planned:
        self.places[same_name(name)].append(_Place(name, kind, line=number))
        facts = {
            "name": name,
            "kind": kind,
            "parent_id": parent.unit_id if parent else None,
            "parent_line": parent.line if parent else None,
            "opened": opened_on.isoformat(),
        }
        under = f" under {parent.name}" if parent else ""
        return Planned(number, "add", f"{kind.capitalize()} {name}{under}, opened {_said(opened_on)}", facts)

    def _parent(self, line: Line, kind: str) -> _Place | None:
        said, wanted = line.cells["parent"], STANDS_UNDER.get(kind)
        if wanted is None:
            if said:
                raise _WrongError("parent", said, "The council stands under no unit. Leave it empty")
            return None
        if not said:
            raise _WrongError("parent", said, f"A {kind} stands under a {wanted}. Write its name or reference")
        named = self.places.get(same_name(said), [])
        found = [place for place in named if place.kind == wanted]
        if len(found) == 1:
            return found[0]
        if found:
            raise _WrongError("parent", said, "More than one unit is called so. Write its reference, like U-7K4QX")
        if named:
            raise _WrongError("parent", said, f"That is a {named[0].kind}, and a {kind} stands under a {wanted}")
        raise _WrongError("parent", said, _unknown_unit(said, self.state.units))


def _unknown_unit(said: str, units: Iterable[UnitState]) -> str:
    if any(same_name(said) in {same_name(unit.name), same_name(unit.reference)} for unit in units if not unit.is_open):
        return "That unit is closed. Reopen it on its page, or name another"
    return "There is no unit called so. Correct the name, or add the unit first"


class _People:
    def __init__(self, state: State, own_email: str) -> None:
        self.state, self.own_email = state, own_email.casefold()
        self.planned: list[Planned] = []
        self.faults: list[Fault] = []
        self.units = {unit.id: unit for unit in state.units}
        self.named: dict[str, set[int]] = defaultdict(set)
        for unit in state.units:
            if unit.is_open:
                for key in (same_name(unit.name), same_name(unit.reference)):
                    self.named[key].add(unit.id)
        self.posts = {same_name(post.title): post for post in state.posts}
        self.tenures = {_key(each): each for each in state.tenures}
        self.asked: dict[tuple[object, ...], int] = {}
        self.new_accounts: set[str] = set()

    def run(self, lines: Sequence[Line]) -> None:
        """Plan each line, then look whether two people would hold one post on one day."""
        after = dict(self.tenures)
        wanted: list[tuple[Line, TenureState, Planned]] = []
        for line in lines:
            try:
                post = self._post(line)
                tenure = self._tenure(line, post)
            except _WrongError as wrong:
                self.faults.append(wrong.at(line.number))
                continue
            after[_key(tenure)] = tenure
            wanted.append((line, tenure, self._planned(line.number, tenure, post.title)))
        beside: dict[int, list[TenureState]] = defaultdict(list)
        for tenure in after.values():
            beside[tenure.post_id].append(tenure)
        for line, tenure, made in wanted:
            clash = next((other for other in beside[tenure.post_id] if _clash(tenure, other)), None)
            if clash is None or made.deed == "leave":
                self.planned.append(made)
            else:
                self.faults.append(_said_clash(line, tenure, clash))

    def _post(self, line: Line) -> PostState:
        said, units = line.cells["post"], self.named.get(same_name(line.cells["unit"]), set())
        if not units:
            raise _WrongError("unit", line.cells["unit"], _unknown_unit(line.cells["unit"], self.state.units))
        post = self.posts.get(same_name(said))
        if post is None:
            raise _WrongError("post", said, "There is no post called so. Add it on the page of its unit first")
        if post.unit_id not in units:
            home = self.units[post.unit_id].name
            raise _WrongError("unit", line.cells["unit"], f"That is a post of {home}. Correct the unit or the post")
        if not post.is_open:
            raise _WrongError("post", said, "That post is closed. Reopen it on the page of its unit first")
        return post

    def _tenure(self, line: Line, post: PostState) -> TenureState:
        cells, email = line.cells, line.cells["email"].casefold()
        begins = day(cells["from"])
        if begins is None or not email:
            raise _WrongError("", email, "Put right what is said of this line first")
        if email == self.own_email and self._gains(line, post):
            raise _WrongError("email", email, "Nobody puts themselves into a post. Ask another keeper to do it")
        if self.state.accounts.get(email) is False:
            raise _WrongError("email", email, "That account is closed. Open it on the person’s page first")
        wanted = TenureState(0, post.id, email, cells["capacity"].casefold(), begins, day(cells["to"]))
        if before := self.asked.get(_key(wanted)):
            advice = f"Line {before} has the same person, post, capacity and beginning. Take one out"
            raise _WrongError("", email, advice)
        self.asked[_key(wanted)] = line.number
        return wanted

    def _gains(self, line: Line, post: PostState) -> bool:
        """Whether a line gives its person more than they have: a post, or a later end."""
        cells = line.cells
        key = (post.id, cells["email"].casefold(), cells["capacity"].casefold(), day(cells["from"]))
        known = self.tenures.get(key)
        return known is None or (known.to_on or date.max) < (day(cells["to"]) or date.max)

    def _planned(self, number: int, wanted: TenureState, title: str) -> Planned:
        known, ends = self.tenures.get(_key(wanted)), wanted.to_on
        if known is not None and known.to_on == ends:
            return Planned(number, "leave", f"{wanted.email} is in {title} already", {})
        if known is not None:
            words = f"{wanted.email} in {title}: until {_said(ends)}, not {_said(known.to_on)}"
            return Planned(number, "change", words, {"tenure_id": known.id, "to": ends.isoformat() if ends else None})
        is_new = wanted.email not in self.state.accounts and wanted.email not in self.new_accounts
        if is_new:
            self.new_accounts.add(wanted.email)
        facts = {
            "email": wanted.email,
            "post_id": wanted.post_id,
            "capacity": wanted.capacity,
            "from": wanted.from_on.isoformat(),
            "to": ends.isoformat() if ends else None,
            "is_new": is_new,
        }
        until = f" to {_said(ends)}" if ends else ""
        account = ", a new account without a password" if is_new else ""
        words = f"{wanted.email} in {title} as {wanted.capacity} from {_said(wanted.from_on)}{until}{account}"
        return Planned(number, "add", words, facts)


def _key(each: TenureState) -> tuple[object, ...]:
    return (each.post_id, each.email.casefold(), each.capacity, each.from_on)


def _clash(one: TenureState, other: TenureState) -> bool:
    """Two tenures that cannot both be: two holders on one day, or one person twice in one capacity."""
    if _key(one) == _key(other) or one.capacity != other.capacity:
        return False
    if one.capacity != "holder" and one.email.casefold() != other.email.casefold():
        return False
    last = date.max
    return one.from_on <= (other.to_on or last) and other.from_on <= (one.to_on or last)


def _said_clash(line: Line, wanted: TenureState, clash: TenureState) -> Fault:
    whose = "The same person is" if clash.email.casefold() == wanted.email.casefold() else "Somebody else is"
    until = f"to {_said(clash.to_on)}" if clash.to_on else "with no end"
    advice = (
        f"{whose} in the post then, from {_said(clash.from_on)} {until}. Give that one an end before, or correct this"
    )
    return Fault(line.number, "from", line.cells["from"], advice)


def _said(on: date | None) -> str:
    return f"{on.day} {on:%b %Y}" if on else "no end"
