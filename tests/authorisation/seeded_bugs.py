"""Mistakes that were made in systems like this one, each planted for one test, with the doors where it must be seen."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from flask import Flask, abort, make_response
from sqlalchemy import false, or_, select, true

from riskapp.domain import permissions as table
from riskapp.domain.actors import Actor, Grant
from riskapp.domain.permissions import COUNCIL_READERS, KEEPERS, PERMISSIONS, Clearance, Permission, Role
from riskapp.features.accounts import queries as accounts
from riskapp.features.actions import queries as actions
from riskapp.features.choices import queries as choices
from riskapp.features.classification import queries as classification
from riskapp.features.escalation import queries as escalations
from riskapp.features.history import views as history_pages
from riskapp.features.packs import queries as packs
from riskapp.features.past import queries as past
from riskapp.features.people import queries as people
from riskapp.features.readers import queries as readers
from riskapp.features.readers.views import record_shown
from riskapp.features.registers import views as register_pages
from riskapp.features.risks import views as risk_pages
from riskapp.features.work import views as my_work
from riskapp.models.people import Unit
from riskapp.web import guards

Plant = Callable[[pytest.MonkeyPatch, Flask], None]


@dataclass(frozen=True)
class Bug:
    """A mistake, how it is planted, and a small part of the matrix that must come out wrong."""

    words: str
    plant: Plant
    persona: str
    endpoint: str
    pose: str = ""
    how: str = "doors"


def says(permission: Permission, *lines: tuple[table.Condition, ...]) -> Plant:
    """The table says this of a permission, in the check and in the lists."""
    return lambda patch, _app: patch.setitem(PERMISSIONS, permission, lines)  # type: ignore[arg-type] # a dict beneath


def says_also(permission: Permission, *lines: tuple[table.Condition, ...]) -> Plant:
    return says(permission, *PERMISSIONS[permission], *lines)


def without(permission: Permission, condition: table.Condition) -> Plant:
    """One condition is dropped from every line of a permission."""
    lines = [tuple(each for each in line if each is not condition) for line in PERMISSIONS[permission]]
    return says(permission, *filter(None, lines))


def instead(module: object, name: str, does: object) -> Plant:
    return lambda patch, _app: patch.setattr(module, name, does)


def named(clearance: Clearance) -> Callable[[Actor], Actor]:
    """What was opened by name was opened so."""
    return lambda actor: replace(actor, named=dict.fromkeys(actor.named, clearance))


def unheard(*_: object, **__: object) -> None:
    """In place of what keeps a record."""


def both(*plants: Plant) -> Plant:
    def plant(patch: pytest.MonkeyPatch, app: Flask) -> None:
        for each in plants:
            each(patch, app)

    return plant


NOTHING_IS_CHECKED = instead(guards, "allow", lambda *_: None)
EVERY_RISK_IS_LISTED = instead(readers, "readable", lambda *_, **__: true())
NOTHING_IS_EXEMPT = instead(readers, "projection", lambda *_, **__: readers.Projection(None, true()))


def not_signed_in(endpoint: str) -> Plant:
    def plant(patch: pytest.MonkeyPatch, app: Flask) -> None:
        patch.setitem(app.view_functions, endpoint, app.view_functions[endpoint].__wrapped__)  # type: ignore[attr-defined] # every door is wrapped by the guard

    return plant


def refuses_with(status: int, words: str) -> Plant:
    def refuse(permission: Permission, facts: table.Facts = table.NOTHING_KNOWN) -> None:
        if not table.may(guards.actor(), permission, facts):
            abort(make_response(words, status))

    return instead(guards, "allow", refuse)


def actors_are(change: Callable[[Actor], Actor]) -> Plant:
    """Whoever asks is taken for somebody a little different."""
    known = people.actor_from

    def changed(lines: object, **moment: object) -> Actor | None:
        found = known(lines, **moment)  # type: ignore[arg-type] # the moment
        return change(found) if found else None

    return instead(people, "actor_from", changed)


def asked_with(name: str, does: object) -> Plant:
    """The query that finds out who asks is built with a part that is wrong."""

    def plant(patch: pytest.MonkeyPatch, _app: Flask) -> None:
        patch.setattr(people, name, does)
        patch.setattr(accounts, "_ASKING", accounts._asking())

    return plant


def looking_back(**instead_of: object) -> Plant:
    """What an actor sees who looks back is another; today is as it was."""
    known = past.sight.__wrapped__  # type: ignore[attr-defined] # kept by the readers' own decorator

    def changed(actor: Actor, **when: object) -> past.Sight:
        seen = known(actor, **when)
        return replace(seen, **instead_of) if when.get("then") else seen

    return instead(past, "sight", changed)


def over(path: Callable[[str], str]) -> Callable[[Actor], Actor]:
    return lambda actor: replace(
        actor, grants=tuple(Grant(each.role, path(each.unit_path), each.clearance) for each in actor.grants)
    )


def _cut_prefix(*paths: str):
    return select(Unit.id).where(or_(*(Unit.path.startswith(path.rstrip("/")) for path in paths)))


def _covers_by_digits(grant: Grant, roles: tuple[Role, ...], facts: table.Facts) -> bool:
    return grant.role in roles and facts.unit_path.startswith(grant.unit_path.rstrip("/"))


def _second_part(patch: pytest.MonkeyPatch, _app: Flask) -> None:
    handed_out = packs.frozen
    patch.setattr(packs, "may_read", lambda *_: True)
    patch.setattr(packs, "frozen", lambda actor, reference, _number: handed_out(actor, reference, 2))


ANY = table.signed_in
ROUTE, NOW = table.on_its_route, table.has_it_now
wide, unit = table.council_wide, table.in_unit
P = Permission

BUGS = (
    Bug("a risk is closed without asking who may", NOTHING_IS_CHECKED, "champion", "risks.close", "in_repairs"),
    Bug("a reader scores", NOTHING_IS_CHECKED, "head_of_assurance", "risks.score", "in_repairs"),
    Bug("an auditor reports on an action", NOTHING_IS_CHECKED, "internal_auditor", "actions.update", "in_repairs"),
    Bug("an auditor completes an action", NOTHING_IS_CHECKED, "internal_auditor", "actions.complete", "in_repairs"),
    Bug(
        "a chase is shown for any late action",
        NOTHING_IS_CHECKED,
        "internal_auditor",
        "actions.preview_chase",
        "in_repairs",
    ),
    Bug("a chase asks for any late action", NOTHING_IS_CHECKED, "internal_auditor", "actions.chase", "in_repairs"),
    Bug(
        "anyone who reads an escalation takes it away",
        NOTHING_IS_CHECKED,
        "internal_auditor",
        "escalation.withdraw",
        "in_repairs",
    ),
    Bug(
        "anyone who reads an escalation answers it",
        NOTHING_IS_CHECKED,
        "internal_auditor",
        "escalation.acknowledge",
        "in_repairs",
    ),
    Bug("the list of packs is anybody's", NOTHING_IS_CHECKED, "ordinary_staff", "packs.packs"),
    Bug("the file of the clock is anybody's", NOTHING_IS_CHECKED, "commissioner", "clock.clock_csv"),
    Bug("a mail is anybody's by its number", NOTHING_IS_CHECKED, "owner", "reminders.message"),
    Bug("the file of the outbox is anybody's", NOTHING_IS_CHECKED, "administrator", "reminders.outbox_csv"),
    Bug("a page does not send a stranger to sign in", not_signed_in("policy.policy"), "public", "policy.policy"),
    Bug("not allowed is answered 403", refuses_with(403, "Forbidden"), "champion", "risks.close", "in_repairs"),
    Bug(
        "not allowed is answered in other words",
        refuses_with(404, "Not yours"),
        "champion",
        "risks.close",
        "in_repairs",
    ),
    Bug(
        "the register's file is not limited", EVERY_RISK_IS_LISTED, "ordinary_staff", "risks.register_csv", how="lists"
    ),
    Bug("a body shows every risk that concerns it", EVERY_RISK_IS_LISTED, "champion", "bodies.body", "led_by_somebody"),
    Bug(
        "a new action shows any risk",
        both(EVERY_RISK_IS_LISTED, instead(actions, "may", lambda *_: True)),
        "service_manager",
        "actions.new",
        "in_another_directorate",
    ),
    Bug(
        "the actions' file is not limited",
        instead(readers, "limited", lambda *_: true()),
        "owner",
        "actions.actions_csv",
        how="lists",
    ),
    Bug(
        "the late actions' file is not limited",
        instead(readers, "limited", lambda *_: true()),
        "owner",
        "actions.overdue_csv",
        how="lists",
    ),
    Bug(
        "a search looks through every action",
        instead(readers, "limited", lambda *_: true()),
        "owner",
        "actions.actions",
        how="searches",
    ),
    Bug(
        "the escalations' file is not limited",
        instead(escalations, "readable", lambda *_, **__: true()),
        "owner",
        "escalation.escalations_csv",
        how="lists",
    ),
    Bug(
        "lists forget what is exempt",
        instead(classification, "_any", lambda *_: false()),
        "champion",
        "risks.register_csv",
        how="lists",
    ),
    Bug("nothing is exempt on a risk's page", NOTHING_IS_EXEMPT, "champion", "risks.risk", "in_repairs"),
    Bug(
        "an action names its risk to whoever reads it",
        NOTHING_IS_EXEMPT,
        "action_owner",
        "actions.action",
        "treated_by_the_action_owner",
    ),
    Bug(
        "keepers read what is exempt", says_also(P.RISK_READ, (unit(*KEEPERS),)), "champion", "risks.risk", "in_repairs"
    ),
    Bug(
        "members read drafts",
        says_also(P.RISK_READ, (table.reads_unit(Role.COMMITTEE), table.not_exempt)),
        "committee_member",
        "risks.risk",
        "a_draft",
    ),
    Bug(
        "who treats an exempt risk reads it",
        says_also(P.RISK_READ_EXEMPT, (table.takes_part,)),
        "action_owner",
        "risks.risk",
        "treated_by_the_action_owner",
    ),
    Bug(
        "a drafter reads outside the unit",
        says_also(P.RISK_READ, (table.drafted,)),
        "champion",
        "risks.risk",
        "drafted_outside_the_unit",
    ),
    Bug(
        "the administrator reads",
        says_also(P.RISK_READ, (table.reads_unit(Role.ADMINISTRATOR),)),
        "administrator",
        "risks.risk",
        "in_repairs",
    ),
    Bug(
        "a desk does not let its risk be read",
        without(P.RISK_READ, ROUTE),
        "service_manager",
        "risks.risk",
        "on_a_desk_outside_the_line",
    ),
    Bug(
        "an owner closes",
        without(P.RISK_CLOSE, table.not_own),
        "team_manager",
        "risks.close",
        "owned_by_the_team_manager",
    ),
    Bug(
        "an owner answers what is owned",
        without(P.ESCALATION_ANSWER, table.not_own),
        "service_manager",
        "escalation.acknowledge",
        "on_the_desk_of_its_owner",
    ),
    Bug(
        "who had the desk before still answers",
        says(P.ESCALATION_ANSWER, (ROUTE, table.not_own)),
        "service_manager",
        "escalation.decide",
        "on_a_desk_of_the_line",
    ),
    Bug(
        "an assurance officer withdraws",
        says_also(P.ESCALATION_WITHDRAW, (wide(Role.ASSURANCE_OFFICER),)),
        "assurance_officer",
        "escalation.withdraw",
        "in_repairs",
    ),
    Bug(
        "Part 2 is opened by the right to Part 1",
        says(P.PACK_READ_EXEMPT, *PERMISSIONS[P.PACK_READ]),
        "committee_member",
        "packs.download",
    ),
    Bug(
        "the number of a part is not looked at",
        instead(packs, "may_read", lambda *_: True),
        "committee_member",
        "packs.download",
    ),
    Bug("Part 1 hands out Part 2", _second_part, "committee_member", "packs.download"),
    Bug("every reader builds a pack", says(P.PACK_BUILD, (wide(*COUNCIL_READERS),)), "internal_auditor", "packs.build"),
    Bug(
        "the administrator reads mail",
        says_also(P.OUTBOX_READ, (wide(Role.ADMINISTRATOR),)),
        "administrator",
        "reminders.outbox",
    ),
    Bug(
        "the Head of Assurance reviews a body of her own",
        without(P.BODY_REVIEW, table.independent),
        "head_of_assurance",
        "bodies.review",
        "led_by_the_head_of_assurance",
    ),
    Bug(
        "a manager reports on an action",
        says_also(P.ACTION_UPDATE, (unit(Role.MANAGER),)),
        "service_manager",
        "actions.move",
        "in_repairs",
    ),
    Bug("a champion reviews", says_also(P.RISK_REVIEW, (unit(*KEEPERS),)), "champion", "risks.review", "in_repairs"),
    Bug(
        "a champion agrees to a score of her own",
        says_also(P.RISK_OPEN, (unit(*KEEPERS),)),
        "champion",
        "risks.agree",
        "in_repairs",
    ),
    Bug(
        "whoever answers for an action chases it",
        says_also(P.ACTION_CHASE, (table.owns,)),
        "action_owner",
        "actions.chase",
        "treated_by_the_action_owner",
    ),
    Bug("anyone logs a risk", instead(choices, "own_units", choices.units), "internal_auditor", "risks.log"),
    Bug(
        "deputies stay after the absence",
        asked_with("_holder_is_present", lambda *_: false()),
        "deputy_of_one_who_is_back",
        "risks.risk",
        "owned_by_who_is_back",
    ),
    Bug(
        "deputies are never let in",
        asked_with("_holder_is_present", lambda *_: true()),
        "deputy",
        "risks.risk",
        "owned_by_who_is_away",
    ),
    Bug(
        "roles that ended still count",
        asked_with("_holds_on", lambda *_: (true(),)),
        "champion_whose_role_ended",
        "risks.risk",
        "in_repairs",
    ),
    Bug(
        "an external auditor's time never ends",
        asked_with("_holds_on", lambda *_: (true(),)),
        "external_auditor_whose_time_ended",
        "risks.risk",
        "in_repairs",
    ),
    Bug(
        "a role spreads to the unit above",
        actors_are(over(lambda path: path[: path.rstrip("/").rindex("/") + 1])),
        "champion",
        "risks.risk",
        "in_the_service_beside",
    ),
    Bug(
        "every role is over the council",
        actors_are(over(lambda path: "/".join(path.split("/")[:2]) + "/")),
        "external_auditor",
        "risks.risk",
        "in_another_directorate",
    ),
    Bug(
        "a unit is known by its first digits",
        both(instead(readers, "units_below", _cut_prefix), instead(table, "_covers", _covers_by_digits)),
        "director",
        "risks.risk",
        "in_another_directorate",
    ),
    Bug(
        "a role reaches only its own unit",
        actors_are(lambda actor: replace(actor, grants=())),
        "champion",
        "risks.risk",
        "in_a_team_below",
    ),
    Bug(
        "more clearance than comes with a role is not looked at",
        actors_are(lambda actor: replace(actor, grants=tuple(replace(each, clearance=None) for each in actor.grants))),
        "champion_cleared",
        "risks.score",
        "in_repairs",
    ),
    Bug(
        "what is opened by name is opened with every clearance",
        actors_are(named(Clearance.EXISTENCE_WITHHELD)),
        "external_reader",
        "risks.risk",
        "opened_by_name",
    ),
    Bug(
        "what is opened by name is opened with no clearance",
        actors_are(named(Clearance.ORDINARY)),
        "external_reader",
        "risks.risk",
        "opened_by_name_with_clearance",
    ),
    Bug(
        "what was opened by name stays closed",
        actors_are(lambda actor: replace(actor, named={})),
        "external_reader",
        "actions.action",
        "opened_by_name",
    ),
    Bug(
        "an action is not exempt with its risk's plan",
        instead(classification, "is_group_withheld", lambda *_, **__: false()),
        "champion",
        "actions.action",
        "exempt_in_its_plan_alone",
    ),
    Bug(
        "one exempt part of a risk is not withheld",
        instead(readers, "exempt_parts", lambda _levels: frozenset()),
        "service_manager",
        "risks.score",
        "exempt_in_its_scores_alone",
    ),
    Bug("My work keeps no record of what it shows", instead(my_work, "record_shown", unheard), "owner", "work.my_work"),
    Bug(
        "the page of a risk keeps no record",
        instead(risk_pages, "record_shown", unheard),
        "head_of_assurance",
        "risks.risk",
        "in_repairs",
    ),
    Bug(
        "a file keeps no record",
        instead(register_pages, "record_shown", unheard),
        "internal_auditor",
        "risks.register_csv",
        how="lists",
    ),
    Bug(
        "a record is kept of the first thing shown and of no other",
        instead(
            register_pages, "record_shown", lambda shown, outlet, **of: record_shown(list(shown)[:1], outlet, **of)
        ),
        "internal_auditor",
        "risks.register_csv",
        how="lists",
    ),
    Bug(
        "who looks back is told what is exempt",
        looking_back(seen=readers.Projection(None, true())),
        "service_manager",
        "risks.risk",
        "exempt_in_its_scores_alone",
    ),
    Bug(
        "who looks back reads every risk there was",
        instead(past, "_readable_then", lambda *_: true()),
        "champion",
        "risks.register_csv",
        how="lists",
    ),
    Bug(
        "a history is headed by a title that is withheld",
        NOTHING_IS_EXEMPT,
        "service_manager",
        "history.risk_history",
        "in_repairs",
    ),
    Bug(
        "a history keeps no record",
        instead(history_pages, "record_shown", unheard),
        "head_of_assurance",
        "history.risk_history_csv",
        "in_repairs",
    ),
)
