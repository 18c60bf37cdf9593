"""What the environment says, read once at the start and typed: nothing else in riskapp reads it.

A value that cannot be used is refused by the name of its variable, before anything has started.
"""

import base64
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

Mode = Literal["demo", "production"]
Deed = Literal["sign in", "export", "search", "write", "report", "logout"]

PROJECT = Path(__file__).resolve().parent.parent
POLICIES = PROJECT / "policies"
SHORTEST_SECRET_KEY = 32
LENGTH_OF_AUDIT_KEY = 32
FEWEST_DISTINCT_CHARACTERS = 10
LAST_PORT = 65535
MOST_PROXY_HOPS = 10
# The key printed in Flask's own documentation, and the words of keys that were meant to be replaced.
WELL_KNOWN_KEYS = re.compile(
    r"192b9bdd22ab9ed4d12e236c78afcb9a|change.?(me|this|it)|replace.?(me|this)|your.?secret|secret.?key|"
    r"super.?secret|very.?secret|password|development|example|riskapp|insecure|not.?secret|placeholder|qwerty|"
    r"0123456789|1234567890|abcdefgh",
    re.IGNORECASE,
)
SECRETS = ("SECRET_KEY", "SECRET_KEY_BEFORE", "DATABASE_URL", "SMTP_URL", "OIDC_CLIENT_SECRET")
"""Each may stand in a file that a vault lays down, named by the same name and _FILE. AUDIT_KEY names one by itself."""
CHECKED_TLS = ("verify-full", "verify-ca")
"""What PostgreSQL calls TLS with a look at whose certificate it is: without it anybody on the way could answer."""
DEFAULT_PASSWORDS = frozenset(
    ("admin", "changeme", "guest", "password", "postgres", "postgresql", "riskapp", "root", "secret", "test", "1234")
)
REPEATED_KEY = re.compile(r"(.{1,16})\1{2,}.{0,16}", re.DOTALL)  # a short piece again and again


class SettingsRefused(ValueError):
    """A setting that cannot be used: the message names the variable and what to do."""


ENTRA = "login.microsoftonline.com"
ONE_TENANT = re.compile(r"/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/v2\.0")
DISCOVERY = "/.well-known/openid-configuration"
OIDC_NEEDED = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
LONGEST_BUTTON = 30
OIDC_OTHERS = ("OIDC_NAME", "OIDC_ENTRA")


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """The provider with whose accounts people may sign in, and who riskapp is to it."""

    issuer: str  # as the provider spells itself
    client_id: str
    client_secret: str = field(repr=False)
    name: str  # as it goes on after "Sign in with"
    is_entra: bool

    @property
    def discovery(self) -> str:
        """The address where the provider describes itself."""
        return self.issuer.rstrip("/") + DISCOVERY


@dataclass(frozen=True, slots=True)
class Limit:
    """How often one account may do a thing in each window of time."""

    most: int
    window: timedelta


