"""Conditions and an order by the words of risks, for a query that has `Risk` and what one reader's projection joins."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, case, literal, or_

from riskapp.domain.search import PARTS
from riskapp.features.readers.queries import Projection
from riskapp.models.risks import Risk
from riskapp.models.search import in_index

IN_REFERENCE, IN_TITLE = 3, 2


def matches(seen: Projection, words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Tell which risks hold every word, each at the beginning of a word that the reader sees.

    The first condition, which the index answers alone, says too much where words are withheld; the others take it back.
    """
    if not words:
        return []
    found: list[ColumnElement[bool]] = [in_index(Risk.id, words, PARTS)]
    if seen.things is None:
        return found
    return [*found, or_(seen.shows_all(), and_(*(mentions(seen, word) for word in words)))]


def mentions(seen: Projection, word: str, parts: Sequence[str] = tuple(PARTS)) -> ColumnElement[bool]:
    """Tell which risks hold a word in one of some parts that the reader sees."""
    if seen.things is None:
        return in_index(Risk.id, (word,), parts)
    return or_(*(and_(_shown(seen, part), in_index(Risk.id, (word,), (part,))) for part in parts))


def _shown(seen: Projection, part: str) -> ColumnElement[bool]:
    group = PARTS[part]
    return seen.shows(group) if group else literal(value=True)


def nearness(seen: Projection, words: Sequence[str]) -> ColumnElement[int]:
    """Say how near a risk is to some words: most where they stand in its reference, then in its title.

    It counts what the reader sees of this risk alone. A rank of the index itself weighs a word by how many risks hold
    it, those in which it is withheld among them, and so would tell of them.
    """
    scores = (
        case(
            (mentions(seen, word, ("reference",)), IN_REFERENCE), (mentions(seen, word, ("title",)), IN_TITLE), else_=1
        )
        for word in words
    )
    return sum(scores, literal(0))
