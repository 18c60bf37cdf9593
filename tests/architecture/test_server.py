"""The web server as it is deployed: what it does with methods, paths and messages that nobody's browser sends."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from riskapp.app import create_app
from riskapp.models.database import db
from riskapp.web.assets import GIVEN_OUT, SCRIPTS
from tests.builders import ACouncil
from tests.conftest import settings_for

ROOT = Path(__file__).parents[2]
A_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978"
HOST = "risk.council.example"


@pytest.fixture(scope="module")
def port(migrated_sqlite, tmp_path_factory):
    """Where gunicorn serves a council, in production, as `README.md` starts it."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copy(migrated_sqlite, path := folder / "riskapp.sqlite")
    app = create_app(settings_for(f"sqlite:///{path}", folder))
    with app.app_context():
        ACouncil()
        db.session.remove()
        db.engine.dispose()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        number = found.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"], "SECRET_KEY": A_KEY, "BASE_URL": f"https://{HOST}", "DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{path}", "PROXY_HOPS": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--worker-class", "gthread", "--workers", "1", "--threads",
               "4", "--bind", f"127.0.0.1:{number}", "--no-control-socket"]  # fmt: skip
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if server.poll() is None and _answers(number):
                break
            time.sleep(0.1)
        else:
            pytest.fail("gunicorn did not start")
        yield number
    finally:
        server.terminate()
        server.wait(timeout=20)


def _answers(port):
    try:
        return b" 200 " in said(port, "GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    except OSError:
        return False


@contextmanager
def line_to(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        yield line


def said(port, message, wait=5.0):
    """All that the server says to a message, until it hangs up or says no more."""
    with line_to(port) as line:
        line.settimeout(wait)
        line.sendall(message.replace("{host}", HOST).encode("latin-1"))
        heard = b""
        try:
            while part := line.recv(65536):
                heard += part
        except (TimeoutError, ConnectionResetError):
            pass
        return heard


def ask(port, path, method="GET", headers="", body=""):
    told = "X-Forwarded-Proto: https\r\nConnection: close\r\n"
    return said(port, f"{method} {path} HTTP/1.1\r\nHost: {{host}}\r\n{told}{headers}\r\n{body}")


def status(heard):
    return int(re.match(rb"HTTP/1\.1 (\d{3})", heard)[1])


def test_the_server_serves_the_council(port):
    page = ask(port, "/sign-in")
    assert status(page) == 200
    assert b"Strict-Transport-Security: max-age=31536000; includeSubDomains" in page


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "OPTIONS", "PUT", "PATCH", "DELETE", "PROPFIND", "DEBUG", "LOCK"])
def test_a_method_that_no_door_has_is_refused_and_nothing_is_sent_back(port, method):
    for path in ("/sign-in", "/", "/registers", "/static/mark.svg", "/nothing"):
        answer = ask(port, path, method, "X-Canary: canary7f3a\r\nCookie: sid=canary7f3a\r\n")
        assert status(answer) in ({404, 405} if path == "/nothing" else {405}), (method, path)
        assert b"canary7f3a" not in answer


@pytest.mark.parametrize(
    "path",
    [
        "/static/", "/static", "/static/vendor/", "/static/vendor/fonts/", "/static/css/", "/.git/", "/.git/HEAD",
        "/.git/config", "/.svn/entries", "/.env", "/static/../settings.py", "/static/%2e%2e/%2e%2e/settings.py",
        "/static/..%2f..%2fsettings.py", "/static/..%5c..%5csettings.py", "/static/%2e%2e/%2e%2e/%2e%2e/.git/HEAD",
        "/static/etc/passwd", "/wsgi.py", "/pyproject.toml", "/riskapp/settings.py",
        "/instance/riskapp.sqlite", "/docs/security.md", "/policies/access.toml", "/static/css/%00", "/server-status",
        "//static/../wsgi.py", "/static/vendor/manifest.json", "/static/vendor/built-from", "/static/css/shell.css~",
    ],
)  # fmt: skip
def test_no_folder_is_listed_and_no_file_but_style_and_fonts_is_given_out(port, path):
    answer = ask(port, path)
    assert status(answer) in {400, 404}, answer[:80]
    assert b"number: " in answer, "a page of ours"
    assert not re.search(rb"Index of|\[core\]|ref: refs|root:x:|import |<a href=\"\.\./", answer)