LIMITS: Mapping[Deed, Limit] = {
    "sign in": Limit(20, timedelta(minutes=15)),
    "export": Limit(60, timedelta(minutes=5)),
    "search": Limit(120, timedelta(minutes=1)),
    "write": Limit(120, timedelta(minutes=1)),
    "report": Limit(6, timedelta(minutes=1)),
    "logout": Limit(60, timedelta(minutes=1)),
}
MOST_OFTEN = 999_999
A_DAY_OF_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration of one running riskapp; what is secret stays out of its printed form."""

    mode: Mode
    data_dir: Path  # exists
    database_url: str = field(repr=False)  # for SQLAlchemy, with its driver
    secret_key: str = field(repr=False)
    secret_key_before: str | None = field(repr=False)  # decrypts what it encrypted; signs nothing
    smtp_url: str | None = field(repr=False)  # smtp://[user:password@]host[:port][?starttls] or smtps://...
    mail_from: str
    base_url: str  # where people reach riskapp; no slash at the end
    host: str
    port: int
    demo_password: str | None = field(repr=False)  # None outside demo
    council_name: str
    trusted_hosts: tuple[str, ...]  # empty, in demo only: any
    proxy_hops: int
    demands_second_factor: bool  # outside demo always
    oidc: OidcSettings | None  # None: people sign in with the accounts of riskapp alone
    limits: Mapping[Deed, Limit]
    security_contact: str  # mailto: or https:, for who finds a hole
    breached_passwords: Path | None = None  # SHA-1 digests in their order, one a line
    audit_key: bytes | None = field(default=None, repr=False)  # 32 bytes that sign checkpoints; None: none was given

    @property
    def is_demo(self) -> bool:
        """Whether this is the demonstration council: only then is a database ever seeded."""
        return self.mode == "demo"

    @property
    def welcomes_with_a_password(self) -> bool:
        """Whether who is added is told where to choose a password: not where people have accounts of a provider."""
        return self.oidc is None

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Self:
        """Read the settings from `env`, making the data folder and, in demo, a secret key that is kept there.

        Refused with SettingsRefused: any value that cannot be used, and, outside demo, a missing, short or
        well-known SECRET_KEY, a missing BASE_URL, FLASK_DEBUG, and what would travel to another machine in the clear.
        """
        env = _with_files({name: value.strip() for name, value in env.items() if value.strip()})
        mode = _mode(env)
        is_demo = mode == "demo"
        _refuse_debugging(env, is_demo=is_demo)
        host, port = _host(env), _whole_number(env, "PORT", default=5000, lowest=1, highest=LAST_PORT)
        base_url = _base_url(env, is_demo=is_demo, default=f"http://{_in_address(host)}:{port}")
        smtp_url = _smtp_url(env, is_demo=is_demo)
        mail_from = _mail_from(env, is_needed=smtp_url is not None and not is_demo)
        proxy_hops = _whole_number(env, "PROXY_HOPS", default=0, lowest=0, highest=MOST_PROXY_HOPS)
        given_key = None if is_demo else _secret_key(env)
        database_url = _database_url(env, is_demo=is_demo)
        data_dir = _data_dir(env)
        return cls(
            mode=mode,
            data_dir=data_dir,
            database_url=database_url or f"sqlite:///{data_dir / 'riskapp.sqlite'}",
            secret_key=given_key or env.get("SECRET_KEY") or _kept_key(data_dir),
            secret_key_before=_secret_key_before(env),
            smtp_url=smtp_url,
            mail_from=mail_from,
            base_url=base_url,
            host=host,
            port=port,
            demo_password=env.get("DEMO_PASSWORD") if is_demo else None,
            council_name=env.get("COUNCIL_NAME", "Demonstration council" if is_demo else "The council"),
            trusted_hosts=_trusted_hosts(env, default=() if is_demo else (urlsplit(base_url).hostname or "",)),
            proxy_hops=proxy_hops,
            demands_second_factor=_demands_second_factor(env, is_demo=is_demo),
            oidc=_oidc(env, base_url, is_demo=is_demo),
            limits={deed: _limit(env, deed, usual) for deed, usual in LIMITS.items()},
            security_contact=_security_contact(env, mail_from),
            breached_passwords=_breached_passwords(env),
            audit_key=_audit_key(env),
        )


def _with_files(env: Mapping[str, str]) -> dict[str, str]:
    """Read the secrets that stand in a file of their own."""
    read = dict(env)
    for name in SECRETS:
        file = f"{name}_FILE"
        if file not in env:
            continue
        if name in env:
            raise SettingsRefused(f"{name} and {file} are both set: unset one of them.")
        try:
            read[name] = Path(env[file]).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as failure:
            raise SettingsRefused(f"{file} names no file that can be read: name one that holds {name}.") from failure
        if not read[name]:
            raise SettingsRefused(f"{file} names an empty file: put {name} into it.")
    return read


def _mode(env: Mapping[str, str]) -> Mode:
    match env.get("RISKAPP_MODE", "production"):
        case "demo":
            return "demo"
        case "production":
            return "production"
        case other:
            raise SettingsRefused(f"RISKAPP_MODE is {other!r}: set it to demo or production.")


def _refuse_debugging(env: Mapping[str, str], *, is_demo: bool) -> None:
    """Flask's debugger runs any code that a visitor types."""
    if not is_demo and env.get("FLASK_DEBUG", "0").lower() not in {"0", "false", "no"}:
        raise SettingsRefused(
            "FLASK_DEBUG lets a visitor run code on this machine: unset it, or use RISKAPP_MODE=demo."
        )


def _secret_key(env: Mapping[str, str]) -> str:
    key = env.get("SECRET_KEY")
    make_one = 'Make one with: python3 -c "import secrets; print(secrets.token_hex(32))"'
    if key is None:
        raise SettingsRefused(f"SECRET_KEY is missing. {make_one}")
    if len(key) < SHORTEST_SECRET_KEY:
        raise SettingsRefused(f"SECRET_KEY is shorter than {SHORTEST_SECRET_KEY} characters. {make_one}")
    has_few_letters = len(set(key)) < FEWEST_DISTINCT_CHARACTERS
    if has_few_letters or WELL_KNOWN_KEYS.search(key) or REPEATED_KEY.fullmatch(key):
        raise SettingsRefused(f"SECRET_KEY is one that others know or can guess. {make_one}")
    return key


