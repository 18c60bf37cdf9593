"""The council's own policy: its words and its numbers say the same, and its chapters agree."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from riskapp.domain.policy import PolicyRefused, parse_policy, read_documents

FOLDER = Path(__file__).parents[2] / "policies"
POLICY = parse_policy(read_documents(FOLDER))
NUMBERS = ("nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@pytest.fixture
def documents():
    return read_documents(FOLDER)


def faults_of(documents):
    with pytest.raises(PolicyRefused) as refused:
        parse_policy(documents)
    return [refusal.message for refusal in refused.value.refusals]


def easter(year):
    """Anonymous Gregorian reckoning."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    n = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * n) // 451
    month, day = divmod(h + n - 7 * m + 114, 31)
    return date(year, month, day + 1)


@pytest.mark.parametrize("rule", [rule for rule in POLICY.escalation.rules if rule.score])
def test_the_words_of_a_tier_name_its_score(rule):
    assert re.search(rf"\bscore of {rule.score}\b", rule.clause.text)


@pytest.mark.parametrize("rule", [rule for rule in POLICY.escalation.rules if rule.score])
def test_the_words_of_a_tier_name_its_time(rule):
    hours = POLICY.escalation.tier(rule.tier).acknowledge_hours
    days = hours / POLICY.calendar.hours_a_day
    assert days.is_integer()
    assert f"within {NUMBERS[int(days)]}" in rule.clause.text


def test_the_words_on_plans_and_papers_name_their_numbers():
    assert f"within {NUMBERS[POLICY.actions.plan_working_days]} working days" in POLICY.clause("5.4").text
    assert f"for {NUMBERS[POLICY.packs.clear_days]} clear days" in POLICY.clause("12.1").text
    assert POLICY.actions.moves_without_approval == 2
    assert "twice" in POLICY.clause("9.2").text


def test_the_words_on_the_training_of_champions_name_their_numbers():
    text = POLICY.clause("8.5").text
    assert (POLICY.people.first_training_days, POLICY.people.refresher_months) == (30, 12)
    assert "within thirty days" in text
    assert "every twelve months" in text


def test_the_words_on_access_name_their_numbers_and_a_version_from_before_them_is_still_read(documents):
    rules = POLICY.access
    assert f"at most {rules.outsider_for.number} months" in rules.outsider_clause.text
    assert f"at most {rules.by_name_for.number} months" in rules.by_name_clause.text
    assert f"for {rules.emergency_for.total_seconds() / 3600:.0f} hours" in rules.emergency_clause.text
    del documents["access"]
    assert faults_of(documents) == ["access.toml: is missing."]
    assert parse_policy(documents, is_kept=True).access is None


def test_the_words_on_signing_in_name_their_numbers_and_a_version_from_before_them_is_still_read(documents):
    rules = POLICY.signing_in
    minutes = lambda time: f"{time.total_seconds() / 60:.0f}"  # noqa: E731 - said often
    assert f"at least {rules.least} characters, or {rules.least_with_second_factor} " in rules.passwords.text
    assert f"After {rules.account.free} wrong tries for one account within 24 hours" in rules.delay.text
    assert f"or {rules.network.free} from one address of the network within 1 hour" in rules.delay.text
    assert f"waits {rules.first_wait.seconds} seconds" in rules.delay.text
    assert f"up to {minutes(rules.longest_wait)} minutes" in rules.delay.text
    assert (rules.account.within, rules.network.within) == (timedelta(hours=24), timedelta(hours=1))
    assert f"come {rules.recovery_codes} recovery codes" in rules.recovery.text
    assert f"for {minutes(rules.link_lasts)} minutes. At most {rules.links_an_hour} are" in rules.link.text
    assert f"after {minutes(rules.idle)} minutes without use" in rules.session.text
    assert f"for an administrator after {minutes(rules.idle_of_administrators)}" in rules.session.text
    assert f"after {rules.longest.total_seconds() / 3600:.0f} hours in any case" in rules.session.text
    assert f"within {minutes(rules.proof_lasts)} minutes" in rules.again.text
    del documents["signing_in"]
    assert faults_of(documents) == ["signing_in.toml: is missing."]
    assert parse_policy(documents, is_kept=True).signing_in is None


