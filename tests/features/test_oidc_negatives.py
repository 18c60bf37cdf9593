"""Every answer of a sign-in provider that must let nobody in: each is refused, and for its own reason."""

import hmac
import json
import logging
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from flask import jsonify, redirect
from joserfc import jws
from sqlalchemy import func, select

from riskapp.adapters.oidc import Provider
from riskapp.features.oidc import service
from riskapp.features.oidc.views import CALLBACK
from riskapp.models.accounts import WebSession
from riskapp.models.database import Base, db, transaction
from riskapp.models.oidc import ExternalIdentity
from riskapp.settings import OidcSettings
from tests.builders import PASSWORD, ACouncil, actor, sign_in
from tests.oidc_provider import (
    CLIENT,
    FOREIGN_KEY,
    KEY,
    MISUSED,
    SECOND_KEY,
    SECRET,
    SHARED,
    a_lying_provider,
    b64,
    without_signature,
)

FLOOR = 40
SUBJECT = "subject-of-the-lead"
ELSEWHERE = "https://elsewhere.example"
TENANT, OBJECT = "11111111-2222-3333-4444-555555555555", "99999999-8888-7777-6666-555555555555"
PEM = KEY.as_pem(private=False)


def now():
    return datetime.now(UTC)


@dataclass
class Site:
    """A council whose service lead has linked a council account, and the provider that is asked."""

    app: object
    council: ACouncil
    provider: object

    def browser(self):
        return self.app.test_client()

    def asks(self, client=None, path="/sign-in/council-account"):
        """Set out; gives the browser and the address at the provider."""
        client = client or self.browser()
        sent = client.get(path)
        assert sent.status_code == 302, sent.text
        self.provider.secrets.add(client.get_cookie("oidc").value)
        return client, sent.location

    def comes_back(self, client, said):
        pairs = said if isinstance(said, list) else list(said.items())
        return client.get(f"{CALLBACK}?{urlencode(pairs)}")

    def tries(self, subject=SUBJECT, back=None, **claims):
        """Go there and back, `back` laid over what the provider sends back; None takes a part away."""
        client, address = self.asks()
        said = self.provider.authorise(address, subject, **claims) | (back or {})
        return self.comes_back(client, {name: each for name, each in said.items() if each is not None})

    def anew(self, **changes):
        """An application that has asked the provider nothing yet."""
        known = OidcSettings(self.provider.issuer, CLIENT, SECRET, "your council account", is_entra=False)
        self.app.extensions["oidc"] = Provider(replace(known, **changes), redirect_uri=f"http://localhost{CALLBACK}")


@pytest.fixture
def site(app):
    with a_lying_provider() as provider:
        site = Site(app, ACouncil(), provider)
        with transaction():
            db.session.add(identity(site.council.lead_person, provider.issuer, SUBJECT))
        site.anew()
        yield site


def identity(person, issuer, subject):
    return ExternalIdentity(
        person_id=person.id, issuer=issuer, subject=subject, linked_at=now(), linked_by_id=person.id
    )


CASES = {}


def case(why, name=None):
    """A case and the word by which it must be refused: the claim that is wrong, or words of the page."""

    def keep(function):
        CASES[name or function.__name__.replace("_", " ")] = (why, function)
        return function

    return keep


# ---- claims that are wrong, each a line
def at(**delta):
    return lambda: int((now() + timedelta(**delta)).timestamp())


