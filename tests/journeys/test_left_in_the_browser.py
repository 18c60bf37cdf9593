"""What a browser keeps of riskapp: two cookies that say nothing of anybody, and nothing once the session is over."""

import base64
import json
import zlib

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PASSWORD, Site

pytestmark = pytest.mark.browser

STORES = """async () => ({
    local: localStorage.length, session: sessionStorage.length,
    databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""
READ = ("/", "/registers", "/actions", "/escalations", "/account", "/account/sessions", "/outbox")


def _inside(cookie: str) -> dict[str, object]:
    """What the cookie behind forms says to who decodes it: it is signed and not sealed."""
    is_pressed, words = cookie.startswith("."), cookie.lstrip(".").split(".")[0]
    raw = base64.urlsafe_b64decode(words + "=" * (-len(words) % 4))
    return json.loads(zlib.decompress(raw) if is_pressed else raw)


def _signed_in(page: Page, url: str) -> None:
    page.goto(f"{url}/registers?q=lift")
    page.get_by_label("E-mail address").fill("champion@demo.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_a_browser_keeps_two_cookies_and_nothing_of_what_was_read(site: Site) -> None:
    page = site.stranger()
    _signed_in(page, site.url)
    for path in READ:
        page.goto(site.url + path)
    assert page.evaluate(STORES) == dict.fromkeys(("local", "session", "databases", "caches", "workers"), 0)
    kept = {each["name"]: each for each in page.context.cookies()}
    assert set(kept) == {"sid", "form"}
    assert set(_inside(kept["form"]["value"])) <= {"csrf_token", "_permanent"}, "the page wanted is used up"
    assert "champion" not in str(_inside(kept["form"]["value"]))
    page.context.close()


def test_after_signing_out_the_button_back_shows_nothing_again(site: Site) -> None:
    page = site.stranger()
    _signed_in(page, site.url)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Registers")
    page.goto(f"{site.url}/account")
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert "sid" not in {each["name"] for each in page.context.cookies()}
    for _ in range(2):
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.context.close()
