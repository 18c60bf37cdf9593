"""Found a council from its files: policy, units, posts, people, plan, boards and bodies, as on the first day."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import count, cycle

from riskapp.domain.calendar import LONDON, Calendar, is_working_day, next_working_day
from riskapp.domain.permissions import Actor, Clearance, Role
from riskapp.domain.policy import read_documents
from riskapp.domain.staffing import EVERYWHERE, ROLES_OF_POSTS, Span
from riskapp.features.access import service as access
from riskapp.features.bodies import service as bodies
from riskapp.features.champions import service as champions
from riskapp.features.founding.queries import Council, Row
from riskapp.features.packs import service as packs
from riskapp.features.people import queries as people_now
from riskapp.features.people import service as people
from riskapp.features.plan import service as plan
from riskapp.features.policy import queries as policies
from riskapp.features.policy import service as policy
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.people import Person, Post, Unit
from riskapp.settings import POLICIES

BEGINNING = 500
"""Days before the given day on which the council begins: before the first risk was logged."""
OPENING_HOUR = 9

COMMITTEE_POSTS = ("audit_committee_chair", "audit_committee_member")
CHAMPION_POST = "risk_champion"
TRAINED = (35, 120, 380, 210, 290, 75, 160, 250, 20, 310, 190, 100, None, 60, 230, 410, 140, 330, 270)
"""Days before the given day on which champions were last trained, one after another; None was never trained."""
AWAY = ((3, -2, 11), (9, 0, 4), (15, 12, 25))
"""Champions who are away, by their place in the list: from and to which day."""


@dataclass
class Founded:
    """A council by the keys of its files, and its days: offsets are counted from `on`."""

    on: date
    units: dict[str, Unit] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    things: dict[str, int] = field(default_factory=dict)

    @cached_property
    def calendar(self) -> Calendar:
        """The working days and hours of the policy in force."""
        return policies.in_force(on=self.on).policy.calendar

    def day(self, offset: int) -> date:
        """Turn an offset into a working day, never one later than asked for in the past nor earlier in the future."""
        day = self.on + timedelta(days=offset)
        if offset > 0:
            return next_working_day(self.calendar, day)
        while not is_working_day(self.calendar, day):
            day -= timedelta(days=1)
        return day

    def at(self, day: date, hour: int = OPENING_HOUR, minute: int = 0) -> datetime:
        """Give the instant of a local hour."""
        return datetime.combine(day, time(hour, minute), LONDON)


def found(council: Council, *, by: Actor, on: date) -> Founded:
    """Make the council of the files as it was when it began, and give what was made by key."""
    founding = _Founding(council, by, Founded(on))
    founding.run()
    return founding.made


class _Founding:
    def __init__(self, council: Council, by: Actor, made: Founded) -> None:
        self.council, self.by, self.made, self.on = council, by, made, made.on

    def run(self) -> None:
        start = self.on - timedelta(days=BEGINNING)
        at = self.made.at(start)
        self._adopt_policies()
        self._make_organisation(at, start)
        self._make_champions(at, start)
        self._make_plan(at)
        self._make_boards(at)
        self._make_bodies(at)
        self._let_outsiders_in()
        self._ask_for_more()

    def _adopt_policies(self) -> None:
        documents = read_documents(POLICIES)
        earlier = {
            **documents,
            "policy": {**documents["policy"], "number": int(str(documents["policy"]["number"])) - 1},
        }
        begin = self.on - timedelta(days=BEGINNING)
        policy.adopt(earlier, by=self.by, at=self.made.at(begin), on=begin)
        effective = documents["policy"]["effective_from"]
        if isinstance(effective, date) and begin < effective <= self.on:
            policy.adopt(documents, by=self.by, at=self.made.at(effective), on=effective)

    def _make_organisation(self, at: datetime, start: date) -> None:
        for row in self.council.rows("unit"):
            parent = self.made.units.get(row.get("parent", ""))
            self.made.units[row["key"]] = people.add_unit(
                name=row["name"], kind=row["kind"], parent=parent, by=self.by, at=at, on=start
            )
        for row in self.council.rows("account"):
            self.made.people[row["post"]] = people.add_person(
                email=f"{row['email']}@demo.example", purpose=f"{row['label']}: {row['purpose']}"
            )
        for row in self.council.rows("post"):
            key, unit = row["key"], self.made.units[row["unit"]]
            post = people.add_post(title=row["title"], kind=row["kind"], unit=unit, by=self.by, at=at, on=start)
            self.made.posts[key] = post
            if not row.get("vacant"):
                person = self.made.people.get(key) or people.add_person(email=f"{key.replace('_', '-')}@demo.example")
                self.made.people[key] = person
                people.seat(person, post, by=self.by, at=at, on=start)
                self._give_roles(person, row, at, start)
        for row in self.council.rows("post"):
            if deputy := self.made.people.get(row.get("deputy", "")):
                people.seat(deputy, self.made.posts[row["key"]], capacity="deputy", by=self.by, at=at, on=start)

    def _give_roles(self, person: Person, row: Row, at: datetime, start: date) -> None:
        role = Role.COMMITTEE if row["key"] in COMMITTEE_POSTS else ROLES_OF_POSTS.get(row["kind"])
        if role is None:
            return
        unit = self.made.units["council"] if role in EVERYWHERE else self.made.units[row["unit"]]
        people.grant_role(person, role, unit, reason="It goes with the post.", by=self.by, at=at, on=start)

    def _make_champions(self, at: datetime, start: date) -> None:
        posts = [row for row in self.council.rows("post") if row["kind"] == CHAMPION_POST and not row.get("vacant")]
        for row, ago in zip(posts, cycle(TRAINED), strict=False):
            person, unit = self.made.people[row["key"]], self.made.units[row["unit"]]
            champions.appoint(person, unit, days=Span(start), by=self.by, at=at)
            if ago is not None:
                day = self.made.day(-ago)
                champions.record_training(
                    person, trained_on=day, note="", by=self.by, at=self.made.at(day, 16), on=self.on
                )
        for place, first, last in AWAY:
            days = (self.on + timedelta(days=first), self.on + timedelta(days=last))
            people.say_away(self.made.people[posts[place]["key"]], from_on=days[0], to_on=days[1], by=self.by, at=at)

    def _make_plan(self, at: datetime) -> None:
        def add(kind: str, key: str, position: int, title: str, text: str) -> int:
            item = plan.add_item(kind=kind, code=key, position=position, title=title, text=text, by=self.by, at=at)
            self.made.things[f"{kind}:{key}"] = item.id
            return item.id

        for position, row in enumerate(self.council.rows("direction"), start=1):
            add("direction", row["code"], position, row["title"], row["text"])
        for position, row in enumerate(self.council.rows("priority"), start=1):
            add("priority", row["key"], position, row["title"], f"Led by {row['lead']}.")
        for position, row in enumerate(self.council.rows("outcome"), start=1):
            add("outcome", row["key"], position, row["title"], row.get("text", ""))
        self._make_workstreams(at)
        for position, row in enumerate(self.council.rows("assurance"), start=1):
            approach = add("assurance", row["key"], position, row["title"], "\n".join(row["focus"]))
            for kind in ("workstream", "outcome"):
                for key in row[f"{kind}s"]:
                    plan.connect(approach, self.made.things[f"{kind}:{key}"], "tests")

    def _add_plan_item(self, kind: str, key: str, position: int, title: str, text: str, *, at: datetime) -> int:
        item = plan.add_item(kind=kind, code=key, position=position, title=title, text=text, by=self.by, at=at)
        self.made.things[f"{kind}:{key}"] = item.id
        return item.id

    def _make_workstreams(self, at: datetime) -> None:
        numbers = count(1)
        for position, row in enumerate(self.council.rows("workstream"), start=1):
            stream = self._add_plan_item("workstream", row["key"], position, row["title"], "", at=at)
            plan.connect(stream, self.made.things[f"priority:{row['priority']}"], "belongs_to")
            for goal in row["objectives"]:
                code = f"{row['key']}.{goal['key']}"
                objective = self._add_plan_item("objective", code, next(numbers), goal["text"], "", at=at)
                plan.connect(objective, stream, "belongs_to")
                for direction in goal["directions"]:
                    plan.connect(objective, self.made.things[f"direction:{direction}"], "serves")

    def _make_boards(self, at: datetime) -> None:
        boards = {}
        for row in self.council.rows("board"):
            boards[row["key"]] = packs.add_board(
                name=row["name"], led_by=row["led_by"], purpose=row["purpose"], by=self.by, at=at
            )
            self.made.things[f"board:{row['key']}"] = boards[row["key"]].id
        names = {row["key"]: row["name"] for row in self.council.rows("board")}
        for row in self.council.rows("meeting"):
            held_on = self.made.day(row["day_offset"])
            packs.plan_meeting(
                boards[row["board"]],
                name=names[row["board"]],
                held_on=held_on,
                papers_due_on=held_on - timedelta(days=row["papers_lead_days"]),
                by=self.by,
                at=at,
            )

    def _make_bodies(self, at: datetime) -> None:
        for position, row in enumerate(self.council.rows("body"), start=1):
            body = bodies.record_body(
                bodies.NewBody(
                    name=row["name"],
                    kind=row["kind"],
                    position=position,
                    purpose=row["purpose"],
                    legal_form=row["legal_form"],
                    interest=row["interest"],
                    roles=row["roles"],
                    lead_post_id=self.made.posts[row["lead"]].id,
                    started_on=date(row["started_year"], 4, 1),
                    review_every_months=row["review_every_months"],
                    next_review_on=self.made.day(row["next_review"]),
                ),
                seats=[self._seat(seat) for seat in row["appointments"]],
                money=[self._money(sum_) for sum_ in row["money"]],
                by=self.by,
                at=at,
            )
            self.made.things[f"body:{row['key']}"] = body.id
            last = row["last_review"]
            reviewer = self.made.posts.get(last["reviewer"])
            bodies.record_review(
                body,
                held_on=self.made.day(last["day"]),
                reviewer=reviewer.title if reviewer else last["reviewer"].capitalize(),
                ratings=last["headings"],
                next_on=self.made.day(row["next_review"]),
                by=self.by,
                at=self.made.at(self.made.day(last["day"])),
            )

    def _let_outsiders_in(self) -> None:
        """Give those from outside their roles until a day, and open single things to them by name."""
        council = self.made.units["council"]
        for row in self.council.rows("outsider"):
            day, until = self.made.day(row["from"]), self.made.day(row["until"])
            person, role, when = self.made.people[row["post"]], Role(row["role"]), self.made.at(day)
            people.grant_role(person, role, council, reason=row["reason"], by=self.by, at=when, on=day, until=until)
        for row in self.council.rows("opened"):
            day = self.made.day(row["from"])
            access.let_in(
                access.NewNamedGrant(
                    email=self.made.people[row["post"]].email,
                    reference=self._reference(self.made.things[f"body:{row['body']}"]),
                    clearance=Clearance.ORDINARY,
                    from_on=day,
                    to_on=self.made.day(row["until"]),
                    reason=row["reason"],
                ),
                by=self._actor(row["by"], day),
                at=self.made.at(day),
                on=day,
            )

    def _ask_for_more(self) -> None:
        """Propose roles that nobody has agreed to yet, and live through an emergency that is over."""
        for row in self.council.rows("proposal"):
            day = self.made.day(row["day"])
            access.propose(
                access.NewRole(
                    email=self.made.people[row["post"]].email,
                    role=Role(row["role"]),
                    unit_id=self.made.units[row["unit"]].id,
                    clearance=None,
                    from_on=day,
                    to_on=None,
                    reason=row["reason"],
                ),
                by=self._actor(row["by"], day),
                at=self.made.at(day),
                on=day,
            )
        for row in self.council.rows("emergency"):
            day = self.made.day(row["day"])
            by, other = self._actor(row["by"], day), self._actor(row["agreed_by"], day)
            asked = access.ask_in_emergency(reason=row["reason"], by=by, at=self.made.at(day), on=day)
            access.agree_to_emergency(asked.id, by=other, at=self.made.at(day, minute=10), on=day)
            access.end_emergency(asked.id, by=by, at=self.made.at(day, minute=50))

    def _actor(self, post: str, on: date) -> Actor:
        return people_now.actor_for(self.made.people[post].id, on=on, door=self.by.door) or self.by

    def _reference(self, entity_id: int) -> str:
        return db.session.get_one(Entity, entity_id).reference

    def _seat(self, row: Row) -> bodies.Seat:
        post = self.made.posts.get(row.get("post", ""))
        until = row.get("training_until")
        return bodies.Seat(
            seat=row["seat"],
            role=row["role"],
            post_id=post.id if post else None,
            from_on=self.on + timedelta(days=row.get("from", row.get("vacant_since", 0))),
            training_until=None if until is None else self.on + timedelta(days=until),
        )

    def _money(self, row: Row) -> bodies.Money:
        day = row.get("deadline_day")
        return bodies.Money(
            kind=row["kind"],
            awarded=row["awarded"],
            passed_on=row["passed_on"],
            deadline=row.get("deadline", ""),
            deadline_on=None if day is None else self.on + timedelta(days=day),
        )
