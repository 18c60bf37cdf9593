"""Hostile words in every text that the database keeps, in every list's search and in forms, looked at by Chromium.

Nothing may come of them: no dialog, nothing that the page's policy had to refuse, no element that we did not write.
"""

import itertools
from urllib.parse import quote

import pytest
from sqlalchemy import String, func, select, update

from riskapp.models.database import Base, db, transaction
from riskapp.web.headers import REPORTS
from tests.journeys.conftest import Site
from tests.journeys.test_every_page import ACCOUNTS, _kind, _links

pytestmark = pytest.mark.browser

RUN = "window.ran=1,alert(1)"
PAYLOADS = tuple(
    f"P{number:02} {words}"
    for number, words in enumerate(
        (
            f"<script>{RUN}</script>",
            f"</script><script>{RUN}</script>",
            f"<ScRiPt>{RUN}</sCrIpT>",
            f"<script src=data:,{RUN}></script>",
            f"<img src=x onerror={RUN}>",
            f"<img/src=x/onerror={RUN}>",
            f'"><img src=x onerror={RUN}>',
            f"'><img src=x onerror={RUN}>",
            f"<svg onload={RUN}>",
            f"<svg/onload={RUN}>",
            f"</title><svg onload={RUN}>",
            f"</textarea><svg onload={RUN}>",
            f"</style><svg onload={RUN}>",
            f"--><svg onload={RUN}>",
            f"]]><svg onload={RUN}>",
            f"<svg><script>{RUN}</script></svg>",
            f"<svg><animate onbegin={RUN} attributeName=x></svg>",
            f'<math><mi xlink:href="javascript:{RUN}">x</mi></math>',
            f"<iframe src=javascript:{RUN}>",
            f"<iframe srcdoc='<script>{RUN}</script>'>",
            "<object data=data:text/html,x>",
            "<embed src=data:text/html,x>",
            "<base href=https://evil.example/>",
            "<link rel=stylesheet href=//evil.example/x>",
            "<meta http-equiv=refresh content=0;url=//evil.example>",
            "<style>*{display:none}</style>",
            "<style>@import'//evil.example'</style>",
            "<p style=position:fixed;inset:0>x</p>",
            "<form action=//evil.example>",
            "<input autofocus onfocus=alert(1)>",
            f"<details open ontoggle={RUN}>",
            f"<body onload={RUN}>",
            f"<marquee onstart={RUN}>",
            f"<video><source onerror={RUN}></video>",
            f"<audio src=x onerror={RUN}>",
            f"<a href=javascript:{RUN}>x</a>",
            f"<a href='java&#9;script:{RUN}'>x</a>",
            f"javascript:{RUN}",
            "data:text/html,<script>alert(1)</script>",
            f'" onmouseover={RUN} x="',
            f"' onfocus={RUN} autofocus x='",
            f"` onfocus={RUN} `",
            f'" autofocus onfocus={RUN} "',
            f"x onerror={RUN}",
            "{{ 7 * 7 }}",
            "{{ config.items() }}",
            "{% raw %}{% endraw %}",
            "${7*7}",
            "#{7*7}",
            "<%= 7*7 %>",
            f"&lt;script&gt;{RUN}&lt;/script&gt;",
            f"&#60;script&#62;{RUN}&#60;/script&#62;",
            f"%3Cscript%3E{RUN}%3C/script%3E",
            f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
            f"\uff1cscript\uff1e{RUN}\uff1c/script\uff1e",
            f"<\u200bscript>{RUN}</script>",
            f"\u202e<script>{RUN}</script>",
            f"<x contenteditable onblur={RUN}>x",
            "<planted-node>x</planted-node>",
            "<template><planted-node></template>",
            "<noscript><planted-node></noscript>",
            f'<noscript><p title="</noscript><img src=x onerror={RUN}>">',
            f"<xss onpointerrawupdate={RUN}>",
            '<!--<img src="--><planted-node>">',
            f"<button popovertarget=x onclick={RUN}>x</button><p popover id=x>",
            "<dialog open><planted-node></dialog>",
            "'; DROP TABLE risk; --",
            "<a id=main><a id=main name=y>",
            "<plaintext>",
            "<table><td background=//evil.example>",
            "<isindex type=image src=1 onerror=alert(1)>",
        )
    )
)
LOOK = """() => [...document.querySelectorAll(
  'script, iframe, object, embed, base, meta[http-equiv], style, planted-node, template, noscript, svg script, math, '
  + 'marquee, video, audio, dialog, plaintext, xss, x, img, form[action*="evil"], [background], [popover], [srcdoc], '
  + '[contenteditable], a[href^="javascript" i], link[href*="evil"]')]
  .concat([...document.querySelectorAll('*')].filter(each => [...each.attributes].some(a => a.name.startsWith('on')
    || a.name === 'style')))
  .concat([...document.querySelectorAll('a')].filter(each => each.host && each.host !== location.host))
  .map(each => each.outerHTML.slice(0, 120)).concat(window.ran ? ['it ran'] : [], window.broken || [])"""
