"""The line of the audit trail at the foot of a public paper: what it says does not depend on what is exempt.

It says how many entries were sealed, when, and a mark of them all. Entries are counted whatever they are about; and
the mark, which covers what they say, covers it with salt that nobody is shown, so that it is another each time.
"""

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

import riskapp
from riskapp.domain.audit import Event
from riskapp.domain.checkpoints import Signed
from riskapp.domain.publication import FIELD_GROUPS
from riskapp.features.audit import service as audit
from riskapp.features.packs import service as packs
from riskapp.models.audit import AuditPayload
from riskapp.models.database import db, rehearsal
from riskapp.reports.pack import render
from tests.builders import BY_HAND, DAY, NOON
from tests.chains import KEY
from tests.non_interference import TWINS, WORDS, AComparedCouncil, a_withheld_risk
from tests.pack_builders import PUBLISHER
from tests.reports.tagged_reader import TaggedReader

ROOT = Path(riskapp.__file__).parents[1]
LINE = re.compile(r"Audit trail ([\d,]+) · [0-9a-f]{12} · (.+) UTC · [0-9a-f]{8}")


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    app.extensions["settings"] = replace(app.extensions["settings"], mode="production", audit_key=KEY)
    return AComparedCouncil()


def _line_after(deed) -> tuple[Signed, str]:
    """What the clock would sign after a deed, and the foot of the public paper then; nothing of it is kept."""
    with rehearsal():
        deed()
        audit.seal_entries(at=NOON)
        signed = audit.issue_checkpoint(KEY, by=BY_HAND, at=NOON)
        assert signed is not None
        return signed, signed.printed()


def _told(line: str) -> tuple[str, ...]:
    """What a line tells to who has no salt: the number and the time."""
    found = LINE.fullmatch(line)
    assert found, line
    return found.groups()


def _say(council, group: str, word: str):
    changed = {"before": {group: word}, "after": {group: f"{word} again"}, "why": word}
    return lambda: audit.record(Event.RISK_REWORDED, by=BY_HAND, at=NOON, subject_id=council.risk.id, **changed)


def test_what_is_written_of_an_exempt_thing_moves_neither_number_nor_time(council):
    said = itertools.product(FIELD_GROUPS, (*WORDS, *TWINS))
    lines = [_line_after(_say(council, group, word))[1] for group, word in said]
    assert len({_told(line) for line in lines}) == 1


def test_the_mark_is_another_each_time_for_the_same_words_and_without_salt_would_tell_them(council, monkeypatch):
    def marks(*words):
        return [_line_after(_say(council, "title", word))[0].checkpoint.mark for word in words]

    assert len(set(marks(*[WORDS[0]] * 20))) == 20
    monkeypatch.setattr(audit.secrets, "token_bytes", bytes)
    one, again, other = (_payload_digest(council, word) for word in (WORDS[0], WORDS[0], WORDS[1]))
    assert one == again != other, "the salt is what hides the words, and nothing else"


def _payload_digest(council, word: str) -> bytes:
    with rehearsal():
        return _say(council, "title", word)().payload_digest


KNOW_OF_SALT = [
    "riskapp/domain/audit.py",
    "riskapp/domain/audit_check.py",
    "riskapp/features/audit/queries.py",
    "riskapp/features/audit/service.py",
    "riskapp/models/audit.py",
]


def test_each_entry_has_salt_of_its_own_and_no_door_template_or_paper_knows_of_it(council):
    with rehearsal():
        for _ in range(200):
            _say(council, "title", WORDS[0])()
        salts = db.session.scalars(select(AuditPayload.salt)).all()
    assert len(set(salts)) == len(salts) > 200
    assert {len(salt) for salt in salts} == {16}
    files = [*ROOT.glob("riskapp/**/*.py"), *ROOT.glob("templates/**/*.*")]
    naming = [file for file in files if re.search(r"\bsalts?\b", file.read_text(encoding="utf-8"))]
    assert sorted(file.relative_to(ROOT).as_posix() for file in naming) == KNOW_OF_SALT


def test_a_risk_whose_existence_is_withheld_counts_like_as_many_entries_of_anything_else(council):
    before = _told(_line_after(lambda: None)[1])
    withheld, line = _line_after(lambda: a_withheld_risk(council))
    entries = withheld.checkpoint.sequence - int(before[0].replace(",", ""))

    def sign_in_as_often():
        for _ in range(entries):
            audit.record(Event.SIGNED_IN, by=BY_HAND, at=NOON)

    assert entries > 3
    assert _told(_line_after(sign_in_as_often)[1]) == _told(line)


def test_the_line_on_the_paper_is_the_one_that_was_signed_and_all_above_it_is_as_it_was(council):
    made = packs.contents(council.meeting, by=council.head, on=DAY, as_at=None, publisher=PUBLISHER)
    lines = [_line_after(_say(council, "title", word))[1] for word in WORDS]
    papers = [_pages(render(made.public, witness=line)) for line in lines]
    assert len(LINE.findall(papers[0])) == papers[0].count(lines[0]) > 1
    assert papers[0].replace(lines[0], "") == papers[1].replace(lines[1], "")


def _pages(paper: bytes) -> str:
    read = TaggedReader(paper)
    return "\n".join(read.page(at) for at in range(len(read.content)))
