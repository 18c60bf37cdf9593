"""What the environment may say, and what stops the start."""

import os
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from riskapp.settings import Limit, Settings, SettingsRefused

ROOT = Path(__file__).parents[2]
A_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978"


@pytest.fixture
def demo(tmp_path: Path):
    """Settings of a demo whose data folder is empty at first."""

    def read(**env: str) -> Settings:
        return Settings.from_environment({"RISKAPP_MODE": "demo", "DATA_DIR": str(tmp_path / "data"), **env})

    return read


@pytest.fixture
def production(tmp_path: Path):
    """Settings of a council that has set the least it must."""

    def read(**env: str) -> Settings:
        least = {"SECRET_KEY": A_KEY, "BASE_URL": "https://risk.council.example", "DATA_DIR": str(tmp_path)}
        return Settings.from_environment({**least, **env})

    return read


def test_without_a_mode_riskapp_is_in_production(production):
    assert production().mode == "production"
    assert not production().is_demo


def test_an_unknown_mode_is_refused_by_name(production):
    with pytest.raises(SettingsRefused, match=r"RISKAPP_MODE is 'Demo'.*demo or production"):
        production(RISKAPP_MODE="Demo")


def test_a_demo_needs_no_configuration(demo, tmp_path):
    settings = demo()
    assert settings.is_demo
    assert settings.database_url == f"sqlite:///{tmp_path / 'data' / 'riskapp.sqlite'}"
    assert (settings.host, settings.port, settings.base_url) == ("127.0.0.1", 5000, "http://127.0.0.1:5000")
    assert settings.council_name == "Demonstration council"
    assert settings.smtp_url is None
    assert settings.demo_password is None
    assert settings.trusted_hosts == ()
    assert settings.proxy_hops == 0


def test_a_demo_keeps_one_secret_key_that_only_its_user_can_read(demo, tmp_path):
    first = demo().secret_key
    kept = tmp_path / "data" / "secret_key"
    assert len(first) >= 32
    assert demo().secret_key == first
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [file.name for file in kept.parent.iterdir()] == ["secret_key"]


def test_of_two_demo_processes_that_start_together_the_later_uses_the_earliers_key(demo, tmp_path, monkeypatch):
    link = os.link

    def link_after_another_process(draft: str, kept: Path) -> None:
        kept.write_text(A_KEY)
        link(draft, kept)

    monkeypatch.setattr("riskapp.settings.os.link", link_after_another_process)
    assert demo().secret_key == A_KEY
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["secret_key"]


def test_a_key_given_to_a_demo_is_used_and_none_is_kept(demo, tmp_path):
    assert demo(SECRET_KEY="short").secret_key == "short"
    assert not (tmp_path / "data" / "secret_key").exists()


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ("", "missing"),
        ("   ", "missing"),
        (A_KEY[:31], "shorter than 32"),
        ("a" * 40, "know or can guess"),
        ("please-change-me-please-change-me-now", "know or can guess"),
        ("192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf", "know or can guess"),
        ("x7Kq9wLm2Zp4" * 3, "know or can guess"),
        ("our-riskapp-key-7Kq9wLm2Zp4tRvB8", "know or can guess"),
        ("7Kq9wLm2Zp4tRvB8-insecure-until-then", "know or can guess"),
    ],
)
def test_outside_demo_a_weak_secret_key_stops_the_start_and_is_not_repeated(production, key, fault):
    with pytest.raises(SettingsRefused, match=f"SECRET_KEY is .*{fault}") as refusal:
        production(SECRET_KEY=key)
    assert "secrets.token_hex" in str(refusal.value)
    assert not key.strip() or key not in str(refusal.value)


def test_the_secret_key_before_is_another_one_and_is_not_printed(production, demo):
    assert production().secret_key_before is None
    settings = production(SECRET_KEY_BEFORE="whatever it was")
    assert settings.secret_key_before == "whatever it was"
    assert "whatever it was" not in repr(settings)
    for start in (production, demo):
        with pytest.raises(SettingsRefused, match="SECRET_KEY_BEFORE is the same as SECRET_KEY"):
            start(SECRET_KEY=A_KEY, SECRET_KEY_BEFORE=A_KEY)