def _secret_key_before(env: Mapping[str, str]) -> str | None:
    """Read the key that SECRET_KEY took the place of, which decrypts what it encrypted and is good for nothing else."""
    key = env.get("SECRET_KEY_BEFORE")
    if key is not None and key == env.get("SECRET_KEY"):
        raise SettingsRefused("SECRET_KEY_BEFORE is the same as SECRET_KEY: unset it, or set SECRET_KEY anew.")
    return key


def _breached_passwords(env: Mapping[str, str]) -> Path | None:
    if "BREACHED_PASSWORDS" not in env:
        return None
    file = Path(env["BREACHED_PASSWORDS"]).expanduser()
    try:
        with file.open("rb") as lines:
            is_such = re.fullmatch(rb"[0-9A-Fa-f]{40}(:[0-9]+)?", lines.readline(100).strip())
    except OSError:
        is_such = None
    if not is_such:
        raise SettingsRefused(
            "BREACHED_PASSWORDS names no list that can be read: use a file of SHA-1 digests in their order, one a line."
        )
    return file


def _audit_key(env: Mapping[str, str]) -> bytes | None:
    """Read the key that signs checkpoints: itself in base64, or the file that holds it so."""
    given = env.get("AUDIT_KEY")
    if given is None:
        return None
    try:
        words = given if _is_key(given) else Path(given).expanduser().read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as failure:
        raise SettingsRefused(
            "AUDIT_KEY is neither a key nor a file that can be read. Make one with: flask audit key --out FILE"
        ) from failure
    if not _is_key(words):
        raise SettingsRefused("AUDIT_KEY holds no key of 32 bytes in base64. Make one with: flask audit key --out FILE")
    return base64.b64decode(words)


def _is_key(words: str) -> bool:
    try:
        return len(base64.b64decode(words, validate=True)) == LENGTH_OF_AUDIT_KEY
    except ValueError:
        return False


def kept_audit_key(settings: Settings) -> bytes | None:
    """Give the key that signs checkpoints: as it was set, or, in a demonstration, one made once and kept in its folder.

    None outside a demonstration where none was set.
    """
    if settings.audit_key is not None or not settings.is_demo:
        return settings.audit_key
    made = base64.b64encode(secrets.token_bytes(LENGTH_OF_AUDIT_KEY)).decode()
    return base64.b64decode(_kept(settings.data_dir / "audit_key", made))


def _kept_key(data_dir: Path) -> str:
    return _kept(data_dir / "secret_key", secrets.token_hex(32))


def _kept(kept: Path, made: str) -> str:
    """The demo's own secret, made once; of two processes that start together, the later uses the earlier's."""
    if not kept.exists():
        handle, draft = tempfile.mkstemp(dir=kept.parent)  # readable by this user alone (mode 0600)
        with os.fdopen(handle, "w") as file:
            file.write(made)
        try:
            os.link(draft, kept)  # whole or not at all, and never over another's
        except FileExistsError:
            pass
        finally:
            Path(draft).unlink()
    return kept.read_text()


def _data_dir(env: Mapping[str, str]) -> Path:
    folder = Path(env["DATA_DIR"]).expanduser().resolve() if "DATA_DIR" in env else PROJECT / "instance"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as failure:
        raise SettingsRefused(
            f"DATA_DIR: {folder} cannot be made ({failure.strerror}). Name a folder this user may write in."
        ) from failure
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsRefused(f"DATA_DIR: {folder} cannot be written. Name a folder this user may write in.")
    return folder


def _database_url(env: Mapping[str, str], *, is_demo: bool) -> str | None:
    url = env.get("DATABASE_URL")
    if url is None:
        return None
    scheme, mark, rest = url.partition("://")
    if not mark or scheme not in {"sqlite", "postgres", "postgresql", "postgresql+psycopg"}:
        raise SettingsRefused(
            "DATABASE_URL names no database that riskapp knows: use postgresql://user:password@host/name or sqlite:///file."
        )
    if scheme == "sqlite":
        return url
    if not is_demo:
        _refuse_an_open_database(env, url)
    return f"postgresql+psycopg://{rest}"


