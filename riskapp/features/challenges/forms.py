"""What a challenger says, and what the owner answers."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField
from wtforms.validators import InputRequired

from riskapp.domain.scoring import Scheme
from riskapp.features.challenges.service import NewChallenge
from riskapp.web.forms import Carried, Choice, Level, passage


class ChallengeForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """A second score, why, and whether the name may be known."""

    current_likelihood = Level("Your likelihood", wrong="Choose a likelihood")
    dimension = Choice(
        "The kind of impact that hurts most",
        wrong="Choose the kind of impact that hurts most",
        hint="The words of the impact levels below follow it.",
        render_kw={"data-kinds": ""},
    )
    current_impact = Level("Your impact", wrong="Choose an impact")
    why = passage(
        "Why you score it differently",
        needed="Say why you score it differently. The owner reads this first",
        hint="“I score this differently, because…” Leave out what would tell who you are, if that is to stay unknown.",
    )
    is_named = BooleanField("The owner and all other readers may know that it was me")
    submission_key = Carried()

    def offer(self, scheme: Scheme) -> None:
        """Offer the policy's kinds of impact."""
        self.dimension.choices = {kind.key: kind.label for kind in scheme.dimensions}

    def new(self) -> NewChallenge:
        """Give what was said, as the service takes it; nothing chosen is nought, which is refused."""
        return NewChallenge(
            likelihood=self.current_likelihood.data or 0,
            dimension=self.dimension.data,
            impact=self.current_impact.data or 0,
            why=self.why.data or "",
            is_named=bool(self.is_named.data),
            submission_key=self.submission_key.data or "",
        )


class AnswerForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Whether the owner agrees, and why."""

    answer = RadioField(
        "Your answer",
        [InputRequired("Say whether you agree")],
        choices={"agree": "", "keep": ""},
        validate_choice=False,
    )
    why = passage(
        "Why",
        needed="Say why. Both scores and both reasons stay on the record",
        hint="Both scores and both reasons stay on the record for good.",
    )
    seen = Carried()

    def say(self, *, agree: str, keep: str) -> None:
        """Say in figures what each answer means."""
        self.answer.choices = {"agree": agree, "keep": keep}