def test_outside_demo_no_key_is_ever_made(production, tmp_path):
    with pytest.raises(SettingsRefused):
        production(SECRET_KEY="")
    assert list(tmp_path.iterdir()) == []


def test_flask_debug_is_refused_outside_demo_only(production, demo):
    with pytest.raises(SettingsRefused, match="FLASK_DEBUG"):
        production(FLASK_DEBUG="1")
    assert production(FLASK_DEBUG="0").mode == "production"
    assert demo(FLASK_DEBUG="1").mode == "demo"


@pytest.mark.parametrize("command", [("--debug", "--app", "wsgi", "routes"), ("--app", "wsgi", "run", "--debug")])
def test_a_start_with_a_debugger_is_refused_outside_demo_in_one_line(tmp_path, command):
    least = {"PATH": os.environ["PATH"], "SECRET_KEY": A_KEY, "BASE_URL": "https://risk.council.example"}
    environment = least | {"DATA_DIR": str(tmp_path)}
    refused = subprocess.run(
        [sys.executable, "-m", "flask", *command],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert refused.returncode == 1
    assert refused.stderr.strip().splitlines()[-1].startswith("riskapp cannot start. FLASK_DEBUG")
    assert "Traceback" not in refused.stderr


def test_how_often_one_may_ask_is_a_setting(production):
    assert production().limits["export"] == Limit(60, timedelta(minutes=5))
    assert production(LIMIT_EXPORT="5 in 10").limits["export"] == Limit(5, timedelta(seconds=10))
    for wrong in ("0 in 60", "5", "many in 60", "5 in 0", "5 in 90000", "-1 in 60"):
        with pytest.raises(SettingsRefused, match=r"LIMIT_SIGN_IN is .*such as 60 in 300"):
            production(LIMIT_SIGN_IN=wrong)


def test_a_list_of_breached_passwords_is_a_file_of_digests(production, tmp_path):
    (file := tmp_path / "hashes").write_text(f"{'0' * 40}:7\n")
    assert production(BREACHED_PASSWORDS=str(file)).breached_passwords == file
    file.write_text("password\n")
    for wrong in (file, tmp_path / "none", tmp_path):
        with pytest.raises(SettingsRefused, match="BREACHED_PASSWORDS names no list"):
            production(BREACHED_PASSWORDS=str(wrong))


def test_whom_to_tell_of_a_hole_is_an_address(production):
    assert production(MAIL_FROM="Risk <risk@council.example>").security_contact == "mailto:risk@council.example"
    for wrong in ("me", "http://council.example", "mailto:a", "https://a b"):
        with pytest.raises(SettingsRefused, match="SECURITY_CONTACT is"):
            production(SECURITY_CONTACT=wrong)


SAFE = "?sslmode=verify-full"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_gets_the_driver_that_is_installed(production, scheme):
    assert production(DATABASE_URL=f"{scheme}://u:p@h/d{SAFE}").database_url == f"postgresql+psycopg://u:p@h/d{SAFE}"


def test_sqlite_addresses_are_left_as_they_are(production):
    assert production(DATABASE_URL="sqlite:///risk.sqlite").database_url == "sqlite:///risk.sqlite"


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/d", "risk.sqlite", "postgresql+psycopg2://u:hunter2@h/d"])
def test_another_database_is_refused_without_repeating_its_password(production, url):
    with pytest.raises(SettingsRefused, match=r"DATABASE_URL.*postgresql://") as refusal:
        production(DATABASE_URL=url)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hunter2@db/d", "postgresql://u:hunter2@db/d?sslmode=require", "postgresql://10.0.0.7/d",
        "postgresql://u:hunter2@db/d?sslmode=disable", "postgresql://u:hunter2@localhost,db/d",
        "postgresql://u:hunter2@/d?host=db.council.example:5432", "postgresql://localhost.evil.example/d",
        "postgresql://u@127.0.0.1/d?hostaddr=10.0.0.7", f"postgresql://db/d{SAFE}&sslmode=prefer",
    ],
)  # fmt: skip
def test_outside_demo_a_database_on_another_machine_is_asked_over_tls_alone(production, demo, url):
    with pytest.raises(SettingsRefused, match=r"DATABASE_URL names another machine.*sslmode=verify-full") as refusal:
        production(DATABASE_URL=url)
    assert "hunter2" not in str(refusal.value)
    assert demo(DATABASE_URL=url).database_url.endswith(url.partition("://")[2])


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:hunter2@db/d{SAFE}", "postgresql://db:5432/d?sslmode=verify-ca&sslrootcert=/etc/ca.pem",
        "postgresql://127.0.0.1:5432/d", "postgresql://localhost/d", "postgresql://[::1]:5432/d", "postgresql:///d",
        "postgresql:///d?host=/var/run/postgresql", "postgresql://%2Fvar%2Frun%2Fpostgresql/d",
    ],
)  # fmt: skip
def test_a_database_on_this_machine_or_over_tls_is_taken(production, url):
    assert production(DATABASE_URL=url).database_url.endswith(url.partition("://")[2])


