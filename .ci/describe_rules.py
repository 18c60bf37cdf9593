"""Write docs/rules.md from the forms and the refusals themselves: `python .ci/describe_rules.py`.

What a field takes is what its form says of it; what joins several fields, or asks what is so already, is a rule whose
refusal has a name. The paper is not edited: a test holds it to what this writes.
"""

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from flask_wtf import FlaskForm  # noqa: E402 - found once the path is set
from wtforms.fields.core import UnboundField  # noqa: E402 - the same
from wtforms.validators import InputRequired, Length, NumberRange  # noqa: E402 - the same

import riskapp  # noqa: E402 - the same
from riskapp.domain.refusal import Cannot  # noqa: E402 - the same
from riskapp.web.forms import Needed  # noqa: E402 - the same

KINDS = {
    "StringField": "one line", "TextAreaField": "text", "EmailField": "an address", "DateBoxes": "a date",
    "PasswordField": "hidden, as typed", "Choice": "one of its list", "SelectField": "one of its list",
    "RadioField": "one of its list", "Level": "a step of the scale", "Whole": "a whole number", "FileField": "a file",
    "IntegerField": "a whole number", "DecimalField": "a sum", "BooleanField": "yes or no",
    "Carried": "carried unseen", "HiddenField": "carried unseen",
}  # fmt: skip
HEAD = """\
# What a form takes, and which rules say no

`python .ci/describe_rules.py` writes this file from the forms and the rules themselves; it is not edited.

Each field is checked on the server, whatever the page offered. Text loses the spaces around it; a password does not.
Dates are real dates of the calendar. What a list does not hold is refused. The numbers of the policy (scores, days,
tiers) are in `policies/`, with worked cases in `policies/examples/`.
"""


def _modules() -> Iterator[Any]:
    for each in pkgutil.walk_packages(riskapp.__path__, "riskapp."):
        if not each.name.endswith(("scheduler", "build_assets")):
            yield importlib.import_module(each.name)


def _classes(base: type) -> list[type]:
    found = {
        each
        for module in _modules()
        for each in vars(module).values()
        if inspect.isclass(each) and issubclass(each, base) and each.__module__ == module.__name__
    }
    return sorted(found - {base}, key=lambda each: (each.__module__, each.__name__))


def _fields(form: type) -> Iterator[tuple[str, UnboundField]]:
    found = {}
    for each in reversed(form.__mro__):
        found |= {name: value for name, value in vars(each).items() if isinstance(value, UnboundField)}
    return iter(sorted(found.items(), key=lambda each: each[1].creation_counter))


def _row(name: str, field: UnboundField) -> str:
    kind, given = field.field_class.__name__, field.kwargs
    rules = [*(field.args[1] if len(field.args) > 1 else ()), *(given.get("validators") or ())]
    needed = [rule for rule in rules if isinstance(rule, Needed | InputRequired)]
    is_needed = bool(needed) or (kind in {"Choice", "Level"} and given.get("is_needed", True))
    said = [*(rule.message for rule in needed), given.get("wrong"), *_bounds(rules)]
    said += [f"`{rule.__name__.strip('_')}`" for rule in rules if inspect.isfunction(rule)]
    label = field.args[0] if field.args and isinstance(field.args[0], str) else name
    words = "; ".join(str(each) for each in dict.fromkeys(said) if each)
    return f"| {label} | {KINDS.get(kind, kind)} | {'yes' if is_needed else 'no'} | {words} |"


def _bounds(rules: list[Any]) -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, Length):
            yield f"at most {rule.max:,} signs"
        elif isinstance(rule, NumberRange):
            yield f"from {rule.min} to {rule.max}"


def _first_line(each: type) -> str:
    return re.sub(r"\s+", " ", (each.__doc__ or "").partition("\n\n")[0]).strip()


def _place(each: type) -> str:
    return each.__module__.removeprefix("riskapp.").replace(".", "/")


def paper() -> str:
    """Give the whole paper."""
    said = [HEAD, "## Forms", ""]
    for form in _classes(FlaskForm):
        rows = [_row(name, field) for name, field in _fields(form)]
        if rows:
            said += [f"### {form.__name__} ({_place(form)})", "", _first_line(form), ""]
            said += [
                "| field | takes | needed | what is said, and what bounds it |",
                "| --- | --- | --- | --- |",
                *rows,
                "",
            ]
    said += ["## Rules that say no", "", "| rule | when | where |", "| --- | --- | --- |"]
    said += [f"| {each.__name__} | {_first_line(each)} | {_place(each)} |" for each in _classes(Cannot)]
    return "\n".join(said) + "\n"


if __name__ == "__main__":
    (ROOT / "docs/rules.md").write_text(paper(), encoding="utf-8")
