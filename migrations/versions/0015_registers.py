# ruff: noqa: S608 - statements are put together from our own names alone
"""The words of risks to be searched, views of registers with a name, and what was done to many risks at once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~£€¢§¶©®°±·×÷–—‘’“”…•«»"
"""What parts words; a space stands for each, so that both databases find the same words in a text."""


def _said_sqlite(risk_id: str) -> str:
    """The statement of a risk, whose event is at hand as `event`."""
    texts = (
        f"coalesce((SELECT group_concat(text, ' ') FROM {table} WHERE risk_id = {risk_id}), '')"
        for table in ("risk_cause", "risk_consequence")
    )
    return " || ' ' || ".join(("event", *texts))


def _of_the_statement(risk_id: str) -> str:
    return (
        f"UPDATE risk_index SET statement = (SELECT {_said_sqlite('risk.id')} FROM risk WHERE risk.id = {risk_id})"
        f" WHERE rowid = {risk_id};"
    )


SQLITE_TRIGGERS = {
    "risk_index_risk_new": "AFTER INSERT ON risk BEGIN INSERT INTO risk_index (rowid, reference, title, statement)"
    f" SELECT risk.id, entity.reference, entity.name, {_said_sqlite('risk.id')} FROM risk"
    " JOIN entity ON entity.id = risk.id WHERE risk.id = new.id; END",
    "risk_index_risk_gone": "AFTER DELETE ON risk BEGIN DELETE FROM risk_index WHERE rowid = old.id; END",
    "risk_index_risk_event": f"AFTER UPDATE OF event ON risk BEGIN {_of_the_statement('new.id')} END",
    "risk_index_entity": "AFTER UPDATE OF name, reference ON entity WHEN new.kind = 'risk' BEGIN"
    " UPDATE risk_index SET reference = new.reference, title = new.name WHERE rowid = new.id; END",
    **{
        f"risk_index_{table}_{what}": f"AFTER {what.upper()} ON risk_{table} BEGIN {changed} END"
        for table in ("cause", "consequence")
        for what, changed in (
            ("insert", _of_the_statement("new.risk_id")),
            ("update", _of_the_statement("old.risk_id") + _of_the_statement("new.risk_id")),
            ("delete", _of_the_statement("old.risk_id")),
        )
    },
}

POSTGRESQL = f"""
CREATE TABLE risk_index (
    risk_id integer CONSTRAINT pk_risk_index PRIMARY KEY
        CONSTRAINT fk_risk_index_risk_id_risk REFERENCES risk (id) ON DELETE CASCADE,
    words tsvector NOT NULL
);
CREATE INDEX ix_risk_index_words ON risk_index USING gin (words);
CREATE FUNCTION risk_index_words(said text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $body$
    SELECT to_tsvector('pg_catalog.simple', translate(said, {"$signs$" + SIGNS + "$signs$"}, repeat(' ', {len(SIGNS)})))
$body$;
CREATE FUNCTION risk_index_keep(about integer) RETURNS void LANGUAGE sql AS $body$
    INSERT INTO risk_index (risk_id, words)
    SELECT risk.id,
        setweight(risk_index_words(entity.reference), 'A') || setweight(risk_index_words(entity.name), 'B')
        || setweight(risk_index_words(concat_ws(' ', risk.event,
            (SELECT string_agg(text, ' ') FROM risk_cause WHERE risk_id = risk.id),
            (SELECT string_agg(text, ' ') FROM risk_consequence WHERE risk_id = risk.id))), 'C')
    FROM risk JOIN entity ON entity.id = risk.id WHERE risk.id = about
    ON CONFLICT (risk_id) DO UPDATE SET words = excluded.words
$body$;
CREATE FUNCTION risk_index_of_a_risk() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN PERFORM risk_index_keep(new.id); RETURN NULL; END
$body$;
CREATE FUNCTION risk_index_of_a_text() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP <> 'INSERT' THEN PERFORM risk_index_keep(old.risk_id); END IF;
    IF TG_OP <> 'DELETE' THEN PERFORM risk_index_keep(new.risk_id); END IF;
    RETURN NULL;
END
$body$;
CREATE TRIGGER risk_index_risk AFTER INSERT OR UPDATE OF event ON risk
    FOR EACH ROW EXECUTE FUNCTION risk_index_of_a_risk();
CREATE TRIGGER risk_index_entity AFTER UPDATE OF name, reference ON entity
    FOR EACH ROW WHEN (new.kind = 'risk') EXECUTE FUNCTION risk_index_of_a_risk();
CREATE TRIGGER risk_index_cause AFTER INSERT OR UPDATE OR DELETE ON risk_cause
    FOR EACH ROW EXECUTE FUNCTION risk_index_of_a_text();
CREATE TRIGGER risk_index_consequence AFTER INSERT OR UPDATE OR DELETE ON risk_consequence
    FOR EACH ROW EXECUTE FUNCTION risk_index_of_a_text();
SELECT risk_index_keep(id) FROM risk;
"""


def _run(statement: str) -> None:
    """Run a statement as it stands: nothing in it is a parameter."""
    op.get_bind().exec_driver_sql(statement)


def _json(name):
    return sa.Column(name, sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False)


def _points(table, column, to, ondelete):
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"), ondelete=ondelete)


def _saved_views():
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        _json("address"),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("by_post_id", sa.Integer(), nullable=True),
        sa.Column("shared_with_id", sa.Integer(), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _points("saved_view", "owner_id", "person", "CASCADE"),
        _points("saved_view", "by_post_id", "post", "RESTRICT"),
        _points("saved_view", "shared_with_id", "unit", "RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_saved_view_owner_id_name")),
    )
    op.create_index(op.f("ix_saved_view_shared_with_id"), "saved_view", ["shared_with_id"], unique=False)
    op.create_table(
        "default_view",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("view_id", sa.Integer(), nullable=False),
        _points("default_view", "person_id", "person", "CASCADE"),
        _points("default_view", "view_id", "saved_view", "CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_default_view")),
    )
    op.create_index(op.f("ix_default_view_view_id"), "default_view", ["view_id"], unique=False)


def _batches():
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("deed", sa.String(length=40), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_post_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undo_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("deed IN ('reassign', 'move', 'review', 'chase')", name=op.f("ck_batch_deed")),
        _points("batch", "by_id", "person", "RESTRICT"),
        _points("batch", "by_post_id", "post", "RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("key", name=op.f("uq_batch_key")),
    )
    op.create_index(op.f("ix_batch_by_id_at"), "batch", ["by_id", "at"], unique=False)
    op.create_table(
        "batch_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("risk_id", sa.Integer(), nullable=False),
        _json("kept"),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("state_why", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('done', 'undone', 'kept')", name=op.f("ck_batch_line_state")),
        _points("batch_line", "batch_id", "batch", "CASCADE"),
        _points("batch_line", "risk_id", "risk", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_line")),
        sa.UniqueConstraint("batch_id", "risk_id", name=op.f("uq_batch_line_batch_id_risk_id")),
    )
    op.create_index(op.f("ix_batch_line_risk_id"), "batch_line", ["risk_id"], unique=False)


def upgrade():
    _saved_views()
    _batches()
    if op.get_bind().dialect.name == "postgresql":
        _run(POSTGRESQL.replace("%", "%%"))
    else:
        _run(
            "CREATE VIRTUAL TABLE risk_index USING fts5(reference, title, statement,"
            " tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3 4')"
        )
        _run(
            "INSERT INTO risk_index (rowid, reference, title, statement) SELECT risk.id, entity.reference, entity.name,"
            f" {_said_sqlite('risk.id')} FROM risk JOIN entity ON entity.id = risk.id"
        )
        for name, what in SQLITE_TRIGGERS.items():
            _run(f"CREATE TRIGGER {name} {what}")


def downgrade():
    if op.get_bind().dialect.name == "postgresql":
        for name, table in (
            ("risk", "risk"),
            ("entity", "entity"),
            ("cause", "risk_cause"),
            ("consequence", "risk_consequence"),
        ):
            _run(f"DROP TRIGGER risk_index_{name} ON {table}")
        for name in ("of_a_risk()", "of_a_text()", "keep(integer)", "words(text)"):
            _run(f"DROP FUNCTION risk_index_{name}")
    else:
        for name in SQLITE_TRIGGERS:
            _run(f"DROP TRIGGER {name}")
    _run("DROP TABLE risk_index")
    for table in ("batch_line", "batch", "default_view", "saved_view"):
        op.drop_table(table)
