"""Choosing a password by a link that tells nothing to who asks, and changing it."""

import hashlib
import re
import statistics
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, func, select, update

from riskapp.adapters.mail import Outcome
from riskapp.adapters.oidc import Provider
from riskapp.domain.audit import Event
from riskapp.domain.clock import Moment
from riskapp.features.accounts import service as accounts
from riskapp.features.accounts.forms import CodeForm, SignInForm
from riskapp.features.oidc.forms import ProveForm
from riskapp.features.passwords import jobs, service
from riskapp.features.passwords.forms import AskForm, ChangeForm, ChooseForm
from riskapp.features.reminders import jobs as mail
from riskapp.features.staffing import service as staffing
from riskapp.models.accounts import PasswordLink, PasswordRequest, SecondFactor, SignInFailure
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, transaction
from riskapp.models.people import Person, RoleAssignment
from riskapp.models.reminders import Message
from riskapp.settings import OidcSettings
from tests.builders import DAY, NOON, PASSWORD, ACouncil, actor, sign_in

NEW = "kettle pebble lantern harbour"
SITE = "https://risk.council.example"
LINK = re.compile(r"https?://\S+/choose-password\?key=([\w-]+)")


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as travelling:
        yield travelling


@pytest.fixture
def council(app):
    with time_machine.travel(NOON, tick=False):
        return ACouncil()


class Postbox:
    """Takes every letter."""

    def __init__(self):
        self.letters = []

    def send(self, letter):
        self.letters.append(letter)
        return Outcome("sent")


def ask(client, email):
    return client.post("/forgotten-password", data={"email": email})


def links(at=NOON):
    """What the clock sends: the keys of the links, oldest first."""
    postbox, moment = Postbox(), Moment(DAY, at)
    with transaction():
        jobs.answer_password_requests(moment)
    mail.send_queued(postbox, moment, base_url=SITE)
    assert all(letter.text.count(SITE) == 1 for letter in postbox.letters)
    return [LINK.search(letter.text)[1] for letter in postbox.letters if LINK.search(letter.text)]


def choose(app, key, password=NEW):
    client = app.test_client()
    assert client.get(f"/choose-password?key={key}").location == "/choose-password"
    client.get("/choose-password")
    return client.post("/choose-password", data={"password": password})


def works(app, person, password):
    return app.test_client().post("/sign-in", data={"email": person.email, "password": password}).status_code == 302


def test_a_link_by_mail_chooses_the_password_once(app, council, client, clock):
    person = council.lead_person
    assert "If an account has this address" in ask(client, f" {person.email.upper()} ").text
    key = links()[0]
    assert choose(app, key).location.startswith("/sign-in?email=")
    assert works(app, person, NEW)
    assert not works(app, person, PASSWORD)
    assert "This link opens nothing" in choose(app, key, "another lantern for the harbour").text
    assert works(app, person, NEW)
    assert Event.PASSWORD_CHOSEN in set(db.session.scalars(select(AuditEntry.event)))


def test_the_answer_is_word_for_word_the_same_for_an_account_a_closed_one_and_none(app, council, clock):
    council.manager_person.is_active = False
    db.session.commit()
    emails = (council.lead_person.email, council.manager_person.email, "nobody@demo.example")
    answers = [ask(app.test_client(), email) for email in emails]
    seen = {
        (each.status_code, each.text, tuple(sorted((n, v) for n, v in each.headers if n != "Set-Cookie")))
        for each in answers
    }
    assert len(seen) == 1
    assert len(links()) == 1


def test_the_key_is_in_no_table_and_in_no_page_of_the_outbox(app, council, client, clock):
    ask(client, council.lead_person.email)
    key = links()[0]
    assert len(key) >= 43, "256 bits"
    kept = "".join(f"{row.text}{row.html}{row.subject}" for row in db.session.scalars(select(Message)))
    assert key not in kept
    assert db.session.scalar(select(PasswordLink.token_digest)) != key.encode()
    sign_in(client, council.administrator_person)
    number = db.session.scalar(select(Message.id))
    page = client.get(f"/outbox/{number}").text
    assert "only-in-the-mail-itself" in page
    assert key not in page


def test_in_a_demonstration_the_outbox_is_where_the_mail_is_read(app, council, client, clock):
    ask(client, council.lead_person.email)
    with transaction():
        jobs.answer_password_requests(Moment(DAY, NOON))
        mail.send_mail(Moment(DAY, NOON))
    sign_in(client, council.lead_person)
    page = client.get(f"/outbox/{db.session.scalar(select(Message.id))}").text
    key = re.search(r'href="http://localhost/choose-password\?key=([\w-]+)"', page)[1]
    assert choose(app, key).location.startswith("/sign-in?email=")


