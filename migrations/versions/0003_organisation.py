"""Keep what changing the organisation needs: versions, merged units, members of boards, and files read but not applied."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEYED = ("unit", "post", "board")


def upgrade():
    # Columns are added in place: a table that SQLite makes anew is dropped first, and its rows' dependants with it.
    for table in (*KEYED, "person"):
        op.add_column(table, sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    for table in KEYED:
        op.add_column(table, sa.Column("submission_key", sa.String(length=40), nullable=True))
        op.create_index(op.f(f"ix_{table}_submission_key"), table, ["submission_key"], unique=True)

    op.create_table(
        "merger",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("into_id", sa.Integer(), nullable=False),
        sa.Column("merged_on", sa.Date(), nullable=False),
        sa.Column("went_over", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("undone_on", sa.Date(), nullable=True),
        sa.CheckConstraint("unit_id <> into_id", name=op.f("ck_merger_not_into_itself")),
        sa.ForeignKeyConstraint(["into_id"], ["unit.id"], name=op.f("fk_merger_into_id_unit"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_merger_unit_id_unit"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merger")),
    )
    with op.batch_alter_table("merger", schema=None) as batch_op:
        batch_op.create_index(
            "uq_merger_one_in_force",
            ["unit_id"],
            unique=True,
            sqlite_where=sa.text("undone_on IS NULL"),
            postgresql_where=sa.text("undone_on IS NULL"),
        )

    op.create_table(
        "board_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.CheckConstraint("role IN ('chair', 'vice', 'member')", name=op.f("ck_board_member_role")),
        sa.CheckConstraint("to_on IS NULL OR to_on >= from_on", name=op.f("ck_board_member_dates_in_order")),
        sa.ForeignKeyConstraint(
            ["board_id"], ["board.id"], name=op.f("fk_board_member_board_id_board"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name=op.f("fk_board_member_post_id_post"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_member")),
    )
    with op.batch_alter_table("board_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_board_member_post_id"), ["post_id"], unique=False)
        batch_op.create_index(
            "uq_board_member_one_open_seat",
            ["board_id", "post_id"],
            unique=True,
            sqlite_where=sa.text("to_on IS NULL"),
            postgresql_where=sa.text("to_on IS NULL"),
        )
        batch_op.create_index(
            "uq_board_member_one_open_chair",
            ["board_id"],
            unique=True,
            sqlite_where=sa.text("role = 'chair' AND to_on IS NULL"),
            postgresql_where=sa.text("role = 'chair' AND to_on IS NULL"),
        )

    op.create_table(
        "import_preview",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('units', 'people')", name=op.f("ck_import_preview_kind")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["person.id"], name=op.f("fk_import_preview_by_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_preview")),
        sa.UniqueConstraint("key", name=op.f("uq_import_preview_key")),
    )
    with op.batch_alter_table("import_preview", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_preview_by_id_made_at"), ["by_id", "made_at"], unique=False)


def downgrade():
    op.drop_table("import_preview")
    op.drop_table("board_member")
    op.drop_table("merger")
    for table in KEYED:
        op.drop_index(op.f(f"ix_{table}_submission_key"), table_name=table)
        op.drop_column(table, "submission_key")
    for table in (*KEYED, "person"):
        op.drop_column(table, "version")
