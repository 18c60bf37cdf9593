"""A chain that covers place and time, signed checkpoints, erasures and verifications, and what the trail is searched by."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SEARCHED_BY = (("at", "id"), ("person_id", "at"), ("post_id", "at"), ("door", "at"), ("payload_digest",))


def upgrade():
    # The older seals covered neither place nor time, and no checkpoint ever left the database to bear witness to them:
    # the clock seals the same entries again, in the same order, by the newer rule.
    op.drop_table("audit_seal")
    op.create_table(
        "audit_seal",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("entry_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["audit_entry.id"], name=op.f("fk_audit_seal_entry_id_audit_entry"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_seal_entry_id")),
    )
    for columns in SEARCHED_BY:
        op.create_index(f"ix_audit_entry_{'_'.join(columns)}", "audit_entry", list(columns))
    op.create_table(
        "audit_database",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_database_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_database")),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_checkpoint")),
    )
    op.create_index("ix_audit_checkpoint_sequence", "audit_checkpoint", ["sequence"])
    op.create_index("ix_audit_checkpoint_at", "audit_checkpoint", ["at"])
    op.create_table(
        "audit_erasure",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("clause", sa.String(length=40), nullable=False),
        sa.Column("recorded_in_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["audit_entry.id"], name=op.f("fk_audit_erasure_entry_id_audit_entry"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["recorded_in_id"],
            ["audit_entry.id"],
            name=op.f("fk_audit_erasure_recorded_in_id_audit_entry"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_erasure")),
    )
    op.create_index("ix_audit_erasure_recorded_in_id", "audit_erasure", ["recorded_in_id"])
    op.create_table(
        "audit_verification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("witness", sa.String(), nullable=False),
        sa.Column("door", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_verification")),
    )
    op.create_index("ix_audit_verification_at", "audit_verification", ["at"])


def downgrade():
    for table in ("audit_verification", "audit_erasure", "audit_checkpoint", "audit_database", "audit_seal"):
        op.drop_table(table)
    for columns in SEARCHED_BY:
        op.drop_index(f"ix_audit_entry_{'_'.join(columns)}", "audit_entry")
    op.create_table(
        "audit_seal",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["audit_entry.id"], name=op.f("fk_audit_seal_entry_id_audit_entry"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_seal_entry_id")),
    )
