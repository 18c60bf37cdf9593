"""What the audit trail records, and how its chain is made: pure, so that anyone can check it without the system."""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum

GENESIS = bytes(32)
"""What the first seal stands on."""


class Event(StrEnum):
    """Everything that is recorded, as `subject:deed`."""

    SIGNED_IN = "account:signed_in"
    SIGNED_OUT = "account:signed_out"
    UNIT_ADDED = "unit:added"
    POST_ADDED = "post:added"
    POST_FILLED = "post:filled"
    AWAY = "person:away"
    ROLE_GRANTED = "role:granted"
    PLAN_RECORDED = "plan:recorded"
    BOARD_RECORDED = "board:recorded"
    MEETING_PLANNED = "meeting:planned"
    POLICY_ADOPTED = "policy:adopted"
    RISK_DRAFTED = "risk:drafted"
    RISK_OPENED = "risk:opened"
    RISK_REWORDED = "risk:reworded"
    RISK_SCORED = "risk:scored"
    RISK_REVIEWED = "risk:reviewed"
    RISK_CLOSED = "risk:closed"
    RISK_TAKEN_ON = "risk:taken_on"
    RISK_CLASSIFIED = "risk:classified"
    RISK_MARKED_EXEMPT = "risk:marked_exempt"
    ACTION_ADDED = "action:added"
    ACTION_UPDATED = "action:updated"
    ACTION_MOVED = "action:moved"
    ACTION_CHASED = "action:chased"
    ESCALATION_RAISED = "escalation:raised"
    ESCALATION_ACKNOWLEDGED = "escalation:acknowledged"
    ESCALATION_ACCEPTED = "escalation:accepted"
    ESCALATION_RETURNED = "escalation:returned"
    ESCALATION_PASSED_ON = "escalation:passed_on"
    ESCALATION_WITHDRAWN = "escalation:withdrawn"
    ESCALATION_EXPIRED = "escalation:expired"
    BODY_RECORDED = "body:recorded"
    BODY_REVIEWED = "body:reviewed"
    PACK_BUILT = "pack:built"
    PACK_DOWNLOADED = "pack:downloaded"
    REGISTER_EXPORTED = "register:exported"
    DEMO_LOADED = "demo:loaded"


def canonical(content: Mapping[str, object]) -> bytes:
    """Spell a payload in the one way that is hashed: sorted keys, no spaces, UTF-8; dates as ISO text."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode()


def payload_digest(salt: bytes, content: Mapping[str, object]) -> bytes:
    """Hash a payload (32 bytes) with its own salt, so that an erased one cannot be guessed from its digest."""
    return hashlib.sha256(salt + canonical(content)).digest()


def seal(previous: bytes, entry: Mapping[str, object]) -> bytes:
    """Hash an entry's outer facts and payload digest onto the seal before it (32 bytes)."""
    return hashlib.sha256(previous + hashlib.sha256(canonical(entry)).digest()).digest()
