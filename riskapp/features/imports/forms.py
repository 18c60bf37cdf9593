"""The file that an administrator chooses."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms.validators import StopValidation

from riskapp.web.forms import Choice


def _chosen(_form: object, field: Any) -> None:
    if not field.data or not field.data.filename:
        raise StopValidation("Choose the CSV file")
    if not field.data.filename.casefold().endswith(".csv"):
        raise StopValidation("Choose a file whose name ends in .csv: save what you have as CSV first")


class ImportForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """What the file holds, and the file."""

    kind = Choice(
        "What it holds",
        wrong="Choose what the file holds",
        choices={"units": "Units", "people": "People in their posts"},
    )
    file = FileField("CSV file", [_chosen], description="At most 5,000 lines and 5 MB. UTF-8 or Windows-1252.")
