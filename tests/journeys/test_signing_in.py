"""Signing in by password and second factor in a real browser, from setting it up to a forgotten password."""

import base64
import re
import time

import pytest
from playwright.sync_api import Page, expect

from riskapp.domain import one_time_codes as codes
from riskapp.domain.clock import Moment
from riskapp.models.database import transaction
from riskapp.web.clock import now, today
from tests.browser import OVERFLOWING, faults
from tests.journeys.conftest import PASSWORD, Site

pytestmark = pytest.mark.browser
NEW = "kettle pebble lantern harbour"


def a_code(letters: str, used: set[str]) -> str:
    """The code of this half minute, or of the next one once this one was used."""
    key = base64.b32decode(letters.replace(" ", ""))
    for _ in range(40):
        code = codes.code_of(key, codes.step_at(now()))
        if code not in used:
            used.add(code)
            return code
        time.sleep(1)
    raise AssertionError("no new code within half a minute")


def fill_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def whole(page: Page, *, script: bool = True) -> None:
    """No fault by axe, and nothing that does not fit, wide and narrow; axe is a script, and waits for ever without."""
    if not script:
        return
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(OVERFLOWING) == [], page.url
    assert faults(page) == [], page.url
    page.set_viewport_size({"width": 1280, "height": 844})


@pytest.mark.parametrize(("name", "script"), [("auditor", True), ("commissioner", False)])
def test_a_second_factor_is_set_up_and_asked_for_and_a_recovery_code_stands_in(site, name, script) -> None:
    used: set[str] = set()
    page = site.visit(name, script=script)
    page.get_by_role("link", name="Account").first.click()
    whole(page, script=script)
    page.get_by_role("link", name="Set one up").click()
    whole(page, script=script)
    letters = page.locator(".setup-key").inner_text()
    page.get_by_label("Code that the app shows").fill(a_code(letters, used))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep your recovery codes")
    whole(page, script=script)
    kept = page.locator(".recovery li").all_inner_texts()
    assert len(kept) == 10
    page.get_by_role("link", name="I have kept them").click()
    expect(page.locator("main")).to_contain_text("10 recovery codes are left")

    other = site.stranger(script=script)
    other.goto(f"{site.url}/registers?status=draft")
    fill_in(other, f"{name}@demo.example", PASSWORD)
    expect(other.get_by_role("heading", level=1)).to_have_text("Enter your code")
    whole(other, script=script)
    other.get_by_label("Code").fill("000000")
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("alert")).to_contain_text("Enter the code that your app shows now")
    other.get_by_label("Code").fill(a_code(letters, used))
    other.get_by_role("button", name="Sign in").click()
    expect(other).to_have_url(f"{site.url}/registers?status=draft")

    third = site.stranger(script=script)
    third.goto(f"{site.url}/sign-in")
    fill_in(third, f"{name}@demo.example", PASSWORD)
    third.get_by_label("Code").fill(kept[4].lower())
    third.get_by_role("button", name="Sign in").click()
    expect(third.get_by_role("heading", level=1)).not_to_have_text("Enter your code")
    third.goto(f"{site.url}/account/sessions")
    expect(third.locator("main")).to_contain_text("signed in on 3 browsers")
    expect(third.locator("main")).to_contain_text("This one")
    whole(third, script=script)
    third.get_by_role("button", name="Sign out everywhere else").click()
    expect(third.locator("main")).to_contain_text("signed in on 1 browser")
    other.goto(f"{site.url}/account")
    expect(other.get_by_role("heading", level=1)).to_have_text("Sign in")
    for each in (page, other, third):
        each.context.close()


def test_a_forgotten_password_is_chosen_anew_by_the_link_in_the_mail(site: Site) -> None:
    page = site.stranger()
    page.goto(f"{site.url}/sign-in")
    page.get_by_role("link", name=re.compile("forgotten it")).click()
    whole(page)
    page.get_by_label("E-mail address").fill("committee@demo.example")
    page.get_by_role("button", name="Send me the link").click()
    expect(page.locator("main")).to_contain_text("If an account has this address")
    whole(page)
    with site.app.app_context():
        for job in ("answer_password_requests", "send_mail"):
            with transaction():
                next(each for each in site.app.extensions["jobs"] if each.name == job).run(Moment(today(), now()))
    reader = site.visit("admin")
    reader.goto(f"{site.url}/outbox?text=Choose+a+new+password")
    reader.locator("a.table__title").first.click()
    whole(reader)
    link = reader.locator(".quote a").get_attribute("href")
    page.goto(link)
    expect(page).to_have_url(f"{site.url}/choose-password")
    whole(page)
    page.get_by_label("New password").fill("too short")
    page.get_by_role("button", name="Keep this password").click()
    expect(page.get_by_role("alert")).to_contain_text("Use at least 15 characters")
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Keep this password").click()
    expect(page.locator("main")).to_contain_text("Your password is kept")
    fill_in(page, "committee@demo.example", NEW)
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Sign in")
    page.goto(f"{site.url}/account/password")
    whole(page)
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link opens nothing")
    whole(page)
    for each in (page, reader):
        each.context.close()


def test_an_administrator_finds_the_way_to_reset_anothers_second_factor(site: Site) -> None:
    page = site.visit("admin")
    page.goto(f"{site.url}/people")
    page.locator('main table a[href^="/people/"]').first.click()
    page.get_by_role("link", name="Reset second factor").click()
    expect(page.locator("main")).to_contain_text("They have no second factor")
    whole(page)
    page.goto(f"{site.url}/account/second-factor/remove")
    whole(page)
    page.goto(f"{site.url}/account/second-factor/codes")
    whole(page)
    page.context.close()
