"""The clock forgets files that were read and are of no use any more."""

from riskapp.domain.clock import Done, Job, Moment
from riskapp.features.imports import service


def forget_old_previews(moment: Moment) -> Done:
    """Delete what was kept of files, which hold addresses."""
    return Done(found=service.forget_previews(at=moment.at))


JOBS = (Job("forget_old_previews", forget_old_previews),)
