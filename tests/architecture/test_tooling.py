"""The tree can go anywhere: it names no registry and no machine, and what it depends on is pinned by hash."""

import fnmatch
import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-setup.lock", "requirements-assets.lock")

# Written with brackets so that this file does not find itself.
REGISTRY = re.compile(
    r"[r]egistry\.npm|://[^/\s]*[r]egistry|[p]ythonhosted|[p]ypi\.org|[a]rtifactory|[-]-(extra-)?index-url|[-]-find-links"
)
MACHINE = re.compile(r"(?<![\w./-])/([r]oot|[h]ome/\w+|[U]sers/\w+)/")


def own_files() -> Iterator[Path]:
    """Every file of the tree that is not git-ignored, found without git, which a bare machine lacks."""
    ignored = [line.strip().rstrip("/") for line in (ROOT / ".gitignore").read_text().split()] + [".git"]
    for folder, folders, files in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)

        def is_ours(name: str, here: Path = here) -> bool:
            return not any(fnmatch.fnmatch(name, rule) or (here / name).as_posix() == rule for rule in ignored)

        folders[:] = filter(is_ours, folders)
        yield from (ROOT / here / name for name in filter(is_ours, files))


def lines_that_match(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in own_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue  # a picture
        found += [f"{path.relative_to(ROOT)}: {line}" for line in text.splitlines() if pattern.search(line)]
    return found


def test_no_file_names_a_package_registry():
    assert lines_that_match(REGISTRY) == []


def test_no_file_holds_a_path_of_a_machine():
    assert lines_that_match(MACHINE) == []
    assert lines_that_match(re.compile(re.escape(str(ROOT)) + r"\b")) == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_no_address_and_pins_every_package_by_hash(name):
    lock = (ROOT / name).read_text()
    assert "://" not in lock
    assert " @ " not in lock
    packages = re.split(r"\n(?=\S)", "\n".join(line for line in lock.splitlines() if not line.startswith("#")))
    assert packages
    for package in packages:
        assert re.match(r"[\w.\[\],-]+==\S+", package)
        assert "--hash=sha256:" in package


def test_the_npm_lock_holds_hashes_and_no_place_to_fetch_from():
    packages: dict[str, dict[str, str]] = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    packages.pop("")
    assert packages
    for package in packages.values():
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package


def test_the_locks_were_made_from_the_versions_that_the_project_names():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {
        "requirements.lock": project["project"]["dependencies"],
        "requirements-dev.lock": project["project"]["dependencies"]
        + project["project"]["optional-dependencies"]["dev"],
        "requirements-setup.lock": project["dependency-groups"]["setup"],
        "requirements-assets.lock": project["dependency-groups"]["assets"],
    }
    for name, requirements in wanted.items():
        pinned = set(re.findall(r"^[\w.-]+==[^\s;]+", (ROOT / name).read_text(), re.MULTILINE))
        assert {re.sub(r"\[.*\]", "", requirement) for requirement in requirements} <= pinned, f"{name}: make lock"
    npm = json.loads((ROOT / "package.json").read_text())
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for package, version in (npm["dependencies"] | npm["devDependencies"]).items():
        assert locked[f"node_modules/{package}"]["version"] == version


def test_what_runs_is_what_was_tested():
    production = set(re.findall(r"^\S+==.*", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    development = set(re.findall(r"^\S+==.*", (ROOT / "requirements-dev.lock").read_text(), re.MULTILINE))
    assert production <= development


def test_make_help_lists_every_command_in_one_line_each():
    shown = subprocess.run(["make", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^make (\w+) +\S", shown, re.MULTILINE)
    assert commands == ["help", "run", "test", "drill", "check", "audit", "format", "bench", "setup", "lock", "clean"]


def test_a_missing_python_is_one_clear_line():
    refused = subprocess.run(
        ["make", "-s", "-C", str(ROOT), "ground", "PYTHON=no-such-python"],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in refused.stderr.splitlines() if not line.startswith("make")]
    assert refused.returncode != 0
    assert said == ["no-such-python was not found. riskapp needs Python 3.11 or newer: sudo apt-get install python3"]


def test_ci_runs_the_same_two_commands_as_a_developer():
    commands = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line.startswith("make ")]
    assert [line for line in commands if "--version" not in line] == ["make check", "make test"]
