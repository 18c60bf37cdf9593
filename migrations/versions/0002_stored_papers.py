"""Keep the paper that a frozen part drew, beside the snapshot it was drawn from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("pack_part", sa.Column("pdf", sa.LargeBinary(), nullable=True))


def downgrade():
    op.drop_column("pack_part", "pdf")