def test_no_host_that_a_visitor_claims_gets_into_the_mail(app, council, clock):
    forged = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "gopher",
        "Forwarded": "host=evil.example",
    }
    app.test_client().post("/forgotten-password", data={"email": council.lead_person.email}, headers=forged)
    postbox = Postbox()
    with transaction():
        jobs.answer_password_requests(Moment(DAY, NOON))
    mail.send_queued(postbox, Moment(DAY, NOON), base_url=SITE)
    assert postbox.letters
    assert all("evil" not in f"{each.text}{each.html}{each.subject}{each.address}" for each in postbox.letters)


def test_no_link_works_but_the_one_last_sent_to_this_person_unused_and_within_the_hour(app, council, clock, tell):
    person, other = council.lead_person, council.manager_person
    refused = {}

    def tried(name, key, at=None):
        if at:
            clock.move_to(at)
        answer = choose(app, key)
        refused[name] = "This link opens nothing" in answer.text or answer.status_code == 400
        clock.move_to(NOON)

    def fresh(whom):
        with transaction():
            db.session.execute(delete(PasswordLink))
            service.send_link(whom, by=actor(whom), at=NOON)
        return links()[-1]

    good = fresh(person)
    forged = {
        "empty": "", "a word": "x", "nought": "0" * 43, "one sign short": good[:-1], "one sign more": good + "A",
        "turned round": good[::-1], "in capitals": good.upper(), "with a space": f"{good} ", "a quote": f"{good}'--",
        "a wildcard": "%", "very long": "A" * 5000, "of a session": "",
    }  # fmt: skip
    with transaction():
        forged["of a session"] = accounts.start_session(person.id, at=NOON, instead_of="", by_what="password")
    digest = db.session.scalar(select(PasswordLink.token_digest))
    forged["its own digest"] = digest.hex()
    for name, key in forged.items():
        tried(f"forged: {name}", key)
    tried("too old by a second", good, at=NOON + timedelta(minutes=60, seconds=1))
    key = fresh(person)
    choose(app, key)
    tried("used", key)
    key = fresh(person)
    with transaction():
        service.change("walnut copper saddle mitten", context=(), token="", by=actor(person), at=NOON)
    tried("after a change of password", key)
    key = fresh(person)
    with transaction():
        service.send_link(person, by=actor(person), at=NOON)
        second = links()[-1]
    choose(app, second)
    tried("after a second one was used", key)
    key = fresh(person)
    with transaction():
        db.session.execute(update(Person).where(Person.id == person.id).values(is_active=False))
    tried("of an account that was closed", key)
    with transaction():
        db.session.execute(update(Person).where(Person.id == person.id).values(is_active=True))
    key = fresh(person)
    choose(app, key, "gravel mitten walnut copper")
    refused["changes nobody else"] = works(app, other, PASSWORD) and not works(
        app, other, "gravel mitten walnut copper"
    )
    accepted = [name for name, no in refused.items() if not no]
    tell(f"Links to choose a password: {len(refused)} tried, {len(accepted)} accepted")
    assert accepted == []
    assert len(refused) >= 19


def test_a_message_that_is_sent_again_has_a_new_key_and_the_old_one_opens_nothing(app, council, client, clock):
    ask(client, council.lead_person.email)
    first = links()[0]
    with transaction():
        db.session.execute(update(Message).values(state="queued", next_try_at=NOON))
    second = links()[0]
    assert "This link opens nothing" in choose(app, first).text
    assert choose(app, second).status_code == 302


def test_a_link_that_is_a_minute_short_of_an_hour_old_still_works(app, council, client, clock):
    ask(client, council.lead_person.email)
    key = links()[0]
    clock.shift(timedelta(minutes=59))
    assert choose(app, key).status_code == 302


def test_a_password_that_the_policy_refuses_leaves_the_link_good(app, council, client, clock):
    ask(client, council.lead_person.email)
    key = links()[0]
    assert "Use at least 15 characters" in choose(app, key, "too short").text
    assert "easily guessed" in choose(app, key, "1234567890123456").text
    assert "nothing to do with the council" in choose(app, key, "Demonstration council 1").text
    assert choose(app, key).status_code == 302


def test_a_password_of_the_councils_own_list_of_breaches_is_refused(app, council, client, clock, tmp_path):
    (file := tmp_path / "hashes").write_text(hashlib.sha1(NEW.encode(), usedforsecurity=False).hexdigest().upper())
    app.extensions["settings"] = replace(app.extensions["settings"], breached_passwords=file)
    ask(client, council.lead_person.email)
    assert "stands in lists of passwords" in choose(app, links()[0]).text
    sign_in(client, council.lead_person)
    said = {"old": PASSWORD, "password": NEW}
    assert "stands in lists of passwords" in client.post("/account/password", data=said).text
    assert client.post("/account/password", data=said | {"password": f"{NEW} x"}).status_code == 302


