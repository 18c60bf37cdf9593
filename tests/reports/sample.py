"""Illustrative packs of any size: nobody's assessment. Bodies but Thames Freeport are plainly made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from riskapp.reports.pack_data import (
    Ageing,
    AnswerCount,
    Appetite,
    Ask,
    Band,
    Body,
    Departure,
    Escalation,
    Exemption,
    Figure,
    Findings,
    Level,
    Matrix,
    MatrixCell,
    Meeting,
    OverdueAction,
    PackData,
    Request,
    Risk,
    Score,
    SignOff,
    Term,
)

AS_AT = date(2026, 11, 20)
LAST = date(2026, 9, 24)
BANDS = ("Low", "Medium", "High", "Very high")
LIKELIHOOD = ("Rare", "Unlikely", "Possible", "Likely", "Almost certain")
CHANCES = ("less than 1 in 20", "1 in 20 to 2 in 10", "2 to 5 in 10", "5 to 8 in 10", "more than 8 in 10")
IMPACT = ("Slight", "Minor", "Moderate", "Major", "Severe")
HARMS = ("under £50,000", "£50,000 to £500,000", "£500,000 to £2m", "£2m to £10m", "over £10m, or a death")
KINDS = {
    "Financial": ("Cautious", 8, 12),
    "People": ("Cautious", 8, 12),
    "Property": ("Cautious", 8, 12),
    "Governance": ("Minimal", 5, 9),
    "Security": ("Minimal", 5, 9),
    "Project": ("Open", 12, 15),
    "Strategy": None,
}
POSTS = {
    "Adults and Health": "Executive Director, Adults and Health",
    "Children’s Services": "Executive Director, Children’s Services",
    "Corporate Services": "Assistant Director, People",
    "Finance": "Chief Finance Officer",
    "Housing": "Assistant Director, Housing",
    "Place": "Assistant Director, Environment",
}
TITLES = (
    ("Yearly savings are not delivered", "Financial", "Finance"),
    ("Sales of investments repay less debt than planned", "Financial", "Finance"),
    ("Children’s placements cost more than the budget", "Financial", "Children’s Services"),
    ("Too few permanent staff in finance, legal and audit", "People", "Corporate Services"),
    ("The high needs (schools) deficit grows", "Financial", "Children’s Services"),
    ("Freeport money is not used as agreed", "Governance", "Place"),
    ("A cyber attack stops essential services", "Security", "Corporate Services"),
    ("Unaudited accounts hide errors", "Governance", "Finance"),
    ("Asset sales miss the £150m target", "Property", "Place"),
    ("Council homes fail safety or damp standards", "Property", "Housing"),
    ("Care providers close or hand back contracts", "Financial", "Adults and Health"),
    ("The new operating model saves too little", "Project", "Corporate Services"),
    ("Local government reorganisation draws staff away", "Strategy", "Corporate Services"),
    ("A child comes to harm because concerns are not acted on", "People", "Children’s Services"),
    ("Decisions are taken without clear advice on risk", "Governance", "Corporate Services"),
    ("Planning decisions are late or overturned", "Governance", "Place"),
    ("Performance figures are wrong or late", "Governance", "Corporate Services"),
    ("Waste collection fails when the contract ends", "Property", "Place"),
    ("Floods damage roads and public buildings", "Property", "Place"),
    ("Rents are collected late after the system changes", "Financial", "Housing"),
    ("Homelessness outruns the places the council can find", "Financial", "Housing"),
    ("School places are short in the growing east of the borough", "Strategy", "Children’s Services"),
    ("Social workers leave faster than they are recruited", "People", "Children’s Services"),
    ("A care home fails its inspection", "People", "Adults and Health"),
    ("Personal data is sent to the wrong person", "Security", "Adults and Health"),
    ("Old software is no longer mended by its maker", "Security", "Corporate Services"),
    ("Street lights fail faster than they are replaced", "Property", "Place"),
    ("A grant is paid back because its evidence is missing", "Financial", "Place"),
)
TERMS = (
    ("Accountable Body", "The council that answers to government for public money passed to another body."),
    ("Action", "Something still to be done about a risk, with an owner and a date."),
    (
        "Appetite",
        "How much risk of one kind the council is content with, and the limit of what it will bear.",
    ),
    ("Escalation", "Passing a risk up because it is too big for the level that holds it."),
    ("Gap", "How far the score now is above the target."),
    ("Inherent score", "How the risk would stand with no controls at all."),
    ("Red", "Very high: a score of 15 or more."),
    ("Slipped", "The date first promised has been moved. Every earlier date is kept and shown."),
    ("Target score", "Where the risk should be, and by when."),
)


def matrix(size: int = 5) -> Matrix:
    levels = range(1, size + 1)
    return Matrix(
        tuple(Level(at, LIKELIHOOD[at - 1], CHANCES[at - 1]) for at in levels),
        tuple(Level(at, IMPACT[at - 1], HARMS[at - 1]) for at in levels),
        tuple(MatrixCell(up, across, up * across, band(up * across, size)) for up in levels for across in levels),
    )


def band(score: int, size: int = 5) -> str:
    share = score / (size * size)
    return BANDS[3 if share >= 0.6 else 2 if share >= 0.4 else 1 if share >= 0.2 else 0]


def a_score(likelihood: int, impact: int, size: int = 5) -> Score:
    return Score(likelihood, impact, likelihood * impact, band(likelihood * impact, size))


def a_risk(**changes: object) -> Risk:
    plain = Risk(
        item=1,
        title="Yearly savings are not delivered",
        category="Financial",
        directorate="Finance",
        owner="Chief Finance Officer",
        now=a_score(4, 5),
        inherent=a_score(5, 5),
        was=a_score(4, 4),
        target=a_score(2, 4),
        target_on=date(2028, 3, 31),
        position="Beyond",
        content_to=8,
        limit=12,
        next_review_on=date(2027, 1, 14),
        why="Impact went from 4 to 5: a shortfall would now take reserves below the safe level.",
    )
    return replace(plain, **changes)  # type: ignore[arg-type] # any field may be changed


def risks(count: int, size: int = 5) -> tuple[Risk, ...]:
    made = [_risk(at, size) for at in range(count)]
    made.sort(key=lambda risk: -risk.now.score)
    return tuple(replace(risk, item=at) for at, risk in enumerate(made, start=1))


def _risk(at: int, size: int) -> Risk:
    title, kind, directorate = TITLES[at % len(TITLES)]
    again = at // len(TITLES)
    if again:
        place = ("in the northern area", "at the depot", "in shared services", "in the western area")[again % 4]
        title = f"{title} {place}" + (f", site {again}" if again > 3 else "")
    likelihood, impact = 1 + (at * 7 + at // 5) % size, 1 + (at * 3 + 3 + at // 7) % size
    now = a_score(likelihood, impact, size)
    step = (0, 0, 0, 1, 0, -1, 0, 0, 0, 0, None, 0)[at % 12]
    was = None if step is None else a_score(min(max(likelihood + step, 1), size), impact, size)
    limits = KINDS[kind]
    score = now.score * 25 // (size * size)
    position = (
        "Not set" if not limits else "Within" if score <= limits[1] else "Above" if score <= limits[2] else "Beyond"
    )
    why = "" if was == now else "Three services raised it in the autumn round, so likelihood moved by one."
    return Risk(
        item=0,
        title=title,
        category=kind,
        directorate=directorate,
        owner=POSTS[directorate],
        now=now,
        inherent=a_score(min(likelihood + 1, size), impact, size),
        was=was,
        target=a_score(max(likelihood - 1, 1), max(impact - 1, 1), size),
        target_on=AS_AT + timedelta(days=90 + 17 * (at % 40)),
        position=position,
        content_to=limits[1] * size * size // 25 if limits else None,
        limit=limits[2] * size * size // 25 if limits else None,
        next_review_on=AS_AT + timedelta(days=5 + at % 80),
        why=why,
    )


def overdue(count: int, among: tuple[Risk, ...]) -> tuple[OverdueAction, ...]:
    verbs = (
        "Recruit a permanent chief internal auditor",
        "Sign the loan recovery agreement with Example Energy LLP",
        "Publish the Freeport register of interests",
        "Agree the recovery plan for high needs with schools",
        "Open four in-house homes for children",
        "Replace the two oldest servers",
        "Check fire doors in fourteen tower blocks",
        "Give the auditor the 2023/24 fixed asset papers",
    )
    made = []
    for at in range(count):
        due = AS_AT - timedelta(days=3 + (at * 37) % 210)
        earlier = [due - timedelta(days=45 * back) for back in range(at % 4, 0, -1)]
        risk = among[(at * 5) % len(among)] if among else None
        title = verbs[at % len(verbs)] + (f", stage {at // len(verbs) + 1}" if at >= len(verbs) else "")
        made.append(
            OverdueAction(
                title,
                list(POSTS.values())[at % 6],
                (*earlier, due),
                risk and risk.item,
                risk and risk.now.score,
            )
        )
    return tuple(made)


def ageing(actions: tuple[OverdueAction, ...]) -> tuple[Ageing, ...]:
    spans = (
        ("1 to 30 days", 0, 30),
        ("31 to 60 days", 30, 60),
        ("61 to 90 days", 60, 90),
        ("91 to 180 days", 90, 180),
    )
    days = [(AS_AT - action.promised_on[-1]).days for action in actions]
    rows = [Ageing(name, sum(a < d <= b for d in days), 5 + at, b > 90) for at, (name, a, b) in enumerate(spans)]
    return (*rows, Ageing("Over 180 days", sum(d > 180 for d in days), 2, is_long=True))


BODIES = (
    Body(
        "Thames Freeport",
        "Accountable Body",
        "£25.0m of seed capital and £2.3m of kept business rates pass through the council",
        "Accountable Body Lead Officer",
        date(2026, 6, 30),
        date(2025, 6, 12),
        (6,),
    ),
    Body(
        "Example Homes Limited",
        "Owner, 100%",
        "Loans of £18.4m and shares of £3.0m",
        "Chief Finance Officer",
        date(2027, 3, 15),
        date(2025, 10, 2),
        (11, 20),
    ),
    Body(
        "Example Energy LLP",
        "Partner, 40%",
        "Loans of £12.5m",
        "Chief Finance Officer",
        date(2027, 5, 20),
        date(2026, 5, 14),
        (2,),
    ),
    Body(
        "Sample Leisure Trust",
        "Funder",
        "Grant of £1.8m and a guarantee of £4.2m",
        "Assistant Director, Environment",
        date(2028, 2, 10),
        date(2026, 2, 10),
        (11,),
    ),
    Body(
        "Specimen Waste Partnership",
        "Lead authority",
        "Contract of £5.1m a year",
        "Assistant Director, Environment",
        date(2028, 7, 1),
        date(2026, 7, 1),
        (18,),
    ),
    Body(
        "Sample Regeneration Limited",
        "Owner, 51%",
        "Shares of £2.0m and a guarantee of £1.5m",
        "Monitoring Officer",
        date(2027, 1, 20),
        None,
        (),
    ),
    Body(
        "Example Learning Trust",
        "Member, one seat",
        "Grant of £0.6m",
        "Executive Director, Children’s Services",
        date(2027, 11, 4),
        date(2025, 11, 4),
        (22,),
    ),
    Body(
        "Specimen Crematorium Committee",
        "Joint committee",
        "Share of reserves, £0.4m",
        "Monitoring Officer",
        None,
        date(2025, 3, 3),
        (11,),
    ),
)

MEETING = Meeting(
    council="Demonstration Council",
    committee="Audit Committee",
    held_on=date(2026, 12, 10),
    as_at=AS_AT,
    report_of="Head of Assurance",
    last_on=LAST,
    next_on=date(2027, 2, 11),
    published_on=date(2026, 12, 2),
)


def a_pack(count: int = 84, *, size: int = 5, late: int = 40, cases: int = 10, **changes: object) -> PackData:
    """Build a signed Part 1 of a number of risks on a square matrix of a size."""
    made = risks(count, size)
    actions = overdue(late, made)
    worst = sum(risk.now.band == BANDS[-1] for risk in made)
    over = sum(risk.position == "Beyond" for risk in made)
    plain = PackData(
        meeting=MEETING,
        bands=tuple(Band(name) for name in BANDS),
        matrix=matrix(size),
        is_illustrative=True,
        sign_off=SignOff("Head of Assurance", date(2026, 12, 1), "Nine of nine checks passed."),
        figures=(
            Figure("Very high risks", str(worst), "was 21 in September"),
            Figure("Beyond appetite", str(over), "was 30 in September"),
            Figure("Actions overdue", str(late), "was 43 in September"),
            Figure("Teams tested", "87 of 92", "was 71 in September"),
        ),
        findings=Findings(
            first="Fewer risks are very high than in September, but the risks to savings "
            "and to children’s placements have grown.",
            standing=f"Very high: {worst} of {count} risks. Beyond appetite: {over}.",
            moves="Seven risks rose, seven fell and seven are new. The other 63 have not moved.",
            beyond="",
            register=f"The register holds {count} risks, {worst} of them very high.",
            actions=f"{late} actions are overdue. Most are on high or very high risks.",
            escalations="Of 16 escalations since September, 14 were answered in time "
            "and two moved up because nobody answered.",
            bodies="Of eight bodies, one has a review that is late and one has never had one.",
        ),
        decisions=(
            Ask(f"Note how the {count} risks have moved.", place="moves"),
            Ask(
                "Decide whether enough is being done about the risks beyond appetite, or ask for more.",
                place="beyond",
            ),
            Ask("Call the owner of item 4, staffing, to your meeting on 11 February 2027.", place="register"),
        ),
        questions=(
            Ask(
                "What will bring the savings risk back down by March?",
                "It rose from 16 to 20. The most the council will bear is 12.",
                "moves",
            ),
            Ask(
                "Why has staffing been very high for 25 months?",
                "The score has not moved in five reviews, and its main action is 203 days late.",
                "actions",
            ),
            Ask(
                "Can we be sure that Freeport money is used as agreed?",
                "The independent review was due in June and has not begun.",
                "bodies",
            ),
        ),
        requests=(
            Request(
                "A costed plan for every saving",
                "Plans cover £10.55m of £13.65m. The rest is due by 31 January 2027.",
                "Partly done",
            ),
            Request("Reasons for actions moved three times", "Each is explained in the paper.", "Done"),
            Request(
                "A drill in every team by December",
                "87 of 92 teams are tested; the other five are booked.",
                "Partly done",
            ),
            Request(
                "An independent review of Example Homes",
                "Reviewer appointed in November, two months late.",
                "Late",
            ),
        ),
        appetites=tuple(Appetite(kind, *(limits or ("", None, None))) for kind, limits in KINDS.items()),
        risks=made,
        departures=(
            Departure(
                "The 2026/27 budget cannot be balanced by law",
                a_score(2, min(5, size), size),
                "The budget was set and the auditor raised no concern.",
            ),
            Departure(
                "Evidence reaches the external auditor late",
                a_score(3, 4, size),
                "Same cause, same owner and same plan as item 8.",
                8,
            ),
        )
        if count
        else (),
        overdue=actions,
        ageing=ageing(actions) if actions else (),
        escalations=tuple(
            Escalation(
                made[(at * 3) % count].title,
                ("Service Manager, Waste", "Director of Place", "Chief Finance Officer")[at % 3],
                AS_AT - timedelta(days=1 + at * 2),
                "2 working days late" if at % 5 == 4 else f"{1 + at % 3} working days left",
                is_late=at % 5 == 4,
                item=made[(at * 3) % count].item,
            )
            for at in range(cases if count else 0)
        ),
        answers=(
            AnswerCount("Service manager", "3 working days", 7, 6, 1),
            AnswerCount("Director", "3 working days", 4, 4, 0),
            AnswerCount("Senior Leadership Team", "5 working days", 2, 2, 0),
            AnswerCount("Chief Finance Officer", "2 working days", 2, 2, 0),
            AnswerCount("Accountable Body Lead Officer", "2 working days", 1, 0, 1),
        )
        if cases
        else (),
        bodies=BODIES,
        glossary=tuple(Term(word, meaning) for word, meaning in TERMS),
    )
    return replace(plain, **changes)  # type: ignore[arg-type] # any field may be changed


def an_exempt_part() -> PackData:
    reasons = (
        "The council is bargaining over the price. A published floor would become the price.",
        "The information is about another’s finances and was given in confidence.",
    )
    titles = (
        "The buyer of the second bond holding withdraws",
        "Example Energy LLP asks to delay its next repayment",
    )
    return PackData(
        meeting=MEETING,
        bands=tuple(Band(name) for name in BANDS),
        matrix=matrix(),
        part=2,
        ground="Paragraph 3, Schedule 12A",
        is_illustrative=True,
        sign_off=SignOff("Head of Assurance", date(2026, 12, 1)),
        findings=Findings(
            first="Two items are private for now: publishing them would weaken the council’s hand in a sale."
        ),
        decisions=(
            Ask("Exclude the press and public while these items are discussed."),
            Ask("Note the scores, and ask that both items be published as soon as the sale is complete."),
        ),
        exemptions=tuple(
            Exemption(
                a_risk(item=at + 1, title=title, why="The only other offer is £4m lower."),
                "Paragraph 3: the financial or business affairs of a particular person.",
                reason,
                "Monitoring Officer",
                date(2026, 11, 24),
                date(2027, 2, 11),
            )
            for at, (title, reason) in enumerate(zip(titles, reasons, strict=True))
        ),
    )
