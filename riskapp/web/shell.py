"""The frame round every page: where one can go, whose council it is, and which policy counts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask import Flask, g, request, url_for

from riskapp.domain.permissions import Actor, Permission, may, may_anywhere
from riskapp.web import clock


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the navigation: its words, the endpoint it opens, and the permission without which it is not shown.

    Where `names_no_thing`, what was opened to somebody by name opens this page not.
    """

    label: str
    endpoint: str
    permission: Permission
    names_no_thing: bool = False


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
    counts: Callable[[Actor], Mapping[str, int]],
    policy_line: Callable[[], str],
) -> None:
    """Hand every template the frame's facts, `counts` by the endpoint of a place; asked only when one is drawn."""

    @app.context_processor
    def _frame() -> dict[str, Any]:
        actor: Actor = g.get("actor") or Actor(person_id=None)
        return {
            "council_name": council_name,
            "demo_mode": is_demo,
            "actor": actor,
            "post_name": actor.post.title if actor.post else None,
            "navigation": _lines(places, actor, counts),
            "may_log_risk": may_anywhere(actor, Permission.RISK_DRAFT),
            "policy_line": policy_line,
            "today": clock.today(),
        }

    app.jinja_env.globals["now"] = _now


@lru_cache(maxsize=100)
def _address(endpoint: str, root: str) -> str:
    """Give the address of a place, which is the same on every page of an application that is served below `root`."""
    del root
    return url_for(endpoint)


def _now() -> datetime:
    return clock.now()


def _lines(places: Sequence[Place], actor: Actor, counts: Callable[[Actor], Mapping[str, int]]) -> tuple[Line, ...]:
    if actor.person_id is None:
        return ()
    here, counted = request.blueprint, counts(actor)
    blueprints = [place.endpoint.partition(".")[0] for place in places]
    return tuple(
        Line(
            label=place.label,
            url=_address(place.endpoint, request.root_path),
            current=blueprint == here and (blueprints.count(blueprint) == 1 or place.endpoint == request.endpoint),
            count=counted.get(place.endpoint),
        )
        for place, blueprint in zip(places, blueprints, strict=True)
        if (may if place.names_no_thing else may_anywhere)(actor, place.permission)
    )
