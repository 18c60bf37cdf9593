"""What a provider says of somebody's app roles."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "oidc_claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column("app_role", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome IN ('brings', 'no_line', 'no_unit')", name=op.f("ck_oidc_claim_outcome")),
        sa.ForeignKeyConstraint(
            ["identity_id"],
            ["external_identity.id"],
            name=op.f("fk_oidc_claim_identity_id_external_identity"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oidc_claim")),
        sa.UniqueConstraint("identity_id", "app_role", name=op.f("uq_oidc_claim_identity_id_app_role")),
    )


def downgrade():
    op.drop_table("oidc_claim")
