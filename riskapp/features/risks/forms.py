"""What a person types about a risk: to log one, to score it, to review it, to close it."""

from collections.abc import Mapping

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from riskapp.domain.policy import Policy
from riskapp.features.assessments.service import FIRST_BASES, Judgement
from riskapp.features.choices.queries import PostChoice, UnitChoice
from riskapp.features.plan.queries import Item
from riskapp.features.risks.service import NewRisk, Statement
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Choice, Level, Needed, line, passage

KIND_WORDS = {"direction": "Directions", "outcome": "Outcomes", "priority": "Priorities", "workstream": "Workstreams"}


def _level(basis: str, axis: str, *, is_needed: bool = True) -> Level:
    article = "an" if basis == "inherent" else "a"
    return Level(f"{basis.capitalize()} {axis}", wrong=f"Choose {article} {basis} {axis}", is_needed=is_needed)


def _why_the_scores() -> TextAreaField:
    return passage(
        "Why these scores",
        needed="Say in a sentence why these scores",
        hint="One or two sentences. It is the first thing a challenger reads.",
    )


def _kind_of_impact() -> Choice:
    return Choice(
        "The kind of impact that hurts most",
        wrong="Choose the kind of impact that hurts most",
        hint="The words of the impact levels below follow it.",
        render_kw={"data-kinds": ""},
    )


def _target_on() -> DateBoxes:
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
        self.dimension.choices = [(kind.key, kind.label) for kind in policy.scoring.dimensions]

    def judgement(self, basis: str, *, why: str) -> Judgement:
        """Give what was chosen for a basis, as the service takes it; nothing chosen is nought, which is refused."""
        likelihood, impact = self[f"{basis}_likelihood"].data, self[f"{basis}_impact"].data
        target_on = self.target_on.data if basis == "target" else None
        return Judgement(likelihood or 0, {self.dimension.data: impact or 0}, why, target_on)


class LogForm(Scale):
    """A new risk: its statement, whose it is, and how likely and how bad."""

    submission_key = HiddenField(validators=[Length(max=40)])
    title = line(
        "Title", needed="Give the risk a title of a few words", hint="A few words that a resident would understand."
    )
    cause = passage("Cause", at_most=500)
    event = passage("Event", needed="Say what might happen", at_most=500)
    consequence = passage("Consequence", at_most=500)
    cause_2 = passage("Second cause", at_most=500)
    cause_3 = passage("Third cause", at_most=500)
    consequence_2 = passage("Second consequence", at_most=500)
    consequence_3 = passage("Third consequence", at_most=500)
    unit = Choice("Team", wrong="Choose the team whose risk it is")
    owner = Choice("Owner", wrong="Choose the post that owns the risk")
    category = Choice("Category", wrong="Choose the category of the risk")
    item = Choice("Direction or outcome it threatens", wrong="Choose from the plan, or leave it empty", is_needed=False)
    item_2 = Choice("A second one", wrong="Choose from the plan, or leave it empty", is_needed=False)
    item_3 = Choice("A third one", wrong="Choose from the plan, or leave it empty", is_needed=False)
    inherent_likelihood = _level("inherent", "likelihood")
    current_likelihood = _level("current", "likelihood")
    target_likelihood = _level("target", "likelihood")
    dimension = _kind_of_impact()
    inherent_impact = _level("inherent", "impact")
    current_impact = _level("current", "impact")
    target_impact = _level("target", "impact")
    target_on = _target_on()
    rationale = _why_the_scores()

    def offer_all(
        self,
        policy: Policy,
        units: tuple[UnitChoice, ...],
        owners: Mapping[str, list[PostChoice]],
        items: tuple[Item, ...],
    ) -> None:
        """Offer units, posts in groups, categories and items of the plan."""
        self.offer(policy)
        self.unit.choices = [(str(unit.id), unit.indented if len(units) > 1 else unit.name) for unit in units]
        self.owner.choices = {group: [(str(post.id), post.title) for post in posts] for group, posts in owners.items()}
        categories = [(key, category.label) for key, category in policy.appetite.categories.items()]
        self.category.choices = [("", "Choose one"), *categories]
        grouped = {
            words: [
                (str(item.id), f"{item.code}: {item.name}" if kind == "direction" else item.name)
                for item in items
                if item.kind == kind
            ]
            for kind, words in KIND_WORDS.items()
        }
        for field in (self.item, self.item_2, self.item_3):
            field.choices = {"None": [("", "None chosen")], **grouped}

    def statement(self) -> Statement:
        """Give the words, without the boxes that were left empty."""
        causes = (self.cause.data, self.cause_2.data, self.cause_3.data)
        consequences = (self.consequence.data, self.consequence_2.data, self.consequence_3.data)
        return Statement(
            self.title.data or "",
            tuple(text for text in causes if text),
            self.event.data or "",
            tuple(text for text in consequences if text),
        )

    def new_risk(self) -> NewRisk:
        """Give all of it as the service takes it; call it on a form that validates."""
        why = self.rationale.data or ""
        judgements = {basis: self.judgement(basis, why=why) for basis in FIRST_BASES}
        items = (self.item.data, self.item_2.data, self.item_3.data)
        return NewRisk(
            statement=self.statement(),
            category=self.category.data,
            unit_id=int(self.unit.data),
            owner_post_id=int(self.owner.data),
            judgements=judgements,
            link_ids=tuple(int(item) for item in items if item),
            submission_key=self.submission_key.data or None,
        )


class CurrentForm(Scale):
    """The score of today."""

    current_likelihood = _level("current", "likelihood")
    dimension = _kind_of_impact()
    current_impact = _level("current", "impact")
    rationale = _why_the_scores()
    seen = HiddenField()


class InherentForm(Scale):
    """The score as it would be with no controls."""

    inherent_likelihood = _level("inherent", "likelihood")
    dimension = _kind_of_impact()
    inherent_impact = _level("inherent", "impact")
    rationale = _why_the_scores()
    seen = HiddenField()


class TargetForm(Scale):
    """The score as it will be when the plan is done, and by when."""

    target_likelihood = _level("target", "likelihood")
    dimension = _kind_of_impact()
    target_impact = _level("target", "impact")
    target_on = _target_on()
    rationale = _why_the_scores()
    seen = HiddenField()


SCORE_FORMS: Mapping[str, type[Scale]] = {"current": CurrentForm, "inherent": InherentForm, "target": TargetForm}


class ReviewForm(Scale):
    """Whether the score still holds, what was looked at, and the new score if it does not."""

    answer = RadioField(
        "Is the score still right?",
        [InputRequired("Say whether the score is still right")],
        choices=[("yes", "Yes, nothing material has changed"), ("no", "No, I score it anew below")],
        validate_choice=False,
    )
    note = line(
        "What you looked at",
        needed="Say in one line what you looked at",
        at_most=300,
        hint="One line. It goes on the record beside your post and today's date.",
    )
    current_likelihood = _level("current", "likelihood", is_needed=False)
    dimension = _kind_of_impact()
    current_impact = _level("current", "impact", is_needed=False)
    seen = HiddenField()


class CloseForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why a risk is closed."""

    why = passage(
        "Why it is closed",
        needed="Say why the risk is closed. The reason stays on the record",
        hint="Its actions stay alive, its history is kept, and a live escalation is stood down.",
    )
    seen = HiddenField()
