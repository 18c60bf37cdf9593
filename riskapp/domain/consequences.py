"""What a change of the organisation means, in sentences that are said before it is done."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Touched:
    """What stands in a unit and under it, and how many people a role over a unit above it makes readers or not."""

    units: int
    posts: int
    risks: int
    actions: int
    escalations: int
    readers_lost: int
    readers_won: int


def move_means(name: str, from_: str, to: str, touched: Touched) -> list[str]:
    """Say what moving a unit does."""
    lost, won = _count(touched.readers_lost, "person", "people"), _count(touched.readers_won, "person", "people")
    return [
        f"{name} goes from {from_} to {to}. What moves: {_contents(touched, touched.units)}.",
        f"Who reads its risks by a role over a unit above it changes at once: {lost} no longer, {won} from now on.",
        *_live(touched, "they go up through the managers of the new line"),
        "You can move it back from its page.",
    ]


def merger_means(name: str, into: str, when: str, touched: Touched, *, roles: int) -> list[str]:
    """Say what merging a unit into another does; `roles` are those over it that then reach nothing."""
    nothing = f"{_count(roles, 'role')} over {name} will reach nothing: give a role over {into} to who goes on reading."
    return [
        f"{name} is closed with the date {when}.",
        f"What goes over to {into}: {_contents(touched, touched.units - 1)}.",
        "Its closed risks and its drafts go over as well.",
        f"Both managers’ posts are then in {into}. Close the one that is not needed.",
        *([nothing] if roles else []),
        *_live(touched, f"they go up through the managers of {into}"),
        "You can undo the merger from the page of the closed unit: what went over and is still there comes back.",
    ]


def _contents(touched: Touched, units: int) -> str:
    counted = ((units, "unit"), (touched.posts, "post"), (touched.risks, "open risk"), (touched.actions, "open action"))
    parts = [_count(number, noun) for number, noun in counted if number]
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part) or "nothing"


def _live(touched: Touched, words: str) -> list[str]:
    if not touched.escalations:
        return []
    return [f"{_count(touched.escalations, 'live escalation')} in it: nobody’s desk changes, and from now on {words}."]


def _count(number: int, noun: str, many: str | None = None) -> str:
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"
