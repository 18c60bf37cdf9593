"""Challenges: a second score beside an owner's; and tolerances: a risk accepted as it is, until a day."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "challenge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("risk_id", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("likelihood", sa.Integer(), nullable=False),
        sa.Column("dimension", sa.String(length=40), nullable=False),
        sa.Column("impact", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("rating", sa.String(length=40), nullable=False),
        sa.Column("policy_version_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_post_id", sa.Integer(), nullable=True),
        sa.Column("is_named", sa.Boolean(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("went_up_on", sa.Date(), nullable=True),
        sa.Column("went_up_to_post_id", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(length=40), nullable=True),
        sa.Column("answer_why", sa.String(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_by_post_id", sa.Integer(), nullable=True),
        sa.Column("new_assessment_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("answer IS NULL OR answer IN ('agreed', 'kept')", name=op.f("ck_challenge_answer")),
        sa.CheckConstraint(
            "answer IS NULL OR (answered_on IS NOT NULL AND answer_why IS NOT NULL)",
            name=op.f("ck_challenge_answer_says_why"),
        ),
        sa.CheckConstraint("likelihood > 0 AND impact > 0 AND score > 0", name=op.f("ck_challenge_positive")),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["person.id"], name=op.f("fk_challenge_answered_by_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_post_id"],
            ["post.id"],
            name=op.f("fk_challenge_answered_by_post_id_post"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["assessment.id"],
            name=op.f("fk_challenge_assessment_id_assessment"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_challenge_by_id_person"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["by_post_id"], ["post.id"], name=op.f("fk_challenge_by_post_id_post"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["audit_entry.id"], name=op.f("fk_challenge_entry_id_audit_entry"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["new_assessment_id"],
            ["assessment.id"],
            name=op.f("fk_challenge_new_assessment_id_assessment"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["policy_version_id"],
            ["policy_version.id"],
            name=op.f("fk_challenge_policy_version_id_policy_version"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"], name=op.f("fk_challenge_risk_id_risk"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["went_up_to_post_id"], ["post.id"], name=op.f("fk_challenge_went_up_to_post_id_post"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenge")),
        sa.UniqueConstraint("key", name=op.f("uq_challenge_key")),
    )
    op.create_index("ix_challenge_answer_due_on", "challenge", ["answer", "due_on"], unique=False)
    op.create_index("ix_challenge_by_id", "challenge", ["by_id"], unique=False)
    op.create_index("ix_challenge_risk_id_raised_on", "challenge", ["risk_id", "raised_on"], unique=False)
    op.create_index(
        "uq_challenge_one_open",
        "challenge",
        ["risk_id", "by_id"],
        unique=True,
        sqlite_where=sa.text("answer IS NULL"),
        postgresql_where=sa.text("answer IS NULL"),
    )

    op.create_table(
        "tolerance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("risk_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("rating", sa.String(length=40), nullable=False),
        sa.Column("position", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("owner_unit_id", sa.Integer(), nullable=False),
        sa.Column("policy_version_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("asked_by_post_id", sa.Integer(), nullable=True),
        sa.Column("tier", sa.String(length=40), nullable=False),
        sa.Column("asked_of_post_id", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_why", sa.String(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("is_own", sa.Boolean(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_how", sa.String(length=40), nullable=True),
        sa.Column("ended_why", sa.String(), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "ended_how IS NULL OR ended_how IN ('expired', 'changed', 'withdrawn', 'replaced', 'closed')",
            name=op.f("ck_tolerance_ended_how"),
        ),
        sa.CheckConstraint(
            "state <> 'ended' OR (ended_on IS NOT NULL AND ended_how IS NOT NULL)",
            name=op.f("ck_tolerance_ended_says_how"),
        ),
        sa.CheckConstraint("state <> 'in_force' OR from_on IS NOT NULL", name=op.f("ck_tolerance_in_force_says_since")),
        sa.CheckConstraint("state IN ('asked', 'in_force', 'refused', 'ended')", name=op.f("ck_tolerance_state")),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["person.id"], name=op.f("fk_tolerance_asked_by_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_post_id"], ["post.id"], name=op.f("fk_tolerance_asked_by_post_id_post"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["asked_of_post_id"], ["post.id"], name=op.f("fk_tolerance_asked_of_post_id_post"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["assessment.id"],
            name=op.f("fk_tolerance_assessment_id_assessment"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("fk_tolerance_decided_by_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["person.id"], name=op.f("fk_tolerance_ended_by_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["owner_unit_id"], ["unit.id"], name=op.f("fk_tolerance_owner_unit_id_unit"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["policy_version_id"],
            ["policy_version.id"],
            name=op.f("fk_tolerance_policy_version_id_policy_version"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"], name=op.f("fk_tolerance_risk_id_risk"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_tolerance_unit_id_unit"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tolerance")),
    )
    op.create_index("ix_tolerance_asked_of_post_id_state", "tolerance", ["asked_of_post_id", "state"], unique=False)
    op.create_index("ix_tolerance_risk_id_asked_of_post_id", "tolerance", ["risk_id", "asked_of_post_id"], unique=False)
    op.create_index("ix_tolerance_state_expires_on", "tolerance", ["state", "expires_on"], unique=False)
    op.create_index(
        "uq_tolerance_one_asked",
        "tolerance",
        ["risk_id"],
        unique=True,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )
    op.create_index(
        "uq_tolerance_one_in_force",
        "tolerance",
        ["risk_id"],
        unique=True,
        sqlite_where=sa.text("state = 'in_force'"),
        postgresql_where=sa.text("state = 'in_force'"),
    )


def downgrade():
    op.drop_table("tolerance")
    op.drop_table("challenge")
