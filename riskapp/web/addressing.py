"""Addresses by the dozen: a page with hundreds of links asks the routes once for each kind of link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import url_for

if TYPE_CHECKING:
    from collections.abc import Callable

_HERE = "-the-thing-"
_UNQUOTED = "!$'()*,/:;?@"


def with_query(page: str) -> Callable[..., str]:
    """Make addresses of one page that differ in what stands behind the question mark."""
    return lambda **asked: f"{page}?{urlencode(asked, safe=_UNQUOTED)}" if asked else page


def of_each(endpoint: str, **asked: Any) -> Callable[[str], str]:
    """Make the addresses of things of one kind, which differ in the reference: no sign of it needs quoting."""
    before, after = url_for(endpoint, reference=_HERE, **asked).split(_HERE)
    return lambda reference: f"{before}{reference}{after}"
