"""The clock seals what was recorded."""

from riskapp.domain.clock import Done, Job, Moment
from riskapp.features.audit import service


def seal_the_audit_trail(moment: Moment) -> Done:
    """Seal the entries written since the last time."""
    return Done(found=service.seal_entries(at=moment.at))


JOBS = (Job("seal_the_audit_trail", seal_the_audit_trail),)
