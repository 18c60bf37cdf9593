"""The door to which the sign-in provider tells, server to server, that somebody signed out there."""

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from riskapp.adapters.oidc import Provider, ProviderFailed
from riskapp.domain import logout as rules
from riskapp.domain.oidc import AnswerRefused, refused
from riskapp.domain.permissions import Permission
from riskapp.features.logout import service
from riskapp.models.database import transaction
from riskapp.web import guards, logs
from riskapp.web.clock import now

blueprint = Blueprint("logout", __name__)
NO: ResponseReturnValue = ({"error": "invalid_request"}, 400)
"""What the protocol wants said of a token that does not count, and of a logout that failed; the log names the check."""


@blueprint.post("/sign-in/council-account/signed-out")
@guards.requires(Permission.PUBLIC)
def told() -> ResponseReturnValue:
    """Take a logout token. Its signature says who sent it, so no session, cookie or form's token is asked for."""
    provider: Provider | None = current_app.extensions["oidc"]
    if provider is None:
        return NO
    known = provider.settings
    try:
        claims = provider.logout_claims(_one_token())
        said = rules.logged_out(claims, issuer=known.issuer, client_id=known.client_id, at=now())
        with transaction():
            service.log_out(said, is_entra=known.is_entra, at=now())
    except AnswerRefused as no:
        logs.warn("a logout token was refused", reason=no.what)
        return NO
    except ProviderFailed as fault:
        logs.fault("the sign-in provider failed", fault)
        return NO
    return "", 200


def _one_token() -> str:
    said = request.form.getlist("logout_token")
    if len(said) != 1:
        raise refused("logout_token")
    return said[0]
