"""What a provider says of app roles and of who signed out there; and the keys of second factors, encrypted.

The keys are encrypted here and not later by the clock, so that none lies in the clear once this is done and riskapp reads
one form alone. The secret key comes from where riskapp has it, the settings of the application that runs this, and is in
no database. What it was is left in freed pages and in old backups: docs/security.md says what to do about those.
"""

from base64 import urlsafe_b64encode

import sqlalchemy as sa
from alembic import op
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

FACTOR = sa.table(
    "second_factor",
    sa.column("person_id", sa.Integer),
    sa.column("key", sa.LargeBinary),
    sa.column("encrypted_key", sa.LargeBinary),
)


def upgrade():
    _encrypt_keys()
    _keep_claims()
    _keep_logouts()


def downgrade():
    op.drop_table("oidc_logout")
    op.drop_index(op.f("ix_oidc_session_sid_digest"), table_name="oidc_session")
    op.drop_column("oidc_session", "sid_digest")
    op.drop_table("oidc_claim")
    _decrypt_keys()


def _encrypt_keys():
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA secure_delete = ON")  # freed pages are written over
    op.add_column("second_factor", sa.Column("encrypted_key", sa.LargeBinary(), nullable=True))
    _rewrite("key", "encrypted_key", lambda fernet, key: fernet.encrypt(key))
    with op.batch_alter_table("second_factor") as table:
        table.alter_column("encrypted_key", existing_type=sa.LargeBinary(), nullable=False)
        table.drop_column("key")


def _decrypt_keys():
    op.add_column("second_factor", sa.Column("key", sa.LargeBinary(length=20), nullable=True))
    _rewrite("encrypted_key", "key", lambda fernet, key: fernet.decrypt(key))
    with op.batch_alter_table("second_factor") as table:
        table.alter_column("key", existing_type=sa.LargeBinary(length=20), nullable=False)
        table.drop_column("encrypted_key")


def _rewrite(old, new, change):
    bind = op.get_bind()
    for person_id, kept in bind.execute(sa.select(FACTOR.c.person_id, FACTOR.c[old])).all():
        changed = {new: change(_fernet(person_id), bytes(kept))}
        bind.execute(sa.update(FACTOR).where(FACTOR.c.person_id == person_id).values(changed))


def _fernet(person_id):
    """As riskapp/adapters/encryption.py did when this was written."""
    info = f"riskapp, second factor of person {person_id}".encode()
    secret_key = current_app.config["SECRET_KEY"].encode()
    return Fernet(urlsafe_b64encode(HKDF(SHA256(), 32, salt=None, info=info).derive(secret_key)))


def _keep_claims():
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


def _keep_logouts():
    op.add_column("oidc_session", sa.Column("sid_digest", sa.LargeBinary(length=32), nullable=True))
    op.create_index(op.f("ix_oidc_session_sid_digest"), "oidc_session", ["sid_digest"], unique=False)
    op.create_table(
        "oidc_logout",
        sa.Column("token_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sid_digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_oidc_logout")),
    )
    op.create_index(op.f("ix_oidc_logout_sid_digest"), "oidc_logout", ["sid_digest"], unique=False)
    op.create_index(op.f("ix_oidc_logout_forgotten_at"), "oidc_logout", ["forgotten_at"], unique=False)
