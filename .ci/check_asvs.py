"""Count the states of docs/asvs.csv, and refuse what it cannot show: `python .ci/check_asvs.py`.

A requirement is `met` only by tests that exist, with "; " between; where a test tries many cases, that which shows it
stands in brackets behind it. Every other state gives the day it was judged and a reason in our own words. The
requirements are those of OWASP ASVS 5.0.0 less WebRTC, GraphQL, WebSocket and what an OAuth server is.
"""

import ast
import csv
import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STATES = ("met", "partly", "not met", "not applicable")
APPLICABLE = 301
NUMBER = re.compile(r"V(\d+)\.(\d+)\.(\d+)")
ELSEWHERE = re.compile(r"V17\.|V4\.[34]\.|V10\.[3467]\.")
REASON = re.compile(r"\d{4}-\d\d-\d\d: \S.{5,}")


def tests_of(path: Path) -> set[str]:
    """Give the names of the tests of a file; nothing for a file that is not there."""
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def exists(evidence: str, root: Path) -> bool:
    """Say whether a test is there, and the case of it that is named."""
    file, _, rest = evidence.partition("::")
    test, _, case = rest.partition("[")
    if test not in tests_of(root / file):
        return False
    words, case = (root / file).read_text(), case.removesuffix("]")
    return case in words or case.replace(" ", "_") in words


def faults(rows: list[dict[str, str]], root: Path) -> list[str]:
    """Name every row that claims what it does not show."""
    wrong = [] if len(rows) == APPLICABLE else [f"{len(rows)} rows, where {APPLICABLE} requirements apply"]
    seen = Counter(row["requirement"] for row in rows)
    wrong += [f"{name} stands there {times} times" for name, times in seen.items() if times > 1]
    for row in rows:
        name, state, evidence = row["requirement"], row["state"], row["evidence"]
        if None in row:
            wrong.append(f"{name}: cut at a comma; put what holds one into quotes")
        elif not NUMBER.fullmatch(name) or ELSEWHERE.match(name) or row["level"] not in {"1", "2", "3"}:
            wrong.append(f"{name}: no requirement of those that apply")
        elif state not in STATES:
            wrong.append(f"{name}: the state {state!r} is none of {', '.join(STATES)}")
        elif state == "met" and (missing := [each for each in evidence.split("; ") if not exists(each, root)]):
            wrong.append(f"{name}: met by {missing[0]}, which does not exist")
        elif state != "met" and not REASON.fullmatch(evidence):
            wrong.append(f"{name}: {state} without a day and a reason")
    return wrong


def main() -> int:
    """Print the counts by state and level; ends with 1 if a row is wrong."""
    with (ROOT / "docs/asvs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    wrong = faults(rows, ROOT)
    by_state = Counter(row["state"] for row in rows)
    by_level = Counter((row["level"], row["state"]) for row in rows)
    print(f"ASVS 5.0: {len(rows)} requirements: " + ", ".join(f"{by_state[state]} {state}" for state in STATES))
    for level in "123":
        print(f"  level {level}: " + ", ".join(f"{by_level[level, state]} {state}" for state in STATES))
    for each in wrong:
        print(each, file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