def test_at_most_three_links_go_to_one_person_within_an_hour(app, council, clock):
    for _ in range(5):
        ask(app.test_client(), council.lead_person.email)
    assert len(links()) == 3
    clock.shift(timedelta(minutes=61))
    ask(app.test_client(), council.lead_person.email)
    assert len(links(NOON + timedelta(minutes=61))) == 1


def test_what_was_asked_for_is_forgotten_after_a_day(app, council, client, clock):
    ask(client, "nobody@demo.example")
    assert links() == []
    with transaction():
        jobs.answer_password_requests(Moment(DAY, NOON + timedelta(hours=25)))
    assert db.session.scalar(select(func.count(PasswordRequest.id))) == 0


def test_who_asks_a_hundred_times_an_hour_from_one_address_is_told_to_wait(app, council, client, clock):
    with transaction():
        for number in range(100):
            service.ask_for_link(email=f"{number}@demo.example", network="127.0.0.1", at=NOON)
    assert "Too many links were asked for from here" in ask(client, council.lead_person.email).text


def test_somebody_who_joined_is_told_where_to_choose_their_first_password_and_does_so_by_the_same_flow(
    app, council, clock
):
    with transaction():
        person = staffing.join(
            email="new.colleague@demo.example", post=None, capacity="holder", from_on=DAY, to_on=None,
            welcomes=True, by=actor(council.administrator_person), at=NOON, on=DAY,
        )  # fmt: skip
    welcome = db.session.scalars(select(Message).where(Message.person_id == person.id)).one()
    assert "/forgotten-password" in welcome.text
    assert "key=" not in welcome.text
    ask(app.test_client(), person.email)
    key = links()[-1]
    assert choose(app, key).status_code == 302
    assert works(app, person, NEW)


def test_changing_a_password_asks_for_the_old_one_and_counts_a_wrong_one_as_a_wrong_try(app, council, client, clock):
    sign_in(client, council.lead_person)
    wrong = client.post("/account/password", data={"old": "not it", "password": NEW})
    assert "That is not the password of your account" in wrong.text
    assert db.session.scalar(select(func.count(SignInFailure.id))) == 1
    assert works(app, council.lead_person, PASSWORD)
    assert "Use at least 15" in client.post("/account/password", data={"old": PASSWORD, "password": "short"}).text
    assert client.post("/account/password", data={"old": PASSWORD, "password": NEW}).status_code == 302
    assert works(app, council.lead_person, NEW)


def test_whoever_has_the_account_is_told_by_mail_that_its_password_was_changed(app, council, client, clock):
    sign_in(client, council.lead_person)
    client.post("/account/password", data={"old": PASSWORD, "password": NEW})
    told = db.session.scalars(select(Message)).one()
    assert (told.person_id, told.subject) == (council.lead_person.id, "Your password for riskapp was changed")
    assert "If this was not you" in told.text
    assert "kettle" not in f"{told.text}{told.html}"
    ask(client, council.lead_person.email)
    choose(app, links()[-1], "walnut copper saddle mitten")
    assert db.session.scalar(select(func.count(Message.id)).where(Message.subject == told.subject)) == 2


def test_a_link_by_mail_signs_nobody_in_and_goes_round_no_second_factor(app, council, client, clock):
    person = council.lead_person
    with transaction():
        factor = {"encrypted_key": b"an encrypted key", "made_at": NOON, "confirmed_at": NOON}
        db.session.add(SecondFactor(person_id=person.id, **factor))
    ask(client, person.email)
    browser = app.test_client()
    browser.get(f"/choose-password?key={links()[0]}")
    browser.post("/choose-password", data={"password": NEW})
    assert browser.get("/account").location == "/sign-in"
    assert browser.post("/sign-in", data={"email": person.email, "password": NEW}).status_code == 302
    assert browser.get("/account").location == "/sign-in/code"


def test_a_password_counts_in_every_sign_as_it_was_typed(app, council, client, clock):
    sign_in(client, council.lead_person)
    long = "Kettle pebble  lantern " + "harbour " * 20
    assert client.post("/account/password", data={"old": PASSWORD, "password": long}).status_code == 302
    for other in (long.lower(), long.strip(), f" {long}", long.replace("  ", " "), long[:72], long[:-2], long + "x"):
        assert not works(app, council.lead_person, other), other
        with transaction():
            db.session.execute(delete(SignInFailure))
    assert works(app, council.lead_person, long)


def test_a_password_of_ten_years_ago_still_counts(app, council, clock):
    with transaction():
        db.session.execute(delete(RoleAssignment))
    clock.shift(timedelta(days=3653))
    client = app.test_client()
    assert client.post("/sign-in", data={"email": council.lead_person.email, "password": PASSWORD}).location == "/"
    assert client.get("/account").status_code == 200