CLAIMS = [
    ("nonce", "another nonce", {"nonce": "another"}),
    ("nonce", "no nonce", {"nonce": None}),
    ("nonce", "a nonce that is a list", {"nonce": ["x"]}),
    ("nonce", "a nonce that is not Latin", {"nonce": "ŵŷ"}),
    ("aud", "another audience", {"aud": "another-client"}),
    ("aud", "an audience beside us", {"aud": [CLIENT, "another-client"]}),
    ("aud", "no audience", {"aud": None}),
    ("aud", "an empty audience", {"aud": []}),
    ("azp", "another authorised party", {"azp": "another-client"}),
    ("iss", "another issuer in the token", {"iss": ELSEWHERE}),
    ("iss", "no issuer in the token", {"iss": None}),
    ("exp", "a token that has run out", {"exp": at(minutes=-2)}),
    ("exp", "a token without an end", {"exp": None}),
    ("exp", "an end that is a word", {"exp": "tomorrow"}),
    ("exp", "an end beyond every calendar", {"exp": 10**18}),
    ("exp", "an end that is true", {"exp": True}),
    ("nbf", "a token that does not hold yet", {"nbf": at(minutes=5)}),
    ("iat", "a token of yesterday", {"iat": at(days=-1)}),
    ("iat", "a token of a quarter of an hour ago", {"iat": at(minutes=-15)}),
    ("iat", "a token of tomorrow", {"iat": at(days=1)}),
    ("iat", "a token of no day", {"iat": None}),
    ("sub", "no subject", {"sub": None}),
    ("sub", "an empty subject", {"sub": ""}),
    ("sub", "a subject that is a number", {"sub": 7}),
    ("sub", "a subject beyond all length", {"sub": "s" * 256}),
]
for _why, _name, _claims in CLAIMS:

    def _with_claims(site, claims=_claims):
        site.provider.claims = {name: v() if callable(v) else v for name, v in claims.items()}
        return site.tries()

    case(_why, _name)(_with_claims)


@case("iss")
def an_issuer_with_a_slash_more(site):
    site.provider.claims = {"iss": f"{site.provider.issuer}/"}
    return site.tries()


# ---- signatures
@case("alg")
def no_signature(site):
    site.provider.sign, site.provider.header = without_signature, {"alg": "none"}
    return site.tries()


@case("alg")
def no_signature_in_another_spelling(site):
    site.provider.sign, site.provider.header = without_signature, {"alg": "nOnE"}
    return site.tries()


def hs256(site, secret: bytes, **header):
    """By hand: the library itself will not take a public key for a secret."""

    def sign(head, claims):
        signed = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims).encode())}"
        return f"{signed}.{b64(hmac.digest(secret, signed.encode(), 'sha256'))}"

    site.provider.header, site.provider.sign = {"alg": "HS256", **header}, sign
    return site.tries()


@case("alg")
def hs256_with_the_public_key_in_pem(site):
    return hs256(site, PEM)


@case("alg")
def hs256_with_the_public_key_as_json(site):
    return hs256(site, json.dumps(KEY.as_dict(private=False)).encode())


@case("alg")
def hs256_with_the_client_secret(site):
    return hs256(site, SECRET.encode())


@case("alg")
def hs256_with_a_secret_among_the_keys(site):
    site.provider.shares_a_secret = True
    site.anew()
    return hs256(site, SHARED.raw_value, kid="shared")


@case("alg")
def an_algorithm_that_the_provider_does_not_name(site):
    site.provider.header = {"alg": "RS512"}
    return site.tries()


@case("signature")
def another_key_under_the_same_name(site):
    site.provider.key = FOREIGN_KEY
    return site.tries()


@case("kid")
def a_key_that_nobody_knows(site):
    site.provider.header = {"kid": "third"}
    return site.tries()


@case("signature")
def the_name_of_another_key_of_the_provider(site):
    site.provider.header = {"kid": "second"}
    return site.tries()


@case("kid")
def no_name_where_there_are_two_keys(site):
    site.provider.header = {"kid": None}
    return site.tries()


@case("kid")
def a_key_that_is_for_secrets(site):
    site.provider.header, site.provider.key = {"kid": "sealing"}, MISUSED
    return site.tries()


@case("kid")
def a_key_that_was_taken_back(site):
    site.provider.header, site.provider.key, site.provider.keys = {"kid": "second"}, SECOND_KEY, [KEY]
    site.anew()
    return site.tries()


def spoilt(site, spoil):
    site.provider.spoil = lambda token: ".".join(spoil(*token.split(".")))
    return site.tries()


@case("signature")
def claims_that_were_changed(site):
    return spoilt(
        site, lambda h, _c, s: (h, b64(json.dumps({"sub": SUBJECT, "iss": site.provider.issuer}).encode()), s)
    )


