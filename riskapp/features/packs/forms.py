"""What a person may say when building a pack."""

from flask_wtf import FlaskForm

from riskapp.web.date_boxes import DateBoxes


class BuildForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """The day of the figures; empty for the latest there are."""

    as_at = DateBoxes("Figures as at", thing="the figures")
