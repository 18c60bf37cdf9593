"""What is said of people: who joins, which post they take up, and when they are away."""

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField

from riskapp.domain.staffing import CAPACITIES
from riskapp.features.choices.queries import PostChoice
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Carried, Choice, Needed, line


def address(label: str, *, needed: str | None = None, hint: str = "") -> StringField:
    """The address of somebody who is here, completed as it is typed; `needed` is what to say when it is empty."""
    return line(label, needed=needed, at_most=200, hint=hint)


def capacity() -> Choice:
    """How somebody answers for a post."""
    return Choice("Capacity", wrong="Choose whether they hold the post, act in it or deputise", choices=CAPACITIES)


def post(label: str, *, is_needed: bool) -> Choice:
    """One of the open posts, unit by unit."""
    return Choice(label, wrong="Choose a post of the list", is_needed=is_needed)


def offer_posts(field: Choice, posts: Sequence[PostChoice], nothing: str) -> None:
    """Fill the list of posts, after the words for no choice."""
    grouped: dict[str, dict[str, str]] = {"": {"": nothing}}
    for each in posts:
        grouped.setdefault(each.unit, {})[str(each.id)] = each.title
    field.choices = grouped


class JoinForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Somebody new: an address, and perhaps a post from a day on."""

    email = line("E-mail address", needed="Enter their e-mail address", at_most=200)
    post = post("Unit and post", is_needed=False)
    capacity = capacity()
    from_on = DateBoxes("From", [Needed("Enter their first day")], thing="the first day")
    to_on = DateBoxes("Last day in the post", thing="the last day")


class PostForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """A post for somebody who is here."""

    seen = Carried()
    post = post("Unit and post", is_needed=True)
    capacity = capacity()
    from_on = DateBoxes("From", [Needed("Enter the first day")], thing="the first day")
    to_on = DateBoxes("Last day", thing="the last day")


class HolderForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Somebody for a post that nobody answers for."""

    post = post("Unit and post", is_needed=True)
    email = address("Who", needed="Enter the e-mail address of somebody who is here")
    capacity = capacity()
    from_on = DateBoxes("From", [Needed("Enter the first day")], thing="the first day")
    to_on = DateBoxes("Last day", thing="the last day")


class AwayForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Days away, and who deputises."""

    from_on = DateBoxes("First day away", [Needed("Enter the first day away")], thing="the first day away")
    to_on = DateBoxes("Last day away", [Needed("Enter the last day away")], thing="the last day away")
    deputy = address("Deputy")
    goes_up = BooleanField("No deputy: escalations go up the route")


class BackForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """An absence to call off."""

    absence = Carried()
