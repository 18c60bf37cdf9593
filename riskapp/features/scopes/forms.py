"""What is said of a register: its title, and in a sentence what is on it and why."""

from collections.abc import Iterable, Mapping

from riskapp.domain.policy import Policy
from riskapp.domain.toml_reader import listed
from riskapp.features.scopes.queries import BODY, LEVELS, PROGRAMME, Scope

KINDS: Mapping[str, str] = {
    "whole": "Whole council",
    "council": "Corporate",
    "directorate": "Directorate",
    "service": "Service",
    "team": "Team",
    PROGRAMME: "Programme",
    BODY: "External body",
}
ONE_HOME = "Each has one home, one owner and one score, wherever it is seen."


def title(scope: Scope, name: str | None, *, is_council_reader: bool, unit_name: str | None) -> str:
    """Name a register: after the unit, item or body that was chosen, or after its kind."""
    if scope.kind == "" and unit_name:
        return f"{unit_name} and all below it"
    if scope.kind == "":
        return "Whole council register" if is_council_reader else "Registers you may read"
    if scope.kind == LEVELS[0]:
        return "Corporate register"
    if name and scope.with_all_below:
        return f"{name} register, with all below it"
    if name:
        return f"{name} register"
    return {
        PROGRAMME: "Programme registers",
        BODY: "Registers of external bodies",
    }.get(scope.kind, f"{KINDS[scope.kind]} registers")


def why(scope: Scope, name: str | None, policy: Policy, tiers: Mapping[str, Iterable[str]]) -> str:
    """Say what stands on a register and why, with the clause of the policy that brings risks up to it."""
    if scope.kind in LEVELS:
        return f"{_of_a_unit(scope, name, policy, tiers.get(scope.kind, ()))} {ONE_HOME}"
    if scope.kind == PROGRAMME:
        about = f"{name}, or a part of it" if name else "a priority or a workstream of the improvement plan"
        return f"Every risk that threatens {about}, whoever owns it. {ONE_HOME}"
    if scope.kind == BODY:
        about = name or "an external body: a company, partnership or board that the council answers for"
        return f"Every risk that concerns {about}, whoever owns it. {ONE_HOME}"
    return f"Every risk that you may read. {ONE_HOME}"


def _of_a_unit(scope: Scope, name: str | None, policy: Policy, kinds_of_post: Iterable[str]) -> str:
    where = name or ("the council itself" if scope.kind == LEVELS[0] else f"a {scope.kind}")
    begin = f"Risks whose home, or whose owner, is in {where}"
    if scope.with_all_below:
        begin += " or a unit below it"
    seated = set(kinds_of_post)
    tiers = [tier for tier in policy.escalation.tiers if tier.post_kind in seated]
    if not tiers:
        return f"{begin}."
    clauses = {rule.clause.ref for rule in policy.escalation.rules if rule.tier in {tier.key for tier in tiers}}
    cited = f" (policy {listed(sorted(clauses))})" if clauses else ""
    desks = listed([tier.label for tier in tiers], "or")
    return f"{begin}, and risks from below that stand on the desk of the {desks} there, or were decided there{cited}."
