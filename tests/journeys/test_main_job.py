"""The main job as its people do it, in a browser: from a risk that somebody saw to the paper a committee reads."""

import csv
import io
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader
from sqlalchemy import func, select

from riskapp.domain.calendar import next_working_day
from riskapp.features.policy import queries as policies
from riskapp.models.database import db
from riskapp.models.reminders import Message
from riskapp.web.clock import today
from tests.journeys.conftest import Site

pytestmark = pytest.mark.browser

SCORES = {"inherent": (4, 4), "current": (3, 4), "target": (2, 3)}
KEPT, RETURNED, PASSED, LEFT = (
    "Families stay in hotels past the lawful limit",
    "The waiting list cannot be read after midnight",
    "Letters about homes reach the wrong address",
    "Nobody answers the night line in winter",
)
PHONE = 390
LEAD, DIRECTOR = "Service Lead, Housing Solutions", "Executive Director, Housing"


def day(when: date) -> str:
    return f"{when:%-d %b %Y}"


def test_a_risk_goes_from_the_champion_who_saw_it_to_the_committee_that_asks(site: Site) -> None:
    paths = _champion_logs_four_risks(site)
    _owner_opens_them(site, paths)
    _manager_answers_three(site)
    _owner_plans_and_moves_a_date(site, paths[KEPT])
    _clock_moves_up_what_nobody_answered(site, paths[LEFT])
    overdue = _assurance_chases(site)
    _assurance_builds_a_pack(site, overdue)
    _freeport_says_who_answers_for_it(site)


# ---- 1. the champion
def _champion_logs_four_risks(site: Site) -> dict[str, str]:
    page = site.visit("champion", script=False)  # no script runs: what shows as one chooses is style alone
    expect(page.get_by_role("heading", level=1)).to_have_text("My work")
    paths = {}
    for title in (KEPT, RETURNED, PASSED, LEFT):
        page.get_by_role("link", name="Log a risk").first.click()
        _fill_the_form(page, title)
        result = page.locator(".result--current:visible")
        expect(result).to_contain_text(re.compile(r"12\s*High"))
        if title == KEPT:
            _check_before_sending(page)
        page.get_by_role("button", name="Send to the owner to open").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(title)
        expect(page.locator("main")).to_contain_text("The draft is with its owner")
        paths[title] = page.url.removeprefix(site.url)
    return paths


def _fill_the_form(page: Page, title: str) -> None:
    page.get_by_label("Title").fill(title)
    page.locator("[name=cause]").fill("Too few homes are let in time")
    page.locator("[name=event]").fill("a family waits longer than the law allows")
    page.locator("[name=consequence]").fill("a penalty, and harm to children")
    page.get_by_label("Team", exact=True).select_option(label="Housing Options")
    page.get_by_label("Owner", exact=True).select_option(label="Team Manager, Housing Options")
    page.get_by_label("Category", exact=True).select_option(label="Technology")
    page.locator("[name=item]").select_option(label="F: Services within resources")
    for basis, (likelihood, impact) in SCORES.items():
        page.locator(f"[name={basis}_likelihood][value='{likelihood}']").check()
        page.locator(f"[name={basis}_impact][value='{impact}']").check()
    _fill_date(page.locator("form"), "target_on", today() + timedelta(days=120))
    page.get_by_label("Why these scores").fill("Eleven families passed the limit last winter.")


def _fill_date(form: Locator, name: str, when: date) -> None:
    for part in ("day", "month", "year"):
        form.locator(f"[name={name}-{part}]").fill(str(getattr(when, part)))


def _check_before_sending(page: Page) -> None:
    page.get_by_role("button", name="Check the scores").click()
    preview = page.get_by_label("Preview")
    expect(preview).to_contain_text(f"Goes to {LEAD}, who has 1 working day to acknowledge")
    expect(preview).to_contain_text("policy 6.2")
    expect(preview).to_contain_text("Above optimal")
    expect(page.get_by_label("Title")).to_have_value(KEPT)


