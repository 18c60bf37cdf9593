"""What of a thing is withheld on a day: one reading of the decisions, in the three shapes that rooms ask for.

Where a room looks back, `since` is the day it looks back to: what counts is then the stricter of that day and the day
of asking, and whatever was decided to be withheld between them. A mark that was decided against counts not.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, Subquery, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from riskapp.domain.exemption import NO_PARAGRAPH, UNDECIDED_YET
from riskapp.domain.publication import EXEMPT, PARTS, Withheld, exempt_parts
from riskapp.models.database import db
from riskapp.models.entity import Classification

EXISTENCE = "withheld"
Day = date | ColumnElement[date]
BUILT = 256
"""How many conditions are kept once built: they hang on a column and a day alone, and building one costs more than
asking."""


NOTHING = Withheld()


def withheld(ids: Iterable[int], *, on: Day) -> Mapping[int, Withheld]:
    """Map those of some things of which anything is withheld on a day to what that is; one query."""
    told = db.session.execute(
        select(Classification.entity_id, Classification.field_group, Classification.level)
        .where(Classification.entity_id.in_(set(ids)), Classification.from_on <= on)
        .order_by(Classification.from_on, Classification.number)
    )
    levels: dict[int, dict[str, str]] = defaultdict(dict)
    for entity_id, group, level in told:
        levels[entity_id][group] = level
    found = {
        entity_id: Withheld(exempt_parts(groups), EXISTENCE in groups.values()) for entity_id, groups in levels.items()
    }
    return {entity_id: each for entity_id, each in found.items() if each != NOTHING}


@lru_cache(maxsize=BUILT)
def is_exempt(entity_id: SQLColumnExpression[Any], *, on: Day, since: Day | None = None) -> ColumnElement[bool]:
    """Tell whether anything of the outer query's thing is exempt, or its existence withheld, on a day."""
    return _any(entity_id, EXEMPT, on, since)


@lru_cache(maxsize=BUILT)
def is_existence_withheld(
    entity_id: SQLColumnExpression[Any], *, on: Day, since: Day | None = None
) -> ColumnElement[bool]:
    """Tell whether the existence of the outer query's thing is withheld on a day."""
    return _any(entity_id, {EXISTENCE}, on, since)


@lru_cache(maxsize=BUILT)
def is_group_withheld(entity_id: SQLColumnExpression[Any], group: str, *, on: Day) -> ColumnElement[bool]:
    """Tell whether a group of fields of the outer query's thing is withheld on a day, by itself or with all of it."""
    made = aliased(Classification)
    about = (made.entity_id == entity_id, made.field_group.in_(("all", group)))
    return exists().where(*about, *_in_force(made, EXEMPT, on))


def _any(entity_id: SQLColumnExpression[Any], levels: Iterable[str], on: Day, since: Day | None) -> ColumnElement[bool]:
    made = aliased(Classification)
    return exists().where(made.entity_id == entity_id, *_in_force(made, levels, on, since))


def _in_force(
    made: type[Classification], levels: Iterable[str], on: Day, since: Day | None = None
) -> tuple[ColumnElement[bool], ...]:
    levelled = (made.level.in_(sorted(levels)), made.from_on <= on)
    if since is None:
        return (*levelled, ~_overtaken(made, on))
    counts = or_(made.state == "decided", made.from_on <= since, ~_overtaken(made, on))
    return (*levelled, ~_overtaken(made, since), counts)


def _overtaken(made: type[Classification], on: Day) -> ColumnElement[bool]:
    later = aliased(Classification)
    return exists().where(
        later.entity_id == made.entity_id,
        later.field_group == made.field_group,
        or_(later.from_on > made.from_on, (later.from_on == made.from_on) & (later.number > made.number)),
        later.from_on <= on,
    )


def is_in_force(*, on: Day) -> ColumnElement[bool]:
    """Tell of the outer query's classifications which hold on a day: no later one is about the same group."""
    return and_(Classification.from_on <= on, ~_overtaken(Classification, on))


def withheld_things(*, on: Day, since: Day | None = None) -> Subquery:
    """Every thing of which anything is withheld on a day, a row each: `entity_id`, and for each group why, or NULL.

    Why is the paragraphs of Schedule 12A, or `UNDECIDED_YET` for what is only marked. Few rows, whatever the size of
    the register: a list joins it from the left and shows NULL where a group has a reason.
    """
    made = aliased(Classification)
    why = case((made.state == "claimed", UNDECIDED_YET), else_=func.coalesce(made.paragraphs, NO_PARAGRAPH))
    flags = [func.max(case((made.field_group.in_(("all", group)), why))).label(group) for group in sorted(PARTS)]
    in_force = _in_force(made, EXEMPT, on, since)
    return select(made.entity_id, *flags).where(*in_force).group_by(made.entity_id).subquery()


def withheld_groups(
    entity_id: SQLColumnExpression[Any], *before: ColumnElement[Any], on: Day
) -> Select[*tuple[Any, ...]]:
    """Select the level and the field group of what is withheld of a thing on a day, after some columns of one's own."""
    made = aliased(Classification)
    chosen = select(*before, made.level, made.field_group)
    return chosen.where(made.entity_id == entity_id, *_in_force(made, EXEMPT, on))
