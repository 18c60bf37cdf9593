"""The laws of the house that an import contract cannot state."""

import ast
from pathlib import Path

import pytest

from riskapp.domain.permissions import PERMISSIONS, Permission
from riskapp.web.guards import STANDS_OPEN

RISKAPP = Path(__file__).parents[2] / "riskapp"
FEATURES = RISKAPP / "features"
ROOMS = {"__init__", "views", "api", "jobs", "cli", "forms", "service", "queries"}
SERVICES = sorted(FEATURES.glob("*/service.py"))
INNER = sorted({*FEATURES.glob("*/service.py"), *FEATURES.glob("*/queries.py"), *RISKAPP.glob("domain/*.py")})

SHOWN = "of one thing that a query with the actor has found for the same door"
RULES = "for rules, which hold whoever asks"
WORDS = "reads no table"
NO_SECRET = "the organisation and its calendar are known to everyone with an account"
ASK_NOBODY: dict[str, dict[str, str]] = {
    "access": {RULES: "told_of_emergencies known_as"},
    "accounts": {"it finds out who the actor is": "asking", RULES: "rules has_second_factor"},
    "actions": {SHOWN: "row reference promises history", NO_SECRET: "directorates open_posts"},
    "app_roles": {RULES: "table units"},
    "audit": {
        "a command of the machine's keeper": "verify database_name unsealed_count",
        "it stands at the foot of every paper": "last_checkpoint",
    },
    "audit_trail": {RULES: "internal_auditors council_id entries_of_person entries_due"},
    "challenges": {RULES: "waiting_to_go_up due"},
    "champions": {RULES: "training_due"},
    "choices": {WORDS: "line_of"},
    "clock": {RULES: "last_day_done days_to_run days_up_to", "a monitor has no account": "health"},
    "escalation": {
        RULES: "standing_case live_desk last_desk live_desks desks_out_of_time stranded_cases has_event whereabouts "
        "route heads_of_assurance those_on_the_routes times_of cases_of post_kinds",
        NO_SECRET: "proof units_to_choose",
    },
    "emerging": {RULES: "due"},
    "duties": {RULES: "holds_on lasts duties_of sitting is_away uncovered_posts"},
    "classification": {
        RULES: "is_in_force withheld is_exempt is_existence_withheld is_group_withheld withheld_things withheld_groups"
    },
    "exemption": {RULES: "standing_of in_force_of"},
    "founding": {WORDS: "council"},
    "issues": {RULES: "known_before briefings_due of_risk_ids"},
    "oidc": {"who has the key of an invitation is not signed in yet": "invited"},
    "overdue": {NO_SECRET: "next_committee", SHOWN: "chase_plans"},
    "passwords": {RULES: "least_length"},
    "people": {RULES: "duties actor_from actor_for organisation units_with_names is_held person_by_email addresses"},
    "policy": {RULES: "in_force of_version forget"},
    "readers": {
        RULES: "limited by_unit by_name units_below is_exempt is_existence_withheld facts",
        WORDS: "kept withheld_from told",
    },
    "registers": {NO_SECRET: "last_committee"},
    "narrowing": {
        "of what an `Asked` or a projection holds for one reader": "live_desk deciding_desk last_review score_at moved "
        "action_count order from_risk joined narrowed conditions in_part",
    },
    "reminders": {
        RULES: "groups items private_subjects is_urgent post_titles",
        "a rehearsal by a command of the machine's keeper": "last_message_id",
    },
    "rmap": {SHOWN: "with_record", WORDS: "is_in"},
    "scopes": {"of what a projection shows to one reader": "is_on"},
    "search": {"of what a projection shows to one reader": "matches mentions nearness"},
    "similar": {WORDS: "telling_words"},
    "tolerances": {RULES: "live in_force to_look_at ending"},
}
"""Public reads that take no actor, by feature and by why: a new one is argued for here, or takes the actor first."""


def _named(path: Path) -> str:
    return "/".join(path.parts[-2:])


def _calls(tree: ast.AST) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


@pytest.mark.parametrize(
    "folder", sorted(path for path in FEATURES.iterdir() if path.is_dir()), ids=lambda path: path.name
)
def test_a_feature_holds_only_the_rooms_that_every_feature_has(folder):
    assert {path.stem for path in folder.glob("*.py")} <= ROOMS


@pytest.mark.parametrize("path", SERVICES, ids=_named)
def test_a_service_never_ends_a_transaction(path):
    endings = {"db.session.commit", "db.session.rollback", "session.commit", "session.rollback"}
    assert not _calls(ast.parse(path.read_text())) & endings


@pytest.mark.parametrize("path", INNER, ids=_named)
def test_nothing_below_a_door_reads_the_clock(path):
    clocks = {
        "datetime.now",
        "datetime.utcnow",
        "date.today",
        "datetime.today",
        "time.time",
        "clock.now",
        "clock.today",
    }
    assert not _calls(ast.parse(path.read_text())) & clocks


def _public_functions(path: Path):
    tree = ast.parse(path.read_text())
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]


@pytest.mark.parametrize("path", sorted(FEATURES.glob("*/queries.py")), ids=_named)
def test_a_query_takes_the_actor_first_or_is_listed_with_the_reason_why_not(path):
    reads = ASK_NOBODY.get(path.parent.name, {})
    shy = {
        function.name
        for function in _public_functions(path)
        if not function.args.args or function.args.args[0].arg != "actor"
    }
    assert shy == {name for names in reads.values() for name in names.split()}


def test_every_route_names_a_permission(app):
    unnamed = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in STANDS_OPEN
        and not isinstance(getattr(app.view_functions[rule.endpoint], "permission", None), Permission)
    ]
    assert unnamed == []


def test_every_permission_has_a_line_in_the_table():
    assert set(PERMISSIONS) == set(Permission)


def test_a_stranger_is_sent_to_sign_in_at_every_door_that_is_not_public(app):
    client = app.test_client()
    let_in = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint in STANDS_OPEN or view.permission is Permission.PUBLIC:
            continue
        url = rule.rule
        for name in rule.arguments:
            url = "".join("1" if name in part and ">" in part else part for part in _parts(url))
        for method in rule.methods & {"GET", "POST"}:
            answer = client.open(url, method=method)
            if answer.status_code != 302 or not answer.location.endswith("/sign-in"):
                let_in.append(f"{method} {url}: {answer.status_code}")
    assert let_in == []


def _parts(url: str) -> list[str]:
    """Cut an address at its arguments: "/risks/<reference>/review" gives three parts."""
    parts, rest = [], url
    while "<" in rest:
        before, _, after = rest.partition("<")
        inside, _, rest = after.partition(">")
        parts += [before, f"<{inside}>"]
    return [*parts, rest]
