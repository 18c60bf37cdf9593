"""The stored form of a pack: canonical JSON, and the short code by which a printed copy can be checked."""

from __future__ import annotations

import hashlib
import json
import types
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from riskapp.reports.pack_data import FORMAT, PackData

_ALPHABET: Final = "23456789BCDFGHJKMNPQRTVWXYZ"  # no vowels, nothing that looks like another


class SnapshotError(ValueError):
    """A stored snapshot that is not a pack; the message names the place and what was expected there."""


def to_json(data: PackData) -> str:
    """Write a pack as canonical JSON: keys sorted, no spaces, dates as 2026-12-31."""
    return json.dumps(_plain(data), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> PackData:
    """Read a pack back, exactly; refuses (`SnapshotError`) what `to_json` could not have written."""
    try:
        raw = json.loads(text)
    except ValueError as problem:
        raise SnapshotError(f"The snapshot is not JSON: {problem}") from problem
    if isinstance(raw, dict) and raw.get("format") != FORMAT:
        raise SnapshotError(f"format: expected {FORMAT}, found {raw.get('format')!r}")
    data = _read(PackData, raw, "pack")
    if not isinstance(data, PackData):
        raise SnapshotError("pack: expected a pack")
    return data


def content_code(data: PackData) -> str:
    """Give the code that stands on every page, like P1-7F3K-9Q2M: eight letters of the snapshot's SHA-256."""
    number = int.from_bytes(hashlib.sha256(to_json(data).encode(errors="surrogatepass")).digest())
    letters = []
    for _ in range(8):
        number, at = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[at])
    return f"P{data.part}-{''.join(letters[:4])}-{''.join(letters[4:])}"


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, raw: Any, place: str) -> Any:
    """Turn plain JSON into a value of a kind; `place` names it in a refusal."""
    origin, inside = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return None if raw is None else _read(next(each for each in inside if each is not type(None)), raw, place)
    if origin is Literal:
        return _expect(raw in inside, raw, place, f"one of {', '.join(map(str, inside))}")
    if origin is tuple:
        _expect(isinstance(raw, list), raw, place, "a list")
        return tuple(_read(inside[0], each, f"{place}[{at}]") for at, each in enumerate(raw))
    if kind is date:
        return _read_date(raw, place)
    if is_dataclass(kind) and isinstance(kind, type):
        return _read_record(kind, raw, place)
    return _expect(type(raw) is kind, raw, place, kind.__name__)


def _read_record(kind: type, raw: Any, place: str) -> Any:
    hints = _hints(kind)
    _expect(isinstance(raw, dict), raw, place, "an object")
    odd = sorted(set(raw) ^ set(hints))
    if odd:
        raise SnapshotError(f"{place}.{odd[0]}: {'not known' if odd[0] in raw else 'missing'}")
    return kind(**{name: _read(hint, raw[name], f"{place}.{name}") for name, hint in hints.items()})


def _read_date(raw: Any, place: str) -> date:
    try:
        return date.fromisoformat(_expect(isinstance(raw, str), raw, place, "a date"))
    except ValueError as problem:
        raise SnapshotError(f"{place}: expected a date like 2026-12-31, found {raw!r}") from problem


def _expect(is_right: bool, raw: Any, place: str, what: str) -> Any:  # noqa: FBT001 - the condition is the point
    if not is_right:
        raise SnapshotError(f"{place}: expected {what}, found {raw!r:.60}")
    return raw