@case("signature")
def a_header_that_was_changed(site):
    return spoilt(site, lambda _h, c, s: (b64(json.dumps({"alg": "RS256", "kid": "first", "x": 1}).encode()), c, s))


@case("signature")
def a_signature_that_was_cut(site):
    return spoilt(site, lambda h, c, s: (h, c, s[:-8]))


@case("signature")
def a_signature_that_is_empty(site):
    return spoilt(site, lambda h, c, _s: (h, c, ""))


@case("header")
def a_token_that_brings_its_own_key(site):
    site.provider.header, site.provider.key = {"jwk": FOREIGN_KEY.as_dict(private=False)}, FOREIGN_KEY
    return site.tries()


@case("header")
def a_token_that_says_where_its_key_is(site):
    site.provider.header = {"jku": f"{ELSEWHERE}/keys"}
    return site.tries()


@case("header")
def a_token_with_a_certificate(site):
    site.provider.header = {"x5c": ["MIIB"]}
    return site.tries()


@case("header")
def a_token_with_rules_that_nobody_knows(site):
    site.provider.header = {"crit": ["exp"], "exp": 1}
    site.provider.sign = lambda head, claims: without_signature(head, claims) + "c2ln"
    return site.tries()


@case("id_token")
def what_is_no_token(site):
    site.provider.spoil = lambda _token: "no token at all"
    return site.tries()


@case("id_token")
def a_sealed_token_of_five_parts(site):
    site.provider.spoil = lambda token: token + ".x.y"
    return site.tries()


@case("id_token")
def a_token_without_end(site):
    site.provider.spoil = lambda token: token + "A" * 200_000
    return site.tries()


@case("signature")
def claims_that_are_a_list(site):
    site.provider.sign = lambda head, _claims: _signed_raw(head, b"[1, 2]")
    return site.tries()


def _signed_raw(head, payload):
    return jws.serialize_compact(head, payload, KEY)


# ---- state and browser
@case("state")
def no_state(site):
    return site.tries(back={"state": None})


@case("state")
def an_empty_state(site):
    return site.tries(back={"state": ""})


@case("state")
def a_state_that_was_made_up(site):
    return site.tries(back={"state": "x" * 43})


@case("state")
def the_state_of_another_browser(site):
    _, address = site.asks()
    return site.tries(back={"state": site.provider.authorise(address, SUBJECT)["state"]})


@case("state")
def an_answer_opened_in_another_browser(site):
    _, address = site.asks()
    return site.comes_back(site.browser(), site.provider.authorise(address, SUBJECT))


@case("state")
def an_answer_of_somebody_else_in_ones_own_browser(site):
    _, theirs = site.asks()
    mine, _ = site.asks()
    return site.comes_back(mine, site.provider.authorise(theirs, SUBJECT))


@case("state")
def a_cookie_that_was_made_up(site):
    client, address = site.asks()
    client.set_cookie("oidc", "k" * 43)
    return site.comes_back(client, site.provider.authorise(address, SUBJECT))


@case("state")
def two_states(site):
    client, address = site.asks()
    said = site.provider.authorise(address, SUBJECT)
    return site.comes_back(client, [*said.items(), ("state", "other")])


@case("state")
def the_same_answer_again(site):
    client, address = site.asks()
    key = client.get_cookie("oidc").value
    said = site.provider.authorise(address, SUBJECT)
    assert site.comes_back(client, said).status_code == 302
    client.post("/sign-out")
    client.set_cookie("oidc", key)
    return site.comes_back(client, said)


@case("state")
def an_answer_after_one_that_was_refused(site):
    client, address = site.asks()
    key = client.get_cookie("oidc").value
    said = site.provider.authorise(address, SUBJECT)
    assert site.comes_back(client, {"state": said["state"], "error": "access_denied"}).status_code == 400
    client.set_cookie("oidc", key)
    return site.comes_back(client, said)


@case("state")
def an_answer_after_eleven_minutes(site):
    client, address = site.asks()
    key = client.get_cookie("oidc").value
    said = site.provider.authorise(address, SUBJECT)
    with time_machine.travel(now() + timedelta(minutes=11)):
        client.set_cookie("oidc", key)
        return site.comes_back(client, said)


