"""A list's state lives in its address: which page, which order, which filters; links change one of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import request, url_for


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a list: a filter to take away, a page to go to."""

    label: str
    url: str | None
    current: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head; with a url it sorts."""

    label: str
    url: str | None = None
    direction: str | None = None
    number: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Pager:
    """Which rows of how many are shown, and the other pages."""

    first: int
    last: int
    total: int
    pages: tuple[Link, ...]


def address(**changes: object) -> str:
    """The address of this list with some of its state changed; nothing said is left out."""
    state = {**request.args.to_dict(), **(request.view_args or {}), **changes}
    kept: dict[str, Any] = {key: value for key, value in state.items() if value not in {None, ""}}
    return url_for(request.endpoint or "", **kept)


def same_list(endpoint: str) -> str:
    """The same list, whole, at another endpoint: its file."""
    kept: dict[str, Any] = {key: value for key, value in request.args.items() if key != "page" and value}
    return url_for(endpoint, **{**kept, **(request.view_args or {})})


def page_number() -> int:
    """The page asked for; anything that is no page is the first."""
    asked = request.args.get("page", "1")
    return max(int(asked), 1) if asked.isdecimal() and len(asked) < 7 else 1  # noqa: PLR2004 - a million pages


def pager(number: int, size: int, total: int) -> Pager:
    """Links to the first, the last and the neighbouring pages."""
    last_page = max(-(-total // size), 1)
    number = min(number, last_page)
    wanted = sorted({1, last_page, *(page for page in range(number - 2, number + 3) if 1 <= page <= last_page)})
    return Pager(
        first=(number - 1) * size + 1 if total else 0,
        last=min(number * size, total),
        total=total,
        pages=tuple(_with_gaps(wanted, number)),
    )


def _with_gaps(wanted: list[int], current: int) -> Iterator[Link]:
    before = 0
    for page in wanted:
        if page != before + 1:
            yield Link("…", None)
        yield Link(str(page), address(page=page if page > 1 else None), current=page == current)
        before = page


def sorting(key: str, label: str, *, chosen: str, number: bool = False) -> Head:
    """A head that sorts by its key, and the other way round when it does already ("-key")."""
    down = chosen == f"-{key}"
    direction = {key: "ascending", f"-{key}": "descending"}.get(chosen)
    turned = key if down or direction is None else f"-{key}"
    return Head(label, address(sort=turned, page=None), direction, number)


def applied(names: Mapping[str, Mapping[str, str] | None]) -> tuple[Link, ...]:
    """The filters in force, each a link that takes it away; a filter's values may have words of their own."""
    found = []
    for name, words in names.items():
        if value := request.args.get(name):
            label = words.get(value) if words else f"“{value}”"
            if label:
                found.append(Link(label, address(**{name: None, "page": None})))
    return tuple(found)
