"""The audit of what we depend on: it finds what is there, and is never green when it could not look."""

import importlib.util
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TODAY = datetime(2026, 12, 1, tzinfo=UTC)
SPEC = importlib.util.spec_from_file_location("audit_dependencies", ROOT / ".ci/audit_dependencies.py")
auditing = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(auditing)


@pytest.fixture
def copy(tmp_path):
    """A copy of advisories: each a package, its versions with the hole, and the day it was written."""

    def made(*advisories, modified="2026-11-25T00:00:00Z"):
        for number, (name, *versions) in enumerate(advisories):
            about = {"package": {"ecosystem": "PyPI", "name": name}, "versions": versions}
            words = {"id": f"X-{number}", "modified": modified, "affected": [about]}
            (tmp_path / f"{number}.json").write_text(json.dumps(words))
        return lambda wanted: auditing.looked_up(wanted, tmp_path, today=TODAY)

    return made


CONTROL = ("Jinja2", "2.4.1")


def test_every_pinned_package_is_asked_about():
    kinds = [kind for kind, _name, _version in auditing.packages(ROOT)]
    assert kinds.count("PyPI") > 40
    assert kinds.count("npm") > 2


def test_a_known_hole_is_named(copy):
    pinned = next(each for each in auditing.packages(ROOT) if each[1] == "flask")
    code, words = auditing.audit(ROOT, copy(CONTROL, ("Flask", pinned[2])))
    assert code == 1
    assert f"flask {pinned[2]}: X-1" in words


def test_what_was_audited_is_counted(copy):
    code, words = auditing.audit(ROOT, copy(CONTROL, ("Flask", "0.1")))
    assert (code, words) == (0, f"Audited {len(auditing.packages(ROOT))} packages: no known hole.")


def test_a_source_that_cannot_be_reached_is_no_green(monkeypatch):
    code, words = auditing.audit(ROOT, lambda wanted: auditing.asked(wanted, "http://127.0.0.1:9/"))
    assert code == 2
    assert words.startswith("NOT AUDITED")


def test_a_source_that_knows_nothing_an_empty_copy_and_an_old_one_are_no_green(copy, tmp_path):
    for find in (
        lambda wanted: {each: [] for each in wanted},
        lambda wanted: auditing.looked_up(wanted, tmp_path, today=TODAY),
        copy(CONTROL, modified="2026-11-01T00:00:00Z"),
    ):
        code, words = auditing.audit(ROOT, find)
        assert code == 2
        assert words.startswith("NOT AUDITED")
