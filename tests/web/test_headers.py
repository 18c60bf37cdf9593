"""What each header says; that every answer has it is tests/authorisation/test_surface.py."""

from riskapp.web.headers import HEADERS, HTTPS_ONLY, REPORTS

POLICY = dict(each.strip().partition(" ")[::2] for each in HEADERS["Content-Security-Policy"].split(";"))


def test_no_script_object_or_frame_may_load_and_all_else_comes_from_here():
    assert POLICY["default-src"] == "'none'", "for objects, scripts, frames and all that has no word"
    assert not POLICY.keys() & {"script-src", "object-src", "frame-src", "connect-src", "media-src", "worker-src"}
    assert {POLICY[name] for name in ("style-src", "img-src", "font-src", "form-action")} == {"'self'"}
    assert POLICY["base-uri"] == "'none'"
    assert not any(lax in str(POLICY) for lax in ("unsafe", "*", "data:", "http", "blob:"))


def test_no_text_becomes_a_script():
    assert POLICY["require-trusted-types-for"] == "'script'"
    assert POLICY["trusted-types"] == "'none'"


def test_nobody_may_frame_a_page():
    assert POLICY["frame-ancestors"] == "'none'"


def test_a_browser_says_what_it_refused_to_us():
    assert POLICY["report-uri"] == REPORTS == "/policy-reports"


def test_a_browser_guesses_no_kind_of_file():
    assert HEADERS["X-Content-Type-Options"] == "nosniff"


def test_no_other_site_is_told_from_where_somebody_came():
    assert HEADERS["Referrer-Policy"] == "same-origin"


def test_no_other_site_shares_a_window_or_loads_a_part():
    assert HEADERS["Cross-Origin-Opener-Policy"] == "same-origin"
    assert HEADERS["Cross-Origin-Resource-Policy"] == "same-origin"


def test_https_is_insisted_on_for_a_year_and_below_the_host_too():
    told = dict(each.strip().partition("=")[::2] for each in HTTPS_ONLY.split(";"))
    assert int(told["max-age"]) >= 365 * 24 * 60 * 60
    assert "includeSubDomains" in told
