"""Reasons given to the checks of quality."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "quality_reason",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("risk_id", sa.Integer(), nullable=False),
        sa.Column("check_key", sa.String(length=40), nullable=False),
        sa.Column("inherent_id", sa.Integer(), nullable=False),
        sa.Column("current_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_post_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [f"{basis}_id"],
                ["assessment.id"],
                name=op.f(f"fk_quality_reason_{basis}_id_assessment"),
                ondelete="CASCADE",
            )
            for basis in ("inherent", "current", "target")
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["person.id"], name=op.f("fk_quality_reason_by_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["by_post_id"], ["post.id"], name=op.f("fk_quality_reason_by_post_id_post"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["risk_id"], ["risk.id"], name=op.f("fk_quality_reason_risk_id_risk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_reason")),
    )
    op.create_index(op.f("ix_quality_reason_risk_id_check_key"), "quality_reason", ["risk_id", "check_key"])


def downgrade():
    op.drop_table("quality_reason")