# ---- codes
@case("code")
def no_code(site):
    return site.tries(back={"code": None})


@case("code")
def a_code_that_was_made_up(site):
    return site.tries(back={"code": "made-up-code-of-nobody"})


@case("code")
def two_codes(site):
    client, address = site.asks()
    said = site.provider.authorise(address, SUBJECT)
    return site.comes_back(client, [*said.items(), ("code", "other")])


@case("code")
def a_code_that_was_used(site):
    client, address = site.asks()
    said = site.provider.authorise(address, SUBJECT)
    assert site.comes_back(client, said).status_code == 302
    client.post("/sign-out")
    return site.tries(back={"code": said["code"]})


@case("code")
def a_code_of_another_attempt(site):
    _, stolen = site.asks()
    return site.tries(back={"code": site.provider.authorise(stolen, SUBJECT)["code"]})


@case("error")
def an_answer_that_it_was_refused(site):
    return site.tries(back={"code": None, "error": "access_denied", "error_description": "<b>no</b>"})


@case("error")
def an_error_beside_a_code(site):
    return site.tries(back={"error": "server_error"})


# ---- the provider
@case("iss")
def an_answer_that_names_another_issuer(site):
    return site.tries(back={"iss": ELSEWHERE})


@case("iss")
def an_answer_without_the_name_that_this_provider_always_gives(site):
    site.provider.says = {"authorization_response_iss_parameter_supported": True}
    site.anew()
    return site.tries()


def unreachable(site, answer):
    client, address = site.asks()
    said = site.provider.authorise(address, SUBJECT)
    site.provider.token_answer = answer
    return site.comes_back(client, said)


@case("failed: token_endpoint")
def a_provider_that_fails(site):
    return unreachable(site, lambda: (jsonify({}), 503))


@case("failed: token_endpoint")
def a_provider_that_sends_us_elsewhere(site):
    return unreachable(site, lambda: redirect(f"{site.provider.issuer}/elsewhere", 307))


@case("failed: token_endpoint")
def a_provider_that_answers_with_a_page(site):
    return unreachable(site, lambda: ("<p>Busy</p>", 200))


@case("id_token")
def a_provider_that_gives_no_token(site):
    return unreachable(site, lambda: jsonify({"access_token": "x", "token_type": "Bearer"}))


@case("failed: issuer")
def a_provider_that_calls_itself_otherwise(site):
    site.provider.says = {"issuer": ELSEWHERE}
    site.anew()
    return site.browser().get("/sign-in/council-account")


@case("failed: token_endpoint")
def a_provider_whose_tokens_come_from_a_file(site):
    site.provider.says = {"token_endpoint": "file:///etc/passwd"}
    site.anew()
    return site.browser().get("/sign-in/council-account")


@case("failed: openid-configuration")
def a_provider_that_is_not_there(site):
    site.anew(issuer="http://127.0.0.1:9")
    return site.browser().get("/sign-in/council-account")


# ---- people
@case("You are not signed in")
def a_subject_that_nobody_has_linked(site):
    return site.tries("subject-of-nobody")


@case("You are not signed in")
def the_mail_address_of_somebody_we_know(site):
    mail = site.council.lead_person.email
    return site.tries("subject-of-nobody", email=mail, email_verified=True, preferred_username=mail, upn=mail)


@case("You are not signed in")
def a_mail_address_as_subject(site):
    return site.tries(site.council.lead_person.email)


@case("You are not signed in")
def a_subject_in_other_letters(site):
    return site.tries(SUBJECT.upper())


@case("You are not signed in")
def the_same_subject_at_another_issuer(site):
    person = site.council.manager_person
    with added(identity(person, ELSEWHERE, "subject-of-elsewhere")):
        return site.tries("subject-of-elsewhere")


@contextmanager
def added(row):
    with transaction():
        db.session.add(row)
    yield
    with transaction():
        db.session.delete(row)


@case("You are not signed in")
def an_account_that_was_closed(site):
    with closed(site.council.lead_person):
        return site.tries()


@contextmanager
def closed(person):
    with transaction():
        person.is_active = False
    yield
    with transaction():
        person.is_active = True


