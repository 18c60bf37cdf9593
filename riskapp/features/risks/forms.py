"""What a person types about a risk: to score it, to review it, to close it."""

from collections.abc import Mapping

from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired

from riskapp.domain.policy import Policy
from riskapp.features.assessments.service import Judgement
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Carried, Choice, Level, Needed, line, passage


def level(basis: str, axis: str, *, is_needed: bool = True) -> Level:
    article = "an" if basis == "inherent" else "a"
    return Level(f"{basis.capitalize()} {axis}", wrong=f"Choose {article} {basis} {axis}", is_needed=is_needed)


def why_the_scores() -> TextAreaField:
    return passage(
        "Why these scores",
        needed="Say in a sentence why these scores",
        hint="One or two sentences. It is the first thing a challenger reads.",
    )


def kind_of_impact() -> Choice:
    return Choice(
        "The kind of impact that hurts most",
        wrong="Choose the kind of impact that hurts most",
        hint="The words of the impact levels below follow it.",
        render_kw={"data-kinds": ""},
    )


def target_day() -> DateBoxes:
    return DateBoxes(
        "Target to be reached by",
        [Needed("Say by when the target is to be reached")],
        thing="the target",
        description="For example, 31 3 2027",
    )


class Scale(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """What every form that scores can do; the fields are its own, in the order of its page."""

    def offer(self, policy: Policy) -> None:
        """Offer the policy's kinds of impact."""
        self.dimension.choices = {kind.key: kind.label for kind in policy.scoring.dimensions}

    def judgement(self, basis: str, *, why: str) -> Judgement:
        """Give what was chosen for a basis, as the service takes it; nothing chosen is nought, which is refused."""
        likelihood, impact = self[f"{basis}_likelihood"].data, self[f"{basis}_impact"].data
        target_on = self.target_on.data if basis == "target" else None
        return Judgement(likelihood or 0, {self.dimension.data: impact or 0}, why, target_on)


class CurrentForm(Scale):
    """The score of today."""

    current_likelihood = level("current", "likelihood")
    dimension = kind_of_impact()
    current_impact = level("current", "impact")
    rationale = why_the_scores()
    seen = Carried()


class InherentForm(Scale):
    """The score as it would be with no controls."""

    inherent_likelihood = level("inherent", "likelihood")
    dimension = kind_of_impact()
    inherent_impact = level("inherent", "impact")
    rationale = why_the_scores()
    seen = Carried()


class TargetForm(Scale):
    """The score as it will be when the plan is done, and by when."""

    target_likelihood = level("target", "likelihood")
    dimension = kind_of_impact()
    target_impact = level("target", "impact")
    target_on = target_day()
    rationale = why_the_scores()
    seen = Carried()


SCORE_FORMS: Mapping[str, type[Scale]] = {"current": CurrentForm, "inherent": InherentForm, "target": TargetForm}


class ReviewForm(Scale):
    """Whether the score still holds, what was looked at, and the new score if it does not."""

    answer = RadioField(
        "Is the score still right?",
        [InputRequired("Say whether the score is still right")],
        choices={"yes": "Yes, nothing material has changed", "no": "No, I score it anew below"},
        validate_choice=False,
    )
    note = line(
        "What you looked at",
        needed="Say in one line what you looked at",
        at_most=300,
        hint="One line. It goes on the record beside your post and today's date.",
    )
    current_likelihood = level("current", "likelihood", is_needed=False)
    dimension = kind_of_impact()
    current_impact = level("current", "impact", is_needed=False)
    seen = Carried()


class EscalateForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why a risk must go up."""

    reason = passage(
        "Why it must go up",
        needed="Say why it must go up. Whoever gets it reads this first",
        hint="They read this first. Say what you need from them, and by when.",
    )


class CloseForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why a risk is closed."""

    why = passage(
        "Why it is closed",
        needed="Say why the risk is closed. The reason stays on the record",
        hint="Its actions stay alive, its history is kept, and a live escalation is stood down.",
    )
    seen = Carried()
