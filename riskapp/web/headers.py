"""What every answer tells the browser: no script at all, nothing from elsewhere, nothing inline, no frame, no guess.

A page of riskapp needs no script, so none may run: not by an address, not inline, not from text (Trusted Types). One
page is better with one, and alone lets a file of our own run and ask us: still nothing inline and nothing from text.
"""

from flask import Flask, Response, make_response, request
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Permission
from riskapp.web import guards, logs

REPORTS = "/policy-reports"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": f"{POLICY}; report-uri {REPORTS}",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
SCRIPTED = f"{POLICY}; script-src 'self'; connect-src 'self'; report-uri {REPORTS}"
HTTPS_ONLY = "max-age=31536000; includeSubDomains"
DIRECTIVES = frozenset(part.split()[0] for part in POLICY.split("; ")) | {
    "script-src", "script-src-elem", "script-src-attr", "style-src-elem", "style-src-attr", "connect-src", "frame-src",
    "object-src", "media-src", "worker-src", "manifest-src", "child-src",
}  # fmt: skip
LONGEST_REPORT = 16 * 1024


def with_own_script(page: str, status: int) -> Response:
    """Answer with a page on which scripts of our own may run and ask us; whatever else is forbidden stays so."""
    response = make_response(page, status)
    response.headers["Content-Security-Policy"] = SCRIPTED
    return response


def install(app: Flask) -> None:
    """Send the headers with every answer, errors included; where people come by https, insist on https.

    Whether they do is what BASE_URL says: behind a proxy the request itself may have come by plain http.
    """

    @app.after_request
    def _send(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if app.config["SESSION_COOKIE_SECURE"]:
            response.headers.setdefault("Strict-Transport-Security", HTTPS_ONLY)
        return response

    @app.post(REPORTS, endpoint="policy_reports")
    @guards.requires(Permission.PUBLIC)
    def _reported() -> ResponseReturnValue:
        """Count in the log that a browser refused something, by the rule it broke and nothing else of the report."""
        request.max_content_length = LONGEST_REPORT
        report = request.get_json(force=True, silent=True)  # browsers send it as application/csp-report
        said = report.get("csp-report") if isinstance(report, dict) else None
        broken = said.get("effective-directive") or said.get("violated-directive") if isinstance(said, dict) else None
        directive = str(broken).split(" ", maxsplit=1)[0]
        logs.warn("a browser refused something", directive=directive if directive in DIRECTIVES else "unknown")
        return "", 204
