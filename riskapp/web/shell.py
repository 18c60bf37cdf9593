"""The frame round every page: where one can go, whose council it is, and which policy counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, g, request, url_for

from riskapp.domain.permissions import Actor, Permission, may_anywhere
from riskapp.web import clock


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the navigation: its words, the endpoint it opens, and the permission without which it is not shown."""

    label: str
    endpoint: str
    permission: Permission
    counted: Callable[[Actor], int] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A place as the page draws it."""

    label: str
    url: str
    current: bool
    count: int | None


def install(
    app: Flask,
    *,
    council_name: str,
    is_demo: bool,
    places: Sequence[Place],
    policy_line: Callable[[], str],
) -> None:
    """Hand every template the frame's facts; asked only when a template is drawn."""

    @app.context_processor
    def _frame() -> dict[str, Any]:
        actor: Actor = g.get("actor") or Actor(person_id=None)
        return {
            "council_name": council_name,
            "demo_mode": is_demo,
            "actor": actor,
            "post_name": actor.post.title if actor.post else None,
            "navigation": _lines(places, actor),
            "may_log_risk": may_anywhere(actor, Permission.RISK_DRAFT),
            "policy_line": policy_line,
            "today": clock.today(),
        }

    app.jinja_env.globals["now"] = _now


def _now() -> datetime:
    return clock.now()


def _lines(places: Sequence[Place], actor: Actor) -> tuple[Line, ...]:
    if actor.person_id is None:
        return ()
    here = request.blueprint
    blueprints = [place.endpoint.partition(".")[0] for place in places]
    return tuple(
        Line(
            label=place.label,
            url=url_for(place.endpoint),
            current=blueprint == here and (blueprints.count(blueprint) == 1 or place.endpoint == request.endpoint),
            count=place.counted(actor) if place.counted else None,
        )
        for place, blueprint in zip(places, blueprints, strict=True)
        if may_anywhere(actor, place.permission)
    )
