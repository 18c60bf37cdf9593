"""Sign in with the accounts of a provider: whose they are, attempts, invitations, and what a provider brought."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PERSON = ["person.id"]


def upgrade():
    op.create_table(
        "external_identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("linked_by_id", sa.Integer(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["linked_by_id"], PERSON, name=op.f("fk_external_identity_linked_by_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], PERSON, name=op.f("fk_external_identity_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_external_identity_issuer_subject")),
        sa.UniqueConstraint("person_id", "issuer", name=op.f("uq_external_identity_person_id_issuer")),
    )
    op.create_table(
        "oidc_invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("runs_out_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "used_at IS NULL OR withdrawn_at IS NULL", name=op.f("ck_oidc_invitation_used_or_withdrawn")
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], PERSON, name=op.f("fk_oidc_invitation_made_by_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], PERSON, name=op.f("fk_oidc_invitation_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oidc_invitation")),
        sa.UniqueConstraint("key_digest", name=op.f("uq_oidc_invitation_key_digest")),
    )
    is_open = sa.text("used_at IS NULL AND withdrawn_at IS NULL")
    op.create_index(
        "uq_oidc_invitation_one_open",
        "oidc_invitation",
        ["person_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "oidc_flow",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("invitation_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("purpose IN ('sign_in', 'link', 'invitation')", name=op.f("ck_oidc_flow_purpose")),
        sa.CheckConstraint(
            "(purpose = 'link') = (person_id IS NOT NULL)", name=op.f("ck_oidc_flow_a_link_names_its_person")
        ),
        sa.CheckConstraint(
            "(purpose = 'invitation') = (invitation_id IS NOT NULL)", name=op.f("ck_oidc_flow_an_invitation_is_named")
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["oidc_invitation.id"],
            name=op.f("fk_oidc_flow_invitation_id_oidc_invitation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["person_id"], PERSON, name=op.f("fk_oidc_flow_person_id_person"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oidc_flow")),
        sa.UniqueConstraint("state_digest", name=op.f("uq_oidc_flow_state_digest")),
    )
    op.create_index(op.f("ix_oidc_flow_started_at"), "oidc_flow", ["started_at"])
    op.create_table(
        "oidc_session",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("acr", sa.String(), nullable=True),
        sa.Column("amr", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["web_session.id"], name=op.f("fk_oidc_session_session_id_web_session"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_oidc_session")),
    )
    op.create_table(
        "oidc_role",
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"],
            ["role_assignment.id"],
            name=op.f("fk_oidc_role_assignment_id_role_assignment"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_oidc_role")),
    )


def downgrade():
    for table in ("oidc_role", "oidc_session", "oidc_flow", "oidc_invitation", "external_identity"):
        op.drop_table(table)
