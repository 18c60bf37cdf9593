"""The papers on security say what the code does: a table lists what is there and no more, a number is the code's."""

import ast
import importlib.util
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from riskapp.adapters import guessing, oidc
from riskapp.adapters.mail import SmtpMailer
from riskapp.app import CONNECT_WITHIN, create_app
from riskapp.domain import imports
from riskapp.domain import oidc as oidc_rules
from riskapp.domain.policy import parse_policy, read_documents
from riskapp.domain.signing_in import ALWAYS_CONTEXT, LONGEST_PASSWORD
from riskapp.features.escalation import jobs as escalation
from riskapp.features.reminders import service as reminders
from riskapp.models.database import Base, db
from riskapp.settings import LIMITS, OidcSettings, Settings
from riskapp.web import csv, uploads
from riskapp.web.headers import HEADERS
from tests.conftest import settings_for

ROOT = Path(__file__).parents[2]
RISKAPP = ROOT / "riskapp"
SOURCES = sorted(RISKAPP.rglob("*.py"))
RULES = parse_policy(read_documents(ROOT / "policies")).signing_in


def section(paper: str, heading: str) -> str:
    """What a paper says under a heading, line breaks aside but those of tables."""
    words = (ROOT / "docs" / paper).read_text(encoding="utf-8")
    assert f"## {heading}\n" in words, f"docs/{paper} has no section {heading}"
    return words.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def prose(paper: str, heading: str) -> str:
    return re.sub(r"\s+", " ", section(paper, heading))


def table(paper: str, heading: str) -> list[list[str]]:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section(paper, heading).splitlines()
        if line.startswith("|") and "---" not in line
    ]
    return rows[1:]


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)


def hours(span: timedelta) -> int:
    return span // timedelta(hours=1)


def _files_with(pattern: str) -> set[str]:
    return {path.relative_to(RISKAPP).as_posix() for path in SOURCES if re.search(pattern, path.read_text())}


# ---- docs/security.md


def test_each_way_to_begin_a_session_is_in_the_table_of_ways_in_and_there_is_no_other(app):
    begins = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and re.search(r"sessions\.(let_in|start)\(", ast.unparse(node)):
                begins.add(f"{path.parent.name}.{node.name}")
    assert begins == {"accounts.sign_in", "accounts.code", "second_factor.enrol", "oidc._signed_in", "oidc._invited"}
    addresses = {named(row[1])[0] for row in table("security.md", "Ways in")}
    doors = {"accounts.sign_in", "accounts.code", "second_factor.enrol", "oidc.answer"}
    assert addresses == {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint in doors}
    assert len(table("security.md", "Ways in")) >= len(begins)


def test_the_paper_says_what_a_password_is_and_how_guessing_is_slowed_as_the_policy_does():
    said = prose("security.md", "Passwords and guessing")
    assert f"at least {RULES.least} characters, or {RULES.least_with_second_factor} beside a second factor" in said
    assert f"at most {LONGEST_PASSWORD};" in said
    assert f"within {guessing.FEWEST_GUESSES:,} guesses" in said
    assert (
        f"After {RULES.account.free} wrong tries for an account within {hours(RULES.account.within)} hours, or "
        f"{RULES.network.free} from an address of the network within {hours(RULES.network.within)} hour"
    ) in said
    assert f"waits {RULES.first_wait.seconds} seconds" in said
    assert f"up to {minutes(RULES.longest_wait)} minutes" in said
    assert "no account is ever locked" in said


def test_the_words_that_no_password_is_made_of_are_in_the_paper():
    said = prose("security.md", "Passwords and guessing")
    assert set(ALWAYS_CONTEXT) <= set(named(said))
    assert "the council's name (`COUNCIL_NAME`) and the owner's own address" in said


def test_the_paper_says_how_long_a_session_lasts_and_why_as_the_policy_does():
    said = prose("security.md", "Sessions")
    assert f"ends after {minutes(RULES.idle)} minutes without use" in said
    assert f"for an administrator after {minutes(RULES.idle_of_administrators)}" in said
    assert f"after {hours(RULES.longest)} hours in any case" in said
    assert f"unless it was given within {minutes(RULES.proof_lasts)} minutes" in said
    assert "NIST SP 800-63B" in said
    assert "any number of browsers" in said


def test_the_paper_on_the_provider_says_how_long_its_people_stay_signed_in_here():
    said = re.sub(r"\s+", " ", (ROOT / "docs/sign-in-with-entra.md").read_text())
    assert f"after {minutes(RULES.idle)} minutes without use, or {hours(RULES.longest)} hours" in said
    assert f"once within {hours(oidc_rules.INVITATION_FOR)} hours" in said
    assert "To sign out ends the session here" in said


