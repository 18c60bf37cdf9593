"""What is shown as at a past day keeps its versions: more of a risk, an action, and when links and cases changed."""

from datetime import UTC, datetime, time

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0010"
branch_labels = None
depends_on = None

LINKS = (
    "threatens", "treats", "causes", "worsens", "shares_cause", "concerns", "belongs_to", "tests", "serves", "leads",
)  # fmt: skip
STATUSES = ("proposed", "agreed", "in_progress", "complete", "verified", "cancelled")
WORD, INSTANT = sa.String(length=40), sa.DateTime(timezone=True)
OF_A_RISK = (
    ("opened_on", sa.Date()),
    ("closed_on", sa.Date()),
    ("closed_why", sa.String()),
    ("next_review_on", sa.Date()),
)


def upgrade():
    # Columns are added in place: a table that SQLite makes anew is dropped with its dependants.
    op.add_column("risk_version", sa.Column("kind", WORD, nullable=False, server_default="threat"))
    for name, kind in OF_A_RISK:
        op.add_column("risk_version", sa.Column(name, kind, nullable=True))
    op.add_column("risk_version", sa.Column("is_whole", sa.Boolean(), nullable=False, server_default=sa.true()))
    _work_out_what_risks_were()
    _keep_actions()
    op.add_column("link", sa.Column("from_on", sa.Date(), nullable=True))
    op.create_table(
        "ended_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.CheckConstraint(f"kind IN {LINKS!r}", name=op.f("ck_ended_link_kind")),
        sa.ForeignKeyConstraint(
            ["from_id"], ["entity.id"], name=op.f("fk_ended_link_from_id_entity"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["to_id"], ["entity.id"], name=op.f("fk_ended_link_to_id_entity"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ended_link")),
    )
    for end in ("from_id", "to_id"):
        op.create_index(op.f(f"ix_ended_link_{end}_kind"), "ended_link", [end, "kind"])
    op.add_column("escalation_desk", sa.Column("acknowledge_by_at", INSTANT, nullable=True))
    op.execute("UPDATE escalation_desk SET acknowledge_by_at = due_at WHERE acknowledged_at IS NULL")
    op.add_column("escalation_event", sa.Column("reason", sa.String(), nullable=True))
    op.add_column("escalation_event", sa.Column("clause", WORD, nullable=True))
    op.execute(
        "UPDATE escalation_event SET reason = note, clause ="
        " (SELECT clause FROM escalation_case WHERE escalation_case.id = escalation_event.case_id)"
        " WHERE deed = 'raised'"
    )


def _work_out_what_risks_were():
    """Say of each version that is kept what its risk and the last review before it tell of that time."""
    op.execute(
        "UPDATE risk_version SET is_whole = false, kind = (SELECT kind FROM risk WHERE risk.id = risk_version.risk_id),"
        " opened_on = CASE WHEN status <> 'draft' THEN"
        " (SELECT opened_on FROM risk WHERE risk.id = risk_version.risk_id) END,"
        " closed_on = CASE WHEN status = 'closed' THEN"
        " (SELECT closed_on FROM risk WHERE risk.id = risk_version.risk_id) END,"
        " closed_why = CASE WHEN status = 'closed' THEN"
        " (SELECT closed_why FROM risk WHERE risk.id = risk_version.risk_id) END,"
        " next_review_on = CASE WHEN status = 'open' THEN (SELECT review.next_review_on FROM review"
        " WHERE review.risk_id = risk_version.risk_id AND review.held_on <= risk_version.valid_from"
        " ORDER BY review.held_on DESC, review.id DESC LIMIT 1) END"
    )


def _keep_actions():
    op.create_table(
        "action_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("owner_post_id", sa.Integer(), nullable=False),
        sa.Column("accountable_post_id", sa.Integer(), nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("priority", WORD, nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("first_due_on", sa.Date(), nullable=False),
        sa.Column("times_moved", sa.Integer(), nullable=False),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"status IN {STATUSES!r}", name=op.f("ck_action_version_status")),
        sa.ForeignKeyConstraint(
            ["accountable_post_id"], ["post.id"], name=op.f("fk_action_version_accountable_post_id_post"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["action_id"], ["action.id"], name=op.f("fk_action_version_action_id_action"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_post_id"], ["post.id"], name=op.f("fk_action_version_owner_post_id_post"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_version")),
        sa.UniqueConstraint("action_id", "version", name=op.f("uq_action_version_action_id_version")),
    )  # fmt: skip
    op.create_index(op.f("ix_action_version_action_id_valid_from"), "action_version", ["action_id", "valid_from"])
    _tell_again_what_was_said_of_actions()


def _tell_again_what_was_said_of_actions():
    """Make versions of what was promised and said so far: each day's last word, under the dates promised by then.

    How an action stood before anything was said of it was not kept: it was agreed, as nearly all are.
    """
    bind = op.get_bind()
    metadata = sa.MetaData()
    action, promise, said, entity, version = (
        sa.Table(name, metadata, autoload_with=bind)
        for name in ("action", "action_promise", "action_update", "entity", "action_version")
    )
    names = dict(
        bind.execute(sa.select(entity.c.id, entity.c.name).where(entity.c.id.in_(sa.select(action.c.id)))).all()
    )
    promised, told = {}, {}
    for row in bind.execute(sa.select(promise).order_by(promise.c.action_id, promise.c.number)).mappings():
        promised.setdefault(row["action_id"], []).append(row)
    for row in bind.execute(sa.select(said).order_by(said.c.action_id, said.c.said_on, said.c.id)).mappings():
        told.setdefault(row["action_id"], []).append(row)
    for row in bind.execute(sa.select(action).order_by(action.c.id)).mappings().all():
        kept = _versions_of(row, names[row["id"]], promised.get(row["id"], []), told.get(row["id"], []))
        if kept:
            bind.execute(sa.insert(version), kept)


def _versions_of(action, title, promised, told):
    days = sorted({row["promised_on"] for row in promised} | {row["said_on"] for row in told})
    kept = []
    for number, day in enumerate(days, start=1 - len(days)):
        dates = [row["due_on"] for row in promised if row["promised_on"] <= day] or [action["first_due_on"]]
        words = [row for row in told if row["said_on"] <= day]
        status = words[-1]["status"] if words else "agreed" if told else action["status"]
        is_done = status in ("complete", "verified")
        kept.append(
            {
                "action_id": action["id"], "version": action["version"] + number, "valid_from": day,
                "recorded_at": datetime.combine(day, time(12), UTC), "title": title,
                "owner_post_id": action["owner_post_id"], "accountable_post_id": action["accountable_post_id"],
                "status": status, "progress": words[-1]["progress"] if words else 0,
                "priority": action["priority"], "cost": action["cost"], "start_on": action["start_on"],
                "due_on": dates[-1], "first_due_on": dates[0], "times_moved": len(dates) - 1,
                "completed_on": action["completed_on"] if is_done else None, "is_whole": False,
            }
        )  # fmt: skip
    return kept


def downgrade():
    for column in ("clause", "reason"):
        op.drop_column("escalation_event", column)
    op.drop_column("escalation_desk", "acknowledge_by_at")
    op.drop_table("ended_link")
    op.drop_column("link", "from_on")
    op.drop_table("action_version")
    op.drop_column("risk_version", "is_whole")
    for name, _kind in reversed(OF_A_RISK):
        op.drop_column("risk_version", name)
    op.drop_column("risk_version", "kind")