def test_a_second_factor_for_a_role_that_is_not_there_is_refused(documents):
    documents["signing_in"]["second_factor"]["roles"] = ["caretaker"]
    assert faults_of(documents) == ['signing_in.toml, second_factor, roles: expected roles, found "caretaker".']


def test_the_words_on_treatment_name_their_numbers_and_a_version_from_before_them_is_still_read(documents):
    rules = POLICY.treatment
    for position, acceptance in rules.acceptances.items():
        assert f"for at most {acceptance.longest.number} months" in acceptance.clause.text, position
        if acceptance.tier:
            assert {"service_lead": "lead of the service", "director": "director"}[
                acceptance.tier
            ] in acceptance.clause.text
    assert f"its score rises by {rules.score_rises_by} or more" in rules.change_clause.text
    assert {key: each.own for key, each in rules.acceptances.items()} == {
        "above": "recorded", "beyond": "forbidden", "unset": "recorded",
    }  # fmt: skip
    (ending,) = [rule for rule in POLICY.reminders if rule.family == "tolerance"]
    assert ending.lead_days == (28, 7, 0)
    assert "four weeks and one week before" in ending.clause.text
    del documents["treatment"]
    assert faults_of(documents) == ["treatment.toml: is missing."]
    assert parse_policy(documents, is_kept=True).treatment is None


def test_the_words_on_challenge_name_their_numbers_and_a_version_from_before_them_is_still_read(documents):
    rules = POLICY.challenge
    assert f"within {NUMBERS[rules.working_days]} working days" in rules.answer_clause.text
    assert f"{NUMBERS[rules.up_after]} working days after its time" in rules.up_clause.text
    assert f"within {NUMBERS[rules.proved_within.number]} months" in rules.proved_clause.text
    before, overdue = [rule for rule in POLICY.reminders if rule.family == "challenge"]
    assert (before.lead_days, overdue.every_days) == ((3, 0), 7)
    assert "three days before" in before.clause.text
    assert "every week" in overdue.clause.text
    del documents["challenge"]
    assert faults_of(documents) == ["challenge.toml: is missing."]
    assert parse_policy(documents, is_kept=True).challenge is None


def test_a_tier_or_a_role_that_is_not_there_is_refused(documents):
    documents["treatment"]["acceptance"][0]["tier"] = "duke"
    assert faults_of(documents)[0].startswith("treatment.toml, acceptance above, tier: expected a tier of")
    documents["treatment"]["acceptance"][0]["tier"] = "director"
    documents["challenge"]["names"]["assurance"] = ["caretaker"]
    assert faults_of(documents) == ['challenge.toml, names, assurance: expected roles, found "caretaker".']


def test_a_position_that_nobody_accepts_or_a_change_that_is_none_is_refused(documents):
    documents["treatment"]["acceptance"].pop()
    documents["treatment"]["material_change"]["changes"] = ["weather"]
    assert faults_of(documents) == [
        "treatment.toml, acceptance: expected each of the positions above, beyond, unset once.",
        (
            "treatment.toml, material_change, changes: "
            'expected any of band, position, event, unit, owner_unit, found "weather".'
        ),
    ]


def test_the_words_on_the_life_of_a_risk_name_their_numbers_and_a_version_from_before_them_is_still_read(documents):
    rules = POLICY.life
    assert f"at least every {NUMBERS[rules.emerging_every.number]} months" in rules.emerging_clause.text
    before, overdue = [rule for rule in POLICY.reminders if rule.family == "emerging"]
    assert (before.lead_days, overdue.every_days) == ((7, 0), 14)
    assert "a week before" in before.clause.text
    assert "every two weeks" in overdue.clause.text
    del documents["life"]
    assert faults_of(documents) == ["life.toml: is missing."]
    assert parse_policy(documents, is_kept=True).life is None


