"""What a spreadsheet would take for a formula, and how such words are kept from being one.

A spreadsheet runs a cell that begins with one of a few signs, in any width, also behind spaces and what is not seen.
An apostrophe in front makes it words (ASVS 1.2.10). Taking one off again gives the words as they were.
"""

import unicodedata

SIGNS = frozenset("=+-@")
BREAKS = frozenset("\t\r\n")
_UNSEEN = frozenset(("Cc", "Cf", "Zs", "Zl", "Zp"))
APOSTROPHE = "'"


def looks_like_a_formula(text: str) -> bool:
    """Say whether a spreadsheet may take a text for a formula: by its first sign that is seen, or a break before it."""
    for each in text:
        if each in BREAKS or unicodedata.normalize("NFKC", each)[:1] in SIGNS:
            return True
        if unicodedata.category(each) not in _UNSEEN:
            return False
    return False


def defused(text: str) -> str:
    """Put an apostrophe before what looks like a formula, and before what already has one before a formula."""
    return APOSTROPHE + text if looks_like_a_formula(text.lstrip(APOSTROPHE)) else text


def as_written(cell: str) -> str:
    """Give back the text from which a cell was defused."""
    is_defused = cell.startswith(APOSTROPHE) and looks_like_a_formula(cell.lstrip(APOSTROPHE))
    return cell[1:] if is_defused else cell
