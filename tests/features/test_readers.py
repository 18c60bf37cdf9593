"""The SQL that limits lists and the table of permissions say the same of every risk and every reader."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor, Clearance, Permission, Role, may
from riskapp.features.audit import service as audit
from riskapp.features.readers import queries
from riskapp.models.actions import Action
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, Link, new_entity
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.people import Absence
from riskapp.models.risks import Risk
from tests.builders import BY_HAND, DAY, NOON, ACouncil, a_holder, a_person, a_risk, actor, seat
from tests.doors_council import EXEMPT, OWN, ADoorsCouncil

BEFORE, AFTER = date(2026, 11, 1), date(2026, 12, 24)


def _classify(risk: Risk, level: str, *, from_on: date = BEFORE, group: str = "all") -> None:
    db.session.add(Classification(entity_id=risk.id, field_group=group, level=level, from_on=from_on))
    audit.record(Event.RISK_CLASSIFIED, by=BY_HAND, at=NOON, subject_id=risk.id)


def _give_action(risk: Risk, owner_post_id: int, accountable_post_id: int) -> None:
    entity = new_entity(db.session(), "action", "Let the contract again")
    days = {"start_on": DAY, "due_on": AFTER, "first_due_on": AFTER}
    row = Action(id=entity.id, owner_post_id=owner_post_id, accountable_post_id=accountable_post_id, **days)
    db.session.add_all([row, Link(from_id=entity.id, to_id=risk.id, kind="treats")])
    audit.record(Event.ACTION_ADDED, by=BY_HAND, at=NOON, subject_id=entity.id)


def _put_on_desk(risk: Risk, post_id: int, policy_id: int, *, state: str, is_drill: bool = False) -> None:
    entity = new_entity(db.session(), "escalation", "An escalation")
    case = EscalationCase(
        id=entity.id,
        subject_id=risk.id,
        unit_id=risk.unit_id,
        is_drill=is_drill,
        state="open" if state == "raised" else "returned",
        raised_at=NOON,
        reason="Its score is 16.",
        clause="6.3",
        facts={},
        policy_version_id=policy_id,
    )
    desk = EscalationDesk(tier="director", clause="6.3", post_id=post_id, state=state, arrived_at=NOON, due_at=NOON)
    db.session.add(case)
    db.session.flush()
    desk.case_id = case.id
    db.session.add(desk)
    audit.record(Event.ESCALATION_RAISED, by=BY_HAND, at=NOON, subject_id=entity.id)


class Everyone:
    """Every kind of reader and every kind of risk that the table of permissions tells apart."""

    def __init__(self) -> None:
        council = self.council = ACouncil()
        with transaction():
            _post, auditor = a_holder(council.council, "auditor", role=Role.AUDITOR)
            _post, commissioner = a_holder(council.council, "commissioner", role=Role.COMMISSIONER)
            _post, proper = a_holder(council.council, "proper_officer", role=Role.PROPER_OFFICER)
            self.officer, officer_person = a_holder(council.directorate, "officer")
            deputy = a_person()
            seat(deputy, council.manager, "deputy")
            db.session.add(Absence(person_id=council.manager_person.id, from_on=DAY, to_on=DAY))
        self.readers = {
            "champion": council.champion_person,
            "sibling champion": council.sibling_champion_person,
            "manager": council.manager_person,
            "deputy": deputy,
            "lead": council.lead_person,
            "director": council.director_person,
            "head of assurance": council.assurance_person,
            "committee": council.member_person,
            "auditor": auditor,
            "commissioner": commissioner,
            "proper officer": proper,
            "administrator": council.administrator_person,
            "officer": officer_person,
        }
        with transaction():
            self.risks = self._risks()

    def _risks(self) -> dict[str, Risk]:
        council, officer = self.council, self.officer
        made = {}
        for status in ("draft", "open", "closed"):
            for where in ("team", "sibling"):
                unit = getattr(council, where)
                made[f"{status} in {where}"] = a_risk(council, status=status, unit_id=unit.id)
        for name in ("exempt", "withheld", "exempt in part", "once exempt", "exempt from tomorrow", "sensitive"):
            made[name] = a_risk(council, unit_id=council.sibling.id)
        _classify(made["exempt"], "exempt")
        _classify(made["withheld"], "withheld")
        _classify(made["exempt in part"], "exempt", group="statement")
        _classify(made["once exempt"], "exempt")
        _classify(made["once exempt"], "public", from_on=DAY)
        _classify(made["exempt from tomorrow"], "exempt", from_on=AFTER)
        _classify(made["sensitive"], "sensitive")
        made["owned by the officer"] = a_risk(council, unit_id=council.sibling.id, owner_post_id=officer.id)
        for name in ("with an action", "exempt with an action", "closed with an action", "accountable for an action"):
            status = "closed" if name.startswith("closed") else "open"
            made[name] = a_risk(council, unit_id=council.sibling.id, status=status)
        for name in ("with an action", "exempt with an action", "closed with an action"):
            _give_action(made[name], officer.id, council.chief.id)
        _give_action(made["accountable for an action"], council.chief.id, officer.id)
        _classify(made["exempt with an action"], "exempt")
        for name, state, is_drill in (
            ("on the desk", "raised", False),
            ("once on the desk", "returned", False),
            ("drilled", "raised", True),
        ):
            made[name] = a_risk(council, unit_id=council.sibling.id)
            _put_on_desk(made[name], officer.id, council.policy_id, state=state, is_drill=is_drill)
            _classify(made[name], "exempt")
        return made

    def listed(self, reader: Actor) -> set[str]:
        ids = set(db.session.scalars(select(Risk.id).where(queries.readable(reader, on=DAY))))
        return {name for name, risk in self.risks.items() if risk.id in ids}

    def allowed(self, reader: Actor) -> set[str]:
        facts = {name: queries.facts(risk_id=risk.id, on=DAY) for name, risk in self.risks.items()}
        return {name for name, each in facts.items() if may(reader, Permission.RISK_READ, each)}


def test_lists_hold_exactly_the_risks_that_the_table_allows(app):
    everyone = Everyone()
    for name, person in everyone.readers.items():
        reader = actor(person)
        assert everyone.listed(reader) == everyone.allowed(reader), name


def test_the_readers_are_told_apart(app):
    everyone = Everyone()
    seen = {name: frozenset(everyone.listed(actor(person))) for name, person in everyone.readers.items()}
    assert seen["administrator"] == frozenset()
    assert seen["auditor"] == frozenset(everyone.risks)
    assert {"open in team", "draft in team"} <= seen["champion"]
    assert "draft in sibling" not in seen["champion"]
    assert {"exempt", "exempt in part"} <= seen["committee"], "with those parts withheld"
    assert "withheld" not in seen["committee"]
    assert {"once exempt", "exempt from tomorrow", "sensitive"} <= seen["committee"]
    assert not {"draft in team", "closed in team"} & seen["committee"]
    assert seen["officer"] == {
        "owned by the officer",
        "with an action",
        "exempt with an action",
        "closed with an action",
        "accountable for an action",
        "on the desk",
        "once on the desk",
    }
    assert "open in sibling" in seen["deputy"], "the deputy answers for the manager, who owns it and is away"


def test_nobody_reads_nothing(app):
    everyone = Everyone()
    assert everyone.listed(Actor(person_id=None)) == set()


@pytest.mark.parametrize("role", [Role.CHAMPION, Role.MANAGER])
def test_a_role_over_the_council_reads_every_team(app, role):
    everyone = Everyone()
    _post, person = a_holder(everyone.council.council, "officer", role=role)
    reader = actor(person)
    assert everyone.listed(reader) == set(everyone.risks) - {"withheld"}
    cleared = replace(reader, grants=(replace(reader.grants[0], clearance=Clearance.EXEMPT),))
    assert everyone.listed(cleared) == set(everyone.risks) - {"withheld"}
    cleared = replace(reader, grants=(replace(reader.grants[0], clearance=Clearance.EXISTENCE_WITHHELD),))
    assert everyone.listed(cleared) == set(everyone.risks)


def _shown(reader: Actor) -> dict[int, set[str]]:
    """The groups of each risk in a list that the projection shows to a reader."""
    seen = queries.projection(reader, on=DAY)
    columns = (seen.shown(group, Risk.event).label(group) for group in queries.GROUPS)
    query = seen.joined(select(Risk.id, *columns)).where(queries.readable(reader, on=DAY))
    return {
        risk_id: {group for group, text in zip(queries.GROUPS, texts, strict=True) if text is not None}
        for risk_id, *texts in db.session.execute(query)
    }


def _with_clearances(reader: Actor) -> list[Actor]:
    """The reader as granted, and with each of their roles given with each clearance."""
    cleared = [
        replace(reader, grants=tuple(replace(grant, clearance=clearance) for grant in reader.grants))
        for clearance in Clearance
    ]
    return [reader, *cleared]


def test_lists_show_exactly_the_groups_that_the_table_allows_at_every_clearance(app):
    everyone = Everyone()
    facts = {risk.id: queries.facts(risk_id=risk.id, on=DAY) for risk in everyone.risks.values()}
    withheld = compared = 0
    for name, person in everyone.readers.items():
        for reader in _with_clearances(actor(person)):
            allowed = {
                risk_id: set(queries.GROUPS)
                - (set() if may(reader, Permission.RISK_READ_EXEMPT, each) else each.exempt_groups)
                for risk_id, each in facts.items()
                if may(reader, Permission.RISK_READ, each)
            }
            assert _shown(reader) == allowed, name
            compared += len(allowed) * len(queries.GROUPS)
            withheld += sum(len(queries.GROUPS) - len(groups) for groups in allowed.values())
    assert compared > 1000
    assert withheld > 100


def test_for_who_reads_all_that_is_exempt_nothing_is_joined(app):
    everyone = Everyone()
    for name in ("auditor", "commissioner", "head of assurance", "proper officer"):
        seen = queries.projection(actor(everyone.readers[name]), on=DAY)
        assert seen.things is None
        assert seen.shown("title", Risk.event) is Risk.event
    assert queries.projection(actor(everyone.readers["committee"]), on=DAY).things is not None


def test_the_words_of_a_group_say_the_paragraph_or_that_nobody_has_decided(app):
    everyone = Everyone()
    risk = everyone.risks["open in team"]
    with transaction():
        row = Classification(entity_id=risk.id, field_group="title", level="exempt", paragraphs="1,3", from_on=BEFORE)
        claim = Classification(
            entity_id=risk.id, field_group="statement", level="exempt", state="claimed", from_on=BEFORE
        )
        db.session.add_all([row, claim])
        audit.record(Event.RISK_CLASSIFIED, by=BY_HAND, at=NOON, subject_id=risk.id)
    seen = queries.projection(actor(everyone.readers["committee"]), on=DAY)
    whys = db.session.execute(seen.joined(select(*seen.whys()).select_from(Risk)).where(Risk.id == risk.id)).one()
    assert queries.withheld_from(whys) == {
        "title": "Withheld under paragraphs 1 and 3 of Schedule 12A",
        "statement": "Withheld: may be exempt, not decided",
    }


def test_a_list_that_joins_links_itself_shows_a_risk_to_those_who_treat_it(app):
    council = ADoorsCouncil()
    treats = actor(council.specialist_person)
    listed = select(Risk.id).join(Link, Link.to_id == Risk.id).where(Link.kind == "treats")
    treated = {council.risks[OWN].id, council.risks[EXEMPT].id}
    assert set(db.session.scalars(listed.where(queries.readable(treats, on=DAY)))) == treated
    concerns = select(Risk.id).join(Link, Link.from_id == Risk.id).where(Link.kind == "concerns")
    with transaction():
        db.session.add(Link(from_id=council.risks[OWN].id, to_id=council.body.id, kind="concerns"))
    assert set(db.session.scalars(concerns.where(queries.readable(treats, on=DAY)))) == {council.risks[OWN].id}