@case("You are not signed in")
def an_account_that_is_closed_while_one_is_away(site):
    client, address = site.asks()
    said = site.provider.authorise(address, SUBJECT)
    with closed(site.council.lead_person):
        return site.comes_back(client, said)


@case("You are not signed in")
def an_account_that_was_unlinked(site):
    person = site.council.manager_person
    admin = actor(site.council.administrator_person)
    with transaction():
        db.session.add(identity(person, site.provider.issuer, "subject-of-the-manager"))
    with transaction():
        service.unlink(person.id, why="For a test", by=admin, at=now(), on=now().date())
    return site.tries("subject-of-the-manager")


# ---- Entra: tenant and object
def entra(site, **claims):
    issuer = site.provider.issuer
    site.provider.claims = claims
    site.provider.issuer = f"{issuer}/{TENANT}/v2.0"
    site.provider.says = {"issuer": site.provider.issuer}
    known = site.app.extensions["oidc"]
    known.settings = replace(known.settings, issuer=site.provider.issuer, is_entra=True)
    known._known = replace(known._known, says={**known._known.says, "issuer": site.provider.issuer})
    try:
        with added(identity(site.council.manager_person, TENANT, OBJECT)):
            return site.tries()
    finally:
        site.provider.issuer = issuer


@case("tid")
def a_tenant_that_is_not_ours(site):
    return entra(site, tid="66666666-2222-3333-4444-555555555555", oid=OBJECT)


@case("tid")
def no_tenant(site):
    return entra(site, oid=OBJECT)


@case("oid")
def no_object(site):
    return entra(site, tid=TENANT)


@case("You are not signed in")
def another_object_with_a_known_subject(site):
    return entra(site, tid=TENANT, oid="77777777-8888-7777-6666-555555555555", sub=OBJECT)


# ---- invitations
def invite(site, person=None):
    person = person or site.council.manager_person
    with transaction():
        key = service.invite(person.id, by=actor(site.council.administrator_person), at=now())
    site.provider.secrets.add(key)
    return key


def accepts(site, key, subject="subject-of-the-invited", during=None):
    client, address = site.asks(path=f"/sign-in/council-account?key={key}")
    said = site.provider.authorise(address, subject)
    if during:
        during()
    return site.comes_back(client, said)


@case("has run out")
def an_invitation_that_was_made_up(site):
    return site.browser().get("/sign-in/council-account?key=made-up")


@case("has run out")
def the_page_of_an_invitation_that_was_made_up(site):
    return site.browser().get("/sign-in/invitation?key=made-up")


@case("has run out")
def the_page_of_no_invitation(site):
    return site.browser().get("/sign-in/invitation")


@case("has run out")
def an_invitation_of_four_days_ago(site):
    key = invite(site)
    with time_machine.travel(now() + timedelta(hours=73)):
        return site.browser().get(f"/sign-in/council-account?key={key}")


@case("has run out")
def an_invitation_that_was_withdrawn(site):
    key = invite(site)
    with transaction():
        by = actor(site.council.administrator_person)
        service.withdraw(site.council.manager_person.id, why="For a test", by=by, at=now())
    return site.browser().get(f"/sign-in/council-account?key={key}")


@case("has run out")
def an_invitation_in_whose_place_another_came(site):
    key = invite(site)
    invite(site)
    return site.browser().get(f"/sign-in/council-account?key={key}")


@case("has run out")
def an_invitation_that_is_withdrawn_while_one_is_away(site):
    def during():
        with transaction():
            by = actor(site.council.administrator_person)
            service.withdraw(site.council.manager_person.id, why="For a test", by=by, at=now())

    return accepts(site, invite(site), during=during)


@case("has run out")
def an_invitation_of_an_account_that_was_closed(site):
    key = invite(site)
    with closed(site.council.manager_person):
        return site.browser().get(f"/sign-in/council-account?key={key}")


@case("has run out")
def an_invitation_that_was_used(site):
    key = invite(site)
    assert accepts(site, key, "subject-of-the-first").status_code == 302
    try:
        return site.browser().get(f"/sign-in/council-account?key={key}")
    finally:
        with transaction():
            by = actor(site.council.administrator_person)
            service.unlink(site.council.manager_person.id, why="For a test", by=by, at=now(), on=now().date())


