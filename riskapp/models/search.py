"""The words of risks, to be searched: one row a risk, which triggers of the database itself keep in step.

SQLite keeps them as an FTS5 table with a column for each part, PostgreSQL as a tsvector with a weight for each part
(migration 0013). Neither is a table of rows that anybody writes, so no class is mapped to it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Boolean, SQLColumnExpression, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

INDEX = "risk_index"
WEIGHTS = {"reference": "A", "title": "B", "statement": "C"}


class InIndex(FunctionElement[bool]):
    """Whether a risk's words hold what is looked for, spelt for both databases; each says it in its own way."""

    inherit_cache = True
    type = Boolean()


def in_index(
    risk_id: SQLColumnExpression[int], words: Sequence[str], parts: Iterable[str], *, is_any: bool = False
) -> InIndex:
    """Tell whether every word, or any, begins a word of the parts of a risk; words hold letters and figures alone."""
    where = sorted(parts)
    fts5 = (" OR " if is_any else " AND ").join(f'"{word}"*' for word in words)
    weights = "".join(WEIGHTS[part] for part in where)
    tsquery = (" | " if is_any else " & ").join(f"'{word}':*{weights}" for word in words)
    return InIndex(risk_id, literal(f"{{{' '.join(where)}}} : ({fts5})", String), literal(tsquery, String))


@compiles(InIndex, "sqlite")
def _fts5(element: InIndex, compiler: SQLCompiler, **more: Any) -> str:
    risk_id, asked, _tsquery = (compiler.process(each, **more) for each in element.clauses)
    return f"{risk_id} IN (SELECT rowid FROM {INDEX} WHERE {INDEX} MATCH {asked})"  # noqa: S608 - our own name, and bound values


@compiles(InIndex, "postgresql")
def _tsvector(element: InIndex, compiler: SQLCompiler, **more: Any) -> str:
    risk_id, _fts5_query, asked = (compiler.process(each, **more) for each in element.clauses)
    return f"{risk_id} IN (SELECT risk_id FROM {INDEX} WHERE words @@ CAST({asked} AS tsquery))"  # noqa: S608 - the same
