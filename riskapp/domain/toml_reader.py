"""Reads a policy document key by key and says what is wrong with it, all of it, by file and key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import TypeVar

from riskapp.domain.refusal import Refusal

T = TypeVar("T")
REFERENCE = re.compile(r"\d+(\.\d+)*[a-z]?")
KEY = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Clause:
    """A rule of the policy as a councillor reads it: its number ("6.3") and its words."""

    ref: str
    text: str


@dataclass(frozen=True, slots=True)
class Notes:
    """What a reading gathers from all documents: the faults found and the clauses quoted."""

    faults: list[Refusal] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)


class Table:
    """One table of a document: each method takes a key, notes a fault if it is unfit, and returns a value.

    After a fault the value is an empty one of the right type, so that reading goes on and finds the rest;
    nobody may use what was read while ``notes.faults`` holds anything.
    """

    def __init__(self, content: Mapping[str, object], where: str, notes: Notes) -> None:
        self._content = content
        self._where = where
        self._known: set[str] = set()
        self.notes = notes

    def fault(self, key: str, message: str) -> None:
        """Note that what stands under the key is unfit, in words that begin with the file and the key."""
        place = f"{self._where}, {key}"
        self.notes.faults.append(Refusal(place, f"{place}: {message}"))

    def has(self, key: str) -> bool:
        return key in self._content

    def text(self, key: str) -> str:
        found = self._typed(key, str, "words in quotation marks", "")
        if self.has(key) and isinstance(self._content[key], str) and not found.strip():
            self.fault(key, "expected words, found nothing between the quotation marks.")
        return found

    def key(self, key: str) -> str:
        """Read a name by which other rules and stored rows refer to this one: lower case and underscores."""
        found = self.text(key)
        if found and not KEY.fullmatch(found):
            self.fault(key, f'expected small letters, figures and underscores, found "{found}".')
        return found

    def one_of(self, key: str, options: Sequence[str]) -> str:
        found = self.text(key)
        if found and found not in options:
            self.fault(key, f'expected one of {listed(options)}, found "{found}".')
        return found

    def integer(self, key: str, *, at_least: int = 0, at_most: int = 1000) -> int:
        found = self._typed(key, int, "a whole number", at_least)
        if not at_least <= found <= at_most:
            self.fault(key, f"expected a whole number from {at_least} to {at_most}, found {found}.")
        return found

    def flag(self, key: str) -> bool:
        """Read true or false; a flag that is not there is false."""
        self._known.add(key)
        found = self._content.get(key, False)
        if not isinstance(found, bool):
            self.fault(key, f"expected true or false, found {found!r}.")
        return found is True

    def integers(self, key: str) -> tuple[int, ...]:
        return self._list(key, int, "a list of whole numbers")

    def texts(self, key: str) -> tuple[str, ...]:
        return self._list(key, str, "a list of words in quotation marks")

    def day(self, key: str) -> date:
        return self._day(key, self._typed(key, (date, str), "a date such as 2026-04-01", date.min))

    def days(self, key: str) -> tuple[date, ...]:
        found: tuple[date | str, ...] = self._list(key, (date, str), "a list of dates such as 2026-12-25")
        return tuple(self._day(key, value) for value in found)

    def hour(self, key: str) -> time:
        found = self.text(key)
        try:
            return time.fromisoformat(found) if found else time.min
        except ValueError:
            self.fault(key, f'expected a time of day such as "09:00", found "{found}".')
            return time.min

    def table(self, key: str) -> Table:
        found: Mapping[str, object] = self._typed(key, Mapping, f"a table, [{key}]", {})
        return Table(found, f"{self._where}, {key}", self.notes)

    def tables(self, key: str) -> tuple[Table, ...]:
        found = self._list(key, Mapping, f"one or more tables, [[{key}]]")
        if self.has(key) and not found and isinstance(self._content[key], Sequence):
            self.fault(key, f"expected one or more tables, [[{key}]], found none.")
        return tuple(
            Table(content, f"{self._where}, {key} {number}", self.notes)
            for number, content in enumerate(found, start=1)
        )

    def clause(self) -> Clause:
        """Read the ``clause`` and ``text`` of this table and enter them among the clauses of the policy."""
        clause = Clause(self.text("clause"), self.text("text"))
        if clause.ref and not REFERENCE.fullmatch(clause.ref):
            self.fault("clause", f'expected a clause number such as "6.3", found "{clause.ref}".')
        twin = next((known for known in self.notes.clauses if known.ref == clause.ref), None)
        if twin is None:
            self.notes.clauses.append(clause)
        elif twin.text != clause.text:
            self.fault("clause", f"clause {clause.ref} already stands elsewhere with other words.")
        return clause

    def done(self) -> None:
        """Refuse what nobody asked for: a misspelt key must not pass for a rule that is in force."""
        for key in sorted(set(self._content) - self._known):
            self.fault(key, f"is not known here. Known are {listed(sorted(self._known))}.")

    def _typed(self, key: str, kinds: type[T] | tuple[type, ...], expected: str, empty: T) -> T:
        self._known.add(key)
        if key not in self._content:
            self.fault(key, f"is missing. Expected {expected}.")
            return empty
        found = self._content[key]
        if not _is(found, kinds):
            self.fault(key, f"expected {expected}, found {found!r}.")
            return empty
        return found  # type: ignore[return-value]  # _is has just looked; a tuple of types defeats narrowing

    def _list(self, key: str, kinds: type[T] | tuple[type, ...], expected: str) -> tuple[T, ...]:
        found: Sequence[object] = self._typed(key, (list, tuple), expected, ())
        for value in found:
            if not _is(value, kinds):
                self.fault(key, f"expected {expected}, found {value!r} among them.")
                return ()
        return tuple(found)  # type: ignore[arg-type]  # each was looked at above

    def _day(self, key: str, found: date | str) -> date:
        if isinstance(found, date):
            return found
        try:
            return date.fromisoformat(found)
        except ValueError:
            self.fault(key, f'expected a date such as 2026-04-01, found "{found}".')
            return date.min


def listed(words: Sequence[str], last: str = "and") -> str:
    """Join words as a sentence does: "Low, Medium and High"."""
    if len(words) < 2:  # noqa: PLR2004 -- a list of one needs no "and"
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _is(found: object, kinds: type | tuple[type, ...]) -> bool:
    return isinstance(found, kinds) and not isinstance(found, bool)
