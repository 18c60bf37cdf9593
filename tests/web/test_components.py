import re
from pathlib import Path

import pytest
from flask import Flask, render_template

from tests.web import specimen
from tests.web.preview_rules import SHEET, preview_rules

ROOT = Path(__file__).parents[2]


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def render(app: Flask, component: str, call: str, **given: object) -> str:
    source = f'{{% from "components/{component}.html" import {component} %}}{{{{ {component}{call} }}}}'
    with app.test_request_context():
        return app.jinja_env.from_string(source).render(s=specimen, **given)


def test_every_macro_is_shown_in_the_gallery() -> None:
    shown = (Path(__file__).parent / "gallery.html").read_text()
    frame = (ROOT / "templates/base.html").read_text()
    parts = {path.stem for path in (ROOT / "templates/components").glob("*.html")}
    within = {
        name
        for path in (ROOT / "templates/components").glob("*.html")
        for name in parts
        if f'/{name}.html"' in path.read_text()
    }
    assert not {name for name in parts - within if f"/{name}.html" not in shown + frame}


def test_a_strict_content_security_policy_has_nothing_to_refuse(gallery: str) -> None:
    assert not re.findall(r"<[^>]+\sstyle\s*=", gallery)
    assert not re.findall(r"<[^>]+\son[a-z]+\s*=", gallery)
    assert "<style" not in gallery
    assert "<script" not in gallery


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.stem)
def test_no_template_trusts_text(path: Path) -> None:
    assert not re.search(r"\|\s*safe\b|Markup|autoescape", path.read_text())


def test_every_id_is_there_once_and_every_reference_finds_one(gallery: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', gallery)
    assert len(ids) == len(set(ids))
    named = re.findall(r'(?:aria-describedby|aria-labelledby|\sfor)="([^"]+)"', gallery)
    assert {name for group in named for name in group.split()} <= set(ids)


def test_what_a_person_typed_is_never_markup(app: Flask) -> None:
    html = render(app, "notice", "(typed)", typed="<b onclick=x>")
    assert "<b " not in html
    assert "&lt;b onclick=x&gt;" in html


def test_a_score_says_its_band_even_where_eyes_do_not_see_it(app: Flask) -> None:
    assert words(render(app, "score", "(16, s.HIGH, word=false)")) == "16 High"
    assert words(render(app, "score", "(none)")) == "\N{EN DASH} Not scored"


def test_travel_says_where_it_came_from(app: Flask) -> None:
    assert words(render(app, "travel", "('up', 12)")) == "Up from 12"
    assert words(render(app, "travel", "('same', 12)")) == "Same"


def test_appetite_is_said_in_full_to_ears(app: Flask) -> None:
    assert words(render(app, "appetite", "('beyond', short=true)")) == "Beyond tolerable"


def test_slippage_counts_the_promises_and_the_days_between_the_first_and_the_last(app: Flask) -> None:
    html = render(app, "slippage", "([s.date(2026, 8, 28), s.date(2026, 10, 16), s.date(2026, 11, 30)])")
    assert words(html) == "3rd date, 94 days after the first promise"
    assert words(render(app, "slippage", "([s.date(2026, 8, 28)])")) == "1st date"


def test_lateness_is_said_below_the_date_unless_the_work_is_done(app: Flask) -> None:
    assert words(render(app, "due", "(s.date(2026, 11, 24), s.TODAY)")) == "24 Nov 2026 7 days late"
    assert words(render(app, "due", "(s.date(2026, 11, 24), s.TODAY, done=true)")) == "24 Nov 2026"
    assert words(render(app, "due", "(none, s.TODAY)")) == "No date"


def test_nought_in_the_heat_map_is_not_a_link(app: Flask) -> None:
    html = render(app, "heat_map", "(s.grid(), 'Risks')")
    assert html.count("<a ") == sum(count > 0 for row in specimen.COUNTS for count in row)
    assert words(html).count("risk at") == sum(count == 1 for row in specimen.COUNTS for count in row)


def test_an_error_is_a_link_to_a_field_that_is_there(gallery: str) -> None:
    links = re.findall(r'<li><a href="#(wrong-[^"]+)">', gallery)
    assert links == ["wrong-title", "wrong-target_by", "wrong-current_likelihood", "wrong-harm"]
    assert all(f'id="{link}"' in gallery for link in links)


def test_a_page_with_errors_says_so_in_its_title(app: Flask) -> None:
    with app.test_request_context():
        page = render_template(
            "gallery.html",
            s=specimen,
            form=specimen.wrong_form(),
            wrong=specimen.wrong_form(),
            **specimen.FRAME,
        )
    assert "<title>Error: Components - riskapp</title>" in page


def test_without_navigation_there_is_neither_menu_nor_search(app: Flask) -> None:
    with app.test_request_context():
        page = app.jinja_env.from_string('{% extends "base.html" %}{% block content %}Here{% endblock %}').render(
            council_name="Council"
        )
    assert "Here" in page
    assert "side-nav" not in page
    assert 'role="search"' not in page


def test_signing_out_is_a_post_with_a_token(gallery: str) -> None:
    form = re.search(r'<form method="post" action="/sign-out">.*?</form>', gallery, re.DOTALL)
    assert form
    assert 'name="csrf_token" value="token"' in form[0]


def test_the_preview_has_a_rule_for_every_cell_up_to_six_by_six() -> None:
    assert SHEET.read_text(encoding="utf-8") == preview_rules()


@pytest.mark.parametrize("size", [4, 5])
def test_the_preview_offers_every_result_of_the_matrix_for_each_basis(app: Flask, size: int) -> None:
    html = render(app, "score_preview", f"(s.grid({size}), s.bases(form, 'likelihood'))", form=specimen.filled_form())
    assert html.count('class="result result--current') == size * size
    assert f"cell-{size}-{size}" in html


def test_a_drawing_says_its_facts_and_gives_them_again_in_words(gallery: str) -> None:
    assert (
        "Score over time. 20 from 8 Dec 2025, 16 from 14 Apr 2026, 20 from 16 Nov 2026. Target 9 by 31 Mar 2027."
        in gallery
    )
    assert len(re.findall(r'<svg class="drawing[^>]+role="img" aria-label="[^"]{20,}"', gallery)) == gallery.count(
        '<svg class="drawing'
    )
    said = words(gallery)
    assert "Decisions to sell wait for agreement on local use No control" in said
    assert "goes to Director of Housing, with a live case" in said


def test_every_role_of_a_shape_has_a_look(gallery: str) -> None:
    sheet = (ROOT / "riskapp/web/static/css/drawings.css").read_text()
    assert {
        kind
        for kind in re.findall(r'class="(d-[\w-]+)"', gallery)
        if f".{kind} " not in sheet and f".{kind}," not in sheet
    } <= set()
