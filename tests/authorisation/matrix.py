"""The matrix itself: every persona tries every door on every thing, and the oracle says what had to come of it."""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType

import pypdf
import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from riskapp.domain.permissions import Actor
from riskapp.features.escalation import queries as escalations
from riskapp.features.readers import queries as readers
from riskapp.features.readers import service as reading
from riskapp.features.rmap import queries as rmap
from riskapp.features.work import queries as work
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db
from riskapp.web import xlsx
from tests.authorisation.oracle_tables import (
    DOORS,
    GROUPS,
    PERSONAS,
    Door,
    Persona,
    Thing,
    allowed,
    is_exempt,
    may_see,
    rows,
)
from tests.authorisation.world import WORD, World, word

NOWHERE: Mapping[type, object] = {str: "R-ZZZZZ", int: 2147483647}
"""What names nothing, in place of a reference or a number: what is not allowed answers as these do."""
NAMED_BY_NOTHING = {"nothing", "pattern"}
ANEW = re.compile(r'\b[0-9a-f]{12}\b|(?<=name="csrf_token" value=")[^"]*')
"""What differs between two answers to one question: the number of the request, and the token of a form."""


@dataclass
class Report:
    """How many cells were tried, and each that came out wrong."""

    cells: int = 0
    wrong: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)
    listed: int = 0
    recorded: int = 0

    @property
    def words(self) -> str:
        return (
            f"{self.cells:,} cells, {len(self.leaks):,} leaks, {len(self.wrong):,} wrong refusals; "
            f"{self.recorded:,} exempt words shown, {len(self.unrecorded):,} of them without a record"
        )

    @property
    def found(self) -> list[str]:
        return self.wrong + self.leaks + self.unrecorded


def said(answer: TestResponse) -> str:
    """All that an answer tells: its words, those of a paper with what it says of itself, and its headers."""
    if answer.mimetype == "application/pdf":
        paper = pypdf.PdfReader(io.BytesIO(answer.data))
        pages = " ".join(page.extract_text() for page in paper.pages)
        return f"{answer.headers} {paper.metadata} {paper.outline} {pages}"
    if answer.mimetype == xlsx.KIND:
        with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
            return f"{answer.headers} {' '.join(book.read(name).decode() for name in book.namelist())}"
    return f"{answer.headers} {answer.text}"


WORKED_OUT_ONCE = (
    (readers, "readable"), (readers, "reads_exempt"), (rmap, "readable"), (escalations, "readable"),
    (escalations, "waiting_count"), (work, "counts"),
)  # fmt: skip
"""What a reader's limits are in SQL, and the counts of the navigation: the same at each of a reader's doors."""


def _once_a_reader(module: ModuleType, name: str) -> Callable[..., object]:
    made: dict[object, object] = {}
    work_out = getattr(module, name)

    def remembered(actor: Actor, *rest: object, **named: object) -> object:
        key = (actor.person_id, actor.grants, actor.sittings, rest, tuple(named.items()))
        if key not in made:
            made[key] = work_out(actor, *rest, **named)
        return made[key]

    return remembered


