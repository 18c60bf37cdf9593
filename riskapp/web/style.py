"""One style sheet for every page: the parts put together at start, at an address that changes with their content."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Response, url_for

from riskapp.web.assets import Assets

if TYPE_CHECKING:
    from flask import Flask

ENDPOINT = "style"
A_YEAR = 365 * 24 * 60 * 60
FETCHED = ("fonts.css", "govuk-frontend.min.css")
OURS = (
    "tokens",
    "shell",
    "marks",
    "tables",
    "forms",
    "preview",
    "preview-cells",
    "kinds",
    "work",
    "past",
    "drawings",
    "print",
)


def bundle(folder: Path, address: str) -> bytes:
    """Put the parts together in the order in which they count; the sheet's address is one step below the root."""
    vendor = Assets(str(folder), str(folder))
    parts = [Path(vendor.address(f"vendor/{name}")) for name in FETCHED]
    parts += [folder / "css" / f"{name}.css" for name in OURS]
    said = [part.read_text(encoding="utf-8") for part in parts if part.is_file()]
    return "\n".join(said).replace("url(fonts/", f"url(..{address}/vendor/fonts/").encode()


def install(app: Flask) -> None:
    """Serve the sheet, which a browser may keep for ever, and give the templates `style_address()`."""
    sheet = bundle(Path(app.static_folder or ""), app.static_url_path or "")
    mark = sha256(sheet).hexdigest()[:12]

    @app.get("/style/<_mark>.css", endpoint=ENDPOINT)
    def _style(_mark: str) -> Response:
        response = Response(sheet, mimetype="text/css")
        response.cache_control.public, response.cache_control.immutable = True, True
        response.cache_control.max_age = A_YEAR
        return response

    app.jinja_env.globals["style_address"] = lambda: url_for(ENDPOINT, _mark=mark)
