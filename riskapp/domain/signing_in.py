"""How people prove who they are: what a password must be, how long wrong tries wait, how long a session lasts.

The numbers are the policy's (signing_in.toml, chapter 14).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from riskapp.domain.actors import Actor, Clearance, Role
from riskapp.domain.refusal import Cannot, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from riskapp.domain.toml_reader import Clause, Table

BY_PASSWORD = "password"  # noqa: S105 - the word that says by what somebody signed in
"""A session begun by anything else has a second factor behind it."""
LONGEST_PASSWORD = 200
SHORTEST_CONTEXT = 4
"""Words with fewer letters than this stand in too many others to be refused."""
LEAST_OF_ITS_OWN = 8
"""Letters and figures that a password has besides words of the council."""
ALWAYS_CONTEXT = ("riskapp", "password")


class CannotChoose(Cannot):
    """The password chosen is too short, too long, or one that is easily guessed."""


@dataclass(frozen=True, slots=True)
class Tries:
    """How many wrong tries are free, counted over how long."""

    free: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class SigningIn:
    """The chapter: passwords, the delay of wrong tries, the second factor, links in mail and sessions."""

    least: int
    least_with_second_factor: int
    passwords: Clause
    guessing: Clause
    account: Tries
    network: Tries
    first_wait: timedelta
    longest_wait: timedelta
    delay: Clause
    second_factor_roles: frozenset[str]
    second_factor: Clause
    recovery_codes: int
    recovery: Clause
    link_lasts: timedelta
    links_an_hour: int
    link: Clause
    idle: timedelta
    idle_of_administrators: timedelta
    longest: timedelta
    session: Clause
    proof_lasts: timedelta
    again: Clause

    def demands_second_factor(self, actor: Actor) -> bool:
        """Whether a role of the actor's asks for a second factor: by its name, or since it reads what is exempt."""
        return any(
            grant.role in self.second_factor_roles or grant.reads_up_to >= Clearance.EXEMPT for grant in actor.grants
        )

    def idle_for(self, actor: Actor) -> timedelta:
        """How long a session of the actor's lasts without use."""
        is_administrator = actor.has_role(Role.ADMINISTRATOR, Role.BROKEN_GLASS)
        return self.idle_of_administrators if is_administrator else self.idle

    def waits_until(self, tries: Tries, failures: int, last: datetime | None) -> datetime | None:
        """Say until when the next try waits after so many wrong ones; None if it need not."""
        if last is None or failures < tries.free:
            return None
        doublings = min(failures - tries.free, 20)  # further ones change nothing
        wait: timedelta = self.first_wait * 2**doublings
        return last + min(wait, self.longest_wait)


def tidy(password: str) -> str:
    """Spell a password in the one way that is hashed, so that every keyboard's ŵ is the same ŵ."""
    return unicodedata.normalize("NFC", password)


def check_password(
    password: str,
    rules: SigningIn,
    *,
    has_second_factor: bool,
    context: Iterable[str],
    is_guessable: Callable[[str, tuple[str, ...]], bool],
) -> None:
    """Refuse a password in words; `context` are names of the council and of the owner, in any spelling."""
    words = context_words(context)
    if faults := tuple(_faults(tidy(password), rules, words, is_guessable, has_second_factor=has_second_factor)):
        raise CannotChoose(*faults)


def _faults(
    password: str,
    rules: SigningIn,
    words: tuple[str, ...],
    is_guessable: Callable[[str, tuple[str, ...]], bool],
    *,
    has_second_factor: bool,
) -> Iterator[Refusal]:
    least = rules.least_with_second_factor if has_second_factor else rules.least
    if len(password) < least:
        yield Refusal("password", f"Use at least {least} characters. Three or four words that nobody would guess do")
    elif len(password) > LONGEST_PASSWORD:
        yield Refusal("password", f"Use at most {LONGEST_PASSWORD} characters")
    elif _is_made_of(password, words):
        yield Refusal("password", "Choose words that have nothing to do with the council, riskapp or your own address")
    elif is_guessable(password, words):
        yield Refusal("password", "This is easily guessed, or stands in lists of passwords. Choose other words")


def context_words(texts: Iterable[str]) -> tuple[str, ...]:
    """Take the words out of names and addresses, longest first, without those that stand in too many others."""
    found = {word for text in (*texts, *ALWAYS_CONTEXT) for word in re.findall(r"[^\W\d_]+", text.casefold())}
    return tuple(sorted((word for word in found if len(word) >= SHORTEST_CONTEXT), key=lambda word: (-len(word), word)))


def _is_made_of(password: str, words: tuple[str, ...]) -> bool:
    left = password.casefold()
    for word in words:
        left = left.replace(word, " ")
    own = [each for each in left if not each.isspace() and not unicodedata.category(each).startswith("P")]
    return len(own) < min(LEAST_OF_ITS_OWN, len(password)) and left != password.casefold()


def wait_in_words(wait: timedelta) -> str:
    """Say a wait, rounded up: "30 seconds", "2 minutes"."""
    seconds = -(-wait // timedelta(seconds=1))
    number, unit = (seconds, "second") if seconds < 60 else (-(-seconds // 60), "minute")  # noqa: PLR2004 - a minute
    return f"{number} {unit}{'' if number == 1 else 's'}"


def parse(document: Table) -> SigningIn:
    """Read signing_in.toml; faults go to the document's notes."""
    names = ("passwords", "guessing", "delay", "second_factor", "recovery", "link", "session", "again")
    passwords, guessing, delay, second, recovery, link, session, again = map(document.table, names)
    roles = second.texts("roles")
    if unknown := sorted(set(roles) - {role.value for role in Role}):
        second.fault("roles", f'expected roles, found "{unknown[0]}".')
    rules = SigningIn(
        least=passwords.integer("least", at_least=8, at_most=64),
        least_with_second_factor=passwords.integer("least_with_second_factor", at_least=8, at_most=64),
        passwords=passwords.clause(),
        guessing=guessing.clause(),
        account=Tries(
            delay.integer("account_tries", at_least=1, at_most=100),
            timedelta(hours=delay.integer("account_hours", at_least=1, at_most=168)),
        ),
        network=Tries(
            delay.integer("network_tries", at_least=1, at_most=10_000),
            timedelta(hours=delay.integer("network_hours", at_least=1, at_most=168)),
        ),
        first_wait=timedelta(seconds=delay.integer("first_wait_seconds", at_least=1, at_most=600)),
        longest_wait=timedelta(minutes=delay.integer("longest_wait_minutes", at_least=1, at_most=60)),
        delay=delay.clause(),
        second_factor_roles=frozenset(roles),
        second_factor=second.clause(),
        recovery_codes=recovery.integer("codes", at_least=1, at_most=20),
        recovery=recovery.clause(),
        link_lasts=timedelta(minutes=link.integer("minutes", at_least=5, at_most=60)),
        links_an_hour=link.integer("an_hour", at_least=1, at_most=20),
        link=link.clause(),
        idle=timedelta(minutes=session.integer("idle_minutes", at_least=5, at_most=120)),
        idle_of_administrators=timedelta(
            minutes=session.integer("idle_minutes_of_administrators", at_least=5, at_most=120)
        ),
        longest=timedelta(hours=session.integer("longest_hours", at_least=1, at_most=24)),
        session=session.clause(),
        proof_lasts=timedelta(minutes=again.integer("minutes", at_least=1, at_most=60)),
        again=again.clause(),
    )
    for table in (passwords, guessing, delay, second, recovery, link, session, again):
        table.done()
    return rules