def test_what_the_database_library_reads_of_the_environment_counts_too(production):
    assert production(DATABASE_URL="postgresql://db/d", PGSSLMODE="verify-full").database_url
    with pytest.raises(SettingsRefused, match="DATABASE_URL names another machine"):
        production(DATABASE_URL="postgresql:///d", PGHOST="db")


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "postgresql://postgres:postgres@localhost/d"),
        ("DATABASE_URL", "postgresql://riskapp:RiskApp@localhost/d"),
        ("DATABASE_URL", "postgresql://u:%70assword@localhost/d"),
        ("SMTP_URL", "smtps://mailer:mailer@mail.example"),
    ],
)
def test_a_password_that_comes_with_the_software_or_is_its_accounts_name_is_refused(production, name, url):
    with pytest.raises(SettingsRefused, match=f"{name} has a password that others know or can guess") as refusal:
        production(**{name: url, "MAIL_FROM": "risk@council.example"})
    assert "postgres:" not in str(refusal.value)


def test_a_secret_may_stand_in_a_file_that_a_vault_lays_down(production, tmp_path):
    file = tmp_path / "secret"
    file.write_text(f"{A_KEY}\n")
    assert production(SECRET_KEY="", SECRET_KEY_FILE=str(file)).secret_key == A_KEY
    with pytest.raises(SettingsRefused, match="SECRET_KEY_BEFORE is the same as SECRET_KEY"):
        production(SECRET_KEY=A_KEY, SECRET_KEY_BEFORE_FILE=str(file))
    file.write_text("postgresql://u:hunter2@localhost/d\n")
    assert production(DATABASE_URL_FILE=str(file)).database_url == "postgresql+psycopg://u:hunter2@localhost/d"
    with pytest.raises(SettingsRefused, match="SECRET_KEY and SECRET_KEY_FILE are both set"):
        production(SECRET_KEY_FILE=str(file))
    file.write_text(" \n")
    with pytest.raises(SettingsRefused, match="SMTP_URL_FILE names an empty file"):
        production(SMTP_URL_FILE=str(file))
    with pytest.raises(SettingsRefused, match="OIDC_CLIENT_SECRET_FILE names no file that can be read"):
        production(OIDC_CLIENT_SECRET_FILE=str(tmp_path / "none"))


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80.5", "٨٠", "9" * 5000])
def test_a_port_outside_1_to_65535_is_refused(demo, port):
    with pytest.raises(SettingsRefused, match=r"PORT is .*from 1 to 65535"):
        demo(PORT=port)


def test_the_address_follows_the_host_and_port_of_a_demo(demo):
    assert demo(HOST="0.0.0.0", PORT="8080").base_url == "http://0.0.0.0:8080"  # noqa: S104 - only read here
    assert demo(HOST="::1").base_url == "http://[::1]:5000"


