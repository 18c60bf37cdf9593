"""The days between which the trail is searched."""

from wtforms import Form, ValidationError

from riskapp.web.forms import FilterDay


class DaysForm(Form):
    """The first and the last day, both of which count."""

    from_on = FilterDay("From", name="from")
    to_on = FilterDay("To", name="to")

    def validate_to_on(self, field: FilterDay) -> None:
        """Refuse days in the wrong order."""
        if field.data and self.from_on.data and field.data < self.from_on.data:
            raise ValidationError("To must not be before From")
