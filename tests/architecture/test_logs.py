"""A line of the log: when, where, who and what, one JSON object on the standard error, and nothing that was written."""

import json
import logging
import sys
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from riskapp.features.accounts import service as accounts
from riskapp.models.database import transaction
from riskapp.web import logs
from tests.builders import NOON, PASSWORD, ACouncil, sign_in


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as travelling:
        yield travelling


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def lines(app, caplog):
    """Gives what production would have written since it was last asked, each line read as JSON."""
    caplog.set_level(logging.INFO)
    logging.getLogger("riskapp.web").setLevel(logging.INFO)

    def written():
        raw = [logs.OneLine().format(record) for record in caplog.records if record.name.startswith("riskapp")]
        caplog.clear()
        return [json.loads(each) for each in raw]

    return written


def a_record(words, **fields):
    record = logging.LogRecord("riskapp.test", logging.WARNING, "f", 1, words, (), None)
    record.__dict__.update(fields)
    return record


def test_a_request_is_logged_with_when_where_who_and_what(council, client, lines):
    sign_in(client, council.champion_person)
    lines()
    client.get("/registers?q=voids")
    (line,) = lines()
    assert line.pop("ms") >= 0
    assert len(line.pop("request_id")) == 12
    assert line == {
        "time": "2026-12-01T12:00:00.000+00:00", "level": "INFO", "logger": "riskapp.web", "event": "request",
        "method": "GET", "route": "/registers", "status": 200, "actor": council.champion_person.id,
    }  # fmt: skip


def test_a_line_tells_its_time_in_utc_whatever_the_zone_of_the_machine(clock):
    record = a_record("an event")
    record.created = datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp()  # summer time in London
    assert json.loads(logs.OneLine().format(record))["time"] == "2026-07-01T12:00:00.000+00:00"


def test_a_line_is_one_json_object_whatever_is_put_into_it():
    for words in ("two\nlines", "a return\r\nand a forged one", "\u2028", "\x00\x1b[31m", '{"event": "forged"}', "🙂"):
        line = logs.OneLine().format(a_record(words, reason=words))
        assert line.isascii()
        assert line.isprintable()
        assert json.loads(line)["reason"] == words


def test_a_line_holds_the_fields_that_are_named_and_no_other():
    line = json.loads(logs.OneLine().format(a_record("an event", status=200, email="a@b.example", password=PASSWORD)))
    assert set(line) == {"time", "level", "logger", "event", "status"}


def test_a_fault_is_its_kind_and_places_and_not_its_words():
    record = a_record("an event")
    try:
        int(PASSWORD)
    except ValueError:
        record.exc_info = sys.exc_info()
    line = logs.OneLine().format(record)
    assert PASSWORD not in line
    assert json.loads(line)["fault"] == "ValueError"
    assert "test_logs.py" in json.loads(line)["places"][-1]


@pytest.mark.parametrize("is_demo", [True, False])
def test_lines_go_to_the_standard_error_and_nowhere_else(is_demo):
    said = logs.configuration(is_demo=is_demo)
    handlers = said["handlers"].values()
    assert [(each["class"], each["stream"]) for each in handlers] == [("logging.StreamHandler", sys.stderr)]
    named = [said["root"], *said["loggers"].values()]
    assert {name for each in named for name in each.get("handlers", ())} <= set(said["handlers"])


def test_each_try_to_sign_in_is_logged_with_what_came_of_it_and_by_what(council, client, lines):
    data = {"email": council.lead_person.email, "password": "not it"}
    client.post("/sign-in", data=data)
    said = lines()
    assert [(each["event"], each.get("reason")) for each in said] == [
        ("a deed was refused", "CannotSignIn"), ("request", None),
    ]  # fmt: skip
    assert len({each["request_id"] for each in said}) == 1
    assert said[1]["route"] == "/sign-in"
    for _ in range(5):
        client.post("/sign-in", data=data)
    assert "TriedTooEarly" in {each.get("reason") for each in lines()}
    with transaction():
        accounts._forgive(council.lead_person.email)
    client.post("/sign-in", data=data | {"password": PASSWORD})
    assert [(each["event"], each["status"]) for each in lines()] == [("request", 302)]
    client.post("/account/password", data={"old": "not it", "password": "kettle pebble lantern"})
    said = str(lines())
    assert "CannotProve" in said
    assert "pebble" not in said


@pytest.mark.parametrize(
    ("path", "route"),
    [("/clock", "/clock"), ("/risks/R-00000", "/risks/<reference>"), ("/bodies/B-00000", "/bodies/<reference>")],
)
def test_who_is_refused_at_a_door_is_logged_with_the_door(council, client, lines, path, route):
    sign_in(client, council.champion_person)
    lines()
    assert client.get(path).status_code == 404
    (line,) = lines()
    assert (line["status"], line["route"], line["actor"]) == (404, route, council.champion_person.id)


def test_what_goes_round_a_rule_of_ours_is_logged_by_the_name_of_the_rule(app, council, client, lines, clock):
    sign_in(client, council.administrator_person)
    app.config["WTF_CSRF_ENABLED"] = True
    client.post("/sign-out", data={"csrf_token": "forged"})
    app.config["WTF_CSRF_ENABLED"] = False
    client.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
    clock.shift(timedelta(minutes=6))
    client.post("/account/second-factor/remove", data={"password": PASSWORD})
    said = {(each["event"], each.get("reason")) for each in lines()}
    assert {
        ("a form without its token", "token"), ("a write from another site", "origin"),
        ("a deed was refused", "CannotRemove"),
    } <= said  # fmt: skip
