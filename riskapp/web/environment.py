"""The environment that templates are read into."""

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment


class SharedGlobals(Environment):
    """Templates that all look names up in the same globals, since none is loaded with globals of its own.

    Where each has a chain of its own, every import of a component compares two chains name by name.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Give the environment's own globals unless there are others to add."""
        return super().make_globals(d) if d else self.globals
