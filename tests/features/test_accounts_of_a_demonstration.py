"""The list of accounts to try, and the accounts in it, exist in a demonstration alone."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from riskapp.app import create_app
from riskapp.features.accounts.service import hash_password
from riskapp.models.database import db, transaction
from riskapp.models.people import Person
from riskapp.settings import Settings
from tests.builders import PASSWORD, ACouncil
from tests.conftest import _empty

EMAIL = "owner@demo.example"


@pytest.fixture
def in_production(database_url, tmp_path):
    """An application as a council deploys it, with nothing of a demonstration in its settings but in its way."""
    settings = Settings.from_environment(
        {
            "DATA_DIR": str(tmp_path),
            "SECRET_KEY": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978",
            "BASE_URL": "http://localhost",
            "DEMO_PASSWORD": PASSWORD,
        }
    )
    app = create_app(replace(settings, database_url=database_url))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    with app.app_context():
        if database_url.startswith("postgresql"):
            _empty(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()


def a_demo_account():
    with transaction():
        db.session.add(Person(email=EMAIL, password_hash=hash_password(PASSWORD), purpose="Risk owner: what is due"))


def test_an_application_in_production_has_neither_list_nor_accounts(in_production):
    ACouncil()
    page = in_production.test_client().get("/sign-in").text
    assert "to try" not in page
    assert "demonstration" not in page.lower()
    assert db.session.scalar(select(func.count(Person.id)).where(Person.purpose.is_not(None))) == 0


def test_in_production_the_demonstration_cannot_be_loaded(in_production):
    for arguments in (["demo", "load"], ["demo", "load", "--password", PASSWORD]):
        done = in_production.test_cli_runner().invoke(args=arguments)
        assert done.exit_code == 1
        assert "only loaded with RISKAPP_MODE=demo" in done.output
    assert db.session.scalar(select(func.count(Person.id))) == 0


def test_over_a_database_that_held_a_demonstration_its_accounts_are_not_listed_and_open_nothing(in_production):
    ACouncil()
    a_demo_account()
    client = in_production.test_client()
    page = client.get(f"/sign-in?email={EMAIL}").text
    assert EMAIL not in re.sub(r'value="[^"]*"', "", page)
    assert "to try" not in page
    answer = client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
    assert "Enter the e-mail address and password of an account" in answer.text
    assert client.get("/account").location == "/sign-in"


def test_in_a_demonstration_the_same_account_is_listed_and_signs_in(app):
    ACouncil()
    a_demo_account()
    client = app.test_client()
    assert EMAIL in client.get("/sign-in").text
    assert client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD}).status_code == 302
