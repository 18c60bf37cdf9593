"""`python -m riskapp.scheduler`: the clock as a process of its own. Several may run; the one with the lease acts.

The schedule is code and lives in memory: APScheduler must not share a job store between processes, and what must
not happen twice is kept from it by the database and not by a timer.
"""

import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Iterable
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask

from riskapp.app import create_app
from riskapp.domain.calendar import LONDON, local_day
from riskapp.domain.clock import DAILY_AT, Job
from riskapp.features.clock import jobs as running
from riskapp.features.clock import service
from riskapp.models.database import db, transaction
from riskapp.settings import Settings
from riskapp.web import logs
from riskapp.web.clock import now

HEARTBEAT_SECONDS = 15
log = logging.getLogger("riskapp.clock")


class Clock:
    """One process's clock: it asks for the lease before it acts, and acts only with it."""

    def __init__(self, app: Flask, jobs: Iterable[Job]) -> None:
        self._app = app
        self._jobs = tuple(jobs)
        self._acting = threading.Lock()
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    def keep_lease(self) -> bool:
        """Take or renew the lease; False while another process has it."""
        with self._app.app_context(), transaction():
            return service.take_lease(self.holder, at=now())

    def do_days(self) -> int:
        """Do each day's work that is due and not done; gives the number of jobs run."""
        with self._acting, self._app.app_context():
            if not self.keep_lease():
                return 0
            count = 0
            for ran in running.catch_up(self._jobs, at=now(), now=now):
                count += 1
                log.info("a job ran", extra={"job": ran.job, "on": ran.on.isoformat(), "count": ran.done.queued})
                if not self.keep_lease():
                    log.warning("another process took the lease; stopping here")
                    break
            return count

    def do_minute(self) -> None:
        """Do what cannot wait: what ran out of time goes up, and mail leaves. Also the days that were missed."""
        self.do_days()
        with self._acting, self._app.app_context():
            if self.keep_lease():
                at = now()
                running.run_minute(self._jobs, on=local_day(at), at=at, now=now)

    def stop(self) -> None:
        """Give the lease back, so that another acts at once."""
        with self._app.app_context():
            with transaction():
                service.give_back_lease(self.holder, at=now())
            db.engine.dispose()


def scheduler_for(clock: Clock) -> BlockingScheduler:
    """Lay out the three ticks; the lease is renewed by a thread of its own, so that long work does not lose it."""
    scheduler = BlockingScheduler(
        timezone=LONDON,
        executors={"default": ThreadPoolExecutor(1), "heartbeat": ThreadPoolExecutor(1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    daily = DAILY_AT
    scheduler.add_job(clock.keep_lease, "interval", seconds=HEARTBEAT_SECONDS, executor="heartbeat", id="heartbeat")
    scheduler.add_job(clock.do_days, "cron", hour=daily.hour, minute=daily.minute, id="day")
    scheduler.add_job(clock.do_minute, "interval", minutes=1, next_run_time=now(), id="minute")
    return scheduler


def main() -> None:
    """Run until told to stop."""
    settings = Settings.from_environment(os.environ)
    logs.configure(is_demo=settings.is_demo)
    app = create_app(settings)
    clock = Clock(app, app.extensions["jobs"])
    scheduler = scheduler_for(clock)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=scheduler.shutdown, kwargs={"wait": True}).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("the clock runs")
    scheduler.start()
    clock.stop()


if __name__ == "__main__":
    main()
