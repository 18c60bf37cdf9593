"""Codes of a second factor: those that an app shows anew every half minute (RFC 6238), and those kept for a bad day."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

STEP_SECONDS = 30
DIGITS = 6
WINDOW = 1
"""Steps that a clock may be out by, either way."""
KEY_BYTES = 20
"""As long as the digest of SHA-1, which RFC 4226 section 4 asks for and every app knows."""
RECOVERY_BYTES = 10


def step_at(at: datetime) -> int:
    """The number of the half minute that an instant is in."""
    return int(at.timestamp()) // STEP_SECONDS


def code_of(key: bytes, step: int) -> str:
    """The code (6 figures) of a step: RFC 4226, section 5.3."""
    digest = hmac.digest(key, step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(key: bytes, code: str, *, at: datetime, after: int) -> int | None:
    """The step whose code this is, of those near an instant and later than `after`, which was used; None if none."""
    near = range(step_at(at) - WINDOW, step_at(at) + WINDOW + 1)
    found = [step for step in near if hmac.compare_digest(code_of(key, step).encode(), code.encode())]
    return next((step for step in found if step > after), None)


def tidy(code: str) -> str:
    """A code without the spaces and dashes that people set between its parts, in capitals."""
    return re.sub(r"[\s-]", "", code).upper()


def in_parts(text: str) -> str:
    """Set a space after every four signs, as a person copies them."""
    return " ".join(_parts(text))


def _parts(text: str) -> Iterator[str]:
    return (text[at : at + 4] for at in range(0, len(text), 4))


def recovery_code(random: bytes) -> str:
    """Write ten random bytes as a recovery code: "ABCD-EFGH-IJKL-MNOP"."""
    return "-".join(_parts(base64.b32encode(random).decode()))


def recovery_digest(code: str) -> bytes:
    """What is kept of a recovery code (32 bytes); it has 80 random bits, so that nobody can guess it from this."""
    return hashlib.sha256(tidy(code).encode()).digest()


def key_in_letters(key: bytes) -> str:
    """A key as apps take it by hand: base32 without padding."""
    return base64.b32encode(key).decode().rstrip("=")


def address_of(key: bytes, *, account: str, issuer: str) -> str:
    """What the picture says to an app: the key, whose it is and where it is for."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    return f"otpauth://totp/{label}?secret={key_in_letters(key)}&issuer={quote(issuer, safe='')}"
