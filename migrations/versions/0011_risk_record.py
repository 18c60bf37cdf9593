"""More of a risk's record: posts with a part in it, expertise, and what goes with a score."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

POST = ["post.id"]
ASPECTS = ("confidence", "proximity", "velocity")
MONEY = "0 <= low_pounds AND low_pounds <= likely_pounds AND likely_pounds <= high_pounds"


def upgrade():
    for column in ASPECTS:
        op.add_column("assessment", sa.Column(column, sa.String(length=40), nullable=True))
    for column in ("low_pounds", "likely_pounds"):
        op.add_column("assessment", sa.Column(column, sa.BigInteger(), nullable=True))
    # In place and in SQL: a table that SQLite makes anew is dropped with its dependants.
    op.execute(f"ALTER TABLE assessment ADD COLUMN high_pounds BIGINT CONSTRAINT ck_assessment_money CHECK ({MONEY})")
    with op.batch_alter_table("risk_standing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("forecast_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_risk_standing_forecast_id_assessment"),
            "assessment",
            ["forecast_id"],
            ["id"],
            ondelete="RESTRICT",
        )
    op.create_table(
        "risk_duty",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("risk_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.CheckConstraint("duty IN ('champion', 'lead_member', 'contributor')", name=op.f("ck_risk_duty_duty")),
        sa.CheckConstraint("to_on IS NULL OR to_on >= from_on", name=op.f("ck_risk_duty_dates_in_order")),
        sa.ForeignKeyConstraint(["post_id"], POST, name=op.f("fk_risk_duty_post_id_post"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"], name=op.f("fk_risk_duty_risk_id_risk"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_duty")),
    )
    op.create_index(op.f("ix_risk_duty_post_id"), "risk_duty", ["post_id"], unique=False)
    for name, columns, where in (
        ("uq_risk_duty_once", ["risk_id", "post_id", "duty"], "to_on IS NULL"),
        ("uq_risk_duty_one_of_a_kind", ["risk_id", "duty"], "to_on IS NULL AND duty <> 'contributor'"),
    ):
        op.create_index(
            name, "risk_duty", columns, unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
    op.create_table(
        "expertise",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("risk_id", sa.Integer(), nullable=False),
        sa.Column("of_whom", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("pounds", sa.BigInteger(), nullable=True),
        sa.Column("commissioned_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("advice", sa.String(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("by_post_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("pounds >= 0", name=op.f("ck_expertise_cost")),
        sa.CheckConstraint("(advice IS NULL) = (received_on IS NULL)", name=op.f("ck_expertise_advice_has_a_day")),
        sa.CheckConstraint("received_on >= commissioned_on", name=op.f("ck_expertise_dates_in_order")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_expertise_by_id_person"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["by_post_id"], POST, name=op.f("fk_expertise_by_post_id_post"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"], name=op.f("fk_expertise_risk_id_risk"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expertise")),
    )
    op.create_index(op.f("ix_expertise_risk_id_commissioned_on"), "expertise", ["risk_id", "commissioned_on"])


def downgrade():
    op.drop_table("expertise")
    op.drop_table("risk_duty")
    with op.batch_alter_table("risk_standing", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_risk_standing_forecast_id_assessment"), type_="foreignkey")
        batch_op.drop_column("forecast_id")
    for column in ("high_pounds", "likely_pounds", "low_pounds", *reversed(ASPECTS)):
        op.drop_column("assessment", column)
