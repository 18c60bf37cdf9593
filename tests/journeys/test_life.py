"""The life of a risk in a browser: merged into another, and opened again."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from riskapp.domain.permissions import Permission, may
from riskapp.features.people import queries as people
from riskapp.features.readers import queries as readers
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.people import Person
from riskapp.models.risks import Risk
from riskapp.web.clock import today
from tests.browser import OVERFLOWING, faults
from tests.journeys.conftest import Site

pytestmark = pytest.mark.browser


def _two_of(site: Site, name: str) -> list[tuple[str, str]]:
    """Reference and title of two open risks that an account may close and change."""
    with site.app.app_context():
        person = db.session.scalars(select(Person).where(Person.email == f"{name}@demo.example")).one()
        actor, on = people.actor_for(person.id, on=today()), today()
        rows = db.session.execute(
            select(Risk.id, Entity.reference, Entity.name)
            .join(Entity, Entity.id == Risk.id)
            .where(Risk.status == "open", readers.readable(actor, on=on))
            .order_by(Entity.name)
        ).all()
        found = []
        for risk_id, reference, title in rows:
            facts = readers.facts(risk_id=risk_id, on=on)
            deeds = (Permission.RISK_CLOSE, Permission.RISK_REWORD)
            if not facts.is_exempt and all(may(actor, deed, facts) for deed in deeds):
                found.append((reference, title))
        return found[:2]


def _is_whole(page: Page) -> None:
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(OVERFLOWING) == []
    assert not faults(page)


def test_two_risks_that_say_the_same_become_one_and_part_again(site: Site) -> None:
    (one, title), (other, other_title) = _two_of(site, "director")
    page = site.visit("director", script=False)
    page.goto(f"{site.url}/risks/{one}")
    page.get_by_role("link", name="Merge it into another risk").click()
    page.get_by_label("Into which risk?").fill(one)
    page.get_by_label("How are they the same?").fill("Both tell of the same contract")
    page.get_by_role("button", name="Check what it means").click()
    expect(page.get_by_role("alert")).to_contain_text("That is this risk itself")
    page.get_by_label("Into which risk?").fill(other)
    page.get_by_role("button", name="Check what it means").click()
    expect(page.locator("main")).to_contain_text(other_title)
    page.get_by_role("button", name="Merge them").click()
    expect(page.locator("main")).to_contain_text(f"Merged into {other_title}")
    page.locator("p.notice").get_by_role("link", name=other_title).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(other_title)
    expect(page.get_by_label("Facts")).to_contain_text("Merged into this one")
    expect(page.locator("main")).to_contain_text(f"Took over {one}")
    page.goto(f"{site.url}/risks/{other}/merge")
    page.get_by_label("Into which risk?").fill(one)
    page.get_by_label("How are they the same?").fill("The other way round")
    page.get_by_role("button", name="Check what it means").click()
    expect(page.get_by_role("alert")).to_contain_text("go in a circle")
    page.goto(f"{site.url}/risks/{one}")
    page.get_by_role("link", name="Open it again").click()
    page.get_by_label("Why it is opened again").fill("They differ after all")
    page.get_by_role("button", name="Open it again").click()
    expect(page.locator("main")).to_contain_text("It is open again")
    expect(page.locator("main")).to_contain_text("Opened again")
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    page.context.close()
    seen = site.visit("director")
    for path in (f"/risks/{one}", f"/risks/{one}/merge", f"/risks/{one}/move"):
        seen.goto(site.url + path)
        _is_whole(seen)
    seen.context.close()