def test_a_council_says_where_people_reach_it_since_e_mails_carry_links(production):
    with pytest.raises(SettingsRefused, match="BASE_URL is missing"):
        production(BASE_URL="")
    assert production(BASE_URL="https://council.example/risk/").base_url == "https://council.example/risk"


def test_outside_demo_nobody_comes_from_another_machine_in_the_clear(production, demo):
    with pytest.raises(SettingsRefused, match=r"BASE_URL must begin with https://"):
        production(BASE_URL="http://risk.council.example")
    for here in ("http://localhost:5000", "http://127.0.0.1", "http://[::1]:8000"):
        assert production(BASE_URL=here).base_url == here
    assert demo(BASE_URL="http://risk.council.example").base_url == "http://risk.council.example"


@pytest.mark.parametrize("url", ["council.example", "ftp://council.example", "https://", "https://a b", "https://h:x"])
def test_an_address_that_no_browser_could_open_is_refused(production, url):
    with pytest.raises(SettingsRefused, match="BASE_URL is"):
        production(BASE_URL=url)


def test_only_the_hosts_a_council_names_are_answered(production):
    assert production().trusted_hosts == ("risk.council.example",)
    assert production(TRUSTED_HOSTS="a.example, b.example").trusted_hosts == ("a.example", "b.example")
    with pytest.raises(SettingsRefused, match="TRUSTED_HOSTS"):
        production(TRUSTED_HOSTS="https://a.example/")


@pytest.mark.parametrize(
    "url", ["smtp://u:p@mail.example:587?starttls", "smtps://u:p@mail.example", "smtp://localhost:25"]
)
def test_a_mail_server_is_named_by_address(production, url):
    assert production(SMTP_URL=url, MAIL_FROM="Risk <risk@council.example>").smtp_url == url


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://h:port", "smtp://h?ssl"])
def test_a_mail_server_that_cannot_be_read_is_refused(production, url):
    with pytest.raises(SettingsRefused, match=r"SMTP_URL cannot be read.*starttls"):
        production(SMTP_URL=url)


@pytest.mark.parametrize("url", ["smtp://u:hunter3@mail.example", "smtp://10.0.0.7:25", "smtp://localhost.example"])
def test_outside_demo_no_mail_leaves_for_another_machine_in_the_clear(production, demo, url):
    with pytest.raises(SettingsRefused, match=r"SMTP_URL would send mail .* in the clear.*starttls") as refusal:
        production(SMTP_URL=url, MAIL_FROM="risk@council.example")
    assert "hunter3" not in str(refusal.value)
    assert production(SMTP_URL=f"{url}?starttls", MAIL_FROM="risk@council.example").smtp_url == f"{url}?starttls"
    assert demo(SMTP_URL=url).smtp_url == url


def test_a_council_that_sends_e_mail_says_from_whom(production):
    with pytest.raises(SettingsRefused, match="MAIL_FROM is missing"):
        production(SMTP_URL="smtp://localhost")


@pytest.mark.parametrize("sender", ["nobody", "a@b\nBcc: c@d", "@council.example"])
def test_a_sender_that_is_no_address_is_refused(production, sender):
    with pytest.raises(SettingsRefused, match="MAIL_FROM is"):
        production(MAIL_FROM=sender)


def test_proxies_are_counted(production):
    assert production(PROXY_HOPS="2").proxy_hops == 2
    with pytest.raises(SettingsRefused, match="PROXY_HOPS is"):
        production(PROXY_HOPS="many")


def test_a_second_factor_is_demanded_in_production_and_offered_in_a_demonstration_unless_it_says_otherwise(
    production, demo
):
    assert production().demands_second_factor
    assert production(SECOND_FACTOR="required").demands_second_factor
    assert not demo().demands_second_factor
    assert demo(SECOND_FACTOR="required").demands_second_factor
    with pytest.raises(SettingsRefused, match="SECOND_FACTOR may be offered only with RISKAPP_MODE=demo"):
        production(SECOND_FACTOR="offered")
    with pytest.raises(SettingsRefused, match="SECOND_FACTOR is 'no'"):
        demo(SECOND_FACTOR="no")


