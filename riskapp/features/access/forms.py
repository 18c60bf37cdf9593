"""What a person says of a role, of a thing to be opened by name, and of an emergency."""

from collections.abc import Iterable

from flask_wtf import FlaskForm
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its type stubs

from riskapp.domain.access import AGREES
from riskapp.domain.actors import Clearance, Role
from riskapp.web.again import AskedAgain
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Choice, Needed, line, passage

ROLES = [SelectChoice("", "Choose a role"), *(SelectChoice(role.value, role.label) for role in AGREES)]
CLEARANCES = [SelectChoice(str(int(clearance)), clearance.label) for clearance in Clearance]


class ProposeForm(AskedAgain):
    """A role for somebody: over what, with which clearance, from when to when, and why."""

    person = line("E-mail address of the person", needed="Enter the e-mail address of an account", at_most=200)
    role = Choice("Role", wrong="Choose a role", choices=ROLES)
    unit = Choice("Over which unit, and all beneath it", wrong="Choose a unit")
    clearance = Choice(
        "Clearance",
        wrong="Choose a clearance",
        is_needed=False,
        choices=[SelectChoice("", "The usual one of the role"), *CLEARANCES],
    )
    from_on = DateBoxes("First day", [Needed("Enter the first day")], thing="the first day")
    to_on = DateBoxes("Last day", thing="the last day")
    reason = passage("Reason", needed="Say why", at_most=500)

    def offer(self, units: Iterable[tuple[int, str]]) -> None:
        """Offer the units of today."""
        self.unit.choices = [SelectChoice("", "Choose a unit"), *(SelectChoice(str(key), name) for key, name in units)]

    @property
    def role_chosen(self) -> Role:
        """The role, once the form is valid."""
        return Role(self.role.data)

    @property
    def clearance_chosen(self) -> Clearance | None:
        """The clearance, or None for the usual one."""
        return Clearance(int(self.clearance.data)) if self.clearance.data else None


class ReasonForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why something is ended, or asked for."""

    reason = passage("Reason", needed="Say why", at_most=500)


class EndRoleForm(AskedAgain):
    """Why a role is to end."""

    reason = passage("Reason", needed="Say why", at_most=500)


class DecideForm(AskedAgain):
    """A word to go with a decision; a refusal needs one."""

    why = passage("Your reason, which a refusal needs", at_most=500)


class EmergencyForm(AskedAgain):
    """Whether somebody may read everything: the deed alone, and the password before it is agreed to."""


class LetInForm(AskedAgain):
    """One thing for one person, until a day."""

    thing = line("Reference of the thing", needed="Enter a reference, like R-7K4QX", at_most=40)
    person = line("E-mail address of the person", needed="Enter the e-mail address of an account", at_most=200)
    clearance = Choice("Clearance", wrong="Choose a clearance", choices=CLEARANCES)
    to_on = DateBoxes("Last day", [Needed("Enter the last day")], thing="the last day")
    reason = passage("Reason", needed="Say why", at_most=500)

    @property
    def clearance_chosen(self) -> Clearance:
        """The clearance, once the form is valid."""
        return Clearance(int(self.clearance.data))
