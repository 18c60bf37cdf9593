"""What doors name beside risks: the organisation, people, and who is let in; none of it holds words of risks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Clearance, Role
from riskapp.domain.staffing import Span
from riskapp.features.access import service as access
from riskapp.features.audit import service as trail
from riskapp.features.boards import service as boards
from riskapp.features.champions import service as champions
from riskapp.features.emerging import service as emerging
from riskapp.features.imports import service as imports
from riskapp.features.leaving import service as leaving
from riskapp.features.near_misses import service as near_misses
from riskapp.models.database import transaction
from tests.authorisation.oracle_tables import Thing
from tests.builders import DAY, NOON, a_person, a_post, a_role, actor, seat
from tests.pack_builders import reference_of

if TYPE_CHECKING:
    from tests.authorisation.world import World

WHEN = {"at": NOON, "on": DAY}
UNITS = ("repairs", "parks")


def pose(world: World) -> None:
    """Pose each kind in a unit of the personas' and in another, where it belongs to one."""
    with transaction():
        _organisation(world)
        _people(world)
        _access(world)
        _life(world)


def _organisation(world: World) -> None:
    by = actor(world.people["administrator"])
    for unit in UNITS:
        world.keep(Thing("unit", unit, unit=unit), reference=reference_of(world.units[unit]))
        world.keep(Thing("post", unit, unit=unit), post_id=a_post(world.units[unit], title=f"Spare of {unit}").id)
    board = reference_of(world.committee)
    world.keep(Thing("board", "the committee"), reference=board)
    taken = boards.join(
        world.committee.id, post_id=world.posts["owner"].id, role="chair", from_on=DAY, seen=1, by=by, at=NOON
    )
    world.keep(Thing("seat", "of its chair"), reference=board, seat_id=taken.id)
    sent = imports.preview(kind="units", file_name="units.csv", data=b"no header", by=by, **WHEN)
    world.keep(Thing("file", "sent by the administrator", owner="administrator"), key=sent.key)
    world.keep(Thing("pattern", "of people"), kind="people")
    kept = trail.record(Event.POLICY_ADOPTED, by=by, at=NOON, after={"number": 4})
    world.keep(Thing("entry", "of the system"), key=kept.payload_digest.hex()[:32])


def _people(world: World) -> None:
    by = actor(world.people["head_of_assurance"])
    for unit in UNITS:
        person, post = a_person(), a_post(world.units[unit], title=f"Officer of {unit}")
        seat(person, post)
        world.keep(Thing("person", f"in {unit}", unit=unit), person_id=person.id)
        days = Span(DAY - timedelta(days=90))
        appointed = champions.appoint(a_person(), world.units[unit], days=days, by=by, at=NOON)
        world.keep(Thing("appointment", f"in {unit}", unit=unit), appointment_id=appointed.id)
    leaver, post = a_person(), a_post(world.units["parks"], title="Officer who leaves")
    seat(leaver, post)
    leaving.leave(
        leaver, gone_on=DAY + timedelta(days=30), answers={f"post-{post.id}": leaving.Answer("vacant")},
        seen=leaver.version, by=by, **WHEN,
    )  # fmt: skip
    world.keep(Thing("leaver", "in a month"), person_id=leaver.id)


def _life(world: World) -> None:
    by = actor(world.people["head_of_assurance"])
    for unit in UNITS:
        new = near_misses.NewNearMiss(f"key of {unit}", "A ladder fell", "Luck", world.units[unit].id, DAY)
        world.keep(Thing("near_miss", f"in {unit}", unit=unit), key=near_misses.tell(new, by=by, **WHEN).key)
        watcher = world.posts["owner"].id
        said = emerging.NewEmerging(f"sign of {unit}", "A new law", "It may cost more", world.units[unit].id, watcher)
        world.keep(
            Thing("emerging", f"in {unit}", unit=unit, owner="owner"), key=emerging.watch(said, by=by, **WHEN).key
        )


def _access(world: World) -> None:
    by, guest = actor(world.people["administrator"]), a_person()
    held = a_role(guest, Role.COMMITTEE, world.council)
    new = access.NewRole(guest.email, Role.CHAMPION, world.team.id, None, DAY, None, "It is vacant")
    proposal = access.propose(new, by=by, **WHEN)
    emergency = access.ask_in_emergency(reason="The copy is broken", by=by, **WHEN)
    until = DAY + timedelta(days=9)
    opened = access.NewNamedGrant(
        guest.email, reference_of(world.some_body), Clearance.ORDINARY, DAY, until, "For a review"
    )
    grant = access.let_in(opened, by=actor(world.people["proper_officer"]), **WHEN)
    world.keep(Thing("role", "of a guest"), number=held.id)
    world.keep(Thing("proposal", "of the administrator", owner="administrator"), number=proposal.id)
    world.keep(Thing("emergency", "of the administrator", owner="administrator"), number=emergency.id)
    world.keep(Thing("grant", "of a guest"), number=grant.id)
