"""Sample data for every macro, as the gallery and the tests render them."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import SimpleNamespace as Row

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Form, PasswordField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from riskapp.domain.geometry.bars import Bar, Bars
from riskapp.domain.geometry.bow_tie import Barrier, BowTie, Branch
from riskapp.domain.geometry.matrix import Matrix, MatrixCell
from riskapp.domain.geometry.network_map import MapEdge, MapNode, Neighbours
from riskapp.domain.geometry.route_map import LiveCase, Route, RouteEdge, RouteNode
from riskapp.domain.geometry.ruler import Appetite
from riskapp.domain.geometry.score_chart import Scored, ScoreHistory
from riskapp.domain.policy import parse_policy, read_documents
from riskapp.domain.scoring import Level
from riskapp.web import drawings
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.filters import band
from riskapp.web.forms import FilterDay, Impacts

TODAY = date(2026, 12, 1)


@dataclass(frozen=True)
class Band:
    key: str
    label: str
    rank: int
    of: int = 4
    is_gain: bool = False


LOW, MEDIUM = Band("low", "Low", 1), Band("medium", "Medium", 2)
HIGH, VERY_HIGH = Band("high", "High", 3), Band("very-high", "Very high", 4)
BANDS = (LOW, MEDIUM, HIGH, VERY_HIGH)
FIVE = tuple(
    Band(key, key.replace("-", " ").capitalize(), rank, 5)
    for rank, key in enumerate(("minor", "low", "medium", "high", "severe"), 1)
)
IMPACTS = ("Negligible", "Minor", "Moderate", "Major", "Severe")
LIKELIHOODS = ("Very unlikely", "Unlikely", "Possible", "Likely", "Almost certain")
CHANCES = ("Under 5%, or less often", "5 to 20%, or once in ten years", "20 to 50%, or once in three years")
CHANCES += ("50 to 80%, or once a year", "Over 80%, or several times a year")
HURTS = ("Nobody outside the team would notice", "Some residents notice; put right in days")
HURTS += ("Falls below standard for a month", "Stops for up to a week, or 1,000 homes wait")
HURTS += ("A statutory service stops for over a week",)
COSTS = ("Under £50,000", "To £250,000", "To £500,000", "To £2m", "Over £2m")
COUNTS = ((1, 2, 2, 1, 1), (2, 5, 9, 6, 2), (2, 6, 11, 9, 3), (1, 4, 7, 5, 1), (0, 1, 2, 1, 0))


def rating_of(score: int) -> Band:
    return LOW if score < 5 else MEDIUM if score < 10 else HIGH if score < 20 else VERY_HIGH


def grid(size: int = 5) -> Row:
    levels = range(1, size + 1)
    return Row(
        impacts=[Row(level=i, label=IMPACTS[i - 1]) for i in levels],
        rows=[Row(level=j, label=LIKELIHOODS[j - 1], cells=[cell(j, i) for i in levels]) for j in reversed(levels)],
    )


def cell(likelihood: int, impact: int) -> Row:
    score = likelihood * impact
    return Row(
        count=COUNTS[likelihood - 1][impact - 1],
        score=score,
        rating=rating_of(score),
        url=f"/registers?likelihood={likelihood}&impact={impact}",
        appetite="within" if score <= 6 else "above" if score <= 12 else "beyond",
    )


def levels(words: tuple[str, ...], meanings: tuple[str, ...]) -> list[Level]:
    return [Level(n, w, m) for n, (w, m) in enumerate(zip(words, meanings, strict=True), 1)]


class RiskForm(Form):
    title = StringField("Title", [InputRequired("Enter a title of a few words")])
    cause = TextAreaField("Cause")
    event = TextAreaField("Event")
    consequence = TextAreaField("Consequence")
    team = SelectField("Team", choices=[SelectChoice("rd", "Repairs Delivery"), SelectChoice("dm", "Damp and Mould")])
    owner = SelectField("Owner", choices=[SelectChoice("slh", "Service Lead, Housing Repairs")])
    answer = RadioField(
        "Is 16 High still right?",
        choices=[SelectChoice("yes", "Yes, nothing material has changed"), SelectChoice("no", "No")],
    )
    target_by = DateBoxes("Target to be reached by", description="For example, 31 3 2027", thing="the target")
    tell = BooleanField("Tell the finance partner", description="More than £500,000 is at stake")
    inherent_likelihood = StringField()
    current_likelihood = StringField(validators=[InputRequired("Choose a current likelihood")])
    target_likelihood = StringField()
    inherent_impact = StringField()
    current_impact = StringField()
    target_impact = StringField()
    inherent_money = StringField()
    current_money = StringField()
    target_money = StringField()
    harm = Impacts("Impact of each kind", wrong="Choose an impact of at least one kind")


def filled_form() -> RiskForm:
    return RiskForm(
        MultiDict(
            {
                "title": "Repairs contractor withdraws before the re-tender completes",
                "cause": "Tender prices have risen by a fifth and the contractor has asked twice to leave the terms",
                "event": "The contractor gives three months' notice while the new contract is out to tender",
                "consequence": "Missed urgent repairs",
                "answer": "yes",
                "inherent_likelihood": "5",
                "current_likelihood": "4",
                "target_likelihood": "2",
                "inherent_impact": "4",
                "current_impact": "4",
                "target_impact": "3",
            }
        )
    )


class PasswordForm(Form):
    """A password asked for again, and one to be chosen."""

    password = PasswordField("Your password", description="It is asked again, since you gave it a while ago.")
    chosen = PasswordField("New password")
    asks_password = True


class FilterForm(Form):
    """A day that narrows a list: one that is right, and one that is none."""

    since = FilterDay("Since", name="since")
    until = FilterDay("Until", name="until")


def filter_form() -> FilterForm:
    form = FilterForm(MultiDict({"since": "2026-11-01", "until": "31.12.2026"}))
    form.validate()
    return form


def desk_form() -> RiskForm:
    return RiskForm(MultiDict({"desk-answer": "yes", "desk-title": "Open cases on 30 Nov: 41"}), prefix="desk")


def wrong_form() -> RiskForm:
    typed = {"title": "", "team": "rd", "owner": "slh", "answer": "no"}
    typed |= {"target_by-day": "31", "target_by-month": "2", "target_by-year": "2027"}
    form = RiskForm(MultiDict({f"wrong-{name}": value for name, value in typed.items()}), prefix="wrong")
    form.validate()
    return form


def bases(form: RiskForm, axis: str) -> list[Row]:
    named = (
        ("inherent", "Inherent", "no controls"),
        ("current", "Current", "today"),
        ("target", "Target", "plan done"),
    )
    return [Row(basis=b, title=t, note=n, field=form[f"{b}_{axis}"]) for b, t, n in named]


SCHEME = parse_policy(read_documents(Path(__file__).parents[2] / "policies")).scoring


def harms(form: RiskForm) -> Row:
    return Row(basis="target", title="Target", field=form["harm"])


def chart() -> drawings.Drawing:
    return drawings.score_over_time(
        ScoreHistory(
            history=(
                Scored(date(2025, 12, 8), 20),
                Scored(date(2026, 4, 14), 16),
                Scored(date(2026, 11, 16), 20),
            ),
            plan=(Scored(date(2025, 12, 8), 20), Scored(date(2026, 4, 1), 16), Scored(date(2026, 8, 31), 12)),
            target=Scored(date(2027, 3, 31), 9),
            optimal=6,
            tolerable=12,
            highest=25,
            today=TODAY,
            band=band(VERY_HIGH),
        )
    )


def fresh_chart() -> drawings.Drawing:
    """A risk logged yesterday: one score, no plan, no appetite, a matrix of sixteen."""
    return drawings.score_over_time(
        ScoreHistory((Scored(date(2026, 11, 30), 9),), highest=16, today=TODAY, band=band(MEDIUM))
    )


def ruler(now: int = 20, target: int = 9) -> drawings.Drawing:
    return drawings.appetite_scale(Appetite(6, 12, 25, now, band(rating_of(now)), target))


def tie(*, controls: bool = True) -> drawings.Drawing:
    def branch(text: str, *barriers: Barrier) -> Branch:
        return Branch(text, barriers if controls else None)

    return drawings.statement_bow_tie(
        BowTie(
            causes=(
                branch(
                    "Buyers withdraw or lower their offers as borrowing stays dear",
                    Barrier("Independent valuation before decision", "effective"),
                ),
                branch(
                    "Title faults and covenants are found late in a sale",
                    Barrier("Title check at asset review", "partly"),
                    Barrier("Legal gateway", "effective"),
                ),
                branch("Decisions to sell wait for agreement on local use"),
            ),
            event="Sales complete late or below valuation, so receipts miss the year's milestone",
            consequences=(
                branch(
                    "More interest and debt to repay from a smaller revenue budget",
                    Barrier("Reserve list of assets", "partly"),
                ),
                branch(
                    "Further exceptional support has to be asked of government",
                    Barrier("Monthly cash forecast", "effective"),
                    Barrier("Early notice upward", "untested"),
                ),
            ),
        )
    )


def plain_tie() -> drawings.Drawing:
    return tie(controls=False)


def route() -> drawings.Drawing:
    services = {
        "Housing Repairs": ("Repairs Delivery", "Damp and Mould", "Empty Homes"),
        "Housing Solutions": ("Housing Options", "Temporary Homes", "Tenancy Support"),
        "Building Safety": ("Fire and High-Rise", "Gas and Electrical"),
    }
    nodes, edges = [], []
    for service, teams in services.items():
        vacant = service == "Building Safety"
        nodes.append(
            RouteNode(
                service,
                f"Service Lead, {service}",
                1,
                "Vacant: deputy acts" if vacant else "",
                "vacant" if vacant else "plain",
            )
        )
        edges.append(RouteEdge(service, "director", service != "Building Safety"))
        for team in teams:
            nodes.append(RouteNode(team, team, 0))
            edges.append(RouteEdge(team, service, team in ("Damp and Mould", "Housing Options")))
    cases = (
        LiveCase("R-4J7S", "13 h 30 min left", 16, band(HIGH)),
        LiveCase("R-2H6N", "decides 3 Dec", 16, band(HIGH)),
    )
    nodes += [
        RouteNode("director", "Director of Housing", 2, state="here", cases=cases),
        RouteNode("cfo", "Chief Finance Officer (s151)", 3, "Money over £500,000"),
        RouteNode("ceo", "Chief Executive, Senior Leadership Team", 3, "20 and above"),
        RouteNode("mo", "Monitoring Officer", 3, "Legal or governance"),
        RouteNode("frb", "Financial Recovery Board", 4, state="board"),
        RouteNode("irb", "Improvement and Recovery Board", 4, state="board"),
    ]
    edges += [RouteEdge("director", key) for key in ("cfo", "ceo", "mo")]
    edges += [RouteEdge("cfo", "frb"), RouteEdge("ceo", "irb"), RouteEdge("mo", "irb")]
    columns = (
        ("Team", "logs the risk"),
        ("Service lead", "9 and above, 1 day"),
        ("Director", "15 and above, 2 days"),
        ("Officer", "2 days"),
        ("Board", "next meeting"),
    )
    return drawings.route(Route(columns, tuple(nodes), tuple(edges)))


def network() -> drawings.Drawing:
    nodes = (
        MapNode("R-7K4QX", "Repairs contractor withdraws", -1, "Housing", 16, band(HIGH)),
        MapNode("R-2M8HD", "Homes stay damp through the winter", 0, "Housing", 20, band(VERY_HIGH)),
        MapNode("R-9C3TW", "The Ombudsman finds against the council", 1, "Governance"),
    )
    edges = (MapEdge("R-7K4QX", "R-2M8HD", "causes"), MapEdge("R-2M8HD", "R-9C3TW", "worsens"))
    return drawings.network(Neighbours(nodes, edges))


def bars() -> drawings.Drawing:
    counts = (
        ("1 to 7", 9, 2),
        ("8 to 14", 8, 3),
        ("15 to 30", 11, 4),
        ("31 to 60", 9, 5),
        ("61 to 90", 6, 3),
        ("over 90", 4, 0),
    )
    return drawings.ageing(
        Bars(tuple(Bar(*each) for each in counts), "on a High or Very high risk", "on any other", "days late")
    )


def matrix() -> drawings.Drawing:
    rows = tuple(
        (row.label, tuple(MatrixCell(c.count, c.score, c.rating.label, band(c.rating)) for c in row.cells))
        for row in grid().rows
    )
    return drawings.heat_map(Matrix(rows, IMPACTS))


NAVIGATION = [
    Row(label="My work", url="/work", current=False, count=8),
    Row(label="Registers", url="/registers", current=True, count=0),
    *(
        Row(label=name, url="#", current=False, count=0)
        for name in ("Actions", "Escalations", "External bodies", "Committee packs", "Risk policy")
    ),
]
VIEWS = [
    Row(label="High for over six months", url="#", current=False, count=9),
    Row(label="Direction J", url="#", current=False, count=12),
]
FRAME = {
    "navigation": NAVIGATION,
    "saved_views": VIEWS,
    "demo_mode": True,
    "council_name": "Demonstration council",
    "post_name": "Head of Assurance",
    "may_log_risk": True,
    "log_risk_url": "/risks/new",
    "policy_line": "Policy version 4, in force since 1 Apr 2026",
}
STEPS = [
    Row(title="Owner", note="Score to 20, 16 Nov, 10:12am", state="past", is_branch=False),
    Row(
        title="Executive Director, Place",
        note="Acknowledged in 5 hours; passed on",
        state="past",
        is_branch=False,
    ),
    Row(
        title="Finance Business Partner",
        note="Told, since more than £500,000 is at stake",
        state="past",
        is_branch=True,
    ),
    Row(
        title="Chief Finance Officer (s151)",
        note="Decision due Thu 3 Dec, 11:20am",
        state="now",
        is_branch=False,
    ),
    Row(
        title="Financial Recovery Board",
        note="If not decided in time. Meets 10 Dec",
        state="next",
        is_branch=False,
    ),
]
