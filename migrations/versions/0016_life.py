"""Mergers of risks, near misses, the watch list of emerging risks, and issues."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
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

    op.create_table(
        "near_miss",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("stopped_by", sa.String(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("risk_id", sa.Integer(), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("settled_why", sa.String(), nullable=True),
        sa.CheckConstraint("state IN ('new', 'linked', 'logged', 'left')", name=op.f("ck_near_miss_state")),
        sa.CheckConstraint(
            "state IN ('new', 'left') OR risk_id IS NOT NULL", name=op.f("ck_near_miss_linked_to_a_risk")
        ),
        sa.CheckConstraint("(state = 'new') = (settled_on IS NULL)", name=op.f("ck_near_miss_settled_on_a_day")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_near_miss_unit_id_unit"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"], name=op.f("fk_near_miss_risk_id_risk"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_near_miss")),
        sa.UniqueConstraint("key", name=op.f("uq_near_miss_key")),
    )
    op.create_index(op.f("ix_near_miss_unit_id_state"), "near_miss", ["unit_id", "state"], unique=False)
    op.create_index(op.f("ix_near_miss_risk_id"), "near_miss", ["risk_id"], unique=False)
    op.create_table(
        "emerging_risk",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("watcher_post_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("added_on", sa.Date(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("look_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("risk_id", sa.Integer(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_why", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('watched', 'promoted', 'dropped')", name=op.f("ck_emerging_risk_state")),
        sa.CheckConstraint("(state = 'watched') = (ended_on IS NULL)", name=op.f("ck_emerging_risk_ended_on_a_day")),
        sa.CheckConstraint(
            "(state = 'promoted') = (risk_id IS NOT NULL)", name=op.f("ck_emerging_risk_promoted_to_a_risk")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_emerging_risk_unit_id_unit"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["watcher_post_id"], ["post.id"], name=op.f("fk_emerging_risk_watcher_post_id_post"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["risk_id"], ["risk.id"], name=op.f("fk_emerging_risk_risk_id_risk"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emerging_risk")),
        sa.UniqueConstraint("key", name=op.f("uq_emerging_risk_key")),
    )
    for columns in (["unit_id", "state"], ["state", "look_on"], ["risk_id"]):
        op.create_index(op.f(f"ix_emerging_risk_{'_'.join(columns)}"), "emerging_risk", columns, unique=False)
    op.create_table(
        "emerging_look",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("emerging_risk_id", sa.Integer(), nullable=False),
        sa.Column("looked_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("by_post_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["emerging_risk_id"],
            ["emerging_risk.id"],
            name=op.f("fk_emerging_look_emerging_risk_id_emerging_risk"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["by_post_id"], ["post.id"], name=op.f("fk_emerging_look_by_post_id_post"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emerging_look")),
    )
    op.create_index(
        op.f("ix_emerging_look_emerging_risk_id_looked_on"),
        "emerging_look",
        ["emerging_risk_id", "looked_on"],
        unique=False,
    )

    op.create_table(
        "issue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("risk_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("owner_post_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("dimension", sa.String(length=40), nullable=False),
        sa.Column("likelihood", sa.Integer(), nullable=False),
        sa.Column("impact", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("rating", sa.String(length=40), nullable=False),
        sa.Column("position", sa.String(length=40), nullable=False),
        sa.Column("policy_version_id", sa.Integer(), nullable=False),
        sa.Column("may_recur", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_by_post_id", sa.Integer(), nullable=True),
        sa.Column("raised_by_id", sa.Integer(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closed_why", sa.String(), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.Column("held_score", sa.Integer(), nullable=True),
        sa.Column("held_rating", sa.String(length=40), nullable=True),
        sa.Column("stopped_at_post_id", sa.Integer(), nullable=True),
        sa.Column("stopped_as", sa.String(length=40), nullable=True),
        sa.Column("brief_by", sa.Date(), nullable=True),
        sa.Column("briefed_on", sa.Date(), nullable=True),
        sa.Column("briefed_whom", sa.String(), nullable=True),
        sa.Column("briefed_by_post_id", sa.Integer(), nullable=True),
        sa.Column("submission_key", sa.String(length=40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_issue_status")),
        sa.CheckConstraint("(status = 'closed') = (closed_on IS NOT NULL)", name=op.f("ck_issue_closed_on_a_day")),
        sa.CheckConstraint("likelihood > 0 AND impact > 0 AND score > 0", name=op.f("ck_issue_positive")),
        sa.CheckConstraint("registered_on IS NULL OR risk_id IS NOT NULL", name=op.f("ck_issue_registered_as_a_risk")),
        sa.CheckConstraint("(briefed_on IS NULL) = (briefed_whom IS NULL)", name=op.f("ck_issue_briefed_somebody")),
        sa.ForeignKeyConstraint(["id"], ["entity.id"], name=op.f("fk_issue_id_entity"), ondelete="CASCADE"),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_issue_{column}_{table}"), ondelete="RESTRICT"
            )
            for column, table in (
                ("risk_id", "risk"),
                ("unit_id", "unit"),
                ("owner_post_id", "post"),
                ("policy_version_id", "policy_version"),
                ("raised_by_post_id", "post"),
                ("raised_by_id", "person"),
                ("stopped_at_post_id", "post"),
                ("briefed_by_post_id", "post"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_issue_submission_key")),
    )
    for columns in (["status", "unit_id"], ["risk_id"], ["owner_post_id"], ["happened_on"]):
        op.create_index(op.f(f"ix_issue_{'_'.join(columns)}"), "issue", columns, unique=False)


def downgrade():
    op.drop_table("issue")
    op.drop_table("emerging_look")
    op.drop_table("emerging_risk")
    op.drop_table("near_miss")
    op.drop_table("risk_merger")
