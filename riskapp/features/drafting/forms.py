"""What a person types to log a risk."""

from collections.abc import Mapping

from wtforms import HiddenField
from wtforms.validators import Length

from riskapp.domain.policy import Policy
from riskapp.features.assessments.service import FIRST_BASES
from riskapp.features.choices.queries import PostChoice, UnitChoice
from riskapp.features.plan.queries import Item
from riskapp.features.risks.forms import Scale, kind_of_impact, level, target_day, why_the_scores
from riskapp.features.risks.service import NewRisk, Statement
from riskapp.web.forms import Choice, line, passage

KIND_WORDS = {"direction": "Directions", "outcome": "Outcomes", "priority": "Priorities", "workstream": "Workstreams"}

EXAMPLES = {
    "threat": (
        "What could bring it about. For example: the contractor has lost a third of its staff.",
        "What would be seen to happen. For example: repairs to damp homes stop for a month.",
        "What it would lead to, and for whom. For example: 200 families live with damp through the winter.",
    ),
    "opportunity": (
        "What makes it possible. For example: two councils nearby let the same contract next year.",
        "What would be seen to happen. For example: the three let one contract together.",
        "What it would bring, and to whom. For example: repairs cost a tenth less and are done in half the time.",
    ),
}
"""An example of a cause, an event and a consequence, for a threat and for an opportunity."""


class LogForm(Scale):
    """A new risk: its statement, whose it is, and how likely and how bad."""

    submission_key = HiddenField(validators=[Length(max=40)])
    kind = HiddenField()
    title = line(
        "Title", needed="Give the risk a title of a few words", hint="A few words that a resident would understand."
    )
    cause = passage("Cause", at_most=500, hint=EXAMPLES["threat"][0])
    event = passage("Event", needed="Say what might happen", at_most=500, hint=EXAMPLES["threat"][1])
    consequence = passage("Consequence", at_most=500, hint=EXAMPLES["threat"][2])
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
    inherent_likelihood = level("inherent", "likelihood")
    current_likelihood = level("current", "likelihood")
    target_likelihood = level("target", "likelihood")
    dimension = kind_of_impact()
    inherent_impact = level("inherent", "impact")
    current_impact = level("current", "impact")
    target_impact = level("target", "impact")
    target_on = target_day()
    rationale = why_the_scores()

    def offer_all(
        self,
        policy: Policy,
        units: tuple[UnitChoice, ...],
        owners: Mapping[str, list[PostChoice]],
        items: tuple[Item, ...],
    ) -> None:
        """Offer units, posts in groups, categories and items of the plan, for the kind that the form is about."""
        self.offer(policy, self.kind_of_risk)
        for part, hint in zip((self.cause, self.event, self.consequence), EXAMPLES[self.kind_of_risk], strict=True):
            part.description = hint
        if self.kind_of_risk == "opportunity":
            self.dimension.label.text = "The kind of gain that counts for most"
            self.item.label.text = "Direction or outcome it concerns"
        self.unit.choices = {str(unit.id): unit.indented if len(units) > 1 else unit.name for unit in units}
        self.owner.choices = {group: {str(post.id): post.title for post in posts} for group, posts in owners.items()}
        categories = {key: category.label for key, category in policy.appetite.categories.items()}
        self.category.choices = {"": "Choose one"} | categories
        planned = {
            words: {str(item.id): item.label for item in items if item.kind == kind}
            for kind, words in KIND_WORDS.items()
        }
        for field in (self.item, self.item_2, self.item_3):
            field.choices = {"": "None chosen"} | planned

    @property
    def kind_of_risk(self) -> str:
        """A threat, or an opportunity: each is scored by its own matrix."""
        return str(self.kind.data or "threat")

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
            kind=self.kind_of_risk,
        )
