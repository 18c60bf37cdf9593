"""What a person types about a risk: to score it, to review it, to close it."""

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Optional

from riskapp.domain.policy import Policy
from riskapp.features.assessments.service import Judgement, Money
from riskapp.features.risks.queries import Assessed
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Carried, Choice, Impacts, Level, Needed, Whole, line, passage


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

    def offer(self, policy: Policy, kind: str = "threat") -> None:
        """Offer the policy's kinds of impact, of a threat or of an opportunity."""
        self.dimension.choices = {each.key: each.label for each in policy.scoring.of(kind).dimensions}

    def judgement(self, basis: str, *, why: str) -> Judgement:
        """Give what was chosen for a basis, as the service takes it; nothing chosen is nought, which is refused."""
        likelihood, impact = self[f"{basis}_likelihood"].data, self[f"{basis}_impact"].data
        target_on = self.target_on.data if basis == "target" else None
        return Judgement(likelihood or 0, {self.dimension.data: impact or 0}, why, target_on)


SURE, SOON, FAST = (
    ("confidence", "How sure is the score?"),
    ("proximity", "How soon could it happen?"),
    ("velocity", "How fast would it be felt?"),
)
POUNDS = (("low_pounds", "At least"), ("likely_pounds", "Most likely"), ("high_pounds", "At most"))


def aspect(label: str) -> RadioField:
    """Offer what goes with a score; its choices are the policy's, and nothing chosen is an answer."""
    return RadioField(label, [Optional()], choices=[], validate_choice=False)


def pounds(label: str) -> Whole:
    return Whole(label, validators=[Optional()], wrong="Enter pounds as a whole number, like 250,000")


class WholeJudgement(Scale):
    """A score with every kind of impact, and with what goes with it."""

    confidence, proximity, velocity = (aspect(label) for _name, label in (SURE, SOON, FAST))
    low_pounds, likely_pounds, high_pounds = (pounds(label) for _name, label in POUNDS)

    def offer(self, policy: Policy, kind: str = "threat") -> None:
        """Offer the policy's steps of each aspect."""
        del kind  # they are the same for opportunities
        for each in policy.scoring.aspects:
            self[each.name].choices = [(step.key, step.word) for step in each.steps]

    def hold(self, held: Assessed, impacts: Mapping[str, int], basis: str) -> None:
        """Start from a judgement that holds."""
        self[f"{basis}_likelihood"].data, self[f"{basis}_impact"].data = held.likelihood, dict(impacts)
        for name in ("confidence", "proximity", "velocity", *(name for name, _label in POUNDS)):
            self[name].data = getattr(held, name)

    def judgement(self, basis: str, *, why: str) -> Judgement:
        """Give what was chosen for a basis, as the service takes it."""
        sums = [self[name].data for name, _label in POUNDS]
        return Judgement(
            likelihood=self[f"{basis}_likelihood"].data or 0,
            impacts=self[f"{basis}_impact"].data,
            rationale=why,
            target_on=self.target_on.data if basis == "target" else None,
            confidence=self.confidence.data,
            proximity=self.proximity.data,
            velocity=self.velocity.data,
            money=None if None in sums else Money(*sums),
        )

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for all three sums where one is given."""
        is_valid = bool(super().validate(extra_validators))
        sums = [self[name] for name, _label in POUNDS]
        missing = [field for field in sums if field.data is None and not field.errors]
        if missing and len(missing) < len(sums):
            for field in missing:
                field.errors = ["Give all three sums, or none"]
            return False
        return is_valid


def impacts(basis: str, *, is_needed: bool = True) -> Impacts:
    article = "an" if basis == "inherent" else "a"
    return Impacts("Impact", wrong=f"Choose {article} {basis} impact of at least one kind", is_needed=is_needed)


class CurrentForm(WholeJudgement):
    """The score of today."""

    current_likelihood = level("current", "likelihood")
    current_impact = impacts("current")
    rationale = why_the_scores()
    seen = Carried()


class InherentForm(WholeJudgement):
    """The score as it would be with no controls."""

    inherent_likelihood = level("inherent", "likelihood")
    inherent_impact = impacts("inherent")
    rationale = why_the_scores()
    seen = Carried()


class TargetForm(WholeJudgement):
    """The score as it will be when the plan is done, and by when."""

    target_likelihood = level("target", "likelihood")
    target_impact = impacts("target")
    target_on = target_day()
    rationale = why_the_scores()
    seen = Carried()


class ForecastForm(WholeJudgement):
    """The score as it is expected at the end of the financial year."""

    forecast_likelihood = level("forecast", "likelihood")
    forecast_impact = impacts("forecast")
    rationale = why_the_scores()
    seen = Carried()


SCORE_FORMS: Mapping[str, type[WholeJudgement]] = {
    "current": CurrentForm,
    "inherent": InherentForm,
    "target": TargetForm,
    "forecast": ForecastForm,
}


class ReviewForm(WholeJudgement):
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
    current_impact = impacts("current", is_needed=False)
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
