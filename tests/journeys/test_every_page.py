"""Every page that each account can reach from its navigation, wide and narrow, by eye, by axe and by keyboard."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser import OVERFLOWING, faults
from tests.journeys.conftest import Site

pytestmark = pytest.mark.browser

ACCOUNTS = (
    "champion", "owner", "manager", "director", "assurance", "committee", "auditor", "commissioner", "admin",
)  # fmt: skip
MOST = 40
"""Pages an account is followed to; of each kind of page one, since more of a kind tell nothing new."""
FILE = re.compile(r"\.(csv|xlsx|pdf)$|[?&]as=csv")
MESSAGE = "/outbox/*"
"""A message to somebody else, which the demonstration lets everyone read, leads where only its reader may go."""
LINKS = "() => [...document.querySelectorAll('a[href]')].map(each => each.getAttribute('href'))"
REFERENCE = re.compile(r"\b[0-9a-f]{32}\b|[A-Z]{1,2}-[0-9A-Z]{5}\b|\d+")
LOOK = """() => ({
    heads: document.querySelectorAll('h1').length,
    title: document.title,
    twice: [...document.querySelectorAll('[id]')].map(each => each.id).filter((id, at, all) => all.indexOf(id) !== at),
})"""


def _kind(path: str) -> str:
    """An address with its references taken out: what a page is, whatever it is about and however it is filtered."""
    parts = urlsplit(path)
    return REFERENCE.sub("*", parts.path) + ("?" if parts.query else "")


def _links(page: Page) -> list[str]:
    found = (href.partition("#")[0] for href in page.evaluate(LINKS))
    return [href for href in dict.fromkeys(found) if href.startswith("/") and not FILE.search(href)]


@pytest.fixture(scope="module")
def looked_at() -> set[str]:
    """The kinds of page that axe has seen; the same kind for another account is laid out the same."""
    return set()


@pytest.mark.parametrize("name", ACCOUNTS)
def test_every_page_of_an_account_is_whole_wide_and_narrow(site: Site, looked_at: set[str], name: str) -> None:
    page = site.visit(name)
    wrong, seen = [], set()
    nearby = _links(page)
    for level in (1, 2):
        further = []
        for path in nearby:
            kind = _kind(path)
            is_known = kind in seen or (kind.endswith("?") and kind in looked_at)  # a filter is alike for everyone
            if len(seen) < MOST and not is_known:
                seen.add(kind)
                wrong += _what_is_wrong(site, page, path, looked_at, name)
                further += [] if kind == MESSAGE else _links(page)
        nearby = further if level == 1 else []
    assert len(seen) > 8
    assert not wrong, "\n".join(wrong)
    page.context.close()


def _what_is_wrong(site: Site, page: Page, path: str, looked_at: set[str], name: str) -> list[str]:
    page.set_viewport_size({"width": 1280, "height": 844})
    answer = page.goto(site.url + path)
    found = page.evaluate(LOOK)
    wrong = [f"answers {answer.status}"] if answer.status != 200 else []
    wrong += [f"{found['heads']} h1"] if found["heads"] != 1 else []
    wrong += [f"title {found['title']!r}"] if "Error" in found["title"] or found["title"].startswith(" ") else []
    wrong += [f"ids twice: {found['twice'][:3]}"] if found["twice"] else []
    wrong += [f"at 1280 px {each}" for each in page.evaluate(OVERFLOWING)[:2]]
    page.set_viewport_size({"width": 320, "height": 844})
    wrong += [f"at 320 px {each}" for each in page.evaluate(OVERFLOWING)[:2]]
    kind = _kind(path) if path != "/" else f"/ of {name}"
    if kind not in looked_at:
        looked_at.add(kind)
        wrong += [f"axe {each}" for each in faults(page)]
    return [f"{path}: {each}" for each in wrong]


def test_every_page_that_changes_the_organisation_is_whole_wide_and_narrow(site: Site, looked_at: set[str]) -> None:
    page = site.visit("admin")
    page.goto(f"{site.url}/organisation?kind=service")
    unit = next(path for path in _links(page) if "/organisation/units/U-" in path)
    page.goto(site.url + unit)
    deeds = [path for path in _links(page) if path.startswith(("/organisation/units/", "/organisation/posts/"))]
    page.goto(f"{site.url}/organisation/boards")
    board = next(path for path in _links(page) if "/organisation/boards/G-" in path)
    page.goto(site.url + board)
    deeds += [path for path in _links(page) if path.startswith("/organisation/boards/")]
    kinds = {_kind(path): path for path in (*deeds, unit, board, "/organisation/import")}
    assert len(kinds) > 10
    wrong = [each for path in kinds.values() for each in _what_is_wrong(site, page, path, looked_at, "admin")]
    page.goto(f"{site.url}{unit}/rename")
    page.get_by_label("Name").fill("A name of its own")
    page.get_by_role("button", name="Check what it means").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("check before it is done")
    wrong += [f"check: {each}" for each in (*faults(page), *page.evaluate(OVERFLOWING))]
    assert not wrong, "\n".join(wrong)
    page.context.close()


def test_the_first_tab_leads_past_the_menu(site: Site) -> None:
    page = site.visit("owner")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_stranger_reads_the_sign_in_page_whole_and_is_led_back_after_it(site: Site) -> None:
    page = site.stranger(width=320)
    page.goto(f"{site.url}/registers?status=draft")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert page.evaluate(OVERFLOWING) == []
    assert faults(page) == []
    page.get_by_role("link", name="Auditor", exact=True).click()
    expect(page.get_by_label("E-mail address")).to_have_value("auditor@demo.example")


def test_a_risk_is_logged_by_keyboard_alone(site: Site) -> None:
    page = site.visit("champion")
    page.goto(f"{site.url}/risks/new")
    keys = page.keyboard
    said = {
        "title": "The alarm is not heard at night", "cause": "one speaker", "event": "nobody wakes",
        "consequence": "people are hurt", "rationale": "It was so in May.",
        "target_on-day": "31", "target_on-month": "3", "target_on-year": "2031",
    }  # fmt: skip
    bases = ("inherent", "current", "target")
    left, steps = {*said, "category"} | {f"{basis}_{axis}" for basis in bases for axis in ("likelihood", "impact")}, 0
    while left and steps < 80:
        keys.press("Tab")
        steps += 1
        name = page.evaluate("document.activeElement.name || ''")
        if name not in left:
            continue
        left.discard(name)
        if name in said:
            keys.type(said[name])
        elif name == "category":
            keys.type("Oper")
        else:
            keys.press("ArrowDown")  # a radio group is one stop: the arrows choose within it
    assert left == set()
    while page.evaluate("document.activeElement.value") != "send":
        keys.press("Tab")
        steps += 1
        assert steps < 90
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("The alarm is not heard at night")
    expect(page.locator("main")).to_contain_text("The draft is with its owner")
