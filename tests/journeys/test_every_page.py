"""Every page that each account can reach from its navigation, wide and narrow, by eye, by axe and by keyboard."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from riskapp.adapters.oidc import Provider
from riskapp.domain.permissions import Actor
from riskapp.features.access import service as access
from riskapp.features.app_roles import service as app_roles
from riskapp.features.oidc import service as oidc
from riskapp.features.oidc.views import CALLBACK
from riskapp.models.accounts import WebSession
from riskapp.models.database import db, transaction
from riskapp.models.oidc import ExternalIdentity
from riskapp.models.people import Person
from riskapp.settings import OidcSettings
from riskapp.web.clock import now, today
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


def _what_is_wrong(
    site: Site, page: Page, path: str, looked_at: set[str], name: str, *, answers: int = 200
) -> list[str]:
    page.set_viewport_size({"width": 1280, "height": 844})
    answer = page.goto(site.url + path)
    found = page.evaluate(LOOK)
    wrong = [f"answers {answer.status}"] if answer.status != answers else []
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


@pytest.fixture
def with_provider(site: Site):
    """A sign-in provider is set up, which nobody asks; two people are linked to it, and named for app roles."""
    settings = OidcSettings(
        "http://127.0.0.1:9", "riskapp", "a secret of tests", "your council account", is_entra=False
    )
    site.app.extensions["oidc"] = Provider(settings, redirect_uri=site.url + CALLBACK)
    with site.app.app_context(), transaction():
        for name, roles in (("committee", {"Risk.Committee"}), ("auditor", {"Risk.Auditor", "Risk.Unheard"})):
            person_id = _person_id(name)
            facts = {"person_id": person_id, "linked_by_id": person_id, "linked_at": now()}
            identity = ExternalIdentity(issuer=settings.issuer, subject=name, **facts)
            db.session.add(identity)
            db.session.flush()
            app_roles.take(identity, frozenset(roles), at=now(), on=today())
    yield
    site.app.extensions["oidc"] = None


def _person_id(name: str) -> int:
    return db.session.scalars(select(Person.id).where(Person.email == f"{name}@demo.example")).one()


def test_every_page_of_council_accounts_and_invitations_is_whole_wide_and_narrow(
    site: Site, looked_at: set[str], with_provider: None
) -> None:
    with site.app.app_context(), transaction():
        ids = {name: _person_id(name) for name in ("admin", "committee", "manager", "champion")}
        by = Actor(person_id=ids["admin"], door="test")
        key = oidc.invite(ids["manager"], by=by, at=now())
    looked_at -= {"/access/app-roles", "/sign-in", "/people/*/council-account", "/account/council-account"}
    page, wrong = site.visit("admin"), []
    for path in ("/access/app-roles", "/access/app-roles?state=no_line", "/account/council-account"):
        wrong += _what_is_wrong(site, page, path, looked_at, "admin")
    expect(page.locator("main")).to_contain_text("Prove who you are here")
    for name, said in (("champion", "Send a link"), ("manager", "Withdraw the link"), ("committee", "Unlink it"),
                       ("admin", "Link your own from the page Account")):  # fmt: skip
        looked_at.discard("/people/*/council-account")  # the same address, and another page for each
        wrong += _what_is_wrong(site, page, f"/people/{ids[name]}/council-account", looked_at, "admin")
        expect(page.locator("main")).to_contain_text(said)
    page.context.close()
    page = site.stranger()
    wrong += _what_is_wrong(site, page, "/sign-in", looked_at, "nobody")
    expect(page.locator("main")).to_contain_text("Sign in with your council account")
    wrong += _what_is_wrong(site, page, f"/sign-in/invitation?key={key}", looked_at, "nobody")
    expect(page.locator("main")).to_contain_text("manager@demo.example")
    wrong += _what_is_wrong(site, page, "/sign-in/invitation?key=no-key&", looked_at, "nobody", answers=400)
    expect(page.get_by_role("heading", level=1)).to_have_text("It is not linked")
    looked_at.discard("/sign-in/invitation?")
    wrong += _what_is_wrong(site, page, "/sign-in/invitation", looked_at, "nobody", answers=400)
    assert not wrong, "\n".join(wrong)
    page.context.close()


def test_every_page_that_asks_for_the_password_again_or_refuses_a_day_is_whole_wide_and_narrow(
    site: Site, looked_at: set[str]
) -> None:
    with site.app.app_context():
        with transaction():
            asking = Actor(person_id=_person_id("admin"), door="test")
            glass = access.ask_in_emergency(reason="The only copy is broken", by=asking, at=now(), on=today())
        decide, leave = f"/access/emergencies/{glass.id}/decide", f"/people/{_person_id('champion')}/leave"
    page = site.visit("assurance")
    with site.app.app_context(), transaction():  # the password was given a while ago
        db.session.execute(update(WebSession).values(proved_at=now() - timedelta(hours=1)))
    wrong = []
    for path in (decide, leave):
        wrong += _what_is_wrong(site, page, path, looked_at, "assurance")
        expect(page.get_by_label("Your password")).to_be_visible()
    page.goto(site.url + decide)
    page.get_by_role("button", name="Agree to it").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter your password")
    wrong += [f"{decide} refused: {each}" for each in (*faults(page), *page.evaluate(OVERFLOWING))]
    for path in ("/audit?from=31.12.2026&to=", "/exemptions/readings?day=31.12.2026"):
        looked_at.discard(_kind(path))
        wrong += _what_is_wrong(site, page, path, looked_at, "assurance", answers=422)
    assert not [each for each in wrong if "title 'Error" not in each], "\n".join(wrong)
    assert len(wrong) == 2, "each page with a fault says so in its title"
    page.context.close()


def test_every_page_of_the_network_is_whole_wide_and_narrow(site: Site, looked_at: set[str]) -> None:
    page = site.visit("director")
    page.goto(f"{site.url}/registers/network")
    network = next(path for path in _links(page) if path.endswith("/network") and path.startswith("/risks/"))
    page.goto(site.url + network)
    ends = [path for path in _links(page) if path.endswith("/end")]
    wrong = [] if ends else ["no link to end"]
    paths = (
        "/registers/network",
        network,
        *(f"{network}/link?to={kind}" for kind in ("risk", "plan", "body")),
        *ends[:1],
    )
    for path in paths:
        wrong += _what_is_wrong(site, page, path, set(), "director")
    page.set_viewport_size({"width": 320, "height": 844})
    page.goto(f"{site.url}{network}/link")
    page.get_by_text("This risk causes the other").click()
    page.get_by_label("The other risk").fill("no such words at all")
    page.get_by_role("button", name="Link the two").click()
    expect(page.locator(".error-summary")).to_contain_text("Try other words of its title")
    wrong += [f"refused: {each}" for each in (*faults(page), *page.evaluate(OVERFLOWING))]
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
