"""Somebody with the whole database in hand: a chain of some days, and each way to tamper with it, on either database.

Each way gives what must be said of it: the kind, and the place of the first entry that it shows at.
"""
# ruff: noqa: S608 - the drill's own names of tables and columns, never a value

import random
import secrets
from datetime import timedelta

from sqlalchemy import create_engine, insert, select, text, update

from riskapp.adapters.signatures import public_half, sign
from riskapp.domain import audit as chain
from riskapp.domain.audit_check import Tampering
from riskapp.domain.checkpoints import Checkpoint
from riskapp.features.audit import queries
from riskapp.models.audit import AuditCheckpoint, AuditDatabase, AuditEntry, AuditPayload, AuditSeal
from tests.chains import BEGINS, DAY, NAME, PUBLIC, TABLES, Chain, an_engine, an_entry, erase, rehash, sighting

DAYS, A_DAY = 8, 14
ENTRIES = (
    ("event", "risk:forged"), ("at", "2026-01-01 00:00:00.000000"), ("person_id", 77), ("post_id", 77),
    ("capacity", "forged"), ("subject_id", 777), ("door", "forged"), ("request_id", "forged"),
    ("payload_digest", bytes(32)),
)  # fmt: skip
SEALS = (("hash", bytes(32)), ("sealed_at", "2026-01-01 00:00:00.000000"), ("entry_digest", bytes(32)))
NO_ENTRIES = (
    ("event", 7), ("at", 7), ("at", "2026-09-01X06:30:00.000000"), ("person_id", "x"), ("capacity", 7), ("door", b"x"),
    ("request_id", 7), ("payload_digest", "x"), ("payload_digest", 7),
)  # fmt: skip
NO_SEALS = (("hash", "x"), ("hash", 7), ("sealed_at", 7), ("sealed_at", "x"), ("entry_digest", "x"))
NO_PAYLOADS = (
    ("content", "x"), ("content", ""), ("content", 7), ("content", b"x"), ("content", "[]"), ("content", "null"),
    ("content", '{"after":' * 9_000), ("content", '"\\ud800"'), ("salt", "x"), ("salt", 7),
)  # fmt: skip
"""What is not even of the column's kind, by the table it is put in."""


class InMemory:
    """SQLite, which keeps anything in any column; a copy is the whole file."""

    name, keeps_anything = "SQLite", True

    def __init__(self) -> None:
        self.connection = an_engine().connect()
        self._copies: dict[int, bytes] = {}

    @property
    def raw(self):
        return self.connection.connection.dbapi_connection

    def keep(self, day: int) -> None:
        self.connection.commit()
        self._copies[day] = self.raw.serialize()

    def put_back(self, day: int) -> None:
        self.connection.rollback()
        self.raw.deserialize(self._copies[day])

    def close(self) -> None:
        self.connection.close()


class OnServer:
    """PostgreSQL: the tables as migrated, in a schema of their own and with no foreign key, each copy in another."""

    name, keeps_anything = "PostgreSQL", False

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, connect_args={"options": "-c search_path=tampered"})
        self.connection = self._engine.connect()
        self._last = -1
        for table in self._tables("tampered"):
            self._do(f"CREATE TABLE tampered.{table} (LIKE public.{table} INCLUDING ALL)")
        self.connection.execute(insert(AuditDatabase).values(id=1, name=NAME))

    def _do(self, statement: str) -> None:
        self.connection.execute(text(statement))

    def _tables(self, schema: str) -> list[str]:
        self._do(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        self._do(f"CREATE SCHEMA {schema}")
        return [table.name for table in TABLES]

    def keep(self, day: int) -> None:
        for table in self._tables(f"tampered_{day}"):
            self._do(f"CREATE TABLE tampered_{day}.{table} AS TABLE tampered.{table}")
        self.connection.commit()
        self._last = day

    def put_back(self, day: int) -> None:
        self.connection.rollback()
        for table in TABLES if day != self._last else ():
            self._do(f"DELETE FROM {table.name}")
            self._do(f"INSERT INTO {table.name} SELECT * FROM tampered_{day}.{table.name}")

    def close(self) -> None:
        self.connection.rollback()
        for schema in ("tampered", *(f"tampered_{day}" for day in range(self._last + 1))):
            self._do(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        self.connection.commit()
        self.connection.close()
        self._engine.dispose()


class Drill:
    """A chain of some days, the older copies of it, and what is done to it, case by case."""

    def __init__(self, ground: InMemory | OnServer, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - the same drill again by its seed
        self.ground, self.connection = ground, ground.connection
        self.chain = Chain(self.connection, self.random)
        for day in range(DAYS):
            self.chain.grow(1, A_DAY, first=day)
            if day == 3:
                erase(self.chain, [5, 6, 20], BEGINS + DAY * 4 + timedelta(hours=1))
            ground.keep(day)
        self.witness = sighting(self.chain.issued[-1])
        self.length = self.chain.sequence

    def restore(self) -> None:
        self.ground.put_back(DAYS - 1)

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
        content = self.connection.execute(
            select(AuditPayload.content).where(AuditPayload.entry_id == self.id_at(place))
        ).scalar_one()
        what = self.random.choice(("why", "after", "before", "salt"))
        if self.ground.keeps_anything and self.random.random() < 0.3:
            column, value = self.random.choice(NO_PAYLOADS)
            self.do(
                f"UPDATE audit_payload SET {column} = :value WHERE entry_id = :id", value=value, id=self.id_at(place)
            )
        elif what == "salt":
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
        column, value = self.random.choice((*ENTRIES, *(NO_ENTRIES if self.ground.keeps_anything else ())))
        self.do(f"UPDATE audit_entry SET {column} = :value WHERE id = :id", value=value, id=self.id_at(place))
        return Tampering.ENTRY_EDITED, place

    def edit_a_seal(self):
        place = self.place()
        column, value = self.random.choice((*SEALS, *(NO_SEALS if self.ground.keeps_anything else ())))
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
            self.do("DROP TABLE IF EXISTS kept")
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
        self.ground.put_back(day)
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