def test_every_limit_is_in_the_paper_as_it_is_set():
    rows = {named(row[0])[0]: named(row[1])[0] for row in table("security.md", "What is counted")}
    assert rows == {
        f"LIMIT_{deed.replace(' ', '_').upper()}": f"{limit.most} in {limit.window.total_seconds():.0f}"
        for deed, limit in LIMITS.items()
    }


WHAT = "remote_addr|referrer|user_agent|cookies|host|origin|authorization|date"
READ = rf"request\.({WHAT}|headers(?:\.get)?[(\[]\"[\w-]+\")"


def test_whatever_is_read_of_a_request_beside_its_form_is_in_the_paper():
    read = {hit for path in SOURCES for hit in re.findall(READ, path.read_text())}
    read |= {hit for path in SOURCES for hit in re.findall(r"(\"[\w-]+\") in request\.headers", path.read_text())}
    names = {re.sub(r"headers(\.get)?[(\[]|\"", "", each) for each in read}
    said = {each for row in table("security.md", "What is looked at besides who asks") for each in named(row[0])}
    assert names <= said
    assert said - names == {"Host", "Referer"}, "spelt as headers, and read by the names that the framework gives them"


def test_every_header_that_a_page_sends_is_in_the_paper():
    said = prose("security.md", "What a browser gets")
    assert [name for name in HEADERS if name not in said] == []
    assert "neither warned nor turned away" in said


def test_the_paper_says_what_may_be_uploaded_as_the_doors_do():
    said = prose("security.md", "What a door takes")
    assert f"A form takes {uploads.A_FORM // uploads.MEGABYTE} MB" in said
    assert f"at most {imports.MOST_BYTES // uploads.MEGABYTE} MB and {imports.MOST_ROWS:,} lines" in said


def test_the_paper_gives_the_days_in_which_a_hole_is_closed_and_all_is_brought_up_to_date():
    said = prose("security.md", "What we depend on")
    assert "A high or critical hole is closed in 7 days, a medium one in 30" in said
    assert "at least every 90 days" in said


def test_what_the_proxy_must_do_is_said():
    said = prose("security.md", "At the proxy")
    for each in ("TLS 1.2 and 1.3", "browsers trust", "X-Forwarded-Proto", "PROXY_HOPS", "keep no copy", "HTTP/1.1"):
        assert each in said


# ---- docs/security-inventory.md


CRYPTOGRAPHY = (
    r"(?m)^(import|from) (hashlib|hmac|argon2|cryptography|joserfc|itsdangerous|ssl)\b(?!.*SplitResult)"
    r"|\bsecrets\.(token_\w+|choice|randbelow)"
)
BY_TLS = {"adapters/mail.py"}
"""It makes a connection of TLS by the library, which is in the table of connections."""


def test_every_use_of_cryptography_is_in_the_inventory_and_nothing_else_is():
    used = _files_with(CRYPTOGRAPHY) - BY_TLS
    listed = {file for row in table("security-inventory.md", "Keys and algorithms") for file in named(row[0])}
    assert listed == used


def test_no_digest_is_used_but_those_of_the_inventory():
    used = set()
    for path in SOURCES:
        used |= set(re.findall(r"\b(md5|sha1|sha224|sha256|sha384|sha512|sha3_\w+|blake2\w)\b", path.read_text()))
    assert used == {"sha1", "sha256"}
    assert _files_with(r"\bsha1\b") == {"domain/one_time_codes.py", "adapters/guessing.py"}


def test_the_inventory_says_what_follows_when_an_algorithm_falls():
    said = prose("security-inventory.md", "Keys and algorithms")
    assert "When an algorithm falls." in said
    assert "After quantum computers" in said


