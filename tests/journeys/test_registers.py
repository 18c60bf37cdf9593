"""Registers in a browser: a similar risk is shown as one types, many risks are changed and put back, a view is kept."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import OVERFLOWING, faults
from tests.journeys.conftest import Site

pytestmark = pytest.mark.browser

WIDTHS = (1280, 320)


def whole(page: Page) -> None:
    """No fault by axe, and nothing that does not fit, wide and narrow."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(OVERFLOWING) == []
    assert faults(page) == []
    page.set_viewport_size({"width": WIDTHS[0], "height": 844})


def a_title(page: Page, site: Site) -> str:
    """The title of a risk that this person may read."""
    page.goto(f"{site.url}/registers?register=whole")
    return page.locator("tbody .table__title").first.inner_text()


def test_a_similar_risk_is_shown_while_one_types_and_said_politely(site: Site) -> None:
    page = site.visit("champion")
    title = a_title(page, site)
    page.goto(f"{site.url}/risks/new")
    box, said = page.locator("#similar"), page.locator("#similar-said")
    expect(box).to_be_hidden()
    expect(said).to_have_attribute("role", "status")
    page.get_by_label("Title").press_sequentially(title, delay=5)
    expect(box).to_be_visible()
    expect(box.get_by_role("link", name=title).first).to_have_attribute("href", re.compile(r"^/risks/R-\w+$"))
    expect(said).to_have_text(re.compile(r"^\d similar risks? on the registers you may see$"))
    expect(page.get_by_label("Title")).to_be_focused()
    expect(box.get_by_role("link", name="Add what you know to it").first).to_be_visible()
    whole(page)
    page.get_by_label("Title").fill("Zebras graze")
    expect(box.locator("#similar-count")).to_have_text("0 similar risks on the registers you may see")
    expect(box.get_by_role("link")).to_have_count(0)
    page.get_by_label("Title").fill("<img src=x onerror=alert(1)> <b>" + title)
    expect(box.get_by_role("link", name=title).first).to_be_visible()
    assert page.locator("#similar img, #similar b").count() == 0, "words reach the page as words"


def test_without_a_script_the_check_shows_the_similar_risk(site: Site) -> None:
    page = site.visit("champion", script=False)
    title = a_title(page, site)
    page.goto(f"{site.url}/risks/new")
    expect(page.locator("#similar")).to_be_hidden()
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Check the scores").click()
    expect(page.locator("#similar").get_by_role("link", name=title).first).to_be_visible()


def test_many_risks_are_given_to_another_owner_and_put_back(site: Site) -> None:
    page = site.visit("director", script=False)
    page.goto(f"{site.url}/registers?register=whole")
    rows = page.locator(".table--pick tbody tr")
    owners = {rows.nth(place).locator("th .sub").inner_text()[:7]: None for place in range(3)}
    for place in range(3):
        rows.nth(place).get_by_role("checkbox").check()
    page.get_by_role("button", name="Reassign").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Give risks to another owner")
    expect(page.locator("main")).to_contain_text("3 risks chosen")
    page.get_by_label("New owner").select_option(index=1)
    page.get_by_role("button", name="Show what would change").click()
    expect(page.locator(".error-summary")).to_contain_text("Say why")
    page.get_by_label("Why").fill("The service is being joined with another.")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("check before it is done")
    expect(page.locator("tbody tr")).to_have_count(3)
    for reference in owners:
        expect(page.locator("tbody")).to_contain_text(reference)
    page.get_by_role("button", name=re.compile(r"^Give \d risks? to another owner$")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Given to another owner")
    done = page.locator("tbody tr").count()
    page.get_by_role("button", name="Undo it for all").click()
    expect(page.locator("main")).to_contain_text(f"{done} risk{'' if done == 1 else 's'} put back as before.")
    expect(page.get_by_role("button", name="Undo it for all")).to_have_count(0)
    seen = site.visit("director")
    for path in (page.url.removeprefix(site.url), "/registers/many/mine"):
        seen.goto(site.url + path)
        whole(seen)


def test_a_view_with_columns_of_its_own_is_kept_and_opens_first(site: Site) -> None:
    page = site.visit("assurance")
    page.goto(f"{site.url}/registers?register=council&band=high%2B")
    page.get_by_text(re.compile(r"^Columns: 12 of \d+$")).click()
    page.locator("label[for=column-reviewed]").click()
    page.locator("label[for=column-inherent]").click()
    page.get_by_role("button", name="Show these columns").click()
    heads = page.locator("thead th")
    expect(heads.filter(has_text="Last reviewed")).to_have_count(1)
    expect(heads.filter(has_text="Inherent")).to_have_count(0)
    whole(page)
    with page.expect_download() as coming:
        page.get_by_role("link", name="CSV", exact=True).first.click()
    head = coming.value.path().read_text(encoding="utf-8-sig").splitlines()[0]
    assert "Last reviewed" in head
    assert "Inherent" not in head
    page.get_by_role("link", name="Save this view").click()
    whole(page)
    page.get_by_label("Name").fill("High at the top")
    page.get_by_label("Share with").select_option(index=1)
    page.get_by_text("The registers open with this view for me").click()
    page.get_by_role("button", name="Save the view").click()
    expect(page.locator("main")).to_contain_text("High at the top is saved")
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="High at the top")).to_have_attribute(
        "aria-current", "page"
    )
    page.goto(f"{site.url}/registers")
    expect(page.get_by_role("heading", level=1)).to_have_text("Corporate register")
    page.goto(f"{site.url}/registers/views")
    whole(page)
    other = site.visit("manager")
    other.goto(f"{site.url}/registers")
    expect(other.get_by_role("heading", level=1)).to_have_text("Registers you may read")
    expect(other.get_by_role("navigation", name="Main").get_by_role("link", name="High at the top")).to_be_visible()
