"""What a person says of a deed on many risks: where they go, and why."""

from collections.abc import Mapping

from flask_wtf import FlaskForm

from riskapp.features.batches.service import Deed
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Carried, Choice, Needed, passage

LONGEST_WHY = 500


class ManyForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """A deed with nothing to say: what was checked, and the key that keeps a form sent twice from being done twice."""

    key = Carried()
    means = Carried()

    def deed(self, kind: str) -> Deed:
        """Give what was said as the service takes it."""
        number = {name: int(self[name].data) for name in ("post", "unit") if name in self and self[name].data}
        return Deed(
            kind,
            why=self.why.data if "why" in self else "",
            post_id=number.get("post"),
            unit_id=number.get("unit"),
            review_on=self.review_on.data if "review_on" in self else None,
        )


def _why() -> object:
    return passage(
        "Why",
        needed="Say why. The reason stays on the record of each risk",
        at_most=LONGEST_WHY,
        hint="It stays on the record of each risk. Write nothing exempt.",
    )


class ReassignForm(ManyForm):
    """Another owner for many risks."""

    post = Choice("New owner", wrong="Choose the post that will own them", hint="A post of a unit that you manage.")
    why = _why()


class MoveForm(ManyForm):
    """Another unit for many risks."""

    unit = Choice("New unit", wrong="Choose the unit to which they belong", hint="A unit that you manage.")
    why = _why()


class ReviewForm(ManyForm):
    """A sooner review of many risks."""

    review_on = DateBoxes(
        "Review by",
        [Needed("Enter the day by which the review is wanted")],
        description="For example, 31 3 2027. Sooner than it is due now, and never later than the policy allows.",
        thing="the review",
    )
    why = _why()


FORMS: Mapping[str, type[ManyForm]] = {
    "reassign": ReassignForm,
    "move": MoveForm,
    "review": ReviewForm,
    "chase": ManyForm,
}
