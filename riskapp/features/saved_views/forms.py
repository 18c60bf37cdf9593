"""What a person says of a view of a register: its name, and with whom it is shared."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from flask_wtf import FlaskForm
from wtforms import BooleanField

from riskapp.features.saved_views.queries import Audience
from riskapp.features.saved_views.service import LONGEST_NAME
from riskapp.web.forms import Carried, Choice, line

NOBODY = "Nobody: only I see it"


class RenameForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """The name of a view and with whom it is shared; which view it is, and the version that was seen."""

    view = Carried()
    seen = Carried()
    name = line(
        "Name",
        needed="Give the view a name",
        at_most=LONGEST_NAME,
        hint="For example, High for over six months. Write nothing exempt: those you share it with read the name.",
    )
    share_with = Choice("Share with", wrong="Choose a unit of the list, or nobody", is_needed=False)

    def offer(self, audiences: Iterable[Audience], *, shared_with: Mapping[str, str] = MappingProxyType({})) -> None:
        """Offer the units whose registers the actor keeps, and that with which the view is shared already."""
        indented = {str(each.id): "\u00a0\u00a0" * (each.path.count("/") - 2) + each.name for each in audiences}
        self.share_with.choices = {"": NOBODY} | dict(shared_with) | indented

    @property
    def unit_id(self) -> int | None:
        """The unit it is shared with."""
        return int(self.share_with.data) if self.share_with.data else None


class ViewForm(RenameForm):
    """A new view: the address that it keeps, and whether the registers open with it."""

    address = Carried()
    opens_first = BooleanField("The registers open with this view for me")


class WhichForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """A view to delete, or to open first: which, and the version that was seen."""

    view = Carried()
    seen = Carried()
