import re
from pathlib import Path
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Page, Route

from riskapp.web.headers import POLICY
from riskapp.web.style import bundle
from tests.browser import AXE, OVERFLOWING

ROOT = Path(__file__).parents[2]
SMALL = """() => [...document.querySelectorAll(
    'a.button, button, select, input:not([type=radio], [type=checkbox], [type=hidden])')]
    .filter(each => each.checkVisibility() && each.getBoundingClientRect().height < 44)
    .map(each => each.outerHTML.slice(0, 90))"""

pytestmark = pytest.mark.browser


@pytest.fixture
def show(chromium, gallery: str):
    """Opens the gallery at a width, under the policy that every answer carries; a refusal of it fails the test."""
    pages, said = [], []

    def serve(route: Route) -> None:
        path = urlparse(route.request.url).path
        file = ROOT / "riskapp/web" / path.lstrip("/")
        if path == "/":
            route.fulfill(body=gallery, content_type="text/html", headers={"Content-Security-Policy": POLICY})
        elif path.startswith("/style/"):
            route.fulfill(body=bundle(ROOT / "riskapp/web/static", "/static"), content_type="text/css")
        elif path.startswith("/static/") and file.is_file():
            route.fulfill(path=str(file))
        else:
            route.fulfill(status=404)

    def shown(width: int, fragment: str = "") -> Page:
        page = chromium.new_page(viewport={"width": width, "height": 900})
        page.on("console", lambda message: said.append(message.text))
        page.route("**/*", serve)
        page.goto(f"http://gallery.example/{fragment}")
        page.evaluate("document.fonts.ready.then(() => null)")  # another font is wider
        pages.append(page)
        return page

    yield shown
    for page in pages:
        page.close()
    assert not [text for text in said if "404" not in text]


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_axe_finds_nothing_with_everything_open(show, width: int) -> None:
    page = show(width)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found] == []


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_nothing_runs_over_the_edge(show, width: int) -> None:
    assert show(width).evaluate(OVERFLOWING) == []


def test_a_finger_finds_every_control(show) -> None:
    assert show(390).evaluate(SMALL) == []


def test_the_score_shows_as_it_is_chosen_without_a_script(show) -> None:
    page = show(1280)
    result = page.locator(".result--current:visible")
    assert re.sub(r"\s+", " ", result.inner_text()).strip() == "16 High Beyond tolerable"
    page.locator('[data-likelihood="current-1"]').first.check()
    assert re.sub(r"\s+", " ", result.inner_text()).strip() == "4 Low Within appetite"
    page.locator("#current_impact").check()
    assert result.inner_text().split()[:2] == ["5", "Medium"]


def test_of_several_impacts_the_highest_decides(show) -> None:
    page = show(1280)
    page.locator("#current_money").check()
    assert page.locator(".result--current:visible").inner_text().split()[:3] == ["20", "Very", "high"]
    page.locator("#current_money-2").check()
    assert page.locator(".result--current:visible").inner_text().split()[:2] == ["16", "High"]


def test_the_menu_of_a_phone_is_reached_by_its_address(show) -> None:
    assert not show(390).locator("#menu").is_visible()
    page = show(390, "#menu")
    assert page.locator("#menu").is_visible()
    page.get_by_text("Close menu").click()
    assert not page.locator("#menu").is_visible()


def test_a_keyboard_can_skip_to_the_work(show) -> None:
    page = show(1280)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