@case("linked to another account")
def an_invitation_for_what_somebody_else_has(site):
    return accepts(site, invite(site), SUBJECT)


# ---- linking one's own
def links(site, person, subject="subject-of-the-linker", during=None, password=PASSWORD):
    client = site.browser()
    sign_in(client, person)
    page = client.post("/account/council-account", data={"password": password})
    if page.status_code == 422:
        return page
    address = page.text.partition('<a class="button button--go button--big" href="')[2].partition('"')[0]
    said = site.provider.authorise(address.replace("&amp;", "&"), subject)
    if during:
        during(client)
    return site.comes_back(client, said)


@case("not the password")
def linking_without_the_right_password(site):
    return links(site, site.council.manager_person, password="not the password")


@case("linked to another account")
def linking_what_somebody_else_has(site):
    return links(site, site.council.manager_person, SUBJECT)


@case("session")
def linking_after_signing_out(site):
    return links(site, site.council.manager_person, during=lambda client: client.post("/sign-out"))


@case("session")
def linking_to_who_signed_in_meanwhile(site):
    other = site.council.director_person
    return links(site, site.council.manager_person, during=lambda client: sign_in(client, other))


@case("is linked already")
def linking_a_second_account(site):
    return links(site, site.council.lead_person)


# ---- the table
def counts():
    """Sessions that are open by a provider cannot be told from others, so all that is open is counted."""
    db.session.rollback()
    identities = tuple(db.session.execute(select(ExternalIdentity.person_id, ExternalIdentity.subject)))
    open_ones = db.session.scalar(select(func.count(WebSession.id)).where(WebSession.ended_at.is_(None)))
    return identities, open_ones


def _said(record: logging.LogRecord) -> str:
    """What a line says, with the field and the fault that stand beside its words."""
    beside = record.exc_info[1] if record.exc_info else getattr(record, "reason", "")
    return f"{record.getMessage()}: {beside}"


def test_every_answer_that_should_let_nobody_in_is_refused_for_its_own_reason(site, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    wrong = []
    assert site.tries().status_code == 302
    for name, (why, attempt) in CASES.items():
        site.provider.honest()
        site.anew()
        site.app.extensions["oidc"]._now()
        _end_all()
        before = counts()
        said_before = len(caplog.records)
        answer = attempt(site)
        logged = " ".join(map(_said, caplog.records[said_before:]))
        identities, open_ones = counts()
        if answer.status_code < 400 or "sid=" in answer.headers.get("Set-Cookie", ""):
            wrong.append(f"{name}: answered {answer.status_code}")
        if identities != before[0]:
            wrong.append(f"{name}: linked")
        if open_ones and not name.startswith(("linking", "an invitation that was used")):
            wrong.append(f"{name}: a session is open")
        if f"refused: {why}" not in logged and f"provider {why}" not in logged and why not in answer.text:
            wrong.append(f"{name}: not for {why}: {logged[-80:]}")
    site.provider.honest()
    site.anew()
    assert site.tries().status_code == 302  # what lets in honestly still does
    kept = " ".join(str(row) for table in Base.metadata.sorted_tables for row in db.session.execute(select(table)))
    leaked = [each for each in (*site.provider.secrets, SECRET) if each in caplog.text or each in kept]
    with capsys.disabled():
        print(  # noqa: T201 - the figure of a proof
            f"\n{len(CASES)} false answers of a sign-in provider, {len(CASES) - len(wrong)} refused, each for its own "
            f"reason; {len(site.provider.secrets)} codes, tokens and keys looked for in {len(caplog.records):,} lines "
            f"of log and {len(kept):,} characters of the database, {len(leaked)} found"
        )
    assert not wrong, "\n".join(wrong)
    assert leaked == []
    assert len(site.provider.secrets) > FLOOR
    assert len(CASES) >= FLOOR


def _end_all():
    with transaction():
        for each in db.session.scalars(select(WebSession).where(WebSession.ended_at.is_(None))):
            each.ended_at = now()
