"""Marks and decisions on what is exempt, and the record of who read it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("classification", schema=None) as batch_op:
        batch_op.alter_column("paragraph", new_column_name="paragraphs", existing_type=sa.String(length=40))
        batch_op.add_column(sa.Column("number", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("state", sa.String(length=40), nullable=False, server_default="decided"))
        batch_op.add_column(sa.Column("public_interest", sa.String(), nullable=True))
        for name in ("claimed_by", "decided_by"):
            batch_op.add_column(sa.Column(f"{name}_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("claimed_by_post_id", sa.Integer(), nullable=True))
        batch_op.drop_constraint(op.f("uq_classification_entity_id_field_group_from_on"), type_="unique")
    op.execute(
        "UPDATE classification SET public_interest = CASE WHEN level IN ('exempt', 'withheld') THEN reason END, number = ("
        "SELECT count(*) FROM classification earlier WHERE earlier.entity_id = classification.entity_id"
        " AND earlier.field_group = classification.field_group AND earlier.from_on <= classification.from_on)"
    )
    with op.batch_alter_table("classification", schema=None) as batch_op:
        batch_op.alter_column("number", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("state", existing_type=sa.String(length=40), server_default=None)
        batch_op.create_unique_constraint(
            batch_op.f("uq_classification_entity_id_field_group_number"), ["entity_id", "field_group", "number"]
        )
        batch_op.create_check_constraint(batch_op.f("ck_classification_state"), "state IN ('claimed', 'decided')")
        batch_op.create_check_constraint(
            batch_op.f("ck_classification_a_mark_withholds"), "state = 'decided' OR level = 'exempt'"
        )
        for column, table in (("claimed_by_id", "person"), ("decided_by_id", "person"), ("claimed_by_post_id", "post")):
            batch_op.create_foreign_key(
                batch_op.f(f"fk_classification_{column}_{table}"), table, [column], ["id"], ondelete="RESTRICT"
            )
    op.create_table(
        "exempt_read",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("thing_id", sa.Integer(), nullable=False),
        sa.Column("field_groups", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("outlet", sa.String(length=40), nullable=False),
        sa.Column("door", sa.String(length=40), nullable=False),
        sa.Column("request_id", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_exempt_read_person_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["post.id"], name=op.f("fk_exempt_read_post_id_post"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["thing_id"], ["entity.id"], name=op.f("fk_exempt_read_thing_id_entity"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exempt_read")),
        sa.UniqueConstraint("request_id", "thing_id", "outlet", name=op.f("uq_exempt_read_request_id_thing_id_outlet")),
    )
    with op.batch_alter_table("exempt_read", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exempt_read_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_exempt_read_person_id_at"), ["person_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_exempt_read_thing_id_at"), ["thing_id", "at"], unique=False)


def downgrade():
    op.drop_table("exempt_read")
    with op.batch_alter_table("classification", schema=None) as batch_op:
        for column, table in (("claimed_by_id", "person"), ("decided_by_id", "person"), ("claimed_by_post_id", "post")):
            batch_op.drop_constraint(batch_op.f(f"fk_classification_{column}_{table}"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_classification_a_mark_withholds"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_classification_state"), type_="check")
        batch_op.drop_constraint(batch_op.f("uq_classification_entity_id_field_group_number"), type_="unique")
    op.execute(  # the older table kept one decision a day: the last one
        "DELETE FROM classification WHERE EXISTS (SELECT 1 FROM classification later"
        " WHERE later.entity_id = classification.entity_id AND later.field_group = classification.field_group"
        " AND later.from_on = classification.from_on AND later.number > classification.number)"
    )
    with op.batch_alter_table("classification", schema=None) as batch_op:
        for column in ("number", "state", "public_interest", "claimed_by_id", "decided_by_id", "claimed_by_post_id"):
            batch_op.drop_column(column)
        batch_op.alter_column("paragraphs", new_column_name="paragraph", existing_type=sa.String(length=40))
        batch_op.create_unique_constraint(
            batch_op.f("uq_classification_entity_id_field_group_from_on"), ["entity_id", "field_group", "from_on"]
        )
