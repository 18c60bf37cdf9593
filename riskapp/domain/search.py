"""What somebody looks for: the words of a text, and the parts of a risk in which a word may stand."""

import re
from collections.abc import Mapping
from types import MappingProxyType

MOST_WORDS = 8
"""More words narrow no search, and each asks the index once more."""
PARTS: Mapping[str, str | None] = MappingProxyType({"reference": None, "title": "title", "statement": "statement"})
"""The parts of the index, each with the group of fields it is in; a reference is told to whoever may read the risk."""
_WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> tuple[str, ...]:
    """Cut a text into what the index knows as words, each once, in small letters; signs part words and are none."""
    return tuple(dict.fromkeys(_WORD.findall(text.lower())))[:MOST_WORDS]
