"""What a person types to change a risk's words, and to ask for expert advice."""

from collections.abc import Iterable, Mapping, Sequence

from flask_wtf import FlaskForm
from wtforms import FieldList, SelectMultipleField, TextAreaField
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from riskapp.domain.policy import Policy
from riskapp.domain.wording import LONGEST_TITLE, Wording
from riskapp.features.choices.queries import PostChoice
from riskapp.features.wording.service import Commission
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Carried, Choice, Whole, line, passage

SPARE = 1
"""Empty boxes offered beyond the causes or consequences that there are."""
BEST_BY_MEMBER = ("member",)


class Contributors(SelectMultipleField):
    """Posts ticked in a list; one that nobody offered is refused in words."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class WordingForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """A risk's words and the posts with a part in it; `conflicts` are the parts to be decided between two versions."""

    title = line("Title", needed="Give the risk a title of a few words", at_most=LONGEST_TITLE)
    causes = FieldList(TextAreaField("Cause"))
    event = passage("Event", needed="Say what might happen", at_most=500)
    consequences = FieldList(TextAreaField("Consequence"))
    category = Choice("Category", wrong="Choose the category of the risk")
    champion = Choice(
        "Champion", wrong="Choose a post, or none", is_needed=False, hint="Keeps the record with its owner."
    )
    lead_member = Choice(
        "Lead Member", wrong="Choose a Member, or none", is_needed=False, hint="Answers for it in public."
    )
    contributors = Contributors("Contributors", validate_choice=False)
    helper = Choice(
        "Add a contributor",
        wrong="Choose a post, or none",
        is_needed=False,
        hint="They know something of it, and may read it.",
    )
    why = line("Why you change it", at_most=300, hint="One line for whoever reads the history. It may stay empty.")
    seen = Carried()
    conflicts = Carried()

    def offer(self, policy: Policy, posts: Sequence[PostChoice], *, near: str) -> None:
        """Offer the policy's categories, and the posts of the council: those of the line above a unit come first."""
        self.category.choices = {key: each.label for key, each in policy.appetite.categories.items()}
        by_unit: dict[str, dict[str, str]] = {}
        for post in sorted(posts, key=lambda post: not near.startswith(post.path)):
            by_unit.setdefault(post.unit, {})[str(post.id)] = post.title
        members = {str(post.id): post.title for post in posts if post.kind in BEST_BY_MEMBER}
        self.champion.choices = {"": "None"} | by_unit
        self.lead_member.choices = {"": "None"} | members
        self.helper.choices = {"": "None"} | by_unit
        titles = {str(post.id): post.title for post in posts}
        self.contributors.choices = [
            (post, titles.get(post, "A post that was closed")) for post in self.contributors.data or ()
        ]

    def hold(self, wording: Wording) -> None:
        """Start from a wording, with an empty box for one more cause and one more consequence."""
        self.title.data, self.event.data, self.category.data = wording.title, wording.event, wording.category
        self.champion.data, self.lead_member.data = str(wording.champion or ""), str(wording.lead_member or "")
        self.contributors.data = [str(post) for post in wording.contributors]
        for boxes, texts in ((self.causes, wording.causes), (self.consequences, wording.consequences)):
            while boxes.entries:
                boxes.pop_entry()
            for text in (*texts, *("",) * SPARE):
                boxes.append_entry(text)

    def one_more(self, name: str) -> None:
        """Offer one more box."""
        self[name].append_entry("")

    def _helpers(self) -> set[int]:
        said = (*(self.contributors.data or ()), self.helper.data)
        return {post for post in map(_number, said) if post}

    def wording(self) -> Wording:
        """Give what was typed, without the boxes left empty."""
        return Wording(
            title=self.title.data or "",
            causes=_texts(self.causes),
            event=self.event.data or "",
            consequences=_texts(self.consequences),
            category=self.category.data or "",
            champion=_number(self.champion.data),
            lead_member=_number(self.lead_member.data),
            contributors=tuple(sorted(self._helpers())),
        )


def _texts(boxes: Iterable[TextAreaField]) -> tuple[str, ...]:
    return tuple(text for text in ((box.data or "").strip() for box in boxes) if text)


def _number(said: str | None) -> int | None:
    return int(said) if said and said.isascii() and said.isdigit() and len(said) < 10 else None  # noqa: PLR2004 - fits


class ExpertiseForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Advice to be asked for."""

    of_whom = line(
        "Who is asked",
        needed="Say who is asked: a firm, a body or a post",
        hint="A firm, a body or a post, not a name.",
    )
    about = passage("What they are asked", needed="Say what they are asked", at_most=500)
    pounds = Whole(
        "What it costs, in pounds", validators=[Optional()], wrong="Enter pounds as a whole number, like 4,500"
    )
    due_on = DateBoxes("Expected by", [Optional()], thing="the advice", description="It may stay empty.")

    def commission(self) -> Commission:
        """Give what was typed, as the service takes it."""
        return Commission(self.of_whom.data or "", self.about.data or "", self.pounds.data, self.due_on.data)


class AdviceForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """What the experts said."""

    advice = passage(
        "What they advise",
        needed="Say what they advise, and where the paper is",
        hint="The gist in a few sentences, and where the paper is kept.",
    )


PARTS: Mapping[str, str] = {
    "title": "Title",
    "causes": "Causes",
    "event": "Event",
    "consequences": "Consequences",
    "category": "Category",
    "champion": "Champion",
    "lead_member": "Lead Member",
    "contributors": "Contributors",
}
"""The parts of a wording as the page names them."""