# ---- 2. the owner, and the policy
def _owner_opens_them(site: Site, paths: dict[str, str]) -> None:
    page = site.visit("owner")
    for title in paths:
        draft = page.locator("details.work", has_text=title)
        expect(draft).to_contain_text("Open a draft")
        draft.locator("summary").click()
        draft.get_by_role("button", name="Open the risk").click()
        expect(page.locator("main")).to_contain_text(LEAD)
        page.goto(f"{site.url}/")
    page.goto(site.url + paths[KEPT])
    said = page.locator("main")
    expect(page.locator(".three-scores .now")).to_contain_text(re.compile(r"12\s*High"))
    expect(said).to_contain_text("Above optimal")
    expect(said).to_contain_text(re.compile(r"Next review\s*\d{1,2} \w{3} 20\d\d"))
    expect(said).to_contain_text(f"Open since {day(today())}")
    expect(page.locator("section", has=page.locator("#escalation")).first).to_contain_text(LEAD)
    expect(page.get_by_role("link", name="Services within resources")).to_be_visible()


# ---- 3. the manager
def _manager_answers_three(site: Site) -> None:
    page = site.visit("manager", width=PHONE)
    _follow_the_mail(site, page, KEPT)
    said = page.locator("main")
    expect(said).to_contain_text("Escalated to you")
    expect(said).to_contain_text("A current score of 10 or more goes to the lead of the service")
    expect(said).to_contain_text("clause 6.2")
    expect(page.locator(".route-upright [aria-current=step]")).to_contain_text(LEAD)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#decide")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Decide by")

    _follow_the_mail(site, page, RETURNED)
    _answer(page, "Return it with advice", "Return it to its owner", "")
    expect(page.get_by_role("link", name="Write what the owner must change")).to_be_visible()
    _answer(page, None, "Return it to its owner", "Say how often it happened.")
    expect(page.locator("main")).to_contain_text("Say how often it happened.")

    _follow_the_mail(site, page, PASSED)
    _answer(page, "Pass it on", f"Pass it to the {DIRECTOR}", "The post room is not mine.")
    expect(page.locator("main")).to_contain_text(f"With {DIRECTOR}")
    expect(page.locator("main")).to_contain_text("The post room is not mine.")


def _follow_the_mail(site: Site, page: Page, title: str) -> None:
    """Read the message in the outbox and go where its own words lead."""
    page.goto(f"{site.url}/outbox?text={title}")
    page.locator("main table").get_by_role("link", name=title).first.click()
    words = page.locator(".quote").inner_text()
    address = next(iter(re.findall(rf"{re.escape(site.url)}/escalations/E-\w+", words)))
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)


def _answer(page: Page, option: str | None, button: str, words: str) -> None:
    if option:
        page.locator("details.option summary", has_text=option).click()
    form = page.locator("form", has=page.get_by_role("button", name=button))
    form.locator("textarea").fill(words)
    form.get_by_role("button", name=button).click()


# ---- 4. the plan
def _owner_plans_and_moves_a_date(site: Site, path: str) -> None:
    page = site.visit("owner")
    page.goto(site.url + path)
    page.get_by_role("link", name="Add an action").first.click()
    page.get_by_label("What will be done?").fill("Rent forty homes by the spring")
    page.get_by_label("Who does it?").select_option(label="Team Manager, Housing Options")
    page.get_by_label("Who answers for it?").select_option(label=LEAD)
    first, second = today() + timedelta(days=30), today() + timedelta(days=44)
    _fill_date(page.locator("form"), "due_on", first)
    page.get_by_role("button", name="Add the action").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rent forty homes")
    move = page.locator("#move")
    move.locator("summary").click()
    _fill_date(move, "due_on", second)
    move.get_by_role("button", name="Move the date").click()
    expect(page.locator(".error-summary")).to_be_visible()
    move = page.locator("#move")
    move.get_by_label("Why does it move?").fill("Two landlords asked for time.")
    move.get_by_role("button", name="Move the date").click()
    said = page.locator("main")
    expect(said).to_contain_text("2nd date, 14 days after the first promise")
    expect(said).to_contain_text(f"{day(first)}, now {day(second)}")
    expect(said).to_contain_text("Two landlords asked for time.")


