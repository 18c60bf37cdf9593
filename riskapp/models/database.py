"""The one door to the database: the base of every table, the session, and what a transaction is."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from sqlite3 import Connection as SQLiteConnection
from typing import Any, TypeVar

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, CursorResult, DateTime, Dialect, Executable, MetaData, String, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.types import TypeDecorator

Made = TypeVar("Made")
# Alembic can only alter what it can name, on SQLite above all.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """An instant: aware and UTC in Python, whatever the database keeps; a naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware instant into UTC for the database."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone: an instant is aware")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware UTC instant, also where the database forgot the zone."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Document = JSON().with_variant(JSONB(), "postgresql")
Word = String(40)


class Base(DeclarativeBase):
    """What every table stands on."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMES),
        type_annotation_map={datetime: Instant(), dict[str, Any]: Document, list[str]: Document},
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


@contextmanager
def transaction() -> Iterator[None]:
    """Keep all that happens inside, or nothing of it; doors open it, services never do."""
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def read(statement: Executable, parameters: Mapping[str, Any] | None = None) -> CursorResult[*tuple[Any, ...]]:
    """Read single columns, as the session would, without what it does for whole objects: a third of a page's reads.

    What the session holds and has not yet written is written first; a statement that names a class gives its columns.
    """
    db.session.flush()
    return db.session.connection().execute(statement, parameters)


def insert_or(table: type) -> Any:
    """Begin an insert that may say what to do on a conflict: the same words to both databases, in no standard SQL."""
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


@cache
def _newest(migrations: str) -> frozenset[str]:
    return frozenset(ScriptDirectory(migrations).get_heads())


def is_migrated(migrations: str) -> bool:
    """Say whether the database is at the newest of the migrations in a folder."""
    context = MigrationContext.configure(db.session.connection())
    return frozenset(context.get_current_heads()) == _newest(migrations)


@contextmanager
def rehearsal() -> Iterator[None]:
    """Undo all that happens inside; savepoints within it are kept from ending the transaction on SQLite."""
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN")  # its driver begins none before a savepoint, whose release then commits
    try:
        yield
    finally:
        db.session.rollback()


def once(deed: Callable[[], Made]) -> Made:
    """Keep a form sent twice at the same moment once: the slower of the two finds what the faster one made."""
    try:
        with transaction():
            return deed()
    except IntegrityError:
        with transaction():
            return deed()


@event.listens_for(Engine, "connect")
def _make_sqlite_keep_its_promises(connection: Any, _record: object) -> None:
    """Foreign keys, readers that do not block the writer, and patience with a busy file."""
    if not isinstance(connection, SQLiteConnection):
        return
    cursor = connection.cursor()
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "busy_timeout=10000", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