def _refuse_an_open_database(env: Mapping[str, str], url: str) -> None:
    """Whoever stands on the way to another machine could read what the register holds, or answer in its place."""
    parts = urlsplit(url)
    account, _mark, hosts = parts.netloc.rpartition("@")
    _refuse_a_default_password("DATABASE_URL", *account.partition(":")[::2])
    said = parse_qs(parts.query)
    named = [each for each in (*hosts.split(","), *said.get("host", ()), *said.get("hostaddr", ())) if each]
    is_here = all(_is_here(re.sub(r":\d*$", "", each)) for each in named or (env.get("PGHOST", ""),))
    if not is_here and said.get("sslmode", [env.get("PGSSLMODE", "")])[-1] not in CHECKED_TLS:
        raise SettingsRefused(
            "DATABASE_URL names another machine: end it with ?sslmode=verify-full, and with &sslrootcert=FILE where "
            "its certificate is by an authority of your own."
        )


def _refuse_a_default_password(name: str, user: str, password: str) -> None:
    said = unquote(password).casefold()
    if said and said in {*DEFAULT_PASSWORDS, unquote(user).casefold()}:
        raise SettingsRefused(f"{name} has a password that others know or can guess: give the account another.")


def _is_here(host: str) -> bool:
    """Whether a host is this machine: by name, by an address that leads back, or by a socket."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host in {"", "localhost"} or host.startswith(("/", "@", "%2F", "%2f"))


def _smtp_url(env: Mapping[str, str], *, is_demo: bool) -> str | None:
    url = env.get("SMTP_URL")
    if url is None:
        return None
    parts = _address(url)
    if (
        parts is None
        or parts.scheme not in {"smtp", "smtps"}
        or parts.path.strip("/")
        or parts.query not in {"", "starttls"}
    ):
        raise SettingsRefused(
            "SMTP_URL cannot be read: use smtp://user:password@host:587?starttls or smtps://user:password@host:465."
        )
    if not is_demo:
        _refuse_a_default_password("SMTP_URL", parts.username or "", parts.password or "")
        if parts.scheme == "smtp" and not parts.query and not _is_here(parts.hostname or ""):
            raise SettingsRefused(
                "SMTP_URL would send mail to another machine in the clear: end it with ?starttls, or use "
                "smtps://host:465."
            )
    return url


def _mail_from(env: Mapping[str, str], *, is_needed: bool) -> str:
    sender = env.get("MAIL_FROM")
    if sender is None and is_needed:
        raise SettingsRefused("MAIL_FROM is missing: with SMTP_URL set, name the address that e-mails come from.")
    sender = sender or "riskapp@localhost"
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(sender)[1]) or not sender.isprintable():
        raise SettingsRefused(f"MAIL_FROM is {sender!r}: use one e-mail address, such as risk@council.example.")
    return sender


def _base_url(env: Mapping[str, str], *, is_demo: bool, default: str) -> str:
    url = env.get("BASE_URL", default if is_demo else None)
    if url is None:
        raise SettingsRefused(
            "BASE_URL is missing: set it to where people reach riskapp, such as https://risk.council.example."
        )
    parts = _address(url)
    if parts is None or parts.scheme not in {"http", "https"} or parts.query or parts.fragment or parts.username:
        raise SettingsRefused(f"BASE_URL is {url!r}: use an address such as https://risk.council.example.")
    if not is_demo and parts.scheme == "http" and not _is_here(parts.hostname or ""):
        raise SettingsRefused(
            "BASE_URL must begin with https:// where people come from other machines: passwords and sessions would "
            "travel in the clear."
        )
    return url.rstrip("/")


def _oidc(env: Mapping[str, str], base_url: str, *, is_demo: bool) -> OidcSettings | None:
    if not any(name in env for name in (*OIDC_NEEDED, *OIDC_OTHERS)):
        return None
    if missing := next((name for name in OIDC_NEEDED if name not in env), None):
        raise SettingsRefused(
            f"{missing} is missing: to sign in with a provider set {', '.join(OIDC_NEEDED)} together."
        )
    issuer, entra = env["OIDC_ISSUER"].removesuffix(DISCOVERY), env.get("OIDC_ENTRA", "no").lower()
    if entra not in {"yes", "no"}:
        raise SettingsRefused(f"OIDC_ENTRA is {entra!r}: set it to yes or no.")
    parts = _address(issuer)
    schemes = {"https", "http"} if is_demo else {"https"}
    if parts is None or parts.scheme not in schemes or parts.query or parts.fragment or parts.username:
        raise SettingsRefused(
            "OIDC_ISSUER cannot be used: give the https:// address by which the provider names itself."
        )
    if parts.hostname == ENTRA and entra == "no":
        raise SettingsRefused("OIDC_ENTRA is missing: set it to yes, since OIDC_ISSUER is Microsoft Entra ID.")
    if entra == "yes" and not ONE_TENANT.fullmatch(parts.path):
        raise SettingsRefused(
            f"OIDC_ISSUER must name one tenant by its number, never common or a domain: https://{ENTRA}/<id>/v2.0."
        )
    name = env.get("OIDC_NAME", "your council account")
    if len(name) > LONGEST_BUTTON or not name.isprintable():
        raise SettingsRefused(f"OIDC_NAME goes on a button: use at most {LONGEST_BUTTON} characters on one line.")
    if not is_demo and not base_url.startswith("https://"):
        raise SettingsRefused("BASE_URL must begin with https:// where people sign in with a provider.")
    return OidcSettings(
        issuer=issuer,
        client_id=env["OIDC_CLIENT_ID"],
        client_secret=env["OIDC_CLIENT_SECRET"],
        name=name,
        is_entra=entra == "yes",
    )


def _host(env: Mapping[str, str]) -> str:
    host = env.get("HOST", "127.0.0.1")
    if not re.fullmatch(r"[A-Za-z0-9.:_-]+", host):
        raise SettingsRefused(
            f"HOST is {host!r}: use a name or an address of this machine, such as 127.0.0.1 or 0.0.0.0."
        )
    return host


def _demands_second_factor(env: Mapping[str, str], *, is_demo: bool) -> bool:
    """In a demonstration a second factor is offered; of a council's own people the policy demands it."""
    match env.get("SECOND_FACTOR", "offered" if is_demo else "required"):
        case "required":
            return True
        case "offered" if is_demo:
            return False
        case "offered":
            raise SettingsRefused("SECOND_FACTOR may be offered only with RISKAPP_MODE=demo: unset it.")
        case other:
            raise SettingsRefused(f"SECOND_FACTOR is {other!r}: set it to required or, in a demonstration, offered.")