@contextmanager
def in_haste() -> Iterator[None]:
    """Work out once a reader what each of thousands of requests would work out again: nothing changes between them."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in WORKED_OUT_ONCE:
            patch.setattr(module, name, _once_a_reader(module, name))
        yield


class Matrix:
    """The doors of an application over a world. Whatever a try changes is undone when it ends."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app, self.world = app, world
        self.report = Report()
        self._nothing_there: dict[tuple[str, Door], tuple[object, ...]] = {}
        self._recorded: set[int] = set()

    def knock(self, persona: Persona, url: str, method: str = "GET", data: dict[str, str] | None = None):
        """Ask as somebody, in a browser of its own, and keep nothing of what it changed."""
        client = self.app.test_client()
        if persona.key in self.world.tokens:
            client.set_cookie("sid", self.world.tokens[persona.key])
        self._recorded.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(db.session, "commit", db.session.flush, raising=False)
            patch.setattr(reading, "_keep", self._keeps(reading._keep))
            return client.open(url, method=method, data=data)

    def _keeps(self, keep: Callable[..., None]) -> Callable[..., None]:
        """Keep a record of reading, and note of what: it is undone with the rest of the try."""

        def kept(thing_id: int, *rest: object) -> None:
            self._recorded.add(thing_id)
            keep(thing_id, *rest)

        return kept

    def forget(self) -> None:
        """Begin a new report, and ask anew what a thing that is not there looks like."""
        self.report = Report()
        self._nothing_there.clear()

    def try_doors(
        self,
        *,
        endpoints: Iterable[str] | None = None,
        personas: Iterable[str] = PERSONAS,
        keep: Callable[[Thing], bool] = lambda _thing: True,
        every: int = 1,
    ) -> Report:
        """Try doors on the things they name; `every` takes one try of so many, for a sample."""
        number = 0
        for key in personas:
            for door in DOORS:
                if endpoints is not None and door.endpoint not in endpoints:
                    continue
                for thing in filter(keep, self.world.things[door.names]):
                    number += 1
                    if number % every == 0:
                        self._try(PERSONAS[key], door, thing)
        return self.report

    def _try(self, persona: Persona, door: Door, thing: Thing) -> None:
        answer = self.through(persona, door, self.world.names[thing])
        self.report.cells += 1
        what = f"{persona.key} {door.method} {door.endpoint} of {thing}: {answer.status_code}"
        may = all(allowed(persona, deed, thing) for deed in door.deeds)
        if persona.column == "public" and not (may and answer.status_code < 400):
            passed = answer.headers.get("Location", "") != "/sign-in"
        else:
            passed = answer.status_code < 400 or answer.status_code in {400, 422}
        if passed != may or answer.status_code >= 500:
            self.report.wrong.append(f"{what}, where the oracle says {'allowed' if may else 'refused'}")
        elif (
            not may
            and door.names not in {"nothing", "pattern"}
            and self._shape(answer) != self._of_nothing(persona, door)
        ):
            self.report.wrong.append(f"{what}, but not like a thing that is not there")
        self._look_for_words(persona, door.shows, answer, what)

    def through(
        self, persona: Persona, door: Door, named: Mapping[str, object], method: str | None = None
    ) -> TestResponse:
        """Knock at a door on the thing so named, by the door's method or another."""
        rule = next(each for each in self.app.url_map.iter_rules(door.endpoint) if door.method in (each.methods or ()))
        values, reference = {name: named[name] for name in rule.arguments}, named.get("reference", "")
        _domain, path = rule.build(values, append_unknown=False) or ("", rule.rule)
        query = f"?{door.query.format(reference=reference)}" if door.query else ""
        data = dict([door.form.format(reference=reference).split("=", 1)]) if door.form else None
        return self.knock(persona, path + query, method or door.method, data)

    def _of_nothing(self, persona: Persona, door: Door) -> tuple[object, ...]:
        """What the door says of a reference that names nothing."""
        if (persona.key, door) not in self._nothing_there:
            fixed = {"number"} if door.names.startswith("part") else set()
            named = self.world.names[self.world.things[door.names][0]]
            nowhere = {name: each if name in fixed else NOWHERE[type(each)] for name, each in named.items()}
            self._nothing_there[persona.key, door] = self._shape(self.through(persona, door, nowhere))
        return self._nothing_there[persona.key, door]

    @staticmethod
    def _shape(answer: TestResponse) -> tuple[object, ...]:
        headers = sorted((name, value) for name, value in answer.headers if name != "Set-Cookie")
        return answer.status_code, headers, ANEW.sub("", said(answer) if answer.mimetype == xlsx.KIND else answer.text)

    def _look_for_words(self, persona: Persona, shows: str, answer: TestResponse, what: str) -> None:
        for found in sorted({match.groups() for match in WORD.finditer(said(answer))}):
            number, group = int(found[0]), GROUPS[ord(found[1].lower()) - ord("a")]
            thing = self.world.of_number[number, group[0]]
            if not may_see(persona, shows, thing, group):
                self.report.leaks.append(f"{what}: the {group[1]} of {thing}")
            elif shows == "own" and thing.kind == "risk" and is_exempt(thing, group):
                self.report.recorded += 1
                if self.world.ids[thing] not in self._recorded:
                    self.report.unrecorded.append(f"{what}: shows the {group[1]} of {thing} without a record")

    def try_lists(self, *, endpoints: Iterable[str] | None = None, personas: Iterable[str] = PERSONAS) -> Report:
        """See that each list holds exactly what it may: one cell for each thing that is in it or is not."""
        for key in personas:
            for row in rows("lists.csv"):
                persona = PERSONAS[key]
                if persona.column == "public" or (endpoints is not None and row["endpoint"] not in endpoints):
                    continue
                answer = self.knock(persona, self._address(row["endpoint"], row["query"]))
                shown = set(re.findall(r"[A-Z]-[0-9A-Z]{5}", answer.text))
                for thing in self.world.things[row["lists"]]:
                    self.report.cells += 1
                    self.report.listed += 1
                    is_listed, may = self.world.references[thing] in shown, allowed(persona, row["deed"], thing)
                    if row["lists"] != "risk" and is_listed and not may:
                        is_listed = f"{self.world.references[thing]}," in answer.text
                    if is_listed != may:
                        kept = self.report.wrong if may else self.report.leaks
                        kept.append(f"{key} {row['endpoint']}: {thing} is {'' if is_listed else 'not '}listed")
                self._look_for_words(persona, "own", answer, f"{key} {row['endpoint']}")
        return self.report

    def _address(self, endpoint: str, query: str) -> str:
        rule = next(self.app.url_map.iter_rules(endpoint))
        return f"{rule.rule}?{query}" if query else rule.rule

    def try_searches(
        self, *, endpoints: Iterable[str] | None = None, personas: Iterable[str] = PERSONAS, every: int = 1
    ) -> Report:
        """Search for words of what is closed to somebody: the answer is that to a word of nothing, but for the word."""
        number = 0
        for key, row in ((key, row) for key in personas for row in rows("searches.csv")):
            persona = PERSONAS[key]
            if persona.column == "public" or (endpoints is not None and row["endpoint"] not in endpoints):
                continue
            for secret in self._closed_to(persona):
                number += 1
                if number % every:
                    continue
                nothing = "q" * len(secret)
                answers = [
                    self.knock(persona, self._address(row["endpoint"], row["query"].format(word=each)))
                    for each in (secret, nothing)
                ]
                self.report.cells += 1
                shapes = [self._shape(each) for each in answers]
                if shapes[0] != (*shapes[1][:2], str(shapes[1][2]).replace(nothing, secret)):
                    self.report.leaks.append(f"{key} {row['endpoint']} finds {secret}")
        return self.report

    def _closed_to(self, persona: Persona) -> Iterator[str]:
        """A word of the title of each risk, and of the name of each action, that the persona may not read."""
        for kind, group in (("risk", "title"), ("action", "name")):
            for thing in self.world.things[kind]:
                if not may_see(persona, "own", thing, (kind, group)):
                    yield word(thing.number, kind, group)


FLOOR = 10_000
"""How many cells each half of the gate has at the least."""
GATE = 3
"""The gate takes one try of so many at the doors, each list whole; `make drill` takes every one."""
HALVES = (tuple(PERSONAS)[::2], tuple(PERSONAS)[1::2])


def try_everything(matrix: Matrix, personas: Iterable[str], *, every: int) -> Report:
    """Try lists, doors and searches as some personas; fails with what was passed, refused or told wrongly."""
    before = _entries(matrix.app)
    with in_haste():
        matrix.try_lists(personas=personas)
        matrix.try_doors(personas=personas, every=every)
        matrix.try_searches(personas=personas, every=every * 12 + 1)
    assert not matrix.report.found, "\n".join((f"{matrix.report.words}:", *matrix.report.found[:40]))
    assert _entries(matrix.app) == before, "a try was not undone"
    return matrix.report


def _entries(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(AuditEntry.id))) or 0
