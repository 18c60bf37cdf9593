"""What limits a list in SQL and what is asked of one thing agree, for actors drawn at random over the posed world."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy import select

from riskapp.domain.permissions import Actor, Clearance, Facts, Grant, Permission, Role, Sitting, may
from riskapp.features.batches import queries as batches
from riskapp.features.escalation import queries as escalations
from riskapp.features.readers import queries as readers
from riskapp.features.rmap import queries as rmap
from riskapp.models.actions import Action
from riskapp.models.database import db
from riskapp.models.escalation import EscalationCase
from riskapp.models.people import Post, Unit
from riskapp.models.risks import Risk
from tests.builders import DAY, NOON

ACTORS, FLOOR = 60, 500
EVERYTHING = Actor(1, grants=(Grant(Role.HEAD_OF_ASSURANCE, "/1/"),))


@dataclass(frozen=True)
class Twin:
    """A permission, the ids that its SQL lists for an actor, and the facts of each thing."""

    permission: Permission
    listed: Callable[[Actor], set[int]]
    facts: Callable[[Actor], dict[int, Facts]]


def risks_listed(limit) -> Callable[[Actor], set[int]]:
    return lambda actor: set(db.session.scalars(select(Risk.id).where(limit(actor, on=DAY))))


def facts_of_risks(_actor: Actor) -> dict[int, Facts]:
    if "facts" not in db.session.info:
        ids = db.session.scalars(select(Risk.id))
        db.session.info["facts"] = {each: readers.facts(risk_id=each, on=DAY) for each in ids}
    return db.session.info["facts"]


def actions_listed(actor: Actor) -> set[int]:
    return set(db.session.scalars(rmap.readable(actor, on=DAY).with_only_columns(Action.id)))


def facts_of_actions(actor: Actor) -> dict[int, Facts]:
    """The facts hold which of the asker's own desks an action is on, so they are gathered for each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readers, "limited", lambda *_: Action.id.is_not(None))
        rows = db.session.execute(rmap.readable(actor, on=DAY)).all()
    return {each.id: each.facts for each in rmap.listed(actor, rows, on=DAY)}


def cases_listed(actor: Actor) -> set[int]:
    return set(db.session.scalars(select(EscalationCase.id).where(escalations.readable(actor, on=DAY))))


def facts_of_cases(_actor: Actor) -> dict[int, Facts]:
    if "case facts" not in db.session.info:
        found = {}
        wanted = escalations.Wanted(state="all")
        for row in escalations.cases(EVERYTHING, wanted, at=NOON, on=DAY, size=1000)[0]:
            case = escalations.case(EVERYTHING, row.reference, at=NOON, on=DAY)
            found[case.id] = case.facts
        db.session.info["case facts"] = found
    return db.session.info["case facts"]


def _may_do(deed: Permission, actor: Actor, *, on):
    return readers.may_do(actor, deed, on=on)


TWINS = (
    Twin(Permission.RISK_READ, risks_listed(readers.readable), facts_of_risks),
    Twin(Permission.RISK_READ_EXEMPT, risks_listed(readers.reads_exempt), facts_of_risks),
    Twin(Permission.TOLERANCE_READ, risks_listed(readers.reads_all), facts_of_risks),
    *(
        Twin(deed, risks_listed(partial(_may_do, deed)), facts_of_risks)
        for deed in (*batches.DEEDS.values(), Permission.ACTION_ADD, Permission.RISK_SCORE)
    ),
    Twin(Permission.ACTION_READ, actions_listed, facts_of_actions),
    Twin(Permission.ESCALATION_READ, cases_listed, facts_of_cases),
)


def actors(draw: random.Random, ids: list[int]) -> list[Actor]:
    """Anyone at all: roles over any unit with any clearance, posts, and things opened by name."""
    paths, posts = list(db.session.scalars(select(Unit.path))), list(db.session.scalars(select(Post.id)))
    clearances = [None, *Clearance]

    def one() -> Actor:
        roles = draw.choices(list(Role), k=draw.choice((0, 0, 1, 1, 2)))
        return Actor(
            person_id=draw.randrange(1, 100),
            sittings=tuple(Sitting(post, "", "holder") for post in draw.sample(posts, draw.choice((0, 0, 1, 3)))),
            grants=tuple(Grant(role, draw.choice(paths), draw.choice(clearances)) for role in roles),
            named={each: draw.choice(list(Clearance)) for each in draw.sample(ids, draw.choice((0, 2)))},
        )

    return [one() for _ in range(ACTORS)]


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.permission.value)
def test_a_list_and_the_check_of_each_thing_agree(any_built, twin, tell, uncached):
    app, _world = any_built
    with app.app_context():
        pairs = allowed = 0
        for actor in actors(random.Random(20_261_201), sorted(twin.facts(EVERYTHING))):  # noqa: S311 - repeatable
            listed, facts = twin.listed(actor), twin.facts(actor)
            checked = {each for each, known in facts.items() if may(actor, twin.permission, known)}
            assert listed == checked, actor
            pairs, allowed = pairs + len(facts), allowed + len(checked)
        kind = db.engine.dialect.name
    tell(f"{twin.permission}, list and check on {kind}: {pairs:,} pairs agree, {allowed:,} of them allowed")
    assert pairs > FLOOR
    assert 0 < allowed < pairs


def test_what_was_opened_by_name_opens_that_thing_and_no_other(built):
    """Until the grants by name are kept in the database the reader is made here; then external_reader has one."""
    app, world = built
    with app.app_context():
        opened, exempt, other = (world.ids[thing] for thing in world.things["risk"][:2] + world.things["risk"][3:4])
        reader = Actor(1, named={opened: Clearance.ORDINARY, exempt: Clearance.ORDINARY})
        assert risks_listed(readers.readable)(reader) == {opened, exempt}, "but for what is exempt in it"
        assert risks_listed(readers.reads_exempt)(reader) == set()
        cleared = Actor(1, named={exempt: Clearance.EXEMPT})
        assert risks_listed(readers.reads_exempt)(cleared) == risks_listed(readers.readable)(cleared) == {exempt}
        assert other not in risks_listed(readers.readable)(cleared)
