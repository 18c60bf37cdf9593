"""Mergers of risks."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "risk_merger",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("risk_id", sa.Integer(), nullable=False),
        sa.Column("into_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("merged_on", sa.Date(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_post_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("undone_on", sa.Date(), nullable=True),
        sa.CheckConstraint("risk_id <> into_id", name=op.f("ck_risk_merger_into_another")),
        sa.CheckConstraint("undone_on >= merged_on", name=op.f("ck_risk_merger_dates_in_order")),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"], name=op.f("fk_risk_merger_risk_id_risk"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["into_id"], ["risk.id"], name=op.f("fk_risk_merger_into_id_risk"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["by_post_id"], ["post.id"], name=op.f("fk_risk_merger_by_post_id_post"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["person.id"], name=op.f("fk_risk_merger_by_id_person"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_merger")),
    )
    stands = sa.text("undone_on IS NULL")
    op.create_index(
        "uq_risk_merger_one_stands",
        "risk_merger",
        ["risk_id"],
        unique=True,
        sqlite_where=stands,
        postgresql_where=stands,
    )
    op.create_index(op.f("ix_risk_merger_into_id"), "risk_merger", ["into_id"], unique=False)


def downgrade():
    op.drop_table("risk_merger")
