"""Words that people wrote reach paper, a file, a page, a log or the system by one function each, and by no other way.

What is forbidden is named here with the few places that may, and why; a place that no longer does is an error too.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

RISKAPP = Path(__file__).parents[2] / "riskapp"
TEMPLATES = RISKAPP.parent / "templates"
SOURCES = sorted(RISKAPP.rglob("*.py"))
PAGES = sorted(path for path in TEMPLATES.rglob("*.html"))

CALLS: dict[str, tuple[str, dict[str, str]]] = {
    "paper": (
        r".*\.(drawString|drawRightString|drawCentredString|drawText|textOut|textLines?|beginText|drawImage|_code\.append)",
        {"reports/tagged.py": "the surface: it draws glyphs of a font and reads no markup (reports/words.py cleans)"},
    ),
    "files of cells": (
        r"(csv\.(writer|DictWriter)|xlsxwriter\..*|openpyxl\..*|.*\.(write_string|write_formula|write_row|write_url))",
        {"web/csv.py": "csv.cell", "web/xlsx.py": "xlsx.put"},
    ),
    "markup": (
        r"(Markup(\(.*\)\.\w+)?|.*\.Markup|.*render_template_string|.*\.from_string|Template|jinja2\..*)",
        {"web/levels.py": "constants, filled by Markup.format, which escapes",
         "web/drawings.py": "shapes of numbers; its words pass markupsafe.escape"},
    ),
    "the system": (
        r"(subprocess\..*|os\.(system|popen|exec\w*|spawn\w*)|pty\..*|Popen)",
        {"serve.py": "starts our own two processes, lists and no shell",
         "web/build_assets.py": "runs npm at set-up, a list and no shell"},
    ),
    "code from words": (
        r"(eval|exec|compile|__import__|importlib\..*|code\.(interact|compile_command|Interactive\w+))", {},
    ),
    "objects from bytes": (r"((pickle|marshal|shelve|dill|jsonpickle|joblib|yaml)\..*)", {}),
    "cookies": (r".*\.(set_cookie|delete_cookie)", {"web/sessions.py": "the cookie of a session, with all its flags",
         "features/oidc/views.py": "the cookie of one attempt to sign in elsewhere, with all its flags"}),
    "whole addresses": (r".*_external=True.*", {}),
    "files by name": (
        r"(open|(io|os)\.open|.*\.(open|(read|write)_(text|bytes))|send_file|send_from_directory|shutil\..*|tempfile\..*)",
        {"settings.py": "names of the environment", "adapters/guessing.py": "the list that the settings name",
         "domain/policy.py": "the folder of policies that a command names", "features/founding/queries.py": "ours",
         "features/access/cli.py": "a command of the machine's keeper", "features/packs/cli.py": "the same",
         "features/audit_trail/cli.py": "the same", "features/packs/views.py": "bytes that were just drawn",
         "serve.py": "the data folder of the settings", "web/style.py": "ours", "web/assets.py": "ours",
         "web/build_assets.py": "ours, at set-up"},
    ),
    "whatever was sent": (
        r"(.*\.populate_obj|.*\.to_dict|.*\(\*\*.*(request\.\w+|\bform\.data).*\))",
        {"web/lists.py": "the address of the same list, for the links of its page"},
    ),
}  # fmt: skip
IMPORTS = (
    r"(pickle|marshal|shelve|dill|yaml|openpyxl|xml(?!\.sax\.saxutils)|lxml|reportlab\.platypus|reportlab\.lib\.utils"
    r"|requests|urllib\.request|telnetlib|ftplib)(\.|$)"
)
"""Reportlab's paragraph reads markup and opens what it names; what escapes for XML is no reader of it."""
WORDS = (
    r"(innerHTML|insertAdjacentHTML|document\.write|Access-Control|shell=True|host_url|url_root|\|\s*safe\b"
    r"|request\.values)"  # which would not tell what an address said from what a form did
)
PAGE = {
    "a script": r"<script|javascript:|\bon[a-z]+\s*=\s*[\"']",
    "words taken for markup": r"\|\s*safe\b|autoescape\s+false|innerHTML|Markup",
    "a style of its own": r"\bstyle\s*=|<style",
    "an attribute without quotes": r"<[a-z][^>]*\s[a-z-]+=\{\{",
}
MAIL = "a mail has no style sheet; its words are escaped like those of a page"
MAY_STYLE = {"mail/letter.html": MAIL}
NOT_A_SAFE_LINK = r'(?:href|src|action)="\{\{\s*(?![^}]*(?:url_for|safe_href|asset|style_address|address\())'


def _calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
            yield from (f"{ast.unparse(node.func)}({ast.unparse(each)})" for each in node.keywords)


def _raw(source: str, pattern: str) -> list[str]:
    return [call for call in _calls(ast.parse(source)) if re.fullmatch(pattern, call)]


@pytest.mark.parametrize("what", CALLS)
def test_what_is_raw_is_called_only_where_it_is_argued(what):
    pattern, argued = CALLS[what]
    found = {path.relative_to(RISKAPP).as_posix() for path in SOURCES if _raw(path.read_text(), pattern)}
    assert found == set(argued)