def test_a_demo_password_means_nothing_outside_demo(production, demo):
    assert production(DEMO_PASSWORD="let-me-in").demo_password is None
    assert demo(DEMO_PASSWORD="let-me-in").demo_password == "let-me-in"


def test_a_data_folder_that_cannot_be_made_is_refused(demo, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsRefused, match="DATA_DIR"):
        demo(DATA_DIR=str(tmp_path / "file" / "data"))


def test_printed_settings_hold_no_secret(production):
    shown = repr(
        production(
            DATABASE_URL=f"postgresql://u:hunter2@h/d{SAFE}",
            SMTP_URL="smtps://u:hunter3@h",
            MAIL_FROM="risk@council.example",
        )
    )
    assert not any(secret in shown for secret in (A_KEY, "hunter2", "hunter3"))


OIDC = {
    "OIDC_ISSUER": "https://id.council.example",
    "OIDC_CLIENT_ID": "riskapp",
    "OIDC_CLIENT_SECRET": "a secret of the provider",
}
ONE_TENANT = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"


def test_a_sign_in_provider_is_named_whole_and_its_secret_is_not_printed(production):
    assert production().oidc is None
    oidc = production(**OIDC).oidc
    assert (oidc.issuer, oidc.client_id, oidc.is_entra) == ("https://id.council.example", "riskapp", False)
    assert oidc.discovery == "https://id.council.example/.well-known/openid-configuration"
    assert oidc.name == "your council account"
    assert "a secret of the provider" not in f"{production(**OIDC)!r}"


def test_the_address_of_discovery_is_taken_for_the_issuer_it_belongs_to(production):
    given = OIDC | {"OIDC_ISSUER": "https://id.council.example/.well-known/openid-configuration"}
    assert production(**given).oidc.issuer == "https://id.council.example"


@pytest.mark.parametrize("missing", sorted(OIDC))
def test_a_sign_in_provider_is_refused_without_any_one_of_what_it_needs(production, missing):
    with pytest.raises(SettingsRefused, match=f"^{missing} is missing") as refusal:
        production(**{name: value for name, value in OIDC.items() if name != missing})
    assert OIDC["OIDC_CLIENT_SECRET"] not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"OIDC_ISSUER": "http://id.council.example"}, "OIDC_ISSUER cannot be used"),
        ({"OIDC_ISSUER": "file:///etc/passwd"}, "OIDC_ISSUER cannot be used"),
        ({"OIDC_ISSUER": "https://id.council.example?x=1"}, "OIDC_ISSUER cannot be used"),
        ({"OIDC_ISSUER": "https://me:word@id.council.example"}, "OIDC_ISSUER cannot be used"),
        ({"OIDC_NAME": "a name that is too long for any button"}, "OIDC_NAME goes on a button"),
        ({"OIDC_ENTRA": "perhaps"}, "OIDC_ENTRA is 'perhaps'"),
        ({"OIDC_ISSUER": ONE_TENANT}, "OIDC_ENTRA is missing"),
        ({"OIDC_ISSUER": "https://login.microsoftonline.com/common/v2.0", "OIDC_ENTRA": "yes"}, "one tenant"),
        ({"OIDC_ISSUER": "https://login.microsoftonline.com/council.example/v2.0", "OIDC_ENTRA": "yes"}, "one tenant"),
        ({"BASE_URL": "http://risk.council.example"}, "BASE_URL must begin with https"),
    ],
)
def test_a_sign_in_provider_that_would_let_in_others_or_be_heard_by_others_is_refused(production, changes, fault):
    with pytest.raises(SettingsRefused, match=fault):
        production(**OIDC | changes)


def test_entra_is_taken_with_one_tenant_and_a_demo_may_ask_over_http(production, demo):
    assert production(**OIDC | {"OIDC_ISSUER": ONE_TENANT, "OIDC_ENTRA": "yes"}).oidc.is_entra
    assert demo(**OIDC | {"OIDC_ISSUER": "http://127.0.0.1:9400"}).oidc is not None
