"""Challenge and tolerance as people do them, in a browser: a second score answered, a risk accepted until a day."""

import re
from datetime import timedelta

import pytest
import time_machine
from playwright.sync_api import Page, expect
from sqlalchemy import select

from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.reminders import Message
from riskapp.models.risks import Risk
from riskapp.models.tolerances import Tolerance
from riskapp.web.clock import today
from tests.browser import OVERFLOWING, faults
from tests.journeys.conftest import Site

pytestmark = pytest.mark.browser

REGISTER, DECISIONS = "Homes are offered from an out-of-date housing register", "Homeless applicants wait too long"
DIRECTOR = "Executive Director, Housing"


def whole(page: Page) -> None:
    """Nothing that axe finds, and nothing that sticks out of a narrow window."""
    assert faults(page) == []
    page.set_viewport_size({"width": 320, "height": 844})
    assert page.evaluate(OVERFLOWING) == []
    page.set_viewport_size({"width": 1280, "height": 844})


def path_of(site: Site, title: str) -> str:
    with site.app.app_context():
        found = select(Entity.reference).where(Entity.kind == "risk", Entity.name.startswith(title))
        return f"/risks/{db.session.scalars(found).one()}"


def test_a_member_scores_a_risk_differently_and_its_owner_answers_in_my_work(site: Site) -> None:
    path = path_of(site, REGISTER)
    page = site.visit("manager", script=False)
    page.goto(site.url + path)
    page.get_by_role("navigation", name="On this page").get_by_role("link", name="Challenges").click()
    page.get_by_role("link", name="Challenge the score").click()
    page.get_by_role("button", name="Challenge the score").click()
    expect(page.locator(".error-summary")).to_contain_text("Say why you score it differently")
    page.locator("[name=current_likelihood][value='4']").check()
    page.locator("[name=current_impact][value='4']").check()
    expect(page.locator(".result--current:visible")).to_contain_text(re.compile(r"16\s*High"))
    page.get_by_label("Why you score it differently").fill("Half of the letters of last month came back")
    whole(page)
    page.get_by_role("button", name="Challenge the score").click()
    expect(page.locator(".notice")).to_contain_text("Your score of 16 stands beside the owner’s")
    whole(page)

    owner = site.visit("owner", script=False)
    item = owner.locator("details.work").filter(has_text="Answer a challenge").filter(has_text="Half of the letters")
    item.locator("summary").click()
    expect(item).to_contain_text("Somebody who may read the risk")
    expect(item).not_to_contain_text("Service Lead")
    item.get_by_label("Agree, and score it anew: 16 High").check()
    item.get_by_label("Why").fill("I counted them too. Agreed")
    item.get_by_role("button", name="Answer the challenge").click()
    expect(owner.locator(".notice")).to_contain_text("Answered: you agreed, and it is scored anew.")
    owner.goto(f"{site.url}{path}/challenges")
    expect(owner.locator("main")).to_contain_text("I counted them too. Agreed")
    expect(owner.locator("main")).to_contain_text("Name kept")
    owner.goto(site.url + path)
    expect(owner.locator("tr.now")).to_contain_text(re.compile(r"16\s*High"))

    assurance = site.visit("assurance")
    assurance.goto(f"{site.url}/challenges")
    expect(assurance.locator("main")).to_contain_text("Service Lead, Housing Solutions")
    whole(assurance)
    page.goto(site.url)
    expect(page.get_by_role("complementary")).to_contain_text("Your challenges")


def test_a_risk_is_tolerated_until_its_last_day_and_then_comes_back(site: Site) -> None:
    path, until = path_of(site, DECISIONS), today() + timedelta(days=40)
    owner = site.visit("owner", script=False)
    owner.goto(site.url + path)
    owner.get_by_role("link", name="Change how it is treated, or ask to have it tolerated").click()
    whole(owner)
    owner.get_by_label("Tolerate").check()
    owner.get_by_label("Why").fill("Two posts are filled in the new year. Until then some letters are late")
    owner.get_by_role("button", name="Keep this treatment, or ask").click()
    expect(owner.locator(".error-summary")).to_contain_text("Say until when it is tolerated")
    for name, value in (("Day", until.day), ("Month", until.month), ("Year", until.year)):
        owner.get_by_label(name, exact=True).fill(str(value))
    owner.get_by_role("button", name="Keep this treatment, or ask").click()
    expect(owner.locator(".notice")).to_contain_text("It is asked for. Until it is accepted, nothing has changed.")
    expect(owner.locator("main")).to_contain_text(f"of {DIRECTOR}")

    director = site.visit("director", script=False)
    item = director.locator("details.work").filter(has_text="Accept a risk as it is, or refuse")
    item.locator("summary").click()
    item.get_by_role("link", name="Accept or refuse").click()
    director.get_by_label("Accept the risk as it is").check()
    director.get_by_label("Why").fill("Agreed until the posts are filled, and no longer")
    whole(director)
    director.get_by_role("button", name="Send your answer").click()
    last = f"{until.day} {until:%b %Y}"
    expect(director.locator(".notice")).to_contain_text(f"Accepted until {last}.")
    director.goto(site.url + path)
    expect(director.locator("#scores")).to_contain_text(f"Tolerated until {last}")
    whole(director)
    director.goto(f"{site.url}/tolerances")
    expect(director.get_by_role("row").filter(has_text=DECISIONS)).to_contain_text("In force")
    whole(director)

    after = until + timedelta(days=3)  # its last day may be a Friday, and the clock works on working days too
    with time_machine.travel(f"{after.isoformat()}T08:00:00Z", tick=True):
        site.clock(after.isoformat())
    with site.app.app_context():
        row = db.session.scalars(select(Tolerance).order_by(Tolerance.id.desc())).first()
        assert (row.state, row.ended_how) == ("ended", "expired")
        assert db.session.get_one(Risk, row.risk_id).treatment == "treat"
        told = select(Message.address).where(Message.subject.startswith("A tolerance is void"))
        assert "owner@demo.example" in db.session.scalars(told).all()
    owner.goto(f"{site.url}{path}/tolerances")
    expect(owner.locator("main")).to_contain_text(f"Its last day was {last}.")
    owner.goto(site.url + path)
    expect(owner.locator("#plan")).to_be_visible()
    expect(owner.locator("main")).to_contain_text("Tolerance ended: its last day has passed")
