"""Whether the chain holds, and where it does not what was done to it: pure, so that an auditor can run it apart.

What the chain alone cannot show (a tail cut off, a tail written anew, an older copy put back) is shown by a witness:
a checkpoint that left the database. A checkpoint kept inside bears witness too, until somebody takes it away.
"""

import json
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from json.encoder import encode_basestring
from typing import NamedTuple, Protocol

from riskapp.domain.audit import GENESIS, Event, canonical, link

REMEMBERED = 1024
"""How many entries put in or taken out together are told from other tampering; more are found all the same."""
TOLD_EVERY = 5000
_DECODE = json.JSONDecoder().raw_decode


class Tampering(StrEnum):
    """What was done to the trail."""

    PAYLOAD_EDITED = "payload_edited"
    PAYLOAD_TAKEN = "payload_taken"
    ENTRY_EDITED = "entry_edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    SWAPPED = "swapped"
    TAIL_CUT = "tail_cut"
    TAIL_REWRITTEN = "tail_rewritten"
    OLDER_COPY = "older_copy"
    CHECKPOINT_EDITED = "checkpoint_edited"

    @property
    def words(self) -> str:
        """Say it as a heading."""
        return WORDS[self]


WORDS: Mapping[Tampering, str] = {
    Tampering.PAYLOAD_EDITED: "What an entry says was edited",
    Tampering.PAYLOAD_TAKEN: "What an entry says was taken away, and no erasure is on record",
    Tampering.ENTRY_EDITED: "An entry was edited",
    Tampering.DELETED: "Entries were deleted",
    Tampering.INSERTED: "Entries were put in",
    Tampering.SWAPPED: "Entries were swapped",
    Tampering.TAIL_CUT: "The tail was cut off",
    Tampering.TAIL_REWRITTEN: "The tail was written anew and hashed again",
    Tampering.OLDER_COPY: "An older copy of the database was put back",
    Tampering.CHECKPOINT_EDITED: "A checkpoint kept in the database was edited",
}
NEEDS_A_WITNESS = (Tampering.TAIL_CUT, Tampering.TAIL_REWRITTEN, Tampering.OLDER_COPY)


class Link(NamedTuple):
    """A seal with its entry and payload as kept; instants in UTC, like `2026-11-28 06:30:00.000000`."""

    sequence: int
    of: int  # the entry that the seal names
    hash: bytes
    digest: bytes
    sealed_at: str
    id: int | None  # None where the entry is gone, as are all that follow
    event: str
    at: str
    person_id: int | None
    post_id: int | None
    capacity: str | None
    subject_id: int | None
    door: str
    request_id: str | None
    payload_digest: bytes
    salt: bytes | None  # None where the payload is gone
    content: str | None  # JSON


Read = Callable[[int], Iterator[Link]]
"""Reads the links after a place in the chain, in their order."""