PLANTED = {
    "paper": "canvas.beginText(text)\ncanvas.drawString(1, 2, text)",
    "files of cells": "csv.writer(file)\nxlsxwriter.Workbook(x)",
    "markup": "Markup(text)\nrender_template_string(text)",
    "the system": "subprocess.run(x)\nos.system(x)",
    "code from words": "eval(x)\nexec(x)",
    "objects from bytes": "pickle.loads(x)\nyaml.load(x)",
    "cookies": "response.set_cookie(x)\nresponse.delete_cookie(x)",
    "whole addresses": "url_for(x, _external=True)\nflask.url_for(x, _external=True)",
    "files by name": "open(x)\nPath(x).read_text()\nsend_file(x)",
    "whatever was sent": "form.populate_obj(x)\nchange(**request.form)\nchange(**form.data)",
}


@pytest.mark.parametrize("what", CALLS)
def test_a_raw_call_that_is_planted_is_found(what):
    assert len(_raw(PLANTED[what], CALLS[what][0])) >= 2


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_nothing_is_imported_that_reads_objects_markup_or_other_sites():
    found = {f"{path.name}: {name}" for path in SOURCES for name in _imports(path) if re.match(IMPORTS, name)}
    assert found == {"oidc.py: requests"}, "the one site that is asked is the sign-in provider of the settings"


def test_no_source_holds_a_word_that_opens_a_hole():
    found = {f"{path.name}: {hit[0]}" for path in SOURCES if (hit := re.search(WORDS, path.read_text()))}
    assert found == set()
    assert len(SOURCES) > 200


SCRIPTS = {"similar.js": "drafting/log.html"}
"""Each script of our own, and the one page that asks for it; no other page may run any."""
IN_A_SCRIPT = (
    r"(innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\s*\(|DOMParser|srcdoc|setAttribute|import\b"
    r"|localStorage|sessionStorage|document\.cookie|postMessage|https?:|setTimeout\(\s*[\"'`])"
)


def test_only_the_scripts_that_are_argued_are_served_and_each_writes_words_as_words():
    files = [path for path in (RISKAPP / "web/static").rglob("*.js") if "vendor" not in path.parts]
    served = {path.name: path.read_text() for path in files}
    assert set(served) == set(SCRIPTS)
    for name, source in served.items():
        assert not re.search(IN_A_SCRIPT, source), name
        assert "textContent" in source
        assert len(source.splitlines()) < 100, "a page works without it"


@pytest.mark.parametrize("what", PAGE)
def test_no_template_holds(what):
    found = {
        path.relative_to(TEMPLATES).as_posix(): hit[0]
        for path in PAGES
        if (hit := re.search(PAGE[what], path.read_text(), re.IGNORECASE))
    }
    argued = {"a style of its own": set(MAY_STYLE), "a script": set(SCRIPTS.values())}
    assert set(found) == argued.get(what, set()), found
    assert len(PAGES) > 80


def test_a_page_that_asks_for_a_script_asks_for_one_file_and_holds_no_line_of_it():
    for script, page in SCRIPTS.items():
        asked = re.findall(r"<script.*?</script>", (TEMPLATES / page).read_text(), re.DOTALL)
        assert asked == [f"""<script src="{{{{ asset('js/{script}') }}}}" defer></script>"""]


def test_every_template_is_named_so_that_its_words_are_escaped():
    assert {path.suffix for path in TEMPLATES.rglob("*") if path.is_file()} <= {".html", ".txt", ".md"}
    for path in TEMPLATES.rglob("*.txt"):
        assert path.parent.name == "mail", "a text mail has no markup that could be broken"


def _logged(path: Path) -> Iterator[ast.Call]:
    levels = {"debug", "info", "warning", "error", "exception", "critical", "log", "warn", "fault"}
    for node in ast.walk(ast.parse(path.read_text())):
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if is_call and node.func.attr in levels and ast.unparse(node.func.value) in {"log", "logs", "app.logger"}:
            yield node


def test_a_line_of_the_log_is_a_constant_and_its_fields_are_beside_it():
    """What is put into a pattern never reaches the production log, so a pattern with holes would say nothing."""
    wrong, seen = [], 0
    for path in SOURCES:
        for call in _logged(path):
            seen += 1
            pattern = call.args[1] if call.func.attr == "log" else call.args[0]
            is_plain = isinstance(pattern, ast.Constant) and "%" not in pattern.value
            if not is_plain and not (path.name == "logs.py" and ast.unparse(pattern) == "event"):
                wrong.append(f"{path.name}:{call.lineno}")
    assert wrong == []
    assert seen > 10


GOES_TO = (
    r"(url_for\(.*\)|back\.after\(.*\)|done|goes_to\(made\) if goes_to else deed\.back|wanted or home"
    r"|url_for\(.*\) if \w+ else url_for\(.*\)|back|provider\.address_to_sign_in\(.*\)|address or back"
    r"|base_url \+ quote\(request\.path\) \+ query)"
)


def test_an_answer_leads_only_to_an_address_that_we_made():
    """`done` and `deed` are addresses by url_for of the same file; `wanted` was kept on this side before signing in.

    `address` and the other of the provider's are those of the sign-in provider of the settings; `back` is ours.
    `base_url` is where people reach riskapp, before the very path that was asked for.
    """
    wrong, seen = [], 0
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "redirect":
                seen += 1
                where = ast.unparse(node.args[0])
                if not re.fullmatch(GOES_TO, where, re.DOTALL):
                    wrong.append(f"{path.name}:{node.lineno} {where}")
    assert wrong == []
    assert seen > 30