# ---- 5. the clock
def _clock_moves_up_what_nobody_answered(site: Site, path: str) -> None:
    in_a_week = f"{_working_day_in_a_week(site)}"
    site.clock(in_a_week)
    written = _messages(site)
    site.clock(in_a_week)
    assert _messages(site) == written
    page = site.visit("owner")
    page.goto(site.url + path)
    route = page.locator("section", has=page.locator("#escalation")).first
    expect(route.locator("[aria-current=step]")).to_contain_text(DIRECTOR)
    expect(route).to_contain_text(LEAD)
    page.goto(f"{site.url}/outbox?text={LEFT}")
    expect(page.get_by_role("link", name="An escalation has moved up").first).to_be_visible()


def _working_day_in_a_week(site: Site) -> date:
    with site.app.app_context():
        calendar = policies.in_force(on=today()).policy.calendar
        return next_working_day(calendar, today() + timedelta(days=7))


def _messages(site: Site) -> int:
    with site.app.app_context():
        return db.session.scalar(select(func.count()).select_from(Message))


# ---- 6. the Head of Assurance
def _assurance_chases(site: Site) -> int:
    page = site.visit("assurance")
    page.get_by_role("link", name="Actions", exact=True).first.click()
    page.get_by_role("link", name="Overdue", exact=True).first.click()
    overdue = int(re.search(r"All (\d+)", page.locator("#all").inner_text())[1])
    page.get_by_label("Directorate", exact=True).select_option(label="Housing")
    page.get_by_role("button", name="Filter").click()
    listed = page.locator("#all table tbody tr")
    expect(page.locator("#all")).to_contain_text("“Housing”")
    assert 0 < listed.count() < overdue
    page.locator("#all thead").get_by_role("link", name="Days late").click()
    days = [int(text) for text in page.locator("#all td[data-label='Days late']").all_inner_texts()]
    assert days == sorted(days)
    with page.expect_download() as coming:
        page.locator("#all").get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(coming.value.path()).read_text(encoding="utf-8-sig"))))
    assert [int(row["Days late"]) for row in rows] == days
    assert {row["Directorate"] for row in rows} == {"Housing"}
    listed.first.get_by_role("checkbox").check()
    page.get_by_role("button", name="Chase these").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Chase 1 overdue action")
    page.get_by_role("button", name="Queue 1 e-mail").click()
    expect(page.locator("main")).to_contain_text("1 e-mail queued")
    return overdue


# ---- 7. the pack
def _assurance_builds_a_pack(site: Site, overdue: int) -> None:
    page = site.visit("assurance")
    page.get_by_role("link", name="Committee packs").first.click()
    page.locator("tr", has_text="Audit Committee").first.get_by_role("link").first.click()
    figure = _figure(page, "Actions overdue")
    assert 0 < figure <= overdue
    held_on = page.locator(".page-head__caption").inner_text()
    page.get_by_role("button", name="Build version 1").click()
    expect(page.locator("main")).to_contain_text("Version 1 is built")
    path = page.get_by_role("link", name="Part 1, public (PDF)").first.get_attribute("href")
    answer = page.request.get(site.url + path)
    assert answer.headers["content-type"] == "application/pdf"
    paper = PdfReader(io.BytesIO(answer.body()))
    words = re.sub(r"\s+", " ", " ".join(sheet.extract_text() for sheet in paper.pages))
    for part in ("Audit Committee", held_on, "Illustrative data", "Thames Freeport", "Heat map", "overdue"):
        assert part.lower() in words.lower(), part
    assert re.search(rf"\b{figure}\b[^.]{{0,40}}overdue", words), f"{figure} overdue"
    assert KEPT not in words  # nobody has classified it as public


def _figure(page: Page, words: str) -> int:
    return int(re.search(r"\d+", page.locator(".figures > *", has_text=words).first.inner_text())[0])


# ---- 8. external bodies
def _freeport_says_who_answers_for_it(site: Site) -> None:
    page = site.visit("commissioner")
    page.get_by_role("link", name="External bodies").first.click()
    page.get_by_role("link", name="Thames Freeport", exact=True).first.click()
    said = page.locator("main")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thames Freeport")
    expect(said).to_contain_text(re.compile(r"The council is its\s*Accountable Body"))
    expect(said).to_contain_text(re.compile(r"Next review\s*\d{1,2} \w{3} 20\d\d"))
    expect(page.locator("section", has=page.locator("#appointments")).first).to_contain_text("Governing body, member")
    expect(page.locator("section", has=page.locator("#risks")).first.locator("tbody tr").first).to_be_visible()
