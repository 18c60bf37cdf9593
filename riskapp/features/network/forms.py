"""What a person types to link a risk, and to end a link."""

from collections.abc import Mapping, Sequence

from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired

from riskapp.domain.network import MANNERS
from riskapp.features.network.queries import Node
from riskapp.features.network.service import LONGEST_WHY
from riskapp.web.forms import Choice, line, passage

NOUNS: Mapping[str, str] = {
    "direction": "Directions",
    "priority": "Priorities",
    "workstream": "Workstreams",
    "outcome": "Outcomes",
    "objective": "Objectives",
}
"""The kinds of plan item that a risk is linked to, in the order of the list to choose from."""


class RiskLinkForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Another risk, by its reference or by words; where words found several, one of `found` is chosen."""

    manner = RadioField(
        "How are they linked?",
        [InputRequired("Choose how the two are linked")],
        choices={key: each.words for key, each in MANNERS.items()},
        validate_choice=False,
    )
    reference = line(
        "The other risk",
        needed="Give the reference of the other risk, or words of its title",
        at_most=100,
        hint="Its reference, like R-7K4QX, or words of its title.",
    )
    found = RadioField("Which of these?", choices={}, validate_choice=False)

    def offer(self, nodes: Sequence[Node]) -> None:
        """Offer the risks that words found."""
        self.found.choices = {node.reference: f"{node.title} ({node.reference}, {node.unit})" for node in nodes}

    @property
    def chosen(self) -> str:
        """The reference that was chosen from what was found, or what was typed."""
        return str(self.found.data or self.reference.data or "")


class ThingLinkForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """An item of the plan, or a body."""

    reference = Choice("What is it linked to?", wrong="Choose one of the list")

    def offer(self, choices: Mapping[str, object]) -> None:
        """Offer what is in a list, in groups or flat."""
        self.reference.choices = {"": "Choose one"} | dict(choices)

    @property
    def chosen(self) -> str:
        """The reference that was chosen."""
        return str(self.reference.data or "")


class EndLinkForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why a link ends."""

    why: StringField = passage("Why does it end?", needed="Say why it ends", at_most=LONGEST_WHY)
