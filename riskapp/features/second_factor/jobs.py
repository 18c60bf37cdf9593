"""The clock encrypts second factors anew after the secret key was changed."""

from flask import current_app

from riskapp.domain.clock import Done, Job, Moment
from riskapp.features.second_factor import service

LOST = "second factors cannot be decrypted: set SECRET_KEY_BEFORE to the key before, or reset them one by one"


def encrypt_second_factors_anew(moment: Moment) -> Done:
    """Encrypt by the secret key of today what the one before encrypted, so that the one before can be unset."""
    done, lost = service.encrypt_anew(cipher=current_app.extensions["cipher"], at=moment.at)
    return Done(found=done, failed=lost, detail=f"{lost} {LOST}" if lost else "")


JOBS = (Job("encrypt_second_factors_anew", encrypt_second_factors_anew),)