def test_the_director_gets_a_score_of_15_in_the_words_of_the_policy():
    assert POLICY.clause("6.3").text == (
        "A current score of 15 or more goes to the director of the unit, who acknowledges it within two working days."
    )


def test_every_chapter_bears_a_version_a_date_and_who_approved_it(documents):
    for name, content in documents.items():
        assert isinstance(content.get("version", content.get("number")), int), name
        assert content["effective_from"] == date(2026, 4, 1), name
        assert content["approved_by"] == "Cabinet", name


@pytest.mark.parametrize("year", [2025, 2026, 2027, 2028])
def test_bank_holidays_are_eight_weekdays_with_good_friday_and_easter_monday(year):
    days = {day for day in POLICY.calendar.bank_holidays if day.year == year}
    assert len(days) == 8
    assert all(day.isoweekday() <= 5 for day in days)
    assert {easter(year) - timedelta(days=2), easter(year) + timedelta(days=1)} <= days


def test_a_rating_without_a_review_is_refused(documents):
    documents["reviews"]["frequency"].pop()
    assert faults_of(documents) == [
        "reviews.toml, frequency: expected each rating of scoring.toml once: high, low, medium and very_high."
    ]


def test_a_tier_that_no_score_can_reach_is_refused(documents):
    documents["escalation"]["rule"][4]["score"] = 26
    assert faults_of(documents) == [
        (
            "escalation.toml, rule of clause 6.4, score: "
            "expected at most 25, the highest score of scoring.toml, found 26."
        )
    ]


def test_a_higher_tier_with_a_lower_score_is_refused(documents):
    documents["escalation"]["rule"][1]["score"] = 10
    assert "expected each tier to need a higher score than the tier below it" in faults_of(documents)[0]


def test_a_rule_to_a_tier_that_is_not_there_is_refused(documents):
    documents["escalation"]["rule"][0]["tier"] = "duke"
    assert "escalation.toml, rule 1, tier: expected one of team_manager" in faults_of(documents)[0]


def test_a_rule_without_a_condition_is_refused(documents):
    del documents["escalation"]["rule"][0]["score"]
    assert faults_of(documents)[0].endswith("is missing. Expected a score, a position or categories.")


def test_a_rule_on_an_unknown_category_is_refused(documents):
    documents["escalation"]["rule"][0]["categories"] = ["weather"]
    assert 'expected keys of categories, found "weather"' in faults_of(documents)[0]


def test_a_tolerable_level_below_the_optimal_is_refused(documents):
    documents["appetite"]["category"][0]["tolerable"] = "averse"
    assert faults_of(documents) == [
        "appetite.toml, category 1, tolerable: expected a level no lower than the optimal one."
    ]


def test_a_missing_category_is_refused(documents):
    documents["appetite"]["category"].pop()
    assert "expected the thirteen categories once each" in faults_of(documents)[0]


def test_a_bank_holiday_in_the_wrong_year_is_refused(documents):
    documents["calendar"]["year"][1]["bank_holidays"][0] = date(2024, 1, 1)
    assert faults_of(documents) == ["calendar.toml, year 2, bank_holidays: expected dates of 2025 only."]


def test_a_day_that_closes_before_it_opens_is_refused(documents):
    documents["calendar"]["closes"] = "08:00"
    assert faults_of(documents) == ["calendar.toml, closes: expected a time after the opening."]


def test_a_reminder_before_a_date_needs_its_days(documents):
    documents["reminders"]["rule"][0]["lead_days"] = []
    assert faults_of(documents) == [
        "reminders.toml, rule 1, lead_days: expected one or more whole numbers of days, 0 for the day itself."
    ]


def test_a_plan_for_an_unknown_band_is_refused(documents):
    documents["actions"]["plan"]["ratings"] = ["purple"]
    assert "actions.toml, plan, ratings: expected ratings of scoring.toml" in faults_of(documents)[0]
