"""Where icons, style, fonts and scripts are fetched from, so that a browser may keep them for ever, and no other."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from flask import abort, request

if TYPE_CHECKING:
    from flask import Flask

GIVEN_OUT = (".css", ".svg", ".woff2", ".txt")
"""Endings of the files that a browser may fetch: style, the mark, fonts and their licences."""
SCRIPTS = "js/"
"""Where our own scripts lie; those of others that set-up left beside them are not given out."""


def install(app: Flask) -> None:
    """Give out files of the kinds named, and none that set-up left beside them."""

    @app.before_request
    def _refuse_the_rest() -> None:
        if request.endpoint != "static":
            return
        if request.method not in {"GET", "HEAD"}:
            abort(405)
        name = str((request.view_args or {})["filename"])
        if not name.endswith(GIVEN_OUT) and not (name.startswith(SCRIPTS) and name.endswith(".js")):
            abort(404)


class Assets:
    """Addresses of static files: `vendor/…` through its manifest, our own with a hash of their content."""

    def __init__(self, folder: str, address: str) -> None:
        self._folder = Path(folder)
        self._address = address
        self._known: dict[str, tuple[float, str]] = {}

    def address(self, name: str) -> str:
        """The address of a file named below static; a file that is not there keeps its plain address."""
        if name.startswith("vendor/"):
            return f"{self._address}/vendor/{self._manifest().get(name.removeprefix('vendor/'), name[7:])}"
        path = self._folder / name
        if not path.is_file():
            return f"{self._address}/{name}"
        return f"{self._address}/{name}?v={self._digest(path)}"

    def _manifest(self) -> dict[str, str]:
        path = self._folder / "vendor" / "manifest.json"
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}

    def _digest(self, path: Path) -> str:
        changed = path.stat().st_mtime
        known = self._known.get(str(path))
        if known is None or known[0] != changed:
            known = (changed, sha256(path.read_bytes()).hexdigest()[:12])
            self._known[str(path)] = known
        return known[1]
