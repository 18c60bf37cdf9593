"""What the tests of the demonstration council read: its files, and its rows by key."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

COUNCIL = Path(__file__).parents[2] / "riskapp/features/founding/council"
DATA: dict[str, Any] = {}
for name in ("organisation", "plan", "risks", "actions", "bodies", "escalations", "access", "exemptions"):
    DATA |= tomllib.loads((COUNCIL / f"{name}.toml").read_text(encoding="utf-8"))

UNITS = {unit["key"]: unit for unit in DATA["unit"]}
POSTS = {post["key"]: post for post in DATA["post"]}
RISKS = {risk["key"]: risk for risk in DATA["risk"]}
ACTIONS = {action["key"]: action for action in DATA["action"]}
BODIES = {body["key"]: body for body in DATA["body"]}
OPEN_RISKS = [risk for risk in RISKS.values() if risk["status"] == "open"]


def units_of(kind: str) -> list[str]:
    return [key for key, unit in UNITS.items() if unit["kind"] == kind]


def line_of(unit: str) -> list[str]:
    """The unit and everything above it, up to the council."""
    line = [unit]
    while "parent" in UNITS[line[-1]]:
        line.append(UNITS[line[-1]]["parent"])
    return line


def score(risk: dict[str, Any]) -> int:
    now = risk["history"][-1]
    return int(now["likelihood"] * now["impact"])