WATCH = """window.broken = []; document.addEventListener('securitypolicyviolation',
  event => window.broken.push('policy: ' + event.effectiveDirective + ' ' + event.blockedURI))"""
MAKE = "() => { try { document.body.innerHTML = '<b>x</b>'; return 'made' } catch { return 'no' } }"
NOBODYS_WORDS = {
    "lease.holder", "person.email", "person.password_hash", "policy_version.fingerprint", "sign_in_failure.email",
    "import_preview.fingerprint", "unit.path", "message.message_id", "message.address", "message.subject",
    "message.text", "message.html", "pack_part.pdf_sha256", "body_money.kind",
}  # fmt: skip
"""Free text by its type that nobody wrote: what finds a row or proves it, and mail as it was sent."""
LEAST_COLUMNS, LEAST_PAGES = 20, 60


def plant() -> int:
    """Put the payloads, one after the other, into every column of free text; gives the number of columns."""
    columns = 0
    for table in Base.metadata.sorted_tables:
        key = list(table.primary_key.columns)
        if len(key) != 1:
            continue
        for column in table.columns:
            is_free = isinstance(column.type, String) and column.type.length is None and not column.foreign_keys
            if not is_free or column.primary_key or str(column) in NOBODYS_WORDS:
                continue
            ids = db.session.scalars(select(key[0]).where(column.is_not(None), func.length(column) > 8)).all()
            for id_, words in zip(ids[:400], itertools.cycle(PAYLOADS), strict=False):
                try:
                    with db.session.begin_nested():
                        db.session.execute(update(table).where(key[0] == id_).values({column.name: words}))
                except Exception:  # noqa: BLE001 - a column of few allowed words is no free text
                    break
            else:
                columns += bool(ids)
    return columns


@pytest.fixture(scope="module")
def planted(site: Site) -> int:
    with site.app.app_context(), transaction():
        return plant()


