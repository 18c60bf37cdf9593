"""A change that is made in two steps: fill in, check what it means, confirm; each step refuses in words.

What was checked is what is done: the check runs the very change and takes it back, and a confirmation whose
consequences have moved in between is checked again.
"""

import hashlib
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectField

from riskapp.domain.audit import Event
from riskapp.domain.organisation import Overtaken
from riskapp.domain.refusal import Cannot
from riskapp.models.database import once, rehearsal
from riskapp.web import history
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.errors import show_refusals
from riskapp.web.filters import clock_time, day

OF_A_UNIT = (
    Event.UNIT_RENAMED, Event.UNIT_MOVED, Event.UNIT_MERGED, Event.UNIT_PARTED, Event.UNIT_CLOSED,
    Event.UNIT_REOPENED, Event.UNIT_REDATED,
)  # fmt: skip
"""Changes of a unit itself, each with the version it made."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A change in words: its page, its button, what is said when it is done, and where one goes back to."""

    title: str
    button: str
    done: str
    back: str
    trail: Sequence[dict[str, str]]
    caption: str = ""
    lede: str = ""
    version: int | None = None
    changed: Callable[[int], str] | None = None


def carry_out(
    form: FlaskForm,
    deed: Deed,
    act: Callable[[], Any],
    means: Callable[[], Iterable[str]],
    *,
    goes_to: Callable[[Any], str] | None = None,
    offers: Mapping[str, Mapping[str, str]] | None = None,
    standing: object = None,
    at_once: bool = False,
) -> ResponseReturnValue:
    """Ask, check and do; `at_once` is for a change that has nothing to fill in, so that it begins with the check.

    `offers` narrows what a select shows to what can be chosen; anything else that is sent is refused by the rule.
    """
    is_new = request.method != "POST"
    step = ("check" if at_once else "") if is_new else request.form.get("step", "")
    if is_new:
        form.version.data, form.key.data = _version(deed), uuid.uuid4().hex
    if step in {"check", "do"} and not _is_overtaken(form, deed) and (is_new or form.validate()):
        said = [words for words in means() if words]
        has_moved = step == "do" and form.means.data != _digest(said)
        try:
            if step == "do" and not has_moved:
                made = once(act)
                flash(deed.done)
                return redirect(goes_to(made) if goes_to else deed.back)
            with rehearsal():
                act()
        except Overtaken:
            _say_overtaken(form, deed)
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            return _check_page(form, deed, said, has_moved=has_moved)
    for name, offered in (offers or {}).items():
        form[name].choices = {"": "Choose one"} | dict(offered)
    return _page("organisation/deed.html", form, deed, standing=standing), 422 if form.errors else 200


def _is_overtaken(form: FlaskForm, deed: Deed) -> bool:
    if deed.version is None or form.version.data == _version(deed):
        return False
    _say_overtaken(form, deed)
    return True


def _say_overtaken(form: FlaskForm, deed: Deed) -> None:
    told = deed.changed(_number(form.version.data)) if deed.changed else ""
    form.form_errors.append(
        f"This was changed after you loaded the page{': ' + told if told else ''}. "
        "Nothing of yours was kept. Read what it says now, then send yours again"
    )
    form.version.data = _version(deed)


def _version(deed: Deed) -> str:
    return "" if deed.version is None else str(deed.version)


def _number(said: str | None) -> int:
    return int(said) if said and said.isascii() and said.isdigit() else 0


def _check_page(form: FlaskForm, deed: Deed, said: list[str], *, has_moved: bool) -> ResponseReturnValue:
    kept = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in {"csrf_token", "step", "means", "version", "key"}
    ]
    kept += [("version", form.version.data or ""), ("key", form.key.data or ""), ("means", _digest(said))]
    return _page(
        "organisation/check.html", form, deed, said=said, kept=kept, answers=_answers(form), has_moved=has_moved
    )


def _page(template: str, form: FlaskForm, deed: Deed, **facts: Any) -> str:
    return render_template(template, form=form, deed=deed, shown=list(visible(form)), **facts)


def visible(form: FlaskForm) -> Iterable[Field]:
    """The fields that a person fills in."""
    return (field for field in form if not isinstance(field, HiddenField))


def _answers(form: FlaskForm) -> list[tuple[str, str]]:
    return [(field.label.text, _answer(field)) for field in visible(form)]


def _answer(field: Field) -> str:
    if isinstance(field, DateBoxes):
        return day(field.data)
    if isinstance(field, SelectField):
        return next((str(words) for _value, words, is_chosen, *_ in field.iter_choices() if is_chosen), "")
    return str(field.data or "")


def _digest(said: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def changed_since(told: Iterable[history.Told], seen: int, events: Collection[str], **matching: object) -> str:
    """Say what changed after a version: the deeds, the posts that did them, and when."""
    later = [
        each
        for each in told
        if each.event in events
        and (each.content.get("after", {}).get("version") or 0) > seen
        and all(each.content.get("after", {}).get(key) == value for key, value in matching.items())
    ]
    return "; ".join(
        f"{line.words}, by {each.post_title or 'somebody'} at {clock_time(each.at)} on {day(each.at)}"
        for each, line in zip(later, history.in_words(later), strict=True)
    )
