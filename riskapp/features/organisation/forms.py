"""What an administrator types to change a unit."""

from collections.abc import Mapping

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import Length

from riskapp.domain.organisation import STANDS_UNDER
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Carried, Choice, Needed, line


class DeedForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """What every change carries: the version it was filled in over, and what it was said to mean."""

    version = Carried()
    key = HiddenField(validators=[Length(max=40)])
    means = HiddenField(validators=[Length(max=64)])

    @property
    def seen(self) -> int:
        """The version it was filled in over."""
        return self.version.number


def unit_name() -> StringField:
    """The name of a unit, as a field."""
    return line("Name", needed="Enter the name of the unit", hint="As people say it, without its kind where they can.")


class AddUnitForm(DeedForm):
    """A new unit and its place."""

    name = unit_name()
    kind = Choice("Kind", wrong="Choose the kind of unit", choices={kind: kind.capitalize() for kind in STANDS_UNDER})
    parent = Choice("Stands under", wrong="Choose the unit it stands under")
    opened_on = DateBoxes("Opened on", [Needed("Enter the day it opened")], thing="its opening")


class RenameUnitForm(DeedForm):
    """Another name."""

    name = unit_name()


class MoveUnitForm(DeedForm):
    """Another place."""

    parent = Choice("Stands under", wrong="Choose the unit it goes under")


class MergeUnitForm(DeedForm):
    """The unit that takes over, and from when."""

    into = Choice("Merge into", wrong="Choose the unit that takes over")
    on = DateBoxes("From", [Needed("Enter the day of the merger")], thing="the merger")


class CloseForm(DeedForm):
    """The day of closing."""

    on = DateBoxes("Closed on", [Needed("Enter the day on which it closed")], thing="the closing")


class ReopenForm(DeedForm):
    """Nothing but the confirmation."""


def chosen(nothing: str, options: Mapping[str, str]) -> dict[str, str]:
    """Offer options after the words for no choice."""
    return {"": nothing} | dict(options)
