"""What a champion posts to log a risk."""

from benchmarks.council import Made


def a_new_risk(made: Made, *, key: str) -> dict[str, str]:
    """Fill the form for the champion's own team, at a score that the policy escalates once it is opened."""
    levels = {"inherent": ("5", "4"), "current": ("4", "3"), "target": ("2", "2")}
    scores = {f"{basis}_likelihood": pair[0] for basis, pair in levels.items()}
    scores |= {f"{basis}_impact": pair[1] for basis, pair in levels.items()}
    return scores | {
        "submission_key": key,
        "title": "The contractor leaves before the new contract is let",
        "cause": "Tender prices have risen by a fifth",
        "event": "The contractor gives three months' notice while the tender is out",
        "consequence": "Urgent repairs wait for six weeks",
        "unit": str(made.unit_id),
        "owner": str(made.owner_post_id),
        "category": "commercial",
        "dimension": "service",
        "target_on-day": "31",
        "target_on-month": "3",
        "target_on-year": "2027",
        "rationale": "Two letters from the contractor within a quarter.",
        "deed": "send",
    }
