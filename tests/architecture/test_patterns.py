"""Patterns and SQL are written by us and never by who sends words; no words make a pattern slow."""

import ast
import importlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

RISKAPP = Path(__file__).parents[2] / "riskapp"
SOURCES = sorted(RISKAPP.rglob("*.py"))
METHODS = ("fullmatch", "match", "search", "sub", "subn", "split", "findall", "finditer")
SQL = r"(sa\.)?(text|literal_column|DDL)|.*\.(exec_driver_sql|op|execute_sql)"
ARGUED = {
    "features/accounts/queries.py: value": "a power of two of the flags of a session",
    "features/life/queries.py: what": "the name of one of a few kinds, in the same file",
    "features/quality/queries.py: what": "the name of one of two columns, in the same file",
    "features/risks/queries.py: what": "the name of one of two columns, in the same file",
}
"""Names that go into SQL as they are, and what they hold; every other is a constant of ours, in capitals."""


def _is_ours(node: ast.expr, path: Path) -> bool:
    """Whether it is a constant, or put together from constants alone."""
    match node:
        case ast.Name() | ast.Attribute():
            name = ast.unparse(node)
            named = f"{path.relative_to(RISKAPP).as_posix()}: {name}"
            return name.rpartition(".")[2].isupper() or named in ARGUED
        case ast.BinOp(left=left, right=right):
            parts = [left, right]
        case ast.JoinedStr(values=values):
            parts = values
        case ast.FormattedValue(value=value) | ast.Call(func=ast.Name(id="str"), args=[value]):
            parts = [value]
        case _:
            return isinstance(node, ast.Constant)
    return all(_is_ours(part, path) for part in parts)


def _calls(path: Path, pattern: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args and re.fullmatch(pattern, ast.unparse(node.func)):
            yield node


@pytest.mark.parametrize(("what", "pattern"), [("patterns", r"re\.\w+"), ("SQL", SQL)], ids=("patterns", "SQL"))
def test_no_pattern_and_no_sql_is_built_from_what_somebody_wrote(what, pattern):
    calls = [(path, call) for path in SOURCES for call in _calls(path, pattern)]
    wrong = [f"{path.name}:{call.lineno}" for path, call in calls if not _is_ours(call.args[0], path)]
    assert wrong == []
    assert len(calls) > 30, what


@pytest.mark.parametrize("planted", ["re.search(words, x)", 'text(f"SELECT {words}")', "text('SELECT ' + words)"])
def test_one_that_is_planted_would_be_seen(planted):
    (call,) = [node for node in ast.walk(ast.parse(planted)) if isinstance(node, ast.Call)]
    assert not _is_ours(call.args[0], RISKAPP / "planted.py")


HOW_LONG = 10_000
"""Signs of the longest text that reaches a pattern: the words of a field end sooner, and so does an address."""
SHORT = 28
"""Signs at which a pattern is slow already that takes twice as long for each: it is tried no further."""
HOSTILE = tuple(
    ((each * SHORT)[:SHORT] + end, (each * HOW_LONG)[:HOW_LONG] + end)
    for each in ("a", " ", "\n", "/", "-", "0", "0,", "a ", "a,", "a.", "a@", "@", "<", "'", "=A", "[(", "%2f", "\\",
                 "é", "A-", "_a", ":", "fail to ", "https://a/", "the council ", "-----BEGIN ", "\u202e", ".")
    for end in ("", "!", "@", "\n")
)  # fmt: skip


def _uses() -> Iterator[tuple[str, re.Pattern[str], str]]:
    """Each pattern with the methods it is used by, once each."""
    words = "\n".join(path.read_text() for path in SOURCES)
    for path in SOURCES:
        module = importlib.import_module(".".join(("riskapp", *path.relative_to(RISKAPP).with_suffix("").parts)))
        for name, found in vars(module).items():
            if isinstance(found, re.Pattern) and isinstance(found.pattern, str):
                for method in set(re.findall(rf"\b{name}\.({'|'.join(METHODS)})\b", words)):
                    yield f"{path.name} {name}", found, method
        for call in _calls(path, rf"re\.({'|'.join(METHODS)})"):
            if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str):
                method = ast.unparse(call.func).rpartition(".")[2]
                yield f"{path.name}:{call.lineno}", re.compile(call.args[0].value), method


def _seconds(pattern: re.Pattern[str], method: str, words: str) -> float:
    began = time.process_time()
    found = getattr(pattern, method)(*(["", words] if "sub" in method else [words]))
    if method == "finditer":
        list(found)
    return time.process_time() - began


def test_no_words_make_a_pattern_slow(tell):
    tried, slow = 0, []
    for where, pattern, method in _uses():
        for words in (each for pair in HOSTILE for each in pair):
            tried += 1
            if (took := _seconds(pattern, method, words)) > 0.5:
                slow.append(f"{where} {method} {words[:12]!r} of {len(words)}: {took:.1f} s")
                break
    tell(f"Patterns: {tried:,} tries, up to {HOW_LONG:,} signs long, {len(slow)} slow")
    assert slow == []
    assert tried > 8_000