class Watch:
    """A window that counts what hostile words did."""

    def __init__(self, site: Site, account: str | None) -> None:
        self.site, self.dialogs, self.reports = site, [], []
        self.page = site.visit(account) if account else site.stranger()
        self.page.on("dialog", self._dismiss)
        self.page.on("request", lambda request: self.reports.append(request.url) if REPORTS in request.url else None)
        self.page.add_init_script(WATCH)
        self.nodes, self.pages, self.seen = [], 0, set()

    def _dismiss(self, dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def look(self, path: str = "") -> None:
        if path:
            self.page.goto(self.site.url + path)
        self.pages += 1
        self.nodes += [f"{self.page.url}: {each}" for each in self.page.evaluate(LOOK)]
        body = self.page.evaluate("document.body.innerText")
        self.seen |= {words for words in PAYLOADS if words[:3] in body}

    def walk(self, most: int) -> None:
        seen, nearby = set(), ["/"]
        for _level in range(3):
            further = []
            for path in nearby:
                if len(seen) < most and _kind(path) not in seen:
                    seen.add(_kind(path))
                    self.look(path)
                    further += _links(self.page)
            nearby = further

    @property
    def came_of_it(self) -> list[str]:
        return self.dialogs + self.reports + self.nodes


def _fill(watch: Watch, path: str, words: str, button: str) -> None:
    watch.page.goto(watch.site.url + path)
    for box in watch.page.locator("main input[type=text], main textarea, main input:not([type])").all():
        if box.is_visible():
            box.fill(words)
    watch.page.locator("main").get_by_role("button", name=button).first.click()
    watch.look()


def _try(site: Site, accounts, tell, *, most: int, forms_each: int) -> None:
    dialogs = reports = nodes = pages = 0
    seen, found, forms = set(), [], 0
    for account in accounts:
        watch = Watch(site, account)
        watch.walk(most)
        if account == accounts[0]:
            for words in PAYLOADS[:: max(forms_each // 9, 1)]:
                watch.look(f"/registers?q={quote(words)}")
            for words in PAYLOADS[::forms_each]:
                _fill(watch, "/risks/new", words, "Check")
                forms += 1
        dialogs, reports, nodes = dialogs + len(watch.dialogs), reports + len(watch.reports), nodes + len(watch.nodes)
        pages, seen, found = pages + watch.pages, seen | watch.seen, found + watch.came_of_it
        watch.page.context.close()
    stranger = Watch(site, None)
    for words in PAYLOADS[::forms_each]:
        stranger.look(f"/sign-in?email={quote(words)}")
    found, pages = found + stranger.came_of_it, pages + stranger.pages
    stranger.page.context.close()
    assert found == [], found[:5]
    assert pages >= LEAST_PAGES
    assert len(seen) >= 60, f"{len(seen)} of {len(PAYLOADS)} payloads were on a page at all"
    tell(
        f"Hostile words: {len(PAYLOADS)} payloads ({len(seen)} seen as words), {pages} pages, {forms} forms, "
        f"{len(accounts)} accounts: {dialogs} dialogs, {reports} policy reports, {nodes} nodes made"
    )


@pytest.fixture
def tell(capsys, planted):
    def say(words: str) -> None:
        with capsys.disabled():
            print(f"\n{words}; {planted} columns planted")  # noqa: T201 - the figure of a proof

    return say


def test_hostile_words_in_every_field_stay_words_in_a_browser(site: Site, planted: int, tell) -> None:
    assert planted >= LEAST_COLUMNS
    assert len(PAYLOADS) >= 60
    _try(site, ("assurance", "admin"), tell, most=30, forms_each=18)


@pytest.mark.drill
def test_hostile_words_stay_words_for_every_account(site: Site, planted: int, tell) -> None:
    _try(site, ACCOUNTS, tell, most=90, forms_each=1)


def test_what_a_page_must_not_do_would_be_seen(site: Site) -> None:
    """The watch itself: were the words not escaped and the policy not there, it would say so."""
    watch = Watch(site, None)
    watch.page.goto(f"{site.url}/sign-in")
    watch.page.evaluate("() => { const node = document.createElement('planted-node'); document.body.append(node) }")
    watch.page.evaluate("() => { const node = document.createElement('img'); node.src = 'https://evil.example/x'; "
                        "document.body.append(node) }")  # fmt: skip
    watch.page.wait_for_timeout(200)
    watch.look()
    refused = watch.page.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>'; return 'made' } catch { return 'no' } }"
    )
    watch.page.context.close()
    site.faults.clear()
    assert refused == "no", "Trusted Types let no text become elements"
    assert len(watch.nodes) >= 3
    assert watch.reports, "a refusal is reported to us"
