"""Fields that every form shares, each with its own words for what is wrong and what to do."""

from typing import Any

from wtforms import DateField, Field, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.utils import unset_value
from wtforms.validators import InputRequired, Length, Optional, StopValidation


def _tidy(text: str | None) -> str:
    return (text or "").strip()


class Needed:
    """Refuse nothing, and nothing but spaces, in the field's own words."""

    field_flags = {"required": True}  # noqa: RUF012 - WTForms reads it from the class

    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self, _form: object, field: Field) -> None:
        """Stop at an empty field, with the words given."""
        if not _tidy(str(field.data or "")):
            field.errors = []
            raise StopValidation(self.message)


def line(label: str, *, needed: str | None = None, at_most: int = 150, hint: str = "") -> StringField:
    """One line of text; `needed` is what to say when it is empty."""
    return StringField(label, _text_rules(needed, at_most), filters=[_tidy], description=hint)


def passage(label: str, *, needed: str | None = None, at_most: int = 1000, hint: str = "") -> TextAreaField:
    """A sentence or more; `needed` is what to say when it is empty."""
    return TextAreaField(label, _text_rules(needed, at_most), filters=[_tidy], description=hint)


def _text_rules(needed: str | None, at_most: int) -> list[Any]:
    length = Length(max=at_most, message=f"Use at most {at_most:,} characters")
    return [Needed(needed) if needed else Optional(), length]


class Carried(HiddenField):
    """What a form carries unseen: the version of a thing that it was filled in over, or which of several is meant."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take what was sent and nothing else: a form that was sent without is not over the version of now."""
        self.data = str(valuelist[0]) if valuelist else ""

    @property
    def number(self) -> int:
        """It as a number; nought for anything that no column would hold."""
        said = str(self.data or "")
        return int(said) if said.isascii() and said.isdigit() and len(said) < MOST_FIGURES else 0


MOST_FIGURES = 10
"""A whole number of a database's column has fewer figures."""


class Choice(SelectField):
    """One of a list, flat or in groups; anything else is refused in the field's own words."""

    def __init__(self, label: str, *, wrong: str, is_needed: bool = True, hint: str = "", **changes: Any) -> None:
        super().__init__(label, [InputRequired(wrong) if is_needed else Optional()], description=hint, **changes)
        self._wrong, self._is_needed = wrong, is_needed

    def pre_validate(self, form: object) -> None:
        """Say what to choose where the value is none of the list."""
        if not self.data and not self._is_needed:
            return
        try:
            super().pre_validate(form)  # type: ignore[arg-type] # any form
        except ValueError as no:
            raise StopValidation(self._wrong) from no


class Level(IntegerField):
    """A step of the policy's scales, posted by the radios of a level grid."""

    def __init__(self, label: str, *, wrong: str, is_needed: bool = True, **changes: Any) -> None:
        super().__init__(label, [InputRequired(wrong) if is_needed else Optional()], **changes)
        self._wrong = wrong

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a whole number, or say what to choose."""
        try:
            super().process_formdata(valuelist)
        except ValueError as no:
            raise ValueError(self._wrong) from no


class Impacts(Field):
    """The level on each kind of impact, posted by the radios of an impact table as `<name>-<kind>`; at least one."""

    def __init__(self, label: str, *, wrong: str, is_needed: bool = True, **changes: Any) -> None:
        super().__init__(label, **changes)
        self._wrong, self._is_needed = wrong, is_needed

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Read every kind that was posted; what is no number is told apart from nothing."""
        super().process(None, data, extra_filters)
        self.data = dict(self.data or {})
        self._is_odd = False
        if not formdata:
            return
        begin = f"{self.name}-"
        self.data = {}
        for name in formdata:
            value = formdata[name]
            if not name.startswith(begin) or not value:
                continue
            if value.isascii() and value.isdigit() and len(value) < MOST_FIGURES:
                self.data[name.removeprefix(begin)] = int(value)
            else:
                self._is_odd = True

    def pre_validate(self, form: object) -> None:
        """Ask for one level at least, and for levels only."""
        del form
        if self._is_odd or (self._is_needed and not self.data):
            raise StopValidation(self._wrong)


class Whole(IntegerField):
    """A whole number typed into a box."""

    def __init__(self, label: str, *, wrong: str = "Enter a whole number, like 12", **changes: Any) -> None:
        super().__init__(label, **changes)
        self._wrong = wrong

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a whole number; spaces, commas and a pound sign are let pass."""
        try:
            super().process_formdata([_tidy(text).lstrip("£").replace(",", "") for text in valuelist])
        except ValueError as no:
            raise ValueError(self._wrong) from no


YEARS = range(1900, 3000)


class FilterDay(DateField):
    """A day in the address of a list, as a browser's own box for dates sends it; no day narrows nothing."""

    def __init__(self, label: str = "", *, name: str, **changes: Any) -> None:
        super().__init__(label, [Optional(), _of_our_time], id=f"filter-{name}", name=name, **changes)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a day, or say what one is."""
        try:
            super().process_formdata(valuelist)
        except ValueError as no:
            raise ValueError(self.wrong) from no

    @property
    def wrong(self) -> str:
        """What is said of what is no day."""
        return f"{self.label.text} must be a real date, like 2026-12-31"


def _of_our_time(_form: object, field: FilterDay) -> None:
    """Refuse a year in which nothing here can have been: after the last one there is no day any more."""
    if field.data and field.data.year not in YEARS:
        raise StopValidation(field.wrong)
