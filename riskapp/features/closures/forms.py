"""What is said to merge a risk, or to open it again."""

from flask_wtf import FlaskForm

from riskapp.features.organisation.forms import DeedForm
from riskapp.web.forms import Carried, line, passage


class MergeForm(DeedForm):
    """The other risk, and how the two are the same."""

    into = line(
        "Into which risk?",
        needed="Give the reference of the other risk, such as R-7K4QX",
        at_most=12,
        hint="Its reference, such as R-7K4QX. It stays open, and you must be able to change it.",
    )
    why = passage(
        "How are they the same?",
        needed="Say how they are the same. The reason stays on both records",
        hint="It stays on both records.",
    )


class ReopenForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why a risk is opened again."""

    why = passage(
        "Why it is opened again",
        needed="Say why it is opened again. The reason stays on the record",
        hint="Its first review is set anew, and the policy decides anew whether it is escalated.",
    )
    seen = Carried()
