from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from riskapp.reports.dates import short_day
from riskapp.reports.pack import render
from riskapp.reports.pack_data import Ask, Request
from riskapp.reports.snapshot import content_code, from_json, to_json
from tests.reports.sample import MEETING, a_pack, an_exempt_part, matrix
from tests.reports.tagged_reader import TaggedReader

SIZES = (0, 1, 5, 84, 500)


@pytest.fixture(scope="module", params=SIZES, ids=lambda count: f"{count} risks")
def sized(request, read_pack):
    return request.param, a_pack(request.param), read_pack(request.param)


def test_every_risk_stands_in_the_paper_with_its_owner_and_score(sized):
    _, data, paper = sized
    for risk in data.risks:
        assert risk.title in paper.text
        assert risk.owner in paper.text
        assert f"{risk.now.score} {risk.now.band}" in paper.text


def test_every_overdue_action_is_listed_with_its_date(sized):
    _, data, paper = sized
    for action in data.overdue:
        assert action.title in paper.text
        assert short_day(action.promised_on[-1]) in paper.text


def test_every_escalation_body_finding_and_question_is_in_the_paper(sized):
    _, data, paper = sized
    expected = [case.title for case in data.escalations] + [case.time_left for case in data.escalations]
    expected += [body.name for body in data.bodies] + [body.interest for body in data.bodies]
    expected += [data.findings.first, data.findings.standing, data.findings.moves, data.findings.bodies]
    expected += [ask.text.rstrip(".") for ask in (*data.decisions, *data.questions)]
    expected += [term.meaning for term in data.glossary]
    assert [words for words in expected if words not in paper.text] == []


def test_what_is_heard_is_what_is_seen(sized):
    _, _, paper = sized
    assert paper.text == paper.page_text