class Witness(Protocol):
    """What is known from elsewhere of the chain at a place: the hash of its seal, or how it begins."""

    @property
    def sequence(self) -> int: ...
    @property
    def mark(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def source(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Fault:
    """What was done, the place of the first entry that it shows at, and the whole of it in words."""

    kind: Tampering
    sequence: int
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many entries were walked, the first fault if there is one, and the last witness that agreed, in words."""

    checked: int
    fault: Fault | None
    agreed: str = ""
    outside: bool = False
    """Whether a witness from outside the database was asked."""


def check(
    read: Read,
    *,
    witnesses: Iterable[Witness] = (),
    erased: Collection[int] = (),
    knows_of: Callable[[datetime], bool] = lambda _at: True,
    progress: Callable[[int], None] = lambda _count: None,
) -> Verdict:
    """Walk the whole chain and name the first entry that does not fit and what was done to it.

    `erased` are entries whose erasure is recorded in an entry that is not sealed yet. `knows_of` says whether
    anything else in the database is from about an instant.
    """
    walk = _Walk(read, witnesses, erased)
    for row in read(0):
        fault = walk.step(row)
        if fault is not None:
            return Verdict(walk.sequence, fault, walk.agreed, walk.has_witness)
        if not row[0] % TOLD_EVERY:
            progress(row[0])
    progress(walk.sequence)
    return Verdict(walk.sequence, walk.end(knows_of), walk.agreed, walk.has_witness)


class _Walk:
    """A walk along the chain: where it stands, what it stands on, and what is still to be explained."""

    def __init__(self, read: Read, witnesses: Iterable[Witness], erased: Collection[int]) -> None:
        self.sequence, self.agreed = 0, ""
        self._read, self._previous, self._last_id, self._agreed_at = read, GENESIS, 0, 0
        self._recent: deque[tuple[int, bytes]] = deque([(0, GENESIS)], maxlen=REMEMBERED)
        self._waiting: dict[int, list[Witness]] = {}
        for witness in witnesses:
            self._waiting.setdefault(witness.sequence, []).append(witness)
        self.has_witness = any(each.source for group in self._waiting.values() for each in group)
        self._erased, self._silent = set(erased), dict[int, int]()

    def step(self, row: Link) -> Fault | None:
        """Go on by one link; gives what is wrong with it."""
        sequence, entry_id = row[0], row[5]
        if sequence != self.sequence + 1:
            return _gap(self.sequence + 1, sequence - 1)
        if entry_id is None:
            return Fault(Tampering.DELETED, sequence, f"Entry {row[1]}, sealed as number {sequence:,}, is gone.")
        digest = outer_digest(row)
        if link(self._previous, digest, sequence, sealed_at(row[4])) != row[2] or digest != row[3]:
            return _broken(row, digest, self._previous, (tuple(self._recent), self._last_id), self._read)
        try:
            fault = self._payload(row)
        except (AttributeError, RecursionError, TypeError, ValueError):  # what no entry ever said
            return _edited_payload(row, b"", self._read)
        if fault is None and sequence in self._waiting:
            fault = self._ask_witnesses(row)
        if fault is not None:
            return fault
        self._previous, self._last_id, self.sequence = row[2], entry_id, sequence
        self._recent.append((sequence, row[2]))
        return None

    def _payload(self, row: Link) -> Fault | None:
        salt, said = row[15], row[16]
        if salt is None or said is None:
            if row[6] == Event.TRAIL_ERASED:  # what records erasures is never erased
                return _taken(row[0], row[1])
            self._silent[row[0]] = row[1]
            return None
        is_erasure = row[6] == Event.TRAIL_ERASED
        if sha256(salt + said.encode()).digest() == row[14] and not is_erasure:  # kept as it was hashed
            return None
        content, end = _DECODE(said)
        found = sha256(salt + canonical(content)).digest()
        if found != row[14] or end != len(said):
            return _edited_payload(row, found, self._read)
        if is_erasure:
            self._erased.update(content["after"].get("entries", ()))
        return None

    def _ask_witnesses(self, row: Link) -> Fault | None:
        here = self._waiting.pop(row.sequence)
        for witness in here:
            if not row.hash.hex().startswith(witness.mark):
                return self._put_in_before(row) or _rewritten(witness, self._agreed_at, sealed_at(row.sealed_at))
        self.agreed, self._agreed_at = _in_words(here[-1]), row.sequence
        return None

    def _put_in_before(self, row: Link) -> Fault | None:
        """Tell entries that were put in about a witness's place: a link further on fits without them."""
        behind = [*self._recent, (row.sequence, row.hash)]
        for after in islice(self._read(row.sequence), REMEMBERED):
            if after.id is None or not _fits(after, behind[-1][1], after.sequence):
                return None if after.id is None else _fits_further_back(after, tuple(behind))
            behind.append((after.sequence, after.hash))
        return None

    def end(self, knows_of: Callable[[datetime], bool]) -> Fault | None:
        """Tell what is wrong once all links are walked: witnesses of a longer chain, payloads that nobody erased."""
        beyond = [each for group in self._waiting.values() for each in group]
        if beyond:
            farthest = max(beyond, key=lambda each: (each.sequence, each.at))
            return _cut(farthest, self.sequence, knows_of)
        for sequence, entry_id in self._silent.items():
            if entry_id not in self._erased:
                return _taken(sequence, entry_id)
        return None


class _Words(dict[str | None, str]):
    """How the few words that entries share are spelt, each worked out once."""

    def __missing__(self, word: str | None) -> str:
        self[word] = spelt = "null" if word is None else encode_basestring(word)
        return spelt


_WORDS = _Words()


def outer_digest(row: Link) -> bytes:
    """Hash the outer facts of a link's entry (32 bytes) as `audit.entry_digest` does, many times faster."""
    _, _, _, _, _, entry_id, event, at, person_id, post_id, capacity, subject_id, door, request_id, payload, *_ = row
    try:
        facts = (
            f'{{"at":"{instant(at)}","capacity":{_WORDS[capacity]},"door":{_WORDS[door]},"event":{_WORDS[event]},'
            f'"id":{entry_id},"payload_digest":"{payload.hex()}",'
            f'"person_id":{"null" if person_id is None else person_id},'
            f'"post_id":{"null" if post_id is None else post_id},'
            f'"request_id":{"null" if request_id is None else encode_basestring(request_id)},'
            f'"subject_id":{"null" if subject_id is None else subject_id}}}'
        )
        return sha256(facts.encode()).digest()
    except (AttributeError, TypeError, UnicodeEncodeError):  # what no entry was ever given
        return b""


def instant(kept: str) -> str:
    """Spell an instant as `datetime.isoformat` does, from how it is kept: no fraction where there is none."""
    return kept.removesuffix(".000000").replace(" ", "T") + "+00:00"


@lru_cache(maxsize=8)
def sealed_at(kept: str) -> str:
    """Spell the instant of a seal, which it shares with all that were sealed together."""
    try:
        return instant(kept)
    except AttributeError:
        return ""


def _taken(sequence: int, entry_id: int) -> Fault:
    words = f"Entry {entry_id}, sealed as number {sequence:,}, says nothing, and no erasure is on record."
    return Fault(Tampering.PAYLOAD_TAKEN, sequence, words)


def _gap(first: int, last: int) -> Fault:
    many = f"Numbers {first:,} to {last:,} of the chain are" if last > first else f"Number {first:,} of the chain is"
    return Fault(Tampering.DELETED, first, f"{many} missing: {_entries(last - first + 1)} deleted.")


def _entries(count: int) -> str:
    return "1 entry was" if count == 1 else f"{count:,} entries were"


def _broken(
    row: Link, digest: bytes, previous: bytes, behind: tuple[tuple[tuple[int, bytes], ...], int], read: Read
) -> Fault:
    """Tell what was done to a link that does not fit onto the one before it; `behind` are the last ones that did."""
    recent, last_id = behind
    after = next(read(row.sequence), None)
    after = after if after is not None and after.id is not None else None
    if after and _fits(after, previous, row.sequence) and not _fits(row, after.hash, row.sequence + 1):
        return _inserted(row.sequence, row.sequence)
    if digest != row.digest:
        return _edited_entry(row, read)
    return (
        _fits_further_back(row, recent)
        or _fits_further_on(row, previous, read)
        or _renumbered(row, after, last_id)
        or Fault(Tampering.ENTRY_EDITED, row.sequence, f"The seal of entry {row.id} ({_number(row)}) was edited.")
    )


def _number(row: Link) -> str:
    return f"number {row.sequence:,}"


def _fits_further_back(row: Link, recent: tuple[tuple[int, bytes], ...]) -> Fault | None:
    """What stands between the link and the one it was made on was put in, though it was sealed as it should be."""
    for earlier, its_hash in recent[-2::-1]:
        if _fits(row, its_hash, earlier + 1):
            return _inserted(earlier + 1, row.sequence - 1)
    return None


def _fits_further_on(row: Link, previous: bytes, read: Read) -> Fault | None:
    """The link that belongs here stands further on: the two changed places, or what is between was put in."""
    before = row
    for other in read(row.sequence):
        if other.id is not None and _fits(other, previous, row.sequence):
            onto = other.hash if before is row else before.hash
            if _fits(row, onto, other.sequence):
                return _swapped(row.sequence, other.sequence)
            return _inserted(row.sequence, other.sequence - 1)
        before = other
    return None


def _renumbered(row: Link, after: Link | None, last_id: int) -> Fault | None:
    """The links from here on were made with higher numbers: those before them were taken out."""
    if after is None:
        if row.id is not None and row.id > last_id + 1:
            words = f"Before entry {row.id} ({_number(row)}), the last, entries were deleted and it was renumbered."
            return Fault(Tampering.DELETED, row.sequence, words)
        return None
    for taken in range(1, REMEMBERED):
        if _fits(after, row.hash, row.sequence + 1 + taken):
            words = f"Before entry {row.id} ({_number(row)}) {_entries(taken)} deleted and the rest renumbered."
            return Fault(Tampering.DELETED, row.sequence, words)
    return None


def _fits(row: Link, previous: bytes, sequence: int) -> bool:
    try:
        return link(previous, outer_digest(row), sequence, sealed_at(row.sealed_at)) == row.hash
    except TypeError:  # what was put in the place of a hash is none
        return False


def _inserted(first: int, last: int) -> Fault:
    which = f"Number {first:,} was" if first == last else f"Numbers {first:,} to {last:,} were"
    return Fault(
        Tampering.INSERTED, first, f"{which} put in: the chain fits without {'it' if first == last else 'them'}."
    )


def _swapped(one: int, other: int) -> Fault:
    return Fault(Tampering.SWAPPED, one, f"Numbers {one:,} and {other:,} were swapped.")


def _edited_entry(row: Link, read: Read) -> Fault:
    """Tell an edited entry from one that changed places with another, whose number stayed or went along."""
    for other in read(0):
        if other.sequence == row.sequence or other.id is None:
            continue
        if row.digest in {outer_digest(other), outer_digest(other._replace(id=row.id))}:
            return _swapped(row.sequence, other.sequence)
    return Fault(
        Tampering.ENTRY_EDITED, row.sequence, f"Entry {row.id}, sealed as number {row.sequence:,}, was edited."
    )


def _edited_payload(row: Link, found: bytes, read: Read) -> Fault:
    for other in read(0):
        if other.payload_digest == found and other.sequence != row.sequence:
            return _swapped(row.sequence, other.sequence)
    words = f"What entry {row.id}, sealed as number {row.sequence:,}, says was edited."
    return Fault(Tampering.PAYLOAD_EDITED, row.sequence, words)


def _in_words(witness: Witness) -> str:
    where = witness.source or "kept in the database"
    return f"number {witness.sequence:,} of {witness.at:%Y-%m-%d %H:%M} UTC, {where}"


def _rewritten(witness: Witness, agreed_at: int, sealed: str) -> Fault:
    """Tell a tail that was hashed again from one that grew anew on an older copy: the latter was sealed later."""
    first = agreed_at + 1
    span = f"from number {first:,} or later" if first < witness.sequence else f"at number {first:,}"
    if sealed > witness.at.astimezone(UTC).isoformat():
        words = f"The chain is another {span}, and was sealed after the checkpoint ({_in_words(witness)})."
        return Fault(Tampering.OLDER_COPY, first, words)
    words = f"The chain is whole but is not the one that was witnessed {span} ({_in_words(witness)})."
    return Fault(Tampering.TAIL_REWRITTEN, first, words)


def _cut(witness: Witness, head: int, knows_of: Callable[[datetime], bool]) -> Fault:
    """Tell a tail that was cut off from an older copy, in which nothing else is from the time of the witness either."""
    missing = f"The chain ends at {head:,}; the checkpoint is {_in_words(witness)}."
    if knows_of(witness.at):
        return Fault(Tampering.TAIL_CUT, head + 1, f"{missing} Other records of that time are still here.")
    return Fault(Tampering.OLDER_COPY, head + 1, f"{missing} Nothing else is here from that time either.")
