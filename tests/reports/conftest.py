from __future__ import annotations

import os
from functools import cache

import pytest

from riskapp.reports.fonts import FONT_FOLDER, FontsMissingError, faces
from riskapp.reports.pack import render
from tests.reports.sample import a_pack, an_exempt_part
from tests.reports.tagged_reader import TaggedReader


@pytest.fixture(scope="session", autouse=True)
def fonts():
    try:
        faces()
    except FontsMissingError:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no fonts in {FONT_FOLDER}: run `make setup`")


@cache
def _read(count):
    return TaggedReader(render(an_exempt_part() if count < 0 else a_pack(count)))


@pytest.fixture(scope="session")
def read_pack():
    """Gives the pack of a number of risks, read back; each is drawn once."""
    return _read
