"""Whether a password would be guessed: by lists of those that breaches have shown, names, words and keyboard walks."""

from zxcvbn import zxcvbn
from zxcvbn.matching import RANKED_DICTIONARIES

LOOKED_AT = 72
"""The estimate takes more than twice as long for twice as many characters; so many tell enough."""
FEWEST_GUESSES = 10**10
"""The estimator's own line between what a determined guesser finds and what holds ("safely unguessable")."""


def is_guessable(password: str, context: tuple[str, ...]) -> bool:
    """Say whether a password is in the lists, or falls to so few guesses; words of the context are guessed first."""
    if password.casefold() in RANKED_DICTIONARIES["passwords"]:
        return True
    guesses = zxcvbn(password[:LOOKED_AT], user_inputs=list(context), max_length=LOOKED_AT)["guesses"]
    return bool(guesses < FEWEST_GUESSES)
