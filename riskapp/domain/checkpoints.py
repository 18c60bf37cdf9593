"""What a checkpoint of the audit trail says, and how it is spelt for signing, for mail and for paper, and read."""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from riskapp.domain.audit import canonical

SHOWN = 12
"""Characters of the hash that paper shows: a forger would have to try some 10 to the 14 chains to meet them."""
_WORD = "riskapp-checkpoint"
_LONG = re.compile(
    _WORD + r"\s+1\s+(?P<database>[0-9a-f]{32})\s+(?P<sequence>\d{1,15})\s+(?P<hash>[0-9a-f]{64})\s+(?P<at>\S+)"
    r"\s+(?P<public>[A-Za-z0-9+/=]{44})\s+(?P<signature>[A-Za-z0-9+/=]{88})"
)
_SHORT = re.compile(
    r"(?P<sequence>\d{1,3}(?:,\d{3})*|\d{1,15})\s*[·.,;-]?\s*(?P<mark>[0-9a-f]{12})\s*[·.,;-]?\s*"
    r"(?P<day>\d{4}-\d\d-\d\d)\s+(?P<time>\d\d:\d\d)"
)


class NoCheckpointError(ValueError):
    """The text holds no checkpoint; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of the chain at an instant: which database, how many entries, the hash of the last seal (32 bytes)."""

    database: str
    sequence: int
    hash: bytes
    at: datetime

    def message(self) -> bytes:
        """Spell what is signed."""
        facts = {"at": self.at.isoformat(), "database": self.database, "hash": self.hash.hex()}
        return _WORD.encode() + b"\n" + canonical({**facts, "sequence": self.sequence})

    @property
    def mark(self) -> str:
        return self.hash.hex()


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint with its signature (64 bytes) and the public half (32 bytes) of the key that made it."""

    checkpoint: Checkpoint
    public_key: bytes
    signature: bytes

    def line(self) -> str:
        """Spell the whole of it in one line of words with spaces between: what the mail holds and a file may keep."""
        told = self.checkpoint
        keys = (base64.b64encode(each).decode() for each in (self.public_key, self.signature))
        return " ".join((_WORD, "1", told.database, str(told.sequence), told.hash.hex(), told.at.isoformat(), *keys))

    def printed(self) -> str:
        """Spell it in the one short line that stands at the foot of a paper."""
        told = self.checkpoint
        when = f"{told.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return f"Audit trail {told.sequence:,} · {told.hash.hex()[:SHOWN]} · {when} · {self.signature.hex()[:8]}"


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a witness says of the chain: a place, how the hash of its seal begins, when, and where it was seen."""

    sequence: int
    mark: str
    at: datetime
    source: str


def read_signed(text: str) -> Signed:
    """Find the checkpoint in a text, such as the mail it came in, however its lines were broken.

    Refused with NoCheckpointError: a text without one.
    """
    found = _LONG.search(text)
    if found is None:
        raise NoCheckpointError(f"There is no checkpoint in it: a line that begins with {_WORD} was expected.")
    try:
        at = datetime.fromisoformat(found["at"])
        keys = [base64.b64decode(found[name], validate=True) for name in ("public", "signature")]
    except ValueError as problem:
        raise NoCheckpointError(f"The checkpoint in it cannot be read: {problem}.") from problem
    if at.tzinfo is None:
        raise NoCheckpointError("The checkpoint in it cannot be read: its time has no zone.")
    told = Checkpoint(found["database"], int(found["sequence"]), bytes.fromhex(found["hash"]), at)
    return Signed(told, *keys)


def read_printed(text: str) -> Sighting:
    """Read the short line at the foot of a paper, as it is typed off; refused like `read_signed`.

    It holds too little to prove the signature: what is trusted is the paper.
    """
    found = _SHORT.search(text)
    if found is None:
        raise NoCheckpointError(
            'That is not the line of a paper. It looks like "Audit trail 12,345 · 3f9a1c2b7d0e · 2026-11-27 06:30 UTC".'
        )
    try:
        at = datetime.fromisoformat(f"{found['day']}T{found['time']}:59+00:00")
    except ValueError as problem:
        raise NoCheckpointError(f"The line cannot be read: {problem}.") from problem
    return Sighting(int(found["sequence"].replace(",", "")), found["mark"], at, "the line of a paper")
