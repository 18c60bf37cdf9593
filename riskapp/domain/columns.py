"""The columns of a register: what each is called on a page and in a file, and how it is put in order."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its label, its heads in a file, and the words of its order either way.

    One with a `place` is drawn in the cell of another column where that is shown too, since the two are read together.
    """

    key: str
    label: str
    orders: tuple[str, str]
    heads: tuple[str, ...] = ()
    is_usual: bool = False
    is_down_first: bool = False
    place: str = ""

    @property
    def file_heads(self) -> tuple[str, ...]:
        """What heads it in a file: its label, where it is one column there."""
        return self.heads or (self.label,)


def _score(key: str, *, label: str = "") -> Column:
    name = label or key.capitalize()
    orders = (f"lowest {name.lower()} score first", f"highest {name.lower()} score first")
    return Column(key, name, orders, (f"{name} score", f"{name} band"), is_usual=True, is_down_first=True)


def _by(name: str) -> tuple[str, str]:
    return f"by {name}", f"by {name} from the end"


FIXED = "title"
"""The column that is always there: it names the risk, with its reference."""
COLUMNS: Mapping[str, Column] = MappingProxyType(
    {
        column.key: column
        for column in (
            Column(FIXED, "Risk", _by("title"), ("Reference", "Title"), is_usual=True),
            Column("category", "Category", _by("category"), is_usual=True, place=FIXED),
            Column("unit", "Unit", _by("unit"), is_usual=True, place=FIXED),
            Column("status", "Status", _by("status"), is_usual=True, place=FIXED),
            Column("escalation", "Escalated to", _by("whom it is escalated to"), is_usual=True, place=FIXED),
            Column("event", "Event", _by("event")),
            Column("kind", "Threat or opportunity", _by("threat or opportunity")),
            Column("owner", "Owner", _by("owner"), is_usual=True),
            Column("champion", "Champion", _by("champion")),
            Column("lead_member", "Lead Member", _by("lead Member")),
            _score("inherent"),
            _score("current"),
            Column(
                "travel",
                "Since the Audit Committee",
                ("fell most first", "rose most first"),
                is_usual=True,
                is_down_first=True,
                place="current",
            ),
            Column("likelihood", "Likelihood", ("least likely first", "most likely first"), is_down_first=True),
            Column("impact", "Impact", ("mildest impact first", "worst impact first"), is_down_first=True),
            Column("confidence", "Confidence", ("least sure first", "surest first")),
            Column("proximity", "Proximity", ("furthest first", "nearest first"), is_down_first=True),
            Column("velocity", "Velocity", ("slowest first", "fastest first"), is_down_first=True),
            Column("money", "Likely cost or gain", ("least money first", "most money first"), is_down_first=True),
            _score("target"),
            Column("target_by", "Target by", ("earliest target day first", "latest target day first")),
            Column(
                "appetite",
                "Against appetite",
                ("within appetite first", "beyond tolerable first"),
                is_usual=True,
                is_down_first=True,
            ),
            Column("treatment", "Treatment", _by("treatment")),
            Column(
                "actions",
                "Actions",
                ("fewest late actions first", "most late actions first"),
                ("Open actions", "Late actions"),
                is_down_first=True,
            ),
            Column("review", "Next review", ("earliest review first", "latest review first"), is_usual=True),
            Column("reviewed", "Last reviewed", ("reviewed longest ago first", "reviewed last first")),
            Column("drafted", "Drafted", ("drafted longest ago first", "drafted last first"), is_down_first=True),
            Column("opened", "Opened", ("opened longest ago first", "opened last first"), is_down_first=True),
            Column("closed", "Closed", ("closed longest ago first", "closed last first"), is_down_first=True),
        )
    }
)
DAYS = ("target_by", "review", "reviewed", "drafted", "opened", "closed")
"""The columns that are days: each is narrowed by a first and a last one."""
ADDRESS = frozenset(
    {
        "register", "unit", "below", "item", "body", "q", "band", "inherent", "target", "category", "kind", "owner",
        "status", "appetite", "travel", "likelihood", "impact", "treatment", "escalation", "actions", "columns", "sort",
        "size", "champion", "lead_member", "confidence", "proximity", "velocity", "money_from", "money_to",
    }
) | {f"{key}_{end}" for key in DAYS for end in ("from", "to")}  # fmt: skip
"""What the address of a register can say, but for its page: all of it that a saved view keeps."""
USUAL = tuple(key for key, column in COLUMNS.items() if column.is_usual)
NEAREST = ("least near first", "nearest to the words first")
"""The order of a search by how near a risk is to its words, which is no column."""


def chosen(keys: Iterable[str]) -> tuple[str, ...]:
    """Put some columns in their usual order; the one that names the risk is always among them."""
    wanted = {FIXED, *keys}
    return tuple(key for key in COLUMNS if key in wanted)


def heads(keys: Iterable[str]) -> tuple[str, ...]:
    """List the heads of a file with some columns."""
    return tuple(head for key in keys for head in COLUMNS[key].file_heads)
