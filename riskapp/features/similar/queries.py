"""Which risks share words with a statement, the most alike first."""

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, literal, or_, select

from riskapp.domain.permissions import Actor
from riskapp.features.readers import queries as readers
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.risks import Assessment, Risk, RiskStanding

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
    unit: str
    score: int | None
    rating: str | None
    shared: tuple[str, ...]


def telling_words(*, text: str) -> tuple[str, ...]:
    """Pick the words of a text that tell it apart: long, not common, each stem once, a plural as its singular."""
    words = (word.removesuffix("s") for word in re.findall(r"\w+", text.casefold()) if word not in COMMON)
    long = sorted(dict.fromkeys(word for word in words if len(word) >= SHORTEST), key=len)
    stems = [word for place, word in enumerate(long) if not any(word.startswith(stem) for stem in long[:place])]
    return tuple(reversed(stems[-MOST_WORDS:]))


def similar(actor: Actor, *, text: str, on: date, but: int | None = None) -> tuple[Similar, ...]:
    """List up to three risks the actor may read, drafts and open ones, that share at least two telling words."""
    words = telling_words(text=text)
    if len(words) < AT_LEAST:
        return ()
    unit = select(Entity.name).where(Entity.id == Risk.unit_id).correlate(Risk).scalar_subquery()
    seen = readers.projection(actor, on=on)
    title, event = seen.shown("title", Entity.name), seen.shown("statement", Risk.event)
    score, rating = (seen.shown("assessment", column) for column in (Assessment.score, Assessment.rating))
    mentions = [or_(title.icontains(word, autoescape=True), event.icontains(word, autoescape=True)) for word in words]
    shares = sum((case((mention, 1), else_=0) for mention in mentions), literal(0))
    rows = db.session.execute(
        seen.joined(
            select(Entity.reference, title, seen.why("title"), unit, score, rating, event)
            .select_from(Risk)
            .join(Entity, Entity.id == Risk.id)
            .join(RiskStanding, RiskStanding.risk_id == Risk.id)
            .join(Assessment, Assessment.id == RiskStanding.current_id)
        )
        .where(readers.readable(actor, on=on), Risk.status != "closed", Risk.id != (but or 0), shares >= AT_LEAST)
        .order_by(shares.desc(), title.is_(None), func.lower(title), Entity.reference)
        .limit(AT_MOST)
    )
    return tuple(
        Similar(reference, readers.told(name, why), where, points, band, _shared(words, f"{name or ''} {what or ''}"))
        for reference, name, why, where, points, band, what in rows
    )


def _shared(words: tuple[str, ...], text: str) -> tuple[str, ...]:
    return tuple(word for word in words if word in text.casefold())
