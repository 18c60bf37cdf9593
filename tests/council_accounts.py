"""Council accounts to test with: a provider that riskapp knows, people linked to it, and the way there and back."""

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select

from riskapp.adapters.oidc import Provider
from riskapp.features.oidc.views import CALLBACK
from riskapp.models.audit import AuditEntry, AuditPayload
from riskapp.models.database import db, transaction
from riskapp.models.oidc import ExternalIdentity
from riskapp.settings import OidcSettings
from tests.oidc_provider import CLIENT, SECRET


def now():
    return datetime.now(UTC)


def knows(app, issuer, **changes):
    settings = OidcSettings(issuer, CLIENT, SECRET, "your council account", is_entra=False)
    app.extensions["oidc"] = Provider(replace(settings, **changes), redirect_uri=f"http://localhost{CALLBACK}")


def linked(person, provider, subject="a-subject"):
    with transaction():
        db.session.add(
            ExternalIdentity(
                person_id=person.id, issuer=provider.issuer, subject=subject, linked_at=now(), linked_by_id=person.id
            )
        )


def goes(client, provider, address=None, subject="a-subject", **claims):
    """Go to the provider from the sign-in page, or by an address, and come back."""
    address = address or client.get("/sign-in/council-account").location
    said = provider.authorise(address, subject, **claims)
    return client.get(CALLBACK, query_string=said)


def events(*kinds):
    rows = db.session.execute(
        select(AuditEntry.event, AuditPayload.content)
        .join(AuditPayload, AuditPayload.entry_id == AuditEntry.id)
        .where(AuditEntry.event.in_(kinds))
        .order_by(AuditEntry.id)
    )
    return [(event, content) for event, content in rows]
