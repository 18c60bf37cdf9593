"""How tests look at pages: a real Chromium, what axe finds, what sticks out of a narrow window."""

import shutil
from pathlib import Path

CHROMIUM = shutil.which("chromium")
AXE = Path(__file__).parents[1] / ".build/axe.min.js"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OVERFLOWING = """() => [...document.querySelectorAll('body *')].filter(each =>
    !each.closest('.drawing__scroll, .scroll, .tabs, .visually-hidden') && each.getBoundingClientRect().right
    > document.documentElement.clientWidth + 1).map(each => each.outerHTML.slice(0, 90))"""
OPEN_ALL = "() => document.querySelectorAll('details').forEach(each => { each.open = true })"


def faults(page) -> list[str]:
    """What axe-core finds on a page, every fold of it opened: rule and the first element that breaks it."""
    page.evaluate(OPEN_ALL)
    page.evaluate(AXE.read_text(encoding="utf-8"))  # through the debugger, which the page's own policy does not bind
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [f"{fault['id']}: {fault['nodes'][0]['html'][:120]}" for fault in found["violations"]]