def test_every_connection_is_in_the_inventory_with_its_bounds(tmp_path):
    opens = _files_with(
        r"(?m)^(import|from) (smtplib|requests|authlib|urllib\.request|http\.client|ftplib|psycopg|redis)\b"
    )
    assert opens == {"adapters/mail.py", "adapters/oidc.py"}
    rows = {
        named(row[2])[0]: row[4] for row in table("security-inventory.md", "Connections") if "web, at" not in row[1]
    }
    assert set(rows) == {"HOST", "DATABASE_URL", "SMTP_URL", "OIDC_ISSUER"}
    app = create_app(settings_for("postgresql+psycopg://nobody@127.0.0.1/none", tmp_path))
    with app.app_context():
        pool = db.engine.pool
        words = f"{pool.size()} and {pool._max_overflow} more a process; {pool._timeout:.0f} seconds for one"
        assert f"{words}, {CONNECT_WITHIN} to connect" == rows["DATABASE_URL"]
    assert f"{SmtpMailer.__init__.__kwdefaults__['timeout']} seconds" in rows["SMTP_URL"]
    assert f"{oidc.PATIENCE} seconds" in rows["OIDC_ISSUER"]
    assert oidc.KNOWN_FOR == 3600
    waits = [str(minutes(each)) for each in reminders.RETRY_AFTER]
    said = prose("security-inventory.md", "Connections")
    assert f"waits {', '.join(waits[:-1])} and {waits[-1]} minutes" in said


def test_every_secret_of_the_settings_is_in_the_inventory_with_when_it_is_changed():
    kept = {each.name for each in (*fields(Settings), *fields(OidcSettings)) if not each.repr}
    listed = {
        named(row[0])[0].lower().removeprefix("oidc_"): row[2] for row in table("security-inventory.md", "Secrets")
    }
    assert set(listed) == kept
    assert all(listed.values())


LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log", "note", "warn", "fault"}


def _events() -> Iterator[str]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS
            if is_call and ast.unparse(node.func.value) in {"log", "logs", "app.logger"}:
                first = node.args[1] if node.func.attr == "log" else node.args[0]
                if isinstance(first, ast.Constant):
                    yield str(first.value)


def test_every_line_of_the_log_is_in_the_inventory_and_nothing_else_is():
    assert {named(row[0])[0] for row in table("security-inventory.md", "Log lines")} == set(_events())


def test_what_takes_long_is_in_the_inventory_with_its_bounds():
    said = prose("security-inventory.md", "Work that takes long")
    assert f"{csv.MOST_ROWS:,} lines at most" in said
    assert f"{imports.MOST_BYTES // uploads.MEGABYTE} MB, {imports.MOST_ROWS:,} lines" in said
    assert f"pieces of {escalation.AT_A_TIME} and {reminders.AT_A_TIME:,}" in said
    assert {f"LIMIT_{deed}" for deed in ("SIGN_IN", "EXPORT", "SEARCH", "WRITE")} <= set(named(said))


def test_packages_that_could_do_harm_are_named_among_those_that_we_have():
    rows = table("security-inventory.md", "Parts that could do harm")
    pinned = set(re.findall(r"^([\w-]+)(?:\[\w+\])?==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    listed = {name for row in rows for name in named(row[0])}
    assert listed <= pinned
    assert all(row[1] and row[2] for row in rows)
    risky = {"reportlab", "werkzeug", "authlib", "joserfc", "cryptography", "psycopg", "argon2-cffi"}
    direct = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert risky <= listed
    assert any(each.startswith("reportlab") for each in direct)


def test_the_inventory_leads_to_every_call_that_could_do_harm():
    said = prose("security-inventory.md", "Parts that could do harm")
    spec = importlib.util.spec_from_file_location("raw_calls", ROOT / "tests/architecture/test_raw_calls.py")
    raw_calls = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(raw_calls)
    assert "tests/architecture/test_raw_calls.py" in named(said)
    for kind in ("the system", "code from words", "objects from bytes", "markup", "files by name", "cookies"):
        assert kind in raw_calls.CALLS
        assert kind in said
    assert f"{guessing.LOOKED_AT} signs" in said


def test_every_table_has_one_level_of_protection_and_each_level_says_what_it_asks_for():
    rows = table("security-inventory.md", "What is kept, by level")
    listed = [name for row in rows for name in named(row[1])]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(Base.metadata.tables)
    assert all(row[2] for row in rows)
    said = prose("security-inventory.md", "What is kept, by level")
    assert "Encryption: in transit" in said
    assert "Integrity:" in said


# ---- docs/rules.md


@pytest.fixture(scope="module")
def describing():
    spec = importlib.util.spec_from_file_location("describe_rules", ROOT / ".ci/describe_rules.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_the_paper_of_rules_says_what_each_field_takes_as_its_form_does(describing):
    kept = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    assert kept == describing.paper(), "run python .ci/describe_rules.py"
    assert len(re.findall(r"\| (yes|no) \|", kept)) > 100


def test_every_rule_that_says_no_is_in_the_paper_with_when(describing):
    rows = table("rules.md", "Rules that say no")
    assert {row[0] for row in rows} == {each.__name__ for each in describing._classes(describing.Cannot)}
    assert all(row[1] for row in rows)
    assert len(rows) > 50
