"""The demonstration council, loaded once a run and served to a real browser, a copy of it for each file of tests."""

import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from riskapp.app import create_app
from riskapp.domain.permissions import Actor
from riskapp.features.accounts.service import hash_password
from riskapp.features.demo import service as demo
from riskapp.models.database import db, transaction
from riskapp.web.clock import now, today
from tests.conftest import settings_for

PASSWORD = "a password for tests only"
HARMLESS = ("responded with a status of 4", "Autofocus processing was blocked", "Clear-Site-Data header on")
"""Chromium's own notes of a form that was refused, of a test that types before its summary has the focus, and of what
it cleared once a session was over."""


@dataclass
class Site:
    """A running riskapp: `visit` gives a page of somebody signed in, and what went wrong on any page is kept."""

    app: Flask
    url: str
    browser: Browser
    faults: list[str] = field(default_factory=list)
    _signed_in: dict[str, dict] = field(default_factory=dict)

    def visit(self, name: str, *, width: int = 1280, script: bool = True) -> Page:
        """A new window of an account, `name`@demo.example, at My work."""
        page = self._window(width, script=script, state=self._signed_in.get(name))
        page.goto(f"{self.url}/")
        if name not in self._signed_in:
            page.get_by_label("E-mail address").fill(f"{name}@demo.example")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            self._signed_in[name] = page.context.storage_state()
        return page

    def stranger(self, *, width: int = 1280, script: bool = True) -> Page:
        """A new window of nobody."""
        return self._window(width, script=script, state=None)

    def _window(self, width: int, *, script: bool, state: dict | None) -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": 844}, java_script_enabled=script, storage_state=state
        )
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("console", lambda message: self._note(page, message.text))
        page.on("pageerror", lambda error: self._note(page, str(error)))
        page.on("request", lambda request: self._note_outside(page, request.url))
        return page

    def _note(self, page: Page, words: str) -> None:
        if not any(each in words for each in HARMLESS):
            self.faults.append(f"{page.url}: {words}")

    def _note_outside(self, page: Page, address: str) -> None:
        if urlsplit(address).scheme in {"http", "https"} and not address.startswith(self.url):
            self.faults.append(f"{page.url} asks {address}")

    def clock(self, on: str) -> None:
        """Let the clock do the work of a day, by the command that does it by hand."""
        done = self.app.test_cli_runner().invoke(args=["clock", "run", "--on", on])
        assert done.exit_code == 0, done.output


@pytest.fixture(scope="session")
def council(migrated_sqlite, tmp_path_factory) -> Path:
    """The file of the loaded demonstration council, to be copied and never changed."""
    folder = tmp_path_factory.mktemp("council")
    path = Path(shutil.copy(migrated_sqlite, folder / "council.sqlite"))
    app = create_app(settings_for(f"sqlite:///{path}", folder))
    with app.app_context():
        with transaction():
            by_hand = Actor(person_id=None, door="test")
            demo.load(jobs=app.extensions["jobs"], by=by_hand, at=now(), on=today())
            demo.set_password(hash_password(PASSWORD))
        db.session.remove()
        db.engine.dispose()
    return path


@pytest.fixture(scope="module")
def council_copy(council, tmp_path_factory) -> Path:
    return Path(shutil.copy(council, tmp_path_factory.mktemp("copy") / "riskapp.sqlite"))


@pytest.fixture(scope="module")
def site(council_copy, chromium):
    """The council of this file of tests, served on a free port; a word on any console fails the file."""
    door = make_server("127.0.0.1", 0, lambda environ, start: served(environ, start), threaded=True)  # noqa: PLW0108 - made once the port is known
    url = f"http://127.0.0.1:{door.server_port}"
    served = create_app(settings_for(f"sqlite:///{council_copy}", council_copy.parent, BASE_URL=url))
    thread = threading.Thread(target=door.serve_forever, daemon=True)
    thread.start()
    site = Site(served, url, chromium)
    yield site
    for context in chromium.contexts:
        context.close()
    door.shutdown()
    thread.join()
    with served.app_context():
        db.engine.dispose()
    assert site.faults == []
