"""A manager leaves while signed in elsewhere: the next click meets the sign-in page, and a successor has the desk."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from riskapp.features.accounts.service import hash_password
from riskapp.models.database import db, transaction
from riskapp.models.people import Person
from riskapp.web.clock import today
from tests.journeys.conftest import PASSWORD, Site

pytestmark = pytest.mark.browser

POST, SUCCESSOR = "Service Lead, Housing Solutions", "successor"


def test_whoever_leaves_is_out_at_the_next_click_and_the_successor_has_what_was_on_the_desk(site: Site) -> None:
    leaver = site.visit("manager")
    desk = leaver.locator("details.work", has_text="an escalation").first
    title = desk.locator(".work__of").inner_text()

    admin = site.visit("admin", script=False)
    admin.get_by_role("link", name="People", exact=True).click()
    admin.get_by_role("link", name="Add a person").click()
    admin.get_by_label("E-mail address").fill(f"{SUCCESSOR}@demo.example")
    admin.get_by_role("button", name="Add the person").click()
    expect(admin.get_by_role("heading", level=1)).to_have_text(f"{SUCCESSOR}@demo.example")
    _give_a_password(site)

    admin.goto(f"{site.url}/people?q=manager@demo")
    admin.get_by_role("link", name="manager@demo.example").click()
    expect(admin.get_by_role("heading", level=1)).to_have_text("manager@demo.example")
    expect(admin.locator("main")).to_contain_text("live escalation")
    expect(admin.locator("main")).not_to_contain_text(title)  # an administrator keeps accounts and reads no risk
    admin.get_by_role("link", name="Leave").click()
    admin.get_by_label("A successor holds it").check(force=True)
    admin.get_by_role("button", name="Let manager@demo.example go").click()
    expect(admin.get_by_role("alert")).to_contain_text(f"Enter the address of whoever takes on {POST}")
    admin.get_by_label("Who takes it on").fill(f"{SUCCESSOR}@demo.example")
    admin.get_by_role("button", name="Let manager@demo.example go").click()
    expect(admin.locator("main")).to_contain_text("Their access has ended")
    expect(admin.locator("main")).to_contain_text("Signed out everywhere")

    leaver.get_by_role("link", name="Registers").click()
    expect(leaver.get_by_role("heading", level=1)).to_have_text("Sign in")

    successor = site.visit(SUCCESSOR)
    expect(successor.get_by_role("heading", level=1)).to_have_text("My work")
    expect(successor.locator("details.work", has_text=title).first).to_contain_text("an escalation")

    admin.get_by_role("link", name="Take the departure back").click()
    admin.get_by_role("button", name="Take it back").click()
    expect(admin.locator("main")).to_contain_text("The departure is taken back")
    leaver.get_by_label("E-mail address").fill("manager@demo.example")
    leaver.get_by_label("Password").fill(PASSWORD)
    leaver.get_by_role("button", name="Sign in").click()
    leaver.goto(f"{site.url}/")
    expect(leaver.locator("details.work", has_text=title).first).to_be_visible()


def _give_a_password(site: Site) -> None:
    """An account that was added has none until its owner sets one; here the demonstration's is put in."""
    with site.app.app_context(), transaction():
        person = db.session.scalars(select(Person).where(Person.email == f"{SUCCESSOR}@demo.example")).one()
        assert person.joined_on == today()
        person.password_hash = hash_password(PASSWORD)
