"""What proves who somebody is: second factors, recovery codes, links to choose a password; and how a session began."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def _of_person(table):
    return sa.ForeignKeyConstraint(
        ["person_id"], ["person.id"], name=op.f(f"fk_{table}_person_id_person"), ondelete="CASCADE"
    )


def upgrade():
    op.add_column("web_session", sa.Column("by_what", sa.String(length=40), nullable=True))
    op.add_column("web_session", sa.Column("proved_at", INSTANT, nullable=True))
    op.add_column("web_session", sa.Column("browser", sa.String(), nullable=True))
    op.add_column("sign_in_failure", sa.Column("network", sa.String(length=40), nullable=True))
    op.create_index(op.f("ix_sign_in_failure_network_at"), "sign_in_failure", ["network", "at"], unique=False)
    op.create_table(
        "second_factor",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.LargeBinary(length=20), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        _of_person("second_factor"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        _of_person("recovery_code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("digest", name=op.f("uq_recovery_code_digest")),
    )
    op.create_index(op.f("ix_recovery_code_person_id"), "recovery_code", ["person_id"], unique=False)
    op.create_table(
        "password_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("network", sa.String(length=40), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_request")),
    )
    op.create_index(op.f("ix_password_request_at"), "password_request", ["at"], unique=False)
    op.create_table(
        "password_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("token_digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("runs_out_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        _of_person("password_link"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_password_link_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_link")),
        sa.UniqueConstraint("message_id", name=op.f("uq_password_link_message_id")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_password_link_token_digest")),
    )
    op.create_index(op.f("ix_password_link_person_id"), "password_link", ["person_id"], unique=False)


def downgrade():
    for table in ("password_link", "password_request", "recovery_code", "second_factor"):
        op.drop_table(table)
    op.drop_index(op.f("ix_sign_in_failure_network_at"), table_name="sign_in_failure")
    op.drop_column("sign_in_failure", "network")
    for column in ("browser", "proved_at", "by_what"):
        op.drop_column("web_session", column)
