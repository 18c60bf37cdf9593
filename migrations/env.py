"""How Alembic reaches the database: through the application, so that settings are read in one place."""

from alembic import context
from flask import current_app

from riskapp import models as _every_table  # noqa: F401 - a table that nobody imports is not compared
from riskapp.models.database import Base, Document, Instant, db
from riskapp.models.search import INDEX


def render_item(kind, item, autogenerate):
    """Write our own column types as what they are in a database, so that migrations never import riskapp."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and item is Document:
        autogenerate.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def is_compared(name, kind, _parents):
    """Leave out the index of words and what FTS5 keeps beside it: no class is mapped to them."""
    return kind != "table" or name is None or not name.startswith(INDEX)


with db.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        include_name=is_compared,
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
