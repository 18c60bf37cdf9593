"""What is served to browsers and drawn on paper: whole, ours in look, asking nothing of anybody outside."""

import json
import re

import pytest

from riskapp.web import build_assets
from riskapp.web.build_assets import BUILD, VENDOR, CannotBuildAssets, without_govuk_brand


@pytest.fixture(scope="module")
def manifest() -> dict[str, str]:
    build_assets.build()  # what is tested is what the code makes now
    return json.loads((VENDOR / "manifest.json").read_text())


@pytest.fixture(scope="module")
def style_sheet(manifest) -> str:
    return (VENDOR / manifest["govuk-frontend.min.css"]).read_text()


def test_no_trace_of_govuks_typeface_or_crest_is_served(style_sheet):
    assert not re.search(r"gds|transport|crest|@font-face", style_sheet, re.IGNORECASE)
    assert style_sheet.count('font-family:"Atkinson Hyperlegible Next"') >= 50


def test_no_style_sheet_asks_for_a_file_outside_this_folder(manifest):
    for name in ("govuk-frontend.min.css", "fonts.css"):
        css = (VENDOR / manifest[name]).read_text()
        assert "@import" not in css
        for address in re.findall(r"url\(([^)]*)\)", css):
            assert address.startswith("data:") or (VENDOR / address).is_file()


def test_no_file_names_a_source_map_that_is_not_served(manifest):
    for name in ("govuk-frontend.min.css", "govuk-frontend.min.js"):
        assert "sourceMappingURL" not in (VENDOR / manifest[name]).read_text()


def test_every_file_of_the_manifest_is_there_under_the_hash_of_its_content(manifest):
    assert {"govuk-frontend.min.css", "govuk-frontend.min.js", "fonts.css"} <= set(manifest)
    for name, file in manifest.items():
        assert build_assets._hashed(name, (VENDOR / file).read_bytes()) == file


def test_pages_can_write_welsh_names_in_every_face(manifest):
    faces = (VENDOR / manifest["fonts.css"]).read_text().splitlines()
    assert len(faces) == 10
    for weight, style in build_assets.FACES:
        ranges = [face for face in faces if f"font-style:{style};font-weight:{weight};" in face]
        assert sum("U+0100-" in face for face in ranges) == 1  # ŵ ŷ
        assert sum("U+0000-00FF" in face for face in ranges) == 1


def test_paper_has_its_fonts_and_a_fallback_for_signs_they_lack(manifest):
    paper = {file.name for file in (VENDOR / "fonts" / "pdf").glob("*.ttf")}
    assert {"AtkinsonHyperlegibleNext_400Regular.ttf", "AtkinsonHyperlegibleNext_700Bold.ttf"} <= paper
    assert {"DejaVuSans.ttf", "DejaVuSans-Bold.ttf"} <= paper


def test_every_licence_notice_is_kept(manifest):
    notices = {file.stem: file.read_text() for file in (VENDOR / "licences").iterdir()}
    assert "Government Digital Service" in notices["govuk-frontend"]
    assert "Permission is hereby granted" in notices["govuk-frontend"]
    assert "Open Font License" in notices["atkinson-hyperlegible-next-web"]
    assert "Bitstream" in notices["dejavu"]


def test_the_accessibility_checker_is_for_tests_and_never_served(manifest):
    assert (BUILD / "axe.min.js").is_file()
    assert not list(VENDOR.rglob("axe*"))


def test_what_is_up_to_date_is_not_built_again(manifest):
    assert build_assets.build() is False


def test_font_faces_stacks_and_crest_are_taken_out_of_a_style_sheet():
    css = without_govuk_brand(
        "@font-face{font-family:GDS Transport;src:url(/assets/fonts/a.woff2) format('woff2')}"
        ".a{font-family:GDS Transport,arial,sans-serif;color:red}@media print{.a{font-family:sans-serif}}"
        ".b{background-image:url(/assets/images/govuk-crest.svg)}/*# sourceMappingURL=x.css.map */"
    )
    assert css == (
        '.a{font-family:"Atkinson Hyperlegible Next",arial,sans-serif;color:red}'
        "@media print{.a{font-family:sans-serif}}.b{background-image:none}\n"
    )


@pytest.mark.parametrize("css", ["--govuk-font:GDS Transport;", ".a{background:url(https://elsewhere.example/a.png)}"])
def test_a_style_sheet_that_still_holds_the_brand_or_asks_outside_is_refused(css):
    with pytest.raises(CannotBuildAssets, match="still holds"):
        without_govuk_brand(css)
