"""What is logged: one line of JSON for a request or an event, and no personal data; in the demonstration, plain lines.

A line holds only the fields of `FIELDS`. A message is its pattern without what was to be put in, and a fault is its
kind and the places it passed: what somebody wrote, an address or a name can be in neither. Line ends are escaped.
"""

import json
import logging
import logging.config
import sys
import time
import traceback
import uuid
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, request

log = logging.getLogger("riskapp.web")

FIELDS = (
    "request_id",
    "method",
    "route",
    "status",
    "ms",
    "actor",
    "directive",
    "reason",
    "deed",
    "job",
    "on",
    "count",
    "thing",
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OURS = "riskapp"
MOST_PLACES = 12
FIRST_ERROR, FIRST_FAULT = 400, 500


class OneLine(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Give time, level, logger, event, the fields, and the kind and places of a fault."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": _event(record),
        }
        line |= {name: record.__dict__[name] for name in FIELDS if record.__dict__.get(name) is not None}
        if record.exc_info and record.exc_info[0]:
            line["fault"] = record.exc_info[0].__qualname__
            line["places"] = places(record.exc_info[1])
        return json.dumps(line, default=lambda value: type(value).__name__)


class Plain(logging.Formatter):
    """Writes a record for the one who tries riskapp out."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the message, with the fields behind it."""
        said = " ".join(f"{name}={record.__dict__[name]}" for name in FIELDS if record.__dict__.get(name) is not None)
        return f"{super().format(record)} {said}".rstrip()


def _event(record: logging.LogRecord) -> str:
    """Our patterns are constants (tests/architecture/test_raw_calls.py); a library's may hold anything."""
    pattern = str(record.msg)
    return pattern if record.name.partition(".")[0] == OURS or record.args else f"{record.module}.{record.funcName}"


def places(fault: BaseException | None) -> list[str]:
    """Where a fault passed, the innermost last: file, line and function, and never a value."""
    frames = traceback.extract_tb(fault.__traceback__)[-MOST_PLACES:] if fault else []
    return [f"{'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno} {frame.name}" for frame in frames]


def configuration(*, is_demo: bool) -> dict[str, Any]:
    """Give the dictionary for logging.config: everything to the standard error."""
    shape: dict[str, Any] = {"()": Plain, "format": "%(asctime)s %(name)s %(message)s"} if is_demo else {"()": OneLine}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": shape},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr}},
        "root": {"level": "INFO", "handlers": ["stderr"]},
        "loggers": {
            "apscheduler": {"level": "WARNING"},
            "alembic": {"level": "WARNING"},
            "riskapp.web": {"level": "WARNING" if is_demo else "INFO"},
            "gunicorn.error": {"level": "WARNING" if is_demo else "INFO", "handlers": ["stderr"], "propagate": False},
        },
    }


def configure(*, is_demo: bool) -> None:
    """Set logging up for this process; called by what is started and never by what is imported."""
    logging.config.dictConfig(configuration(is_demo=is_demo))


def request_id() -> str:
    """Give the number of this request, which error pages, log lines and the audit trail share."""
    if "request_id" not in g:
        g.request_id = uuid.uuid4().hex[:12]
    return str(g.request_id)


def note(event: str, **fields: object) -> None:
    """Log something of this request that may matter once many of its kind are seen."""
    log.info(event, extra={"request_id": request_id(), **fields})


def warn(event: str, **fields: object) -> None:
    """Log that something in this request wants looking at."""
    log.warning(event, extra={"request_id": request_id(), **fields})


def fault(event: str, failure: BaseException) -> None:
    """Log a fault of ours, with the number that its page shows."""
    log.error(event, extra={"request_id": request_id()}, exc_info=failure)


def install(app: Flask) -> None:
    """Number each request first of all, and log it when it has been answered."""

    @app.before_request
    def _begin() -> None:
        g.pop("request_id", None)  # where one context serves several requests, each still has its own number
        request_id()
        g.began = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        fields = {
            "request_id": request_id(),
            "method": request.method if request.method in METHODS else "other",
            "route": request.url_rule.rule if request.url_rule else None,
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000),
            "actor": getattr(g.get("actor"), "person_id", None),
        }
        log.log(logging.ERROR if response.status_code >= FIRST_FAULT else logging.INFO, "request", extra=fields)
        return response
