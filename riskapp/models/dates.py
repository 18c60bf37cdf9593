"""Arithmetic of dates in SQL, in the words of each database."""

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class days_between(FunctionElement[int]):  # noqa: N801 - reads as the function it is
    """The whole days from one date to another: nought on the same day, negative where the second is the earlier."""

    type = Integer()
    inherit_cache = True


@compiles(days_between)
def _by_subtraction(element: days_between, compiler: SQLCompiler, **how: Any) -> str:
    first, second = element.clauses
    return f"({compiler.process(second, **how)} - {compiler.process(first, **how)})"


@compiles(days_between, "sqlite")
def _by_day_numbers(element: days_between, compiler: SQLCompiler, **how: Any) -> str:
    first, second = element.clauses
    return (
        f"CAST(julianday({compiler.process(second, **how)}) - julianday({compiler.process(first, **how)}) AS INTEGER)"
    )
