"""Which risks share words with a statement, the most alike first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, literal, or_, select

from riskapp.domain.permissions import Actor, Permission
from riskapp.features.readers import queries as readers
from riskapp.features.search import queries as search
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.risks import Assessment, Risk, RiskStanding
from riskapp.models.search import in_index

PARTS = ("title", "statement")
SHORTEST, MOST_WORDS, AT_LEAST, AT_MOST = 5, 12, 2, 3
COMMON = frozenset(
    {
        "about", "after", "again", "against", "because", "before", "being", "between", "cannot", "could", "council",
        "during", "every", "further", "longer", "other", "their", "there", "these", "those", "under", "until", "which",
        "while", "without", "would",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Similar:
    """A risk that shares words, and which; a withheld title says why, a withheld score is None."""

    reference: str
    title: str
    kind: str
    unit: str
    score: int | None
    rating: str | None
    shared: tuple[str, ...]


def telling_words(*, text: str) -> tuple[str, ...]:
    """Pick the words of a text that tell it apart: long, not common, each stem once, a plural as its singular."""
    words = (word.removesuffix("s") for word in re.findall(r"[^\W_]+", text.lower()) if word not in COMMON)
    long = sorted(dict.fromkeys(word for word in words if len(word) >= SHORTEST), key=len)
    stems = [word for place, word in enumerate(long) if not any(word.startswith(stem) for stem in long[:place])]
    return tuple(reversed(stems[-MOST_WORDS:]))


def similar(actor: Actor, *, text: str, on: date, but: int | None = None) -> tuple[Similar, ...]:
    """List up to three risks the actor may read, drafts and open ones, that share at least two telling words.

    A word is shared that begins a word of the title or of the statement, where the reader sees these.
    """
    words = telling_words(text=text)
    if len(words) < AT_LEAST:
        return ()
    seen = readers.projection(actor, on=on)
    unit = select(Entity.name).where(Entity.id == Risk.unit_id).correlate(Risk).scalar_subquery()
    score, rating = (seen.shown("assessment", column) for column in (Assessment.score, Assessment.rating))
    shared = [
        case((search.mentions(seen, word, PARTS), 1), else_=0).label(f"shares_{number}")
        for number, word in enumerate(words)
    ]
    likely = (
        seen.joined(
            select(
                Entity.reference, seen.shown("title", Entity.name).label("title"), seen.why("title").label("why"),
                Risk.kind.label("kind"), unit.label("unit"), score.label("score"), rating.label("rating"), *shared,
            )
            .select_from(Risk)
            .join(Entity, Entity.id == Risk.id)
            .join(RiskStanding, RiskStanding.risk_id == Risk.id)
            .join(Assessment, Assessment.id == RiskStanding.current_id)
        )
        .where(
            in_index(Risk.id, words, PARTS, is_any=True),
            readers.readable(actor, on=on), Risk.status != "closed", Risk.id != (but or 0),
        )
        .subquery()
    )  # fmt: skip
    shares = sum((likely.c[f"shares_{number}"] for number in range(len(words))), literal(0))
    title = likely.c.title
    rows = db.session.execute(
        select(likely)
        .where(shares >= AT_LEAST)
        .order_by(shares.desc(), title.is_(None), func.lower(title), likely.c.reference)
        .limit(AT_MOST)
    )
    return tuple(
        Similar(
            reference, readers.told(name, why), kind, where, points, band,
            tuple(word for word, is_shared in zip(words, told, strict=True) if is_shared),
        )
        for reference, name, why, kind, where, points, band, *told in rows
    )  # fmt: skip


def joinable(actor: Actor, *, references: Sequence[str], on: date) -> frozenset[str]:
    """Name those of some risks to which the actor may add an action or a score, so that joining one is worth a link."""
    if not references:
        return frozenset()
    may_add = or_(*(readers.may_do(actor, deed, on=on) for deed in (Permission.ACTION_ADD, Permission.RISK_SCORE)))
    query = select(Entity.reference).join(Risk, Risk.id == Entity.id).where(Entity.reference.in_(references), may_add)
    return frozenset(db.session.scalars(query))
