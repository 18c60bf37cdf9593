"""Ask whether a pinned package has a known hole, and say plainly when nobody could be asked.

`python .ci/audit_dependencies.py` asks OSV over the network; `--advisories FOLDER` reads a copy of it (the JSON files
of OSV's export) and says how old it is. Ends with 0 (audited, none found), 1 (found) or 2 (NOT AUDITED).

A source is believed only if it knows of a hole that is there: one that finds nothing in Jinja2 2.4.1 finds nothing
anywhere, and an audit by it would be green for ever.
"""

import argparse
import json
import re
import sys
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = "https://api.osv.dev/v1/querybatch"
PATIENCE = 10
OLDEST = timedelta(days=14)
KNOWN_HOLE = ("PyPI", "jinja2", "2.4.1")
Package = tuple[str, str, str]


class NotAuditedError(Exception):
    """Nobody could be asked, or who was asked knows nothing."""


def packages(root: Path) -> list[Package]:
    """Give what the locks pin: ecosystem, name and version."""
    locks = ("requirements.lock", "requirements-dev.lock", "requirements-setup.lock", "requirements-assets.lock")
    pins = {
        ("PyPI", _plain(name), version)
        for lock in locks
        for name, version in re.findall(
            r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", (root / lock).read_text(), re.MULTILINE
        )
    }
    browser = json.loads((root / "package-lock.json").read_text())["packages"]
    pins |= {("npm", path.rpartition("node_modules/")[2], each["version"]) for path, each in browser.items() if path}
    return sorted(pins)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def asked(wanted: list[Package], source: str = SOURCE) -> dict[Package, list[str]]:
    """Ask OSV about all packages at once; gives the names of the holes of each."""
    queries = [{"package": {"ecosystem": kind, "name": name}, "version": at} for kind, name, at in wanted]
    question = urllib.request.Request(  # noqa: S310 - a fixed https address
        source, json.dumps({"queries": queries}).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(question, timeout=PATIENCE) as answer:  # noqa: S310 - the same
            results = json.load(answer)["results"]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise NotAuditedError(f"{source} cannot be reached ({type(fault).__name__})") from fault
    if len(results) != len(wanted):
        raise NotAuditedError(f"{source} answered {len(results)} of {len(wanted)} questions")
    return {
        each: [hole["id"] for hole in (found or {}).get("vulns", [])]
        for each, found in zip(wanted, results, strict=True)
    }


def looked_up(wanted: Iterable[Package], folder: Path, *, today: datetime) -> dict[Package, list[str]]:
    """Look packages up in a copy of OSV: by the versions that an advisory lists."""
    by_name: dict[tuple[str, str], list[tuple[str, frozenset[str]]]] = {}
    newest = ""
    for path in folder.rglob("*.json"):
        advisory = json.loads(path.read_text())
        newest = max(newest, advisory.get("modified", ""))
        if not advisory.get("withdrawn"):
            for part in advisory.get("affected", ()):
                about = part.get("package", {})
                key = (about.get("ecosystem", ""), _plain(about.get("name", "")))
                by_name.setdefault(key, []).append((advisory["id"], frozenset(part.get("versions", ()))))
    if not newest:
        raise NotAuditedError(f"{folder} holds no advisory")
    age = today - datetime.fromisoformat(newest)
    if age > OLDEST:
        raise NotAuditedError(f"the newest advisory in {folder} is {age.days} days old; {OLDEST.days} is the most")
    return {
        (kind, name, at): [hole for hole, versions in by_name.get((kind, _plain(name)), ()) if at in versions]
        for kind, name, at in wanted
    }


def audit(root: Path, find: Callable[[list[Package]], Mapping[Package, list[str]]]) -> tuple[int, str]:
    """Audit the locks with a function that finds holes; gives the exit code and what to say."""
    wanted = packages(root)
    try:
        found = find([*wanted, KNOWN_HOLE])
    except NotAuditedError as why:
        return 2, f"NOT AUDITED: {len(wanted)} packages, since {why}."
    if not found.get(KNOWN_HOLE):
        return 2, f"NOT AUDITED: {len(wanted)} packages, since the source knows of no hole in Jinja2 2.4.1."
    holes = {each: names for each, names in found.items() if names and each != KNOWN_HOLE}
    if holes:
        lines = (f"  {name} {version}: {', '.join(names)}" for (_kind, name, version), names in holes.items())
        return 1, "\n".join((f"Known holes in {len(holes)} of {len(wanted)} packages:", *lines))
    return 0, f"Audited {len(wanted)} packages: no known hole."


def main() -> int:
    """Audit and say so."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--advisories", type=Path, help="a folder with a copy of OSV's advisories")
    folder = parser.parse_args().advisories
    now = datetime.now(UTC)
    code, words = audit(ROOT, (lambda wanted: looked_up(wanted, folder, today=now)) if folder else asked)
    print(words, file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