def test_headings_skip_no_level_and_the_title_is_the_only_first(sized):
    _, _, paper = sized
    levels = [int(node.tag[1]) for node in paper.root.all("H1", "H2", "H3", "H4", "H5")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_table_head_says_what_it_heads(sized):
    _, _, paper = sized
    heads = paper.root.all("TH")
    assert heads
    assert {str(head.attributes.get("/Scope")) for head in heads} <= {"/Column", "/Row"}
    assert all(table.attributes.get("/Summary") for table in paper.root.all("Table"))


def test_rows_of_a_table_are_as_long_as_its_head(sized):
    _, _, paper = sized
    for table in paper.root.all("Table"):
        if "likelihood down" not in table.attributes["/Summary"]:
            assert len({len(row.kids) for row in table.all("TR")}) == 1


def test_figures_say_what_they_show(sized):
    _, _, paper = sized
    assert all(node.alternative for node in paper.root.all("Figure"))


def test_page_1_is_one_page(sized):
    _, _, paper = sized
    assert "Corporate risk report" in paper.page(0)
    assert "About this paper" in paper.page(1)


def test_page_1_stays_one_page_however_much_there_is_to_say():
    long = "Wide words WWWW WWWW and more of them " * 20
    data = a_pack(
        5,
        decisions=tuple(Ask(long, long, "moves") for _ in range(5)),
        questions=tuple(Ask(long, long, "moves") for _ in range(7)),
        requests=tuple(Request(long, long, "Late") for _ in range(9)),
    )
    paper = TaggedReader(render(replace(data, findings=replace(data.findings, first=long))))
    assert "Contents" in paper.page(1)
    assert "And 4 more on page 2" in paper.page(0)
    assert paper.text.count(long.strip()) >= 2 * 5 + 2 * 7  # each in full, on page 2 or in the annex


def test_the_contents_give_the_page_of_each_section(read_pack):
    paper = read_pack(84)
    lines = [" ".join(line.text.split()) for line in paper.root.all("TOCI")]
    for heading in ("Where the risks stand", "The register", "External bodies", "The words we use", "Annex"):
        page = next(line for line in lines if heading in line).split()[-1]
        (found,) = (node for node in paper.root.all("H2", "H3") if heading in node.text)
        assert next(node.page for node in found.walk() if node.page is not None) == int(page) - 1


def test_the_same_data_gives_the_same_bytes():
    data = a_pack(30)
    assert render(data) == render(from_json(to_json(data)))


def test_another_process_gives_the_same_bytes(tmp_path):
    script = (
        "import hashlib; from riskapp.reports.pack import render; from tests.reports.sample import a_pack;"
        "print(hashlib.sha256(render(a_pack(12))).hexdigest())"
    )
    root = Path(__file__).parents[2]
    hashes = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=root,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(hashes) == 1


def test_a_matrix_of_four_by_four_is_drawn_as_well():
    data = a_pack(40, size=4)
    paper = TaggedReader(render(data))
    assert len(data.matrix.cells) == 16
    assert "Severe" not in paper.text  # the fifth level of impact
    for risk in data.risks:
        assert f"{risk.now.score} {risk.now.band}" in paper.text


def test_the_heat_map_reads_as_counts_and_items(read_pack):
    paper = read_pack(5)
    table = next(node for node in paper.root.all("Table") if "likelihood" in node.attributes["/Summary"])
    cells = [" ".join(cell.text.split()) for cell in table.all("TD")]
    assert len(cells) == 50
    assert "1 risk, item 1" in cells
    assert "none" in cells


def test_a_signed_paper_bears_its_content_code_on_every_page(read_pack):
    code = content_code(a_pack(84))
    assert all(f"Content code {code}" in read_pack(84).page(at) for at in range(len(read_pack(84).content)))


def test_an_unsigned_paper_says_draft_and_bears_no_code():
    paper = TaggedReader(render(a_pack(5, sign_off=None)))
    pages = [paper.page(at) for at in range(len(paper.content))]
    assert all("Draft, not signed off" in page for page in pages)
    assert not any("Content code" in page for page in pages)


def test_demo_data_says_on_every_page_that_it_is_nobodys_assessment():
    for is_illustrative in (True, False):
        paper = TaggedReader(render(a_pack(5, is_illustrative=is_illustrative)))
        said = ["Illustrative data: nobody\u2019s assessment" in paper.page(at) for at in range(len(paper.content))]
        assert set(said) == {is_illustrative}


def test_part_2_wears_a_black_band_with_its_ground_on_every_page(read_pack):
    paper = read_pack(-1)
    for at in range(len(paper.content)):
        assert "Part 2: exempt. Not for publication." in paper.page(at)
        assert "Paragraph 3, Schedule 12A" in paper.page(at)
    for each in an_exempt_part().exemptions:
        assert f"E{each.risk.item}" in paper.text
        assert each.public_interest in paper.text
    assert paper.text == paper.page_text


def test_the_first_pack_of_all_compares_with_nothing():
    data = a_pack(12, meeting=replace(MEETING, last_on=None), departures=())
    paper = TaggedReader(render(data))
    assert "Last meeting" not in paper.text
    assert "This is the first pack" in paper.text


def test_an_empty_register_is_said_in_sentences_and_not_in_empty_tables(read_pack):
    paper = read_pack(0)
    assert "There is no risk on this register." in paper.text
    assert "No risk is beyond what the council is willing to bear." in paper.text
    assert all(len(table.all("TR")) > 1 for table in paper.root.all("Table"))


def test_over_sixty_risks_those_that_stand_still_go_to_the_annex(read_pack):
    data, paper = a_pack(84), read_pack(84)
    annex = next(node for node in paper.root.all("Sect") if "Annex" in node.text[:10])
    still = [risk for risk in data.risks if risk.was and risk.was.score == risk.now.score]
    rows = {row.text.split()[0] for row in annex.all("TR")}
    assert rows - {"Item"} == {str(risk.item) for risk in still if risk.now.band != "Very high"}


def test_a_page_of_the_annex_names_its_first_and_last_item(read_pack):
    paper = read_pack(84)
    heads = [paper.page(at) for at in range(len(paper.content)) if "Annex: items" in paper.page(at)]
    assert len(heads) >= 3


def test_no_page_is_empty(sized):
    _, _, paper = sized
    assert all(len(page.spoken) > 60 for page in paper.content)


def test_no_table_leaves_a_lone_row_on_a_page(sized):
    _, _, paper = sized
    for table in paper.root.all("Table"):
        rows = table.all("TBody")[0].kids
        on = Counter(next(node.page for node in row.walk() if node.page is not None) for row in rows)
        assert len(rows) == 1 or min(on.values()) > 1, table.attributes["/Summary"]


def test_links_lead_somewhere_and_say_where(read_pack):
    reader = read_pack(84).pdf
    for page in reader.pages:
        for reference in page.get("/Annots", ()):
            link = reference.get_object()
            assert "page" in link["/Contents"]
            assert link["/Dest"][0].get_object()["/Type"] == "/Page"


def test_the_file_calls_itself_accessible(read_pack):
    root = read_pack(84).pdf.trailer["/Root"]
    assert root["/Lang"] == "en-GB"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_object().get_data()
    assert "Corporate risk report" in read_pack(84).pdf.metadata.title


def test_a_score_outside_the_matrix_does_not_stop_the_pack():
    data = a_pack(8)
    odd = replace(data.risks[0], now=replace(data.risks[0].now, score=40, band="Off the scale"))
    paper = TaggedReader(render(replace(data, risks=(odd, *data.risks[1:]), matrix=matrix(4))))
    assert "40 Off the scale" in paper.text


def test_dates_in_the_far_past_or_future_do_not_stop_the_pack():
    data = a_pack(8)
    action = replace(data.overdue[0], promised_on=(date(1999, 1, 1), date(2001, 2, 3)))
    assert "3 Feb 2001" in TaggedReader(render(replace(data, overdue=(action,)))).text