def test_every_kind_of_file_that_set_up_makes_is_given_out_or_refused(port):
    folder = ROOT / "riskapp/web/static"
    kinds = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            kinds.setdefault(path.suffix, path.relative_to(folder).as_posix())
    assert {".css", ".woff2", ".svg"} <= set(kinds)
    for kind, path in kinds.items():
        answer = ask(port, f"/static/{path}")
        assert (status(answer) == 200) == (kind in GIVEN_OUT or path in SCRIPTS), path


def test_of_all_scripts_only_our_own_are_given_out_and_as_scripts(port):
    folder = ROOT / "riskapp/web/static"
    scripts = [path.relative_to(folder).as_posix() for path in folder.rglob("*.js")]
    assert len(scripts) > len(SCRIPTS), "set-up fetches one that no page asks for"
    for path in scripts:
        answer = ask(port, f"/static/{path}")
        assert (status(answer) == 200) == (path in SCRIPTS), path
        assert (b"Content-Type: text/javascript" in answer) == (path in SCRIPTS), path


def test_no_answer_tells_a_version_of_what_serves_it(port):
    answers = [ask(port, path) for path in ("/sign-in", "/nothing", "/health", "/static/none.css", "/static/mark.svg")]
    answers += [said(port, "nonsense\r\n\r\n"), said(port, "GET / HTTP/9.9\r\n\r\n"), ask(port, "/" + "x" * 9000)]
    for answer in answers:
        head = answer.partition(b"\r\n\r\n")[0].lower()
        assert re.findall(rb"server: ([^\r]*)", head) in ([b"gunicorn"], []), head
        assert not re.search(rb"x-powered-by|python|werkzeug|flask|via:", head)
        assert not re.search(rb"(gunicorn|python|werkzeug|flask|sqlalchemy)[/ ]?\d", answer.lower())


HIDDEN = "GET /health HTTP/1.1\r\nHost: {host}\r\nX-Canary: 1\r\n\r\n"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
SMUGGLED = {
    "length and chunks": f"Content-Length: {len(HIDDEN) + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}",
    "chunks and length": f"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{HIDDEN}",
    "two lengths": f"Content-Length: 0\r\nContent-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}",
    "a length with a plus": f"Content-Length: +0\r\n\r\n{HIDDEN}",
    "a length of two numbers": f"Content-Length: 0, {len(HIDDEN)}\r\n\r\n{HIDDEN}",
    "a coding that nobody knows": f"Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n\r\n{HIDDEN}",
    "chunked twice": f"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{HIDDEN}",
    "a space before the colon": f"Transfer-Encoding : chunked\r\nContent-Length: 0\r\n\r\n{HIDDEN}",
    "a tab in the coding": f"Transfer-Encoding:\x0bchunked\r\nContent-Length: 0\r\n\r\n{HIDDEN}",
    "a folded header": f"X-A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n{HIDDEN}",
    "a chunk with a size of words": f"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n{HIDDEN}",
}


@pytest.mark.parametrize("how", SMUGGLED)
def test_a_message_whose_end_is_in_doubt_is_refused_and_hides_no_second_one(port, how):
    heard = said(port, f"POST /policy-reports HTTP/1.1\r\nHost: {{host}}\r\n{FORM}{SMUGGLED[how]}", wait=1.5)
    statuses = [int(each) for each in re.findall(rb"HTTP/1\.1 (\d{3})", heard)]
    assert 200 not in statuses, "the hidden request was answered"
    assert len(statuses) <= 2
    assert all(each >= 400 for each in statuses[:1]), statuses


def test_an_honest_message_in_chunks_and_two_on_one_line_are_answered(port):
    one = f"POST /policy-reports HTTP/1.1\r\nHost: {{host}}\r\n{FORM}Content-Length: 2\r\n\r\n{{}}"
    heard = said(port, one.replace("{}", "ab") + HIDDEN, wait=1.5)
    assert [int(each) for each in re.findall(rb"HTTP/1\.1 (\d{3})", heard)] == [204, 200]
    chunks = one.partition("Content-Length")[0] + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
    assert status(said(port, chunks, wait=1.5)) == 204
