"""Signing in with a council account in a real browser, through the page of a real provider."""

import re
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from riskapp.adapters.oidc import Provider
from riskapp.features.oidc.views import CALLBACK
from riskapp.models.database import db
from riskapp.models.oidc import ExternalIdentity
from riskapp.models.people import Person
from riskapp.settings import OidcSettings
from tests.adapters.test_mail import sink  # noqa: F401 - a fixture: a real mail server on this machine
from tests.browser import OVERFLOWING, faults
from tests.journeys.conftest import PASSWORD, Site
from tests.oidc_provider import real_provider

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of the provider, which runs in this process
]
NAME = "your council account"


@pytest.fixture
def provider(site: Site):
    """A provider that knows two people, and is known to the site; its pages are no fault of ours."""
    users = [real_provider.User(sub=name) for name in ("jo-of-housing", "somebody-else")]
    with real_provider.run_server_in_thread(user_claims=users) as server:
        issuer = f"http://localhost:{server.server_port}"
        settings = OidcSettings(issuer, "riskapp", "a secret of tests", NAME, is_entra=False)
        site.app.extensions["oidc"] = Provider(settings, redirect_uri=site.url + CALLBACK)
        yield issuer
        site.app.extensions["oidc"] = None
        site.faults[:] = [each for each in site.faults if issuer not in each]


def whole(page) -> list[str]:
    """What is wrong with a page, wide and narrow."""
    found = faults(page)
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 844})
        found += page.evaluate(OVERFLOWING)
    page.set_viewport_size({"width": 1280, "height": 844})
    return found


def test_somebody_links_their_council_account_and_signs_in_with_it_and_nobody_else_does(site: Site, provider) -> None:
    page = site.visit("owner")
    page.goto(f"{site.url}/account")
    page.get_by_role("link", name="Link your council account").click()
    page.get_by_label("Your password").fill("not the password")
    page.get_by_role("button", name="Go on to link it").click()
    expect(page.locator(".error-summary")).to_contain_text("not the password of your account")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go on to link it").click()
    assert whole(page) == []
    page.get_by_role("link", name="Go on to sign in there").click()
    assert page.url.startswith(provider)
    page.get_by_role("button", name="jo-of-housing").click()
    expect(page.locator("main")).to_contain_text("It is linked")
    page.context.close()

    page = site.stranger()
    page.goto(f"{site.url}/registers")
    assert whole(page) == []
    page.get_by_role("link", name=f"Sign in with {NAME}").click()
    page.get_by_role("button", name="jo-of-housing").first.click()
    assert page.url == f"{site.url}/registers"  # the page wanted
    page.goto(f"{site.url}/account/council-account")
    expect(page.locator("main")).to_contain_text(re.compile(r"Linked.*Themselves", re.DOTALL))
    assert whole(page) == []
    page.goto(f"{site.url}/account")
    page.get_by_role("button", name="Sign out").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_role("link", name="sign out of your council account too").click()
    assert urlsplit(page.url).netloc == urlsplit(provider).netloc
    page.context.close()

    page = site.stranger()
    page.goto(f"{site.url}/sign-in")
    page.get_by_role("link", name=f"Sign in with {NAME}").click()
    page.get_by_role("button", name="somebody-else").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are not signed in")
    assert whole(page) == []
    page.get_by_role("link", name="Back to sign in").click()
    page.get_by_role("link", name=f"Sign in with {NAME}").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The sign-in did not work")
    page.context.close()


def test_an_administrator_sees_whose_account_is_linked_and_unlinks_it(site: Site, provider) -> None:
    with site.app.app_context():
        person_id = db.session.scalars(select(ExternalIdentity.person_id)).one()
    page = site.visit("admin")
    page.goto(f"{site.url}/people/{person_id}")
    page.get_by_role("link", name="Link or unlink their council account").click()
    assert whole(page) == []
    page.get_by_role("button", name="Unlink it").click()
    expect(page.locator(".error-summary")).to_contain_text("Say why")
    page.get_by_label("Why").fill("They have a new one")
    page.get_by_role("button", name="Unlink it").click()
    expect(page.locator("main")).to_contain_text("signed out everywhere")
    expect(page.get_by_role("button", name="Send the link")).to_be_visible()
    assert whole(page) == []
    page.context.close()


def test_an_invitation_is_mailed_opened_and_walked_to_the_end_and_opens_nothing_again(
    site: Site,
    provider,
    sink,  # noqa: F811 - the fixture
) -> None:
    site.app.extensions["settings"] = replace(site.app.extensions["settings"], smtp_url=sink.url)
    with site.app.app_context():
        person_id = db.session.scalars(select(Person.id).where(Person.email == "manager@demo.example")).one()
    admin = site.visit("admin")
    admin.goto(f"{site.url}/people/{person_id}/council-account")
    admin.get_by_role("button", name="Send the link").click()
    expect(admin.locator("main")).to_contain_text("The link is sent to manager@demo.example")
    assert whole(admin) == []
    (letter,) = sink.received
    link = re.search(r"http://\S+/sign-in/invitation\?key=[\w-]+", letter.get_body(("plain",)).get_content())[0]

    page = site.stranger()
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Link your council account")
    expect(page.locator("main")).to_contain_text("manager@demo.example")
    assert whole(page) == []
    page.get_by_role("link", name="Go on to sign in there").click()
    assert page.url.startswith(provider)
    page.get_by_role("button", name="somebody-else").click()
    assert page.url == f"{site.url}/"
    page.goto(f"{site.url}/account/council-account")
    expect(page.locator("main")).to_contain_text("admin@demo.example")
    assert whole(page) == []
    page.context.close()

    page = site.stranger()
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("It is not linked")
    expect(page.locator("main")).to_contain_text("was used, was withdrawn or has run out")
    assert whole(page) == []
    page.context.close()
    admin.reload()
    expect(admin.get_by_role("button", name="Unlink it")).to_be_visible()
    admin.context.close()
    assert not [each for each in site.faults if provider not in each]
