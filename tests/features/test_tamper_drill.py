"""The tamper drill: somebody with the whole database in hand, and what the walk through the chain says of it.

Each kind of tampering is tried on chains of several days; what counts is that it is found, named as what it is, and
located; and that a chain nobody touched is never called broken.
"""
# ruff: noqa: S608 - the drill's own names of tables and columns, never a value

import os
import random
import secrets
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import insert, text, update

from riskapp.adapters.signatures import public_half, sign
from riskapp.domain import audit as chain
from riskapp.domain.audit_check import Tampering
from riskapp.domain.checkpoints import Checkpoint
from riskapp.features.audit import queries
from riskapp.models.audit import AuditCheckpoint, AuditEntry, AuditPayload, AuditSeal
from tests.chains import BEGINS, DAY, KEY, NAME, PUBLIC, Chain, an_engine, an_entry, erase, payload_of, rehash, sighting

SEED = 20261128
DAYS, A_DAY = 8, 14
CASES, CLEAN = 1000, 100


class Drill:
    """A chain of some days, the older copies of it, and what is done to it, case by case."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - the same drill again by its seed
        self.engine = an_engine()
        self.connection = self.engine.connect()
        self.chain = Chain(self.connection, self.random)
        self.copies: dict[int, bytes] = {}
        for day in range(DAYS):
            self.chain.grow(1, A_DAY, first=day)
            if day == 3:
                erase(self.chain, [5, 6, 20], BEGINS + DAY * 4 + timedelta(hours=1))
            self.connection.commit()
            self.copies[day] = self.raw.serialize()
        self.whole = self.raw.serialize()
        self.witness = sighting(self.chain.issued[-1])
        self.length = self.chain.sequence

    @property
    def raw(self):
        return self.connection.connection.dbapi_connection

    def restore(self) -> None:
        self.put_back(self.whole)

    def put_back(self, copy: bytes) -> None:
        self.connection.rollback()
        self.raw.deserialize(copy)

    def do(self, statement: str, **named) -> None:
        self.connection.execute(text(statement), named)

    def one(self, statement: str, **named):
        return self.connection.execute(text(statement), named).scalar_one()

    def verdict(self, *, witnessed: bool = False):
        outside = (self.witness,) if witnessed else ()
        return queries.verify(self.connection, outside=outside, trusted=PUBLIC)

    def place(self, first: int = 1, last: int | None = None) -> int:
        return self.random.randint(first, last or self.length)

    def spoken(self) -> int:
        """A place whose entry was not erased."""
        return next(iter(n for n in iter(self.place, None) if n not in {5, 6, 20}))

    def id_at(self, sequence: int) -> int:
        return self.one("SELECT entry_id FROM audit_seal WHERE sequence = :n", n=sequence)

    # What is done. Each gives what must be said of it: the kind, and the place.

    def edit_a_payload(self):
        place = self.spoken()
        content = payload_of(self.connection, self.id_at(place))
        what = self.random.choice(("why", "after", "before", "salt"))
        if what == "salt":
            self.do("UPDATE audit_payload SET salt = :salt WHERE entry_id = :id", salt=secrets.token_bytes(16),
                    id=self.id_at(place))  # fmt: skip
        else:
            changed = {**content, what: "another" if what == "why" else {**content[what], "current": 99}}
            table = AuditPayload.__table__
            self.connection.execute(update(table).where(table.c.entry_id == self.id_at(place)).values(content=changed))
        return Tampering.PAYLOAD_EDITED, place

    def take_a_payload(self):
        place = self.spoken()
        self.do("DELETE FROM audit_payload WHERE entry_id = :id", id=self.id_at(place))
        return Tampering.PAYLOAD_TAKEN, place

    def edit_an_entry(self):
        place = self.place()
        column, value = self.random.choice(
            (
                ("event", "risk:forged"), ("at", "2026-01-01 00:00:00.000000"), ("person_id", 77), ("post_id", 77),
                ("capacity", "forged"), ("subject_id", 777), ("door", "forged"), ("request_id", "forged"),
                ("payload_digest", secrets.token_bytes(32)),
            )
        )  # fmt: skip
        self.do(f"UPDATE audit_entry SET {column} = :value WHERE id = :id", value=value, id=self.id_at(place))
        return Tampering.ENTRY_EDITED, place

    def edit_a_seal(self):
        place = self.place()
        column, value = self.random.choice(
            (("hash", secrets.token_bytes(32)), ("sealed_at", "2026-01-01 00:00:00.000000"),
             ("entry_digest", secrets.token_bytes(32)))
        )  # fmt: skip
        self.do(f"UPDATE audit_seal SET {column} = :value WHERE sequence = :n", value=value, n=place)
        return Tampering.ENTRY_EDITED, place

    def delete_leaving_a_gap(self):
        place = self.place(last=self.length - 4)
        for number in range(place, place + self.random.randint(1, 3)):
            self._delete(number)
        return Tampering.DELETED, place

    def delete_the_entry_alone(self):
        place = self.spoken()
        self.do("DELETE FROM audit_entry WHERE id = :id", id=self.id_at(place))
        return Tampering.DELETED, place

    def delete_and_renumber(self):
        count = self.random.randint(1, 3)
        place = self.place(last=self.length - count)
        for number in range(place, place + count):
            self._delete(number)
        self._renumber(place + count, -count)
        return Tampering.DELETED, place

    def _delete(self, sequence: int) -> None:
        entry_id = self.id_at(sequence)
        self.do("DELETE FROM audit_payload WHERE entry_id = :id", id=entry_id)
        self.do("DELETE FROM audit_seal WHERE entry_id = :id", id=entry_id)
        self.do("DELETE FROM audit_entry WHERE id = :id", id=entry_id)

    def _renumber(self, first: int, by: int) -> None:
        self.do("UPDATE audit_seal SET sequence = -(sequence + :by) WHERE sequence >= :first", first=first, by=by)
        self.do("UPDATE audit_seal SET sequence = -sequence WHERE sequence < 0")

    def insert_some(self):
        """Put entries in, either with any seal or with one that is made as it should be, and renumber the rest."""
        place, count = self.place(), self.random.randint(1, 3)
        self._renumber(place, count)
        is_made_well = self.random.random() < 0.6
        previous = chain.GENESIS
        if place > 1:
            previous = self.one("SELECT hash FROM audit_seal WHERE sequence = :n", n=place - 1)
        for number in range(place, place + count):
            at = BEGINS + DAY * self.random.randint(0, DAYS - 1)
            entry, payload = an_entry(10_000 + number, at, self.random)
            outer = {**entry, "at": at_iso(entry["at"]), "payload_digest": entry["payload_digest"].hex()}
            digest = chain.entry_digest(outer)
            made = chain.seal(previous, digest, sequence=number, sealed_at=at)
            previous = made if is_made_well else secrets.token_bytes(32)
            self.connection.execute(insert(AuditEntry), [entry])
            self.connection.execute(insert(AuditPayload), [payload])
            seal = {"sequence": number, "entry_id": entry["id"], "entry_digest": digest, "hash": previous}
            self.connection.execute(insert(AuditSeal), [{**seal, "sealed_at": at}])
        return Tampering.INSERTED, place

    def swap_two(self):
        one, other = sorted(self.random.sample([n for n in range(1, self.length + 1) if n not in {5, 6, 20}], 2))
        first, second = self.id_at(one), self.id_at(other)
        how = self.random.choice(("seals", "numbers", "entries", "payloads", "ids"))
        if how == "seals":  # which entry each seal names
            self._exchange("audit_seal", "entry_id", "sequence", one, other)
        elif how == "numbers":  # the two seals with their entries
            self.do("UPDATE audit_seal SET sequence = -1 WHERE sequence = :one", one=one)
            self.do("UPDATE audit_seal SET sequence = :one WHERE sequence = :other", one=one, other=other)
            self.do("UPDATE audit_seal SET sequence = :other WHERE sequence = -1", other=other)
        elif how == "payloads":
            self._exchange("audit_payload", "entry_id", "entry_id", first, second)
        elif how == "entries":  # all that the two entries say, in place
            columns = "event, at, person_id, post_id, capacity, subject_id, door, request_id, payload_digest"
            self.do("DROP TABLE IF EXISTS temp.kept")
            self.do("CREATE TEMP TABLE kept AS SELECT * FROM audit_entry WHERE id IN (:a, :b)", a=first, b=second)
            for target, source in ((first, second), (second, first)):
                self.do(
                    f"UPDATE audit_entry SET ({columns}) = (SELECT {columns} FROM kept WHERE id = :s) WHERE id = :t",
                    s=source, t=target,
                )  # fmt: skip
            self._exchange("audit_payload", "entry_id", "entry_id", first, second)
        else:  # the ids of the two, with all that hangs on them
            self._exchange("audit_entry", "id", "id", first, second)
            self._exchange("audit_payload", "entry_id", "entry_id", first, second)
        return Tampering.SWAPPED, one

    def _exchange(self, table: str, column: str, key: str, one: int, other: int) -> None:
        was = self.one(f"SELECT {column} FROM {table} WHERE {key} = :one", one=one)
        is_ = self.one(f"SELECT {column} FROM {table} WHERE {key} = :other", other=other)
        if column == key:
            self.do(f"UPDATE {table} SET {column} = -1 WHERE {key} = :one", one=one)
            self.do(f"UPDATE {table} SET {column} = :one WHERE {key} = :other", one=one, other=other)
            self.do(f"UPDATE {table} SET {column} = :other WHERE {key} = -1", other=other)
            return
        self.do(f"UPDATE {table} SET {column} = -1 WHERE {key} = :one", one=one)
        self.do(f"UPDATE {table} SET {column} = :was WHERE {key} = :other", was=was, other=other)
        self.do(f"UPDATE {table} SET {column} = :is WHERE {key} = :one", **{"is": is_, "one": one})

    def cut_the_tail(self):
        head = self.place(first=2, last=self.length - 1)
        for number in range(head + 1, self.length + 1):
            self._delete(number)
        if self.random.random() < 0.5:
            self.do("DELETE FROM audit_checkpoint WHERE sequence > :head", head=head)
        return Tampering.TAIL_CUT, head + 1

    def rehash_the_tail(self):
        """Edit an entry and hash all from there on again; checkpoints after it go, or are signed with another key."""
        place = self.place()
        self.do("UPDATE audit_entry SET event = 'risk:forged' WHERE id = :id", id=self.id_at(place))
        rehash(self.connection, place)
        way = self.random.choice(("left", "taken", "signed anew"))
        if way == "taken":
            self.do("DELETE FROM audit_checkpoint WHERE sequence >= :place", place=place)
        elif way == "signed anew":
            self._sign_anew(place)
        return Tampering.TAIL_REWRITTEN, place

    def _sign_anew(self, first: int) -> None:
        forger = secrets.token_bytes(32)
        for signed in self.chain.issued:
            told = signed.checkpoint
            if told.sequence >= first:
                mark = self.one("SELECT hash FROM audit_seal WHERE sequence = :n", n=told.sequence)
                anew = Checkpoint(NAME, told.sequence, mark, told.at)
                table = AuditCheckpoint.__table__
                self.connection.execute(
                    update(table)
                    .where(table.c.sequence == told.sequence)
                    .values(hash=mark, public_key=public_half(forger), signature=sign(forger, anew.message()))
                )

    def put_an_older_copy_back(self):
        """The copy of an earlier day, as it was or with days lived on it since."""
        day = self.random.randint(0, DAYS - 2)
        self.put_back(self.copies[day])
        seals = self.one("SELECT count(*) FROM audit_seal")
        if self.random.random() < 0.5:
            return Tampering.OLDER_COPY, seals + 1
        grown = Chain(self.connection, self.random)
        grown.last_id = self.one("SELECT max(id) FROM audit_entry")
        grown.sequence = seals
        grown.head = self.one("SELECT hash FROM audit_seal WHERE sequence = :n", n=seals)
        grown.write(self.length - seals + self.random.choice((-5, 3, 40)), BEGINS + DAY * (DAYS + 3))
        grown.seal(BEGINS + DAY * (DAYS + 4))
        grown.issue(BEGINS + DAY * (DAYS + 4))
        return Tampering.OLDER_COPY, None

    def forge_a_checkpoint(self):
        signed = self.random.choice(self.chain.issued)
        self.do("UPDATE audit_checkpoint SET signature = :s WHERE sequence = :n", s=secrets.token_bytes(64),
                n=signed.checkpoint.sequence)  # fmt: skip
        return Tampering.CHECKPOINT_EDITED, signed.checkpoint.sequence


def at_iso(at) -> str:
    return at.isoformat()


WAYS = (
    "edit_a_payload", "take_a_payload", "edit_an_entry", "edit_a_seal", "delete_leaving_a_gap",
    "delete_the_entry_alone", "delete_and_renumber", "insert_some", "swap_two", "cut_the_tail", "rehash_the_tail",
    "put_an_older_copy_back", "forge_a_checkpoint",
)  # fmt: skip
WITNESSED = {"cut_the_tail", "rehash_the_tail", "put_an_older_copy_back"}


def _run(drill: Drill, cases: int) -> tuple[Counter, list[str]]:
    done, wrong = Counter(), []
    for number in range(cases):
        way = WAYS[number % len(WAYS)]
        drill.restore()
        kind, place = getattr(drill, way)()
        verdict = drill.verdict(witnessed=way in WITNESSED)
        fault = verdict.fault
        done[kind] += 1
        if fault is None:
            wrong.append(f"{number} {way} at {place}: not found")
        elif fault.kind != kind:
            wrong.append(f"{number} {way} at {place}: called {fault.kind} at {fault.sequence}: {fault.detail}")
        elif kind is Tampering.TAIL_REWRITTEN:
            if not fault.sequence <= place <= fault.sequence + A_DAY + 1 and place < fault.sequence:
                wrong.append(f"{number} {way} at {place}: located after it, at {fault.sequence}")
        elif place is not None and fault.sequence != place:
            wrong.append(f"{number} {way} at {place}: located at {fault.sequence}: {fault.detail}")
    return done, wrong


def _clean(drill: Drill, runs: int) -> int:
    """Live on, a day or a few entries at a time, and verify each time: how often the chain was called broken."""
    drill.restore()
    living = drill.chain
    alarms = 0
    for run in range(runs):
        at = BEGINS + DAY * (DAYS + 1 + run)
        written = living.write(drill.random.randint(0, 6), at)
        if written and drill.random.random() < 0.2:
            erase(living, written[-1:], at + timedelta(hours=1))
        if drill.random.random() < 0.7:
            living.seal(at + DAY)
        if drill.random.random() < 0.5:
            living.issue(at + DAY)
        outside = [sighting(each) for each in drill.random.sample(living.issued, 3)]
        alarms += queries.verify(drill.connection, outside=outside, trusted=PUBLIC).fault is not None
    return alarms


def _told(done: Counter, seed: int, clean: int) -> str:
    kinds = ", ".join(f"{count} {kind.value}" for kind, count in sorted(done.items()))
    return (
        f"Tamper drill (seed {seed}, SQLite): {sum(done.values()):,} found and named: {kinds}. {clean} clean, 0 alarms"
    )


def _drill(cases: int, clean: int, seed: int, capsys) -> None:
    drill = Drill(seed)
    done, wrong = _run(drill, cases)
    assert not wrong, f"{len(wrong)} of {cases}:\n" + "\n".join(wrong[:20])
    assert sum(done.values()) >= CASES
    assert min(done[kind] for kind in Tampering) >= CASES // len(WAYS), done
    assert _clean(drill, clean) == 0
    with capsys.disabled():
        print(f"\n{_told(done, seed, clean)}")  # noqa: T201 - the figure of a proof


def test_every_tampering_is_found_and_named_and_a_clean_chain_never_is(capsys):
    _drill(CASES, CLEAN, SEED, capsys)


@pytest.mark.drill
def test_ten_thousand_tamperings_on_other_chains(capsys):
    for seed in range(int(os.environ.get("TAMPER_SEEDS", "10"))):
        _drill(CASES, CLEAN, seed, capsys)


def test_without_a_witness_from_outside_a_tail_that_is_rewritten_or_cut_with_its_checkpoints_is_not_seen():
    """What the command says of itself when no witness is given, so that nobody trusts it for more than it can."""
    drill = Drill(SEED)
    drill._delete(drill.length)
    drill.do("DELETE FROM audit_checkpoint")
    assert drill.verdict().fault is None
    assert drill.verdict(witnessed=True).fault.kind is Tampering.TAIL_CUT


def test_a_checkpoint_kept_inside_sees_a_rewritten_tail_without_any_witness():
    drill = Drill(SEED)
    drill.do("UPDATE audit_entry SET event = 'risk:forged' WHERE id = 3")
    rehash(drill.connection, 3)
    assert drill.verdict().fault.kind is Tampering.TAIL_REWRITTEN
    assert KEY not in drill.raw.serialize()
