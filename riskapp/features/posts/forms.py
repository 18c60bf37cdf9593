"""What an administrator types to change a post."""

from wtforms import StringField

from riskapp.domain.organisation import POST_KINDS
from riskapp.features.organisation.forms import DeedForm
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Choice, Needed, line


def post_title() -> StringField:
    """The title of a post, as a field."""
    hint = "Unlike any other post’s: name the unit where the work is alike. Never a person’s name."
    return line("Title", needed="Enter the title of the post", hint=hint)


class AddPostForm(DeedForm):
    """A new post."""

    title = post_title()
    kind = Choice("Kind", wrong="Choose the kind of post", choices={"": "Choose one"} | POST_KINDS)
    opened_on = DateBoxes("Opened on", [Needed("Enter the day it opened")], thing="its opening")


class RenamePostForm(DeedForm):
    """Another title."""

    title = post_title()