def _trusted_hosts(env: Mapping[str, str], *, default: tuple[str, ...]) -> tuple[str, ...]:
    if "TRUSTED_HOSTS" not in env:
        return default
    hosts = tuple(host.strip() for host in env["TRUSTED_HOSTS"].split(",") if host.strip())
    if not hosts or not all(re.fullmatch(r"[A-Za-z0-9.:\[\]_-]+", host) for host in hosts):
        raise SettingsRefused("TRUSTED_HOSTS cannot be read: use host names with commas between, and no https://.")
    return hosts


def _whole_number(env: Mapping[str, str], name: str, *, default: int, lowest: int, highest: int) -> int:
    text = env.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,6}", text) or not lowest <= int(text) <= highest:
        raise SettingsRefused(f"{name} is {text!r}: use a whole number from {lowest} to {highest}.")
    return int(text)


def _limit(env: Mapping[str, str], deed: Deed, usual: Limit) -> Limit:
    """Read how often, such as LIMIT_EXPORT="60 in 300": sixty times in each five minutes."""
    name = f"LIMIT_{deed.replace(' ', '_').upper()}"
    text = env.get(name, f"{usual.most} in {usual.window.total_seconds():.0f}")
    said = re.fullmatch(r"([0-9]{1,6}) in ([0-9]{1,5})", text)
    if not said or not 1 <= int(said[1]) <= MOST_OFTEN or not 1 <= int(said[2]) <= A_DAY_OF_SECONDS:
        raise SettingsRefused(f"{name} is {text!r}: say how often in how many seconds, such as 60 in 300.")
    return Limit(int(said[1]), timedelta(seconds=int(said[2])))


def _security_contact(env: Mapping[str, str], mail_from: str) -> str:
    contact = env.get("SECURITY_CONTACT", f"mailto:{parseaddr(mail_from)[1]}")
    if not re.fullmatch(r"(mailto:[^@\s]+@[^@\s]+|https://\S+)", contact) or not contact.isprintable():
        raise SettingsRefused(
            f"SECURITY_CONTACT is {contact!r}: use mailto:security@council.example or an https:// address."
        )
    return contact


def _address(url: str) -> SplitResult | None:
    """The parts of an address with a host and a usable port, or None."""
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if has_host and url.isprintable() and " " not in url else None


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host
