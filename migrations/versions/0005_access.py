"""Let people in by two: proposals of roles, things opened by name, and emergencies."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("role_assignment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("clearance", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("agreed_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("ended_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("ended_why", sa.String(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_role_assignment_ended_by_id_person"), "person", ["ended_by_id"], ["id"], ondelete="RESTRICT"
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_role_assignment_agreed_by_id_person"),
            "person",
            ["agreed_by_id"],
            ["id"],
            ondelete="RESTRICT",
        )
        batch_op.create_check_constraint(batch_op.f("ck_role_assignment_clearance"), "clearance BETWEEN 0 AND 2")
        batch_op.drop_constraint(batch_op.f("ck_role_assignment_dates_in_order"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_role_assignment_dates_in_order"),
            "to_on IS NULL OR to_on >= from_on OR ended_by_id IS NOT NULL",
        )

    op.create_table(
        "broken_glass",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("agreed_by_id", sa.Integer(), nullable=True),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("runs_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(agreed_at IS NULL) = (runs_out_at IS NULL)", name=op.f("ck_broken_glass_agreed_until")),
        sa.CheckConstraint("agreed_by_id <> asked_by_id", name=op.f("ck_broken_glass_two_people")),
        sa.ForeignKeyConstraint(
            ["agreed_by_id"], ["person.id"], name=op.f("fk_broken_glass_agreed_by_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["person.id"], name=op.f("fk_broken_glass_asked_by_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["person.id"], name=op.f("fk_broken_glass_ended_by_id_person"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broken_glass")),
    )
    with op.batch_alter_table("broken_glass", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_broken_glass_asked_by_id_runs_out_at"), ["asked_by_id", "runs_out_at"], unique=False
        )
        batch_op.create_index(
            "uq_broken_glass_one_undecided",
            ["asked_by_id"],
            unique=True,
            sqlite_where=sa.text("agreed_at IS NULL AND ended_at IS NULL"),
            postgresql_where=sa.text("agreed_at IS NULL AND ended_at IS NULL"),
        )

    op.create_table(
        "named_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("clearance", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("granted_by_id", sa.Integer(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name=op.f("ck_named_grant_ended_by_somebody")),
        sa.CheckConstraint("clearance BETWEEN 0 AND 2", name=op.f("ck_named_grant_clearance")),
        sa.CheckConstraint("granted_by_id <> person_id", name=op.f("ck_named_grant_never_for_oneself")),
        sa.CheckConstraint("to_on >= from_on", name=op.f("ck_named_grant_dates_in_order")),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["person.id"], name=op.f("fk_named_grant_ended_by_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entity.id"], name=op.f("fk_named_grant_entity_id_entity"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["granted_by_id"], ["person.id"], name=op.f("fk_named_grant_granted_by_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_named_grant_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_named_grant")),
    )
    with op.batch_alter_table("named_grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_named_grant_entity_id"), ["entity_id"], unique=False)
        batch_op.create_index(
            "uq_named_grant_one_from_a_day",
            ["person_id", "entity_id", "from_on"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "role_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("clearance", sa.Integer(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("assignment_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("proposed_by_id", sa.Integer(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_why", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'end') = (assignment_id IS NOT NULL)", name=op.f("ck_role_proposal_an_end_names_its_assignment")
        ),
        sa.CheckConstraint("kind IN ('give', 'end')", name=op.f("ck_role_proposal_kind")),
        sa.CheckConstraint(
            "state <> 'agreed' OR decided_by_id <> proposed_by_id", name=op.f("ck_role_proposal_two_people")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'agreed', 'refused', 'withdrawn')", name=op.f("ck_role_proposal_state")
        ),
        sa.CheckConstraint("clearance BETWEEN 0 AND 2", name=op.f("ck_role_proposal_clearance")),
        sa.CheckConstraint("to_on IS NULL OR to_on >= from_on", name=op.f("ck_role_proposal_dates_in_order")),
        sa.ForeignKeyConstraint(
            ["assignment_id"],
            ["role_assignment.id"],
            name=op.f("fk_role_proposal_assignment_id_role_assignment"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("fk_role_proposal_decided_by_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_role_proposal_person_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"], ["person.id"], name=op.f("fk_role_proposal_proposed_by_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_role_proposal_unit_id_unit"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_proposal")),
    )
    with op.batch_alter_table("role_proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_proposal_state_proposed_at"), ["state", "proposed_at"], unique=False)
        batch_op.create_index(
            "uq_role_proposal_one_waiting",
            ["person_id", "role", "unit_id", "kind"],
            unique=True,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )


def downgrade():
    with op.batch_alter_table("role_proposal", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_role_proposal_one_waiting",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index(batch_op.f("ix_role_proposal_state_proposed_at"))

    op.drop_table("role_proposal")
    with op.batch_alter_table("named_grant", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_named_grant_one_from_a_day",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_named_grant_entity_id"))

    op.drop_table("named_grant")
    with op.batch_alter_table("broken_glass", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_broken_glass_one_undecided",
            sqlite_where=sa.text("agreed_at IS NULL AND ended_at IS NULL"),
            postgresql_where=sa.text("agreed_at IS NULL AND ended_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_broken_glass_asked_by_id_runs_out_at"))

    op.drop_table("broken_glass")
    # A role that ended before its first day has no place in the older table: it then counted for that one day.
    op.execute("UPDATE role_assignment SET to_on = from_on WHERE to_on < from_on")
    with op.batch_alter_table("role_assignment", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_role_assignment_clearance"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_role_assignment_dates_in_order"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_role_assignment_dates_in_order"), "to_on IS NULL OR to_on >= from_on"
        )
        batch_op.drop_constraint(batch_op.f("fk_role_assignment_agreed_by_id_person"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_role_assignment_ended_by_id_person"), type_="foreignkey")
        batch_op.drop_column("ended_why")
        batch_op.drop_column("ended_by_id")
        batch_op.drop_column("agreed_by_id")
        batch_op.drop_column("clearance")
