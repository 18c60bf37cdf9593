"""The second factor: demanded of some before anything opens, each code once, and never reset by oneself."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import current_app
from sqlalchemy import delete, func, select

from riskapp.adapters.encryption import Cipher
from riskapp.domain import one_time_codes as codes
from riskapp.domain.audit import Event
from riskapp.domain.clock import Done, Moment
from riskapp.domain.permissions import Clearance, Role
from riskapp.features.accounts import queries as accounts
from riskapp.features.accounts import service as account_service
from riskapp.features.second_factor import service
from riskapp.models.accounts import RecoveryCode, SecondFactor, SignInFailure
from riskapp.models.audit import AuditEntry, AuditPayload
from riskapp.models.database import db, transaction
from riskapp.models.people import Person
from riskapp.models.reminders import Message
from tests.builders import NOON, PASSWORD, ACouncil, a_person, a_role, actor, sign_in

KEY = b"a key of twenty byte"
HERE = "/account/second-factor"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as travelling:
        yield travelling


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def demanding(app):
    """As outside a demonstration."""
    app.extensions["settings"] = replace(app.extensions["settings"], demands_second_factor=True)
    return app


def code(at=NOON, key=KEY):
    return codes.code_of(key, codes.step_at(at))


def wrong_code(at=NOON, key=KEY):
    near = {codes.code_of(key, codes.step_at(at) + step) for step in range(-2, 3)}
    return next(each for each in ("000000", "111111", "222222", "333333", "444444", "555555") if each not in near)


def cipher():
    return current_app.extensions["cipher"]


def key_of(person):
    factor = db.session.get(SecondFactor, person.id)
    return cipher().decrypt(factor.encrypted_key, owner=factor.owner)


def with_factor(person, *, recovery=()):
    with transaction():
        factor = SecondFactor(person_id=person.id, made_at=NOON, confirmed_at=NOON)
        factor.encrypted_key = cipher().encrypt(KEY, owner=factor.owner, at=NOON)
        db.session.add(factor)
        db.session.add_all(RecoveryCode(person_id=person.id, digest=codes.recovery_digest(each)) for each in recovery)
    return person


def by_password(app, person):
    client = app.test_client()
    sign_in(client, person)
    return client


def test_after_the_password_nothing_opens_until_the_code_is_entered(app, council):
    person = with_factor(council.lead_person)
    client = by_password(app, person)
    half = client.get_cookie("sid").value
    for path in ("/", "/account", "/account/sessions", "/registers", HERE, f"{HERE}/remove", "/account/password"):
        assert client.get(path).location == "/sign-in/code", path
    assert "Six figures from the app" in client.get("/sign-in/code").text
    assert "Main navigation" not in client.get("/sign-in/code").text
    assert client.post("/sign-in/code", data={"code": code()}).status_code == 302
    assert client.get("/account").status_code == 200
    assert client.get_cookie("sid").value != half, "a new token, so that the half session is of no use"
    client.set_cookie("sid", half)
    assert client.get("/sign-in/code").location == "/sign-in"


def test_a_code_counts_once_even_for_another_session(app, council):
    person = with_factor(council.lead_person)
    first, second = by_password(app, person), by_password(app, person)
    assert first.post("/sign-in/code", data={"code": code()}).status_code == 302
    again = second.post("/sign-in/code", data={"code": code()})
    assert "each of which counts once" in again.text
    assert second.get("/account").location == "/sign-in/code"
    later = code(NOON + timedelta(seconds=30))
    assert second.post("/sign-in/code", data={"code": f"{later[:3]} {later[3:]}"}).status_code == 302


def test_wrong_codes_wait_like_wrong_passwords_and_the_password_does_not_wipe_them_out(app, council, clock):
    person = with_factor(council.lead_person)
    client = by_password(app, person)
    for _ in range(4):
        client.post("/sign-in/code", data={"code": wrong_code()})
    client = by_password(app, person)
    client.post("/sign-in/code", data={"code": wrong_code()})
    assert db.session.scalar(select(func.count(SignInFailure.id))) == 5
    assert "Wait 30 seconds" in client.post("/sign-in/code", data={"code": code()}).text
    clock.shift(timedelta(seconds=30))
    assert client.post("/sign-in/code", data={"code": code(NOON + timedelta(seconds=30))}).status_code == 302
    assert db.session.scalar(select(func.count(SignInFailure.id))) == 0


def test_a_recovery_code_stands_in_once(app, council):
    kept = codes.recovery_code(b"ten bytes!")
    person = with_factor(council.lead_person, recovery=(kept,))
    client = by_password(app, person)
    assert client.post("/sign-in/code", data={"code": kept.lower()}).status_code == 302
    assert "0 recovery codes are left" in client.get("/account").text
    other = by_password(app, person)
    assert other.post("/sign-in/code", data={"code": kept}).status_code == 200
    assert Event.RECOVERY_CODE_USED in set(db.session.scalars(select(AuditEntry.event)))


def test_another_persons_recovery_code_opens_nothing(app, council):
    kept = codes.recovery_code(b"ten bytes!")
    with_factor(council.manager_person, recovery=(kept,))
    client = by_password(app, with_factor(council.lead_person))
    assert client.post("/sign-in/code", data={"code": kept}).status_code == 200
    assert db.session.scalar(select(RecoveryCode.used_at)) is None


@pytest.mark.parametrize("name", ["assurance_person", "administrator_person"])
def test_who_must_have_one_is_led_to_set_it_up_before_anything_opens(demanding, council, name):
    client = by_password(demanding, getattr(council, name))
    for path in ("/", "/account", "/registers", "/clock", f"{HERE}/codes", f"{HERE}/remove"):
        assert client.get(path).location == HERE, path
    assert client.post("/account/sessions/end", data={"session": "others"}).location == HERE
    page = client.get(HERE).text
    assert "A role of yours asks for one before anything opens" in page
    assert 'aria-label="QR code' in page
    assert "/registers" not in page, "nor is there a menu"


def test_who_reads_what_is_exempt_by_a_role_must_have_one_and_others_need_not(demanding, council):
    reader = a_person()
    a_role(reader, Role.CHAMPION, council.team, clearance=Clearance.EXEMPT)
    assert by_password(demanding, reader).get("/account").location == HERE
    assert by_password(demanding, council.champion_person).get("/account").status_code == 200


def test_a_role_that_begins_while_one_is_signed_in_asks_for_it_at_the_next_click(demanding, council):
    client = by_password(demanding, council.champion_person)
    assert client.get("/account").status_code == 200
    a_role(council.champion_person, Role.ASSURANCE_OFFICER, council.council)
    assert client.get("/account").location == HERE


def test_in_a_demonstration_it_is_offered_and_not_demanded(app, council):
    client = by_password(app, council.assurance_person)
    assert client.get("/account").status_code == 200
    assert "Set one up" in client.get("/account").text


def enrolled(client, person):
    """Set one up through the pages; gives the key and the recovery codes."""
    letters = re.search(r'class="setup-key">([A-Z2-7 ]+)<', client.get(HERE).text)[1].replace(" ", "")
    key = key_of(person)
    assert codes.key_in_letters(key) == letters
    page = client.post(HERE, data={"code": code(key=key)}).text
    return key, re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", page)


def test_setting_one_up_shows_ten_codes_once_and_ends_every_other_session(demanding, council):
    person = council.assurance_person
    other, client = by_password(demanding, person), by_password(demanding, person)
    before = client.get_cookie("sid").value
    _key, made = enrolled(client, person)
    assert len(set(made)) == 10
    assert client.get("/account").status_code == 200
    assert client.get_cookie("sid").value != before
    assert other.get("/account").location == "/sign-in"
    assert client.get(HERE).location == "/account", "the key is shown no more"
    kept = b"".join(db.session.scalars(select(RecoveryCode.digest)))
    assert not any(each.encode() in kept for each in made)
    again = by_password(demanding, person)
    assert again.get("/").location == "/sign-in/code"
    assert again.post("/sign-in/code", data={"code": made[3]}).status_code == 302


def test_setting_one_up_needs_the_code_of_this_key_and_the_password_if_it_was_given_a_while_ago(app, council, clock):
    person = council.lead_person
    client = by_password(app, person)
    client.get(HERE)
    key = key_of(person)
    assert "not the code of this key" in client.post(HERE, data={"code": wrong_code(key=key)}).text
    clock.shift(timedelta(minutes=6))
    data = {"code": code(NOON + timedelta(minutes=6), key)}
    assert "Enter your password. It is asked again" in client.post(HERE, data=data).text
    assert not accounts.has_second_factor(person.id)
    assert "Keep your recovery codes" in client.post(HERE, data=data | {"password": PASSWORD}).text


def test_a_key_that_was_shown_long_ago_and_never_used_is_made_anew(app, council, clock):
    client = by_password(app, council.lead_person)
    shown = client.get(HERE).text
    assert re.search(r'class="setup-key">([^<]+)', client.get(HERE).text)[1] in shown
    clock.shift(timedelta(minutes=29))
    client.get("/account")
    clock.shift(timedelta(minutes=2))
    assert re.search(r'class="setup-key">([^<]+)', client.get(HERE).text)[1] not in shown


def test_removing_it_always_asks_for_the_password_and_ends_other_sessions(app, council):
    person = with_factor(council.lead_person)
    here, there = by_password(app, person), by_password(app, person)
    assert here.post("/sign-in/code", data={"code": code()}).status_code == 302
    assert there.post("/sign-in/code", data={"code": code(NOON + timedelta(seconds=30))}).status_code == 302
    assert "Enter your password" in here.post(f"{HERE}/remove", data={}).text
    assert "not the password" in here.post(f"{HERE}/remove", data={"password": "not it"}).text
    assert accounts.has_second_factor(person.id)
    assert here.post(f"{HERE}/remove", data={"password": PASSWORD}).location == "/account"
    assert not accounts.has_second_factor(person.id)
    assert here.get("/account").status_code == 200
    assert there.get("/account").location == "/sign-in"


def test_who_must_have_one_cannot_remove_it(demanding, council):
    person = with_factor(council.assurance_person)
    client = by_password(demanding, person)
    client.post("/sign-in/code", data={"code": code()})
    assert (
        "Keep it: a role of yours asks for one (policy 14.4)"
        in client.post(f"{HERE}/remove", data={"password": PASSWORD}).text
    )
    assert accounts.has_second_factor(person.id)


def test_a_password_that_is_only_long_enough_with_one_is_changed_first(app, council):
    person = with_factor(council.lead_person)
    with transaction():
        db.session.get_one(Person, person.id).password_hash = account_service.hash_password("ffzqpwnkxjrt")
    with pytest.raises(service.CannotRemove, match="15 characters first"):
        service.remove(password_length=12, token="", is_demanded=False, by=actor(person), at=NOON)


def test_new_recovery_codes_end_the_old_ones(app, council):
    kept = codes.recovery_code(b"ten bytes!")
    person = with_factor(council.lead_person, recovery=(kept,))
    client = by_password(app, person)
    client.post("/sign-in/code", data={"code": code()})
    assert "You have 1 left" in client.get(f"{HERE}/codes").text
    made = re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", client.post(f"{HERE}/codes").text)
    assert len(made) == 10
    other = by_password(app, person)
    assert other.post("/sign-in/code", data={"code": kept}).status_code == 200
    assert other.post("/sign-in/code", data={"code": made[0]}).status_code == 302


def test_an_administrator_resets_anothers_with_a_reason_on_the_record_and_a_mail(app, council):
    person = with_factor(council.lead_person)
    lost = by_password(app, person)
    lost.post("/sign-in/code", data={"code": code()})
    admin = by_password(app, council.administrator_person)
    page = f"/people/{person.id}/second-factor"
    assert "Reset second factor" in admin.get(f"/people/{person.id}").text
    assert "Say why, and how you know" in admin.post(page, data={"reason": " "}).text
    assert admin.post(page, data={"reason": "Lost the telephone; met them"}).location == f"/people/{person.id}"
    assert not accounts.has_second_factor(person.id)
    assert lost.get("/account").location == "/sign-in"
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.SECOND_FACTOR_RESET)).one()
    said = db.session.scalar(select(AuditPayload.content).where(AuditPayload.entry_id == entry.id))
    assert said["why"] == "Lost the telephone; met them"
    assert entry.person_id == council.administrator_person.id
    message = db.session.scalars(select(Message).where(Message.person_id == person.id)).one()
    assert "was reset" in message.text
    assert "telephone; met" not in message.text


def test_nobody_resets_a_second_factor_of_their_own(app, council):
    person = with_factor(council.administrator_person)
    client = by_password(app, person)
    client.post("/sign-in/code", data={"code": code()})
    answer = client.post(f"/people/{person.id}/second-factor", data={"reason": "Mine"})
    assert "nobody resets a second factor of their own" in answer.text
    assert accounts.has_second_factor(person.id)


def test_two_that_send_one_code_at_one_moment_do_not_both_get_in(app, council):
    """The step is taken by one statement of the database, whatever a session has read before."""
    factor = with_factor(council.lead_person)
    row = db.session.get(SecondFactor, factor.id)
    with transaction():
        assert account_service.take_step(row, code(), cipher=cipher(), at=NOON)
    db.session.refresh(row)
    row.__dict__["last_step"] = 0  # what a request that began before would have read
    assert not account_service.take_step(row, code(), cipher=cipher(), at=NOON)


def test_a_session_by_something_else_than_the_password_is_whole(demanding, council):
    with transaction():
        token = account_service.start_session(
            council.assurance_person.id, at=NOON, instead_of="", by_what="Council account"
        )
    client = demanding.test_client()
    client.set_cookie("sid", token)
    assert client.get("/account").status_code == 200
    assert "Council account" in client.get("/account/sessions").text


def test_an_account_that_is_deleted_takes_its_key_along(app, council):
    person = a_person()
    with_factor(person)
    with transaction():
        db.session.execute(delete(Person).where(Person.id == person.id))
    assert db.session.scalar(select(func.count(SecondFactor.person_id))) == 0


# ---- the secret key is changed
A_NEW_KEY = "another secret key altogether"


def encrypts_anew(app):
    job = next(each for each in app.extensions["jobs"] if each.name == "encrypt_second_factors_anew")
    with transaction():
        return job.run(Moment(NOON.date(), NOON))


def test_after_the_secret_key_was_changed_the_one_before_is_needed_until_the_clock_has_been(app, council):
    people = [with_factor(each) for each in (council.lead_person, council.manager_person)]
    was = app.extensions["settings"].secret_key
    app.extensions["cipher"] = Cipher(A_NEW_KEY, before=was)
    assert by_password(app, people[0]).post("/sign-in/code", data={"code": code()}).status_code == 302
    assert encrypts_anew(app) == Done(found=2)
    assert encrypts_anew(app) == Done(found=0)
    db.session.expire_all()
    app.extensions["cipher"] = Cipher(A_NEW_KEY)
    later = code(NOON + timedelta(seconds=30))
    for person in people:
        assert by_password(app, person).post("/sign-in/code", data={"code": later}).status_code == 302


def test_a_key_that_is_lost_is_told_plainly_and_a_recovery_code_still_opens(app, council, caplog):
    kept = codes.recovery_code(b"ten bytes!")
    person = with_factor(council.lead_person, recovery=(kept,))
    app.extensions["cipher"] = Cipher(A_NEW_KEY)
    client = by_password(app, person)
    said = client.post("/sign-in/code", data={"code": code()}).text
    assert "cannot be read here. Enter a recovery code, or ask an administrator" in said
    assert "a second factor cannot be decrypted" in caplog.messages
    done = encrypts_anew(app)
    assert (done.found, done.failed) == (0, 1)
    assert "set SECRET_KEY_BEFORE" in done.detail
    assert client.post("/sign-in/code", data={"code": kept}).status_code == 302
    admin = by_password(app, council.administrator_person)
    assert admin.post(f"/people/{person.id}/second-factor", data={"reason": "The key is lost"}).status_code == 302
    assert by_password(app, person).get("/account").status_code == 200


def test_a_key_that_waits_for_its_first_code_is_made_anew_after_a_change(app, council):
    client = by_password(app, council.lead_person)
    client.get(HERE)
    app.extensions["cipher"] = Cipher(A_NEW_KEY)
    assert client.get(HERE).status_code == 200
    assert client.post(HERE, data={"code": code(key=key_of(council.lead_person))}).status_code == 200
    assert accounts.has_second_factor(council.lead_person.id)


def test_a_key_that_is_copied_into_another_persons_row_opens_nothing(app, council):
    mine, theirs = with_factor(council.champion_person), with_factor(council.lead_person)
    with transaction():
        copied = db.session.get(SecondFactor, mine.id).encrypted_key
        db.session.get(SecondFactor, theirs.id).encrypted_key = copied
    client = by_password(app, theirs)
    assert "cannot be read here" in client.post("/sign-in/code", data={"code": code()}).text
    assert client.get("/account").location == "/sign-in/code"
