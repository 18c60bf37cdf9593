"""Whether a password would be guessed: by lists of those that breaches have shown, names, words and keyboard walks."""

import hashlib
from pathlib import Path

from zxcvbn import zxcvbn
from zxcvbn.matching import RANKED_DICTIONARIES

LOOKED_AT = 72
"""The estimate takes more than twice as long for twice as many characters; so many tell enough."""
FEWEST_GUESSES = 10**10
"""The estimator's own line between what a determined guesser finds and what holds ("safely unguessable")."""


HASH = 40
"""Figures of a SHA-1 in hexadecimal, which is how lists of breached passwords are published."""


def is_breached(password: str, hashes: Path) -> bool:
    """Say whether a password stands in a file of SHA-1 digests in their order, one a line: by halving, at any size."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with hashes.open("rb") as file:
        low, high = 0, file.seek(0, 2)
        while low < high:
            middle = (low + high) // 2
            file.seek(max(middle - 1, 0))
            if middle:
                file.readline()  # to the beginning of the next line, unless it is one
            begins, found = file.tell(), file.readline()[:HASH].upper()
            if begins >= high or found > wanted:
                high = middle
            elif found < wanted:
                low = file.tell()
            else:
                return True
    return False


def is_guessable(password: str, context: tuple[str, ...]) -> bool:
    """Say whether a password is in the lists, or falls to so few guesses; words of the context are guessed first."""
    if password.casefold() in RANKED_DICTIONARIES["passwords"]:
        return True
    guesses = zxcvbn(password[:LOOKED_AT], user_inputs=list(context), max_length=LOOKED_AT)["guesses"]
    return bool(guesses < FEWEST_GUESSES)
