"""What a person says of a governance review."""

from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its type stubs
from wtforms.validators import InputRequired

from riskapp.domain.bodies import HEADINGS, RATINGS
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Needed, line

STEPS = [SelectChoice(rating, rating.capitalize()) for rating in RATINGS]


def _rating(heading: str) -> RadioField:
    words = HEADINGS[heading]
    return RadioField(words, [InputRequired(f"Rate {words.lower()}")], choices=STEPS)


class ReviewForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """A review held: when, by whom, a rating for each heading, and when the next is due."""

    held_on = DateBoxes("Held on", [Needed("Enter the day on which the review was held")], thing="the review")
    reviewer = line("Reviewer", needed="Say who held the review", at_most=120)
    constitutional = _rating("constitutional")
    decision_making = _rating("decision_making")
    risk = _rating("risk")
    reporting = _rating("reporting")
    representation = _rating("representation")
    next_on = DateBoxes("Next review due", [Needed("Enter the day by which the next is due")], thing="the next review")

    @property
    def headings(self) -> list[RadioField]:
        """The five ratings, in the headings' order."""
        return [self[heading] for heading in HEADINGS]

    @property
    def ratings(self) -> dict[str, str]:
        """The ratings given."""
        return {heading: self[heading].data for heading in HEADINGS}
