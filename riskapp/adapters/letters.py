"""What a message says, as plain text and as HTML: one pair of templates for every kind of mail.

An address in a stored message begins with SITE, which the sender turns into where people reach riskapp: what is
kept does not depend on the machine that wrote it, and no request can put a foreign host into a link.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

SITE = "{site}"
TOKEN = "{key}"  # noqa: S105 - what stands for it, and not a secret
"""Stands for the secret of a link, which is made as the message leaves and never kept."""
TEMPLATES = Path(__file__).parents[2] / "templates"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do: its reference, its name unless that is private, what is to be said of it, and its page."""

    reference: str
    name: str | None
    words: str
    path: str


@dataclass(frozen=True, slots=True)
class Group:
    """Things to do of one kind, with the clause of the policy that sends them."""

    heading: str
    clause: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """All that a message says."""

    subject: str
    lede: str
    groups: tuple[Group, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it is kept: one line of subject, plain text, HTML."""

    subject: str
    text: str
    html: str


def write(words: Words) -> Written:
    """Write a message in both forms; line breaks in the subject become spaces."""
    return Written(
        " ".join(words.subject.split())[:200],
        _templates().get_template("mail/letter.txt").render(words=words, site=SITE),
        _templates().get_template("mail/letter.html").render(words=words, site=SITE),
    )


def addressed(content: str, base_url: str) -> str:
    """Put the address of this riskapp into the links of a stored message."""
    return content.replace(SITE, base_url)


def with_key(content: str, token: str) -> str:
    """Put the secret into the link of a message that leaves."""
    return content.replace(TOKEN, token)


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
