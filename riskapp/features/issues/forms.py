"""What is said of what happened, and of what was done about it."""

from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.validators import InputRequired

from riskapp.domain.policy import Policy
from riskapp.features.choices.queries import PostChoice, UnitChoice
from riskapp.features.issues.service import NewIssue
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Carried, Choice, Needed, line, passage

NOT_A_LEVEL = "Choose how bad it was"


class WhatHappened(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """What happened, when, how badly, and whose it is."""

    submission_key = Carried()
    title = line("Title", needed="Give the issue a title of a few words", hint="A few words on what happened.")
    what = passage("What happened?", needed="Say what happened")
    happened_on = DateBoxes("When did it happen?", [Needed("Give the day on which it happened")], thing="the day")
    dimension = Choice(
        "The kind of impact that hurts most",
        wrong="Choose the kind of impact that hurts most",
        hint="Its severity is looked up in the matrix of the policy at the top likelihood, since it has happened.",
    )
    impact = Choice("How bad was it?", wrong=NOT_A_LEVEL)
    owner = Choice("Who owns it from now on?", wrong="Choose the post that owns the issue")

    def offer(self, policy: Policy, posts: tuple[PostChoice, ...]) -> None:
        """Offer the policy's kinds and levels of impact, and the posts that can own."""
        kinds = policy.scoring.dimensions
        self.dimension.choices = {"": "Choose one"} | {kind.key: kind.label for kind in kinds}
        words = {level.value: level.word for level in kinds[0].levels}
        self.impact.choices = {"": "Choose one"} | {
            str(value): f"{value}: {words.get(value, '')}" for value in policy.scoring.impacts
        }
        self.owner.choices = {"": "Choose one"} | {str(post.id): post.title for post in posts}

    def new(self) -> NewIssue:
        """Give what was said as the service takes it; call it on a form that validates."""
        assert self.happened_on.data is not None  # noqa: S101 - the form needs it
        return NewIssue(
            title=self.title.data or "",
            what=self.what.data or "",
            happened_on=self.happened_on.data,
            dimension=self.dimension.data,
            impact=int(self.impact.data),
            owner_post_id=int(self.owner.data),
            submission_key=str(self.submission_key.data or "")[:40] or None,
        )


class HappenedForm(WhatHappened):
    """A risk that happened."""

    seen = Carried()
    may_recur = RadioField(
        "May it happen again?",
        [InputRequired("Say whether it may happen again")],
        choices={"yes": "Yes: the risk stays open", "no": "No: the risk is closed"},
    )


class SurpriseForm(WhatHappened):
    """What no register had."""

    unit = Choice("Whose is it?", wrong="Choose the team or unit that it hit")
    category = Choice("Category", wrong="Choose the category it belongs to")

    def offer_places(self, policy: Policy, units: tuple[UnitChoice, ...]) -> None:
        """Offer units and categories."""
        self.unit.choices = {"": "Choose one"} | {str(unit.id): unit.indented for unit in units}
        labels = {key: category.label for key, category in policy.appetite.categories.items()}
        self.category.choices = {"": "Choose one"} | labels


class BriefForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Which Members know."""

    seen = Carried()
    whom = passage(
        "Which Members were briefed, and how?",
        needed="Say which Members were briefed, and how",
        hint="By their office, such as: the Cabinet Member for Housing, by telephone.",
    )


class EscalateForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why it goes up."""

    seen = Carried()
    reason = passage("Why must it go up?", needed="Say why it must go up. Whoever gets it reads this first")


class CloseForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why it is closed."""

    seen = Carried()
    why = passage("Why is it closed?", needed="Say why the issue is closed. The reason stays on the record")