def test_a_password_is_kept_by_argon2id_as_dear_as_is_advised_and_each_with_a_salt_of_its_own():
    first, second = (accounts.hash_password(NEW) for _ in range(2))
    said = re.fullmatch(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=1\$([\w+/]+)\$([\w+/]+)", first)
    assert (int(said[1]) >= 19_456, int(said[2]) >= 2) == (True, True)
    assert (len(said[3]) >= 22, len(said[4]) >= 43) == (True, True), "16 bytes of salt, 32 of the digest"
    assert first != second


FIELD = re.compile(r"<input [^>]*>")


@pytest.mark.parametrize("path", ["/sign-in", "/choose-password", "/account/password", "/account/second-factor/remove",
    "/account/second-factor/codes", "/account/council-account"])  # fmt: skip
def test_every_field_for_a_password_hides_what_is_typed(app, council, clock, path):
    client, provider = app.test_client(), app.extensions["oidc"]
    if path == "/choose-password":
        ask(client, council.lead_person.email)
        client.get(f"/choose-password?key={links()[0]}")
    elif path != "/sign-in":
        app.extensions["oidc"] = provider or Provider(
            OidcSettings("https://id.example", "riskapp", "a secret", "your council account", is_entra=False),
            redirect_uri="http://localhost/",
        )
        sign_in(client, council.lead_person)
        clock.shift(timedelta(minutes=6))
    fields = [each for each in FIELD.findall(client.get(path).text) if re.search(r'name="(password|old)"', each)]
    assert fields
    assert all('type="password"' in each and not re.search(r'value="[^"]', each) for each in fields)


def test_nobody_is_asked_for_what_others_know_of_them():
    """No hint, no question: on the ways in nothing is asked but an address, passwords and codes."""
    asked = {
        name
        for form in (SignInForm, CodeForm, AskForm, ChooseForm, ChangeForm, ProveForm)
        for name in vars(form)
        if not name.startswith("_")
    }
    assert asked == {"email", "password", "old", "code"}


def test_password_managers_and_pasting_are_helped(app, council, client, clock):
    sign_in(client, council.lead_person)
    page = client.get("/account/password").text
    for part in ('autocomplete="current-password"', 'autocomplete="new-password"', 'autocomplete="username"'):
        assert part in page
    assert "onpaste" not in page


def test_the_shape_of_a_letter_hides_its_accent(app, council, clock):
    composed, apart = "hen wlad fy nhadau ŵ", "hen wlad fy nhadau w\u0302"
    with transaction():
        service.change(composed, context=(), token="", by=actor(council.lead_person), at=NOON)
    assert works(app, council.lead_person, apart)


# ---- time: nothing is to be learnt from how long an answer takes
TRIES = 60


def times(work, argument):
    """Seconds on the wall and of this process's own work, which other programs do not lengthen."""
    began, worked = time.perf_counter(), time.process_time()
    work(argument)
    return time.perf_counter() - began, time.process_time() - worked


def noise_of(values):
    """The standard error of a median, from the spread that outliers do not move."""
    middle = statistics.median(values)
    spread = 1.4826 * statistics.median(abs(each - middle) for each in values)
    return 1.2533 * spread / len(values) ** 0.5


@pytest.mark.parametrize("page", ["/sign-in", "/forgotten-password"])
def test_an_answer_takes_as_long_for_an_account_as_for_none(app, council, tell, page):
    known = [council.lead_person.email, council.manager_person.email]
    taken = {"known": [], "unknown": []}

    def post(email):
        answer = app.test_client().post(page, data={"email": email, "password": "not the password at all"})
        assert answer.status_code == 200

    for number in range(-4, TRIES):
        for kind, email in (("known", known[number % 2]), ("unknown", f"nobody{number % 2}@demo.example")):
            measured = times(post, email)
            if number >= 0:
                taken[kind].append(measured)
        with transaction():
            db.session.execute(delete(SignInFailure))
            db.session.execute(delete(PasswordRequest))
    wall, own = ({kind: [each[at] * 1000 for each in values] for kind, values in taken.items()} for at in (0, 1))
    medians = {kind: statistics.median(values) for kind, values in own.items()}
    noise = sum(map(noise_of, own.values()))
    apart = abs(medians["known"] - medians["unknown"])
    longer = sum(a > b for a in own["known"] for b in own["unknown"]) / TRIES**2
    tell(
        f"Time of {page}, {TRIES} of each: own work {medians['known']:.2f} ms known, "
        f"{medians['unknown']:.2f} ms unknown, {apart:.2f} ms apart with a noise of {noise:.2f} ms, "
        f"AUC {longer:.2f}; on the wall "
        f"{statistics.median(wall['known']):.2f} and {statistics.median(wall['unknown']):.2f} ms"
    )
    assert apart < 5 + 4 * noise
