"""A short list whose rows are all at hand: found by words and state, put in order, paged, and the same as a file."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from flask import Response, request, url_for

from riskapp.web import csv, lists

ROWS = 25


class Row(Protocol):
    """A line of a list: its number, the words it is found by, and its state."""

    @property
    def id(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def state(self) -> str: ...


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Listing(Generic[R]):
    """What a list is: its states in words, the state and order shown unless another is asked for, and its file."""

    noun: str
    many: str
    states: Mapping[str, str]
    usual_state: str
    usual_sort: str
    columns: Mapping[str, tuple[str, Callable[[R], Any]]]
    heads: Sequence[str]
    cells: Callable[[R], Sequence[object]]

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The states to choose from, the usual one first."""
        every = {"all": "Any state", **self.states}
        return [("", every.pop(self.usual_state)), *every.items()]

    @property
    def sort(self) -> str:
        """The order asked for, or the usual one; "-" in front is downwards."""
        asked = request.args.get("sort", self.usual_sort)
        return asked if asked.removeprefix("-") in self.columns else self.usual_sort

    def chosen(self, rows: Iterable[R]) -> list[R]:
        """The rows that the address asks for, in its order; ties stay in the order of making."""
        words = request.args.get("q", "").strip().casefold()
        state = request.args.get("state") or self.usual_state
        kept = [row for row in rows if words in row.text and state in {"all", row.state}]
        return sorted(kept, key=self.columns[self.sort.removeprefix("-")][1], reverse=self.sort.startswith("-"))

    def page(self, rows: Iterable[R], endpoint: str) -> dict[str, Any]:
        """What a template needs of the list at an endpoint: one page of rows, and the links that change it."""
        kept = self.chosen(rows)
        number = min(lists.page_number(), max(-(-len(kept) // ROWS), 1))
        return {
            "rows": kept[(number - 1) * ROWS : number * ROWS],
            "listing": self,
            "pager": lists.pager(number, ROWS, len(kept)),
            "heads": [lists.sorting(key, label, chosen=self.sort) for key, (label, _by) in self.columns.items()],
            "applied": lists.applied({"q": None, "state": {"all": "Any state", **self.states}}),
            "csv_url": lists.same_list(f"{endpoint}_csv"),
            "list_url": url_for(endpoint),
        }

    def file(self, name: str, rows: Iterable[R]) -> Response:
        """The whole list that the address asks for, as a file."""
        return csv.answer(name, self.heads, map(self.cells, self.chosen(rows)))
