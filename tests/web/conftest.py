"""The gallery: every macro with sample data, rendered outside the application."""

from pathlib import Path

import pytest
from flask import Flask, render_template

from riskapp.web import filters
from tests.web import specimen

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def app() -> Flask:
    made = Flask("gallery", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "riskapp/web/static"))
    made.jinja_loader.searchpath.append(str(Path(__file__).parent))
    made.secret_key = "for this test only"
    filters.install(made)
    made.jinja_env.globals["csrf_token"] = lambda: "token"
    return made


@pytest.fixture(scope="module")
def gallery(app: Flask) -> str:
    with app.test_request_context():
        return render_template(
            "gallery.html",
            s=specimen,
            form=specimen.filled_form(),
            wrong=specimen.wrong_form(),
            **specimen.FRAME,
        )
