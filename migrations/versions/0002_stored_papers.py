"""Keep the paper that a frozen part drew, beside the snapshot it was drawn from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("pack_part", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pdf", sa.LargeBinary(), nullable=True))


def downgrade():
    with op.batch_alter_table("pack_part", schema=None) as batch_op:
        batch_op.drop_column("pdf")
