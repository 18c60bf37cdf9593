"""What the audit trail records, and how its chain is made: pure, so that anyone can check it without the system."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

GENESIS = bytes(32)
"""What the first seal stands on."""


class Event(StrEnum):
    """Everything that is recorded, as `subject:deed`."""

    SIGNED_IN = "account:signed_in"
    SIGNED_OUT = "account:signed_out"
    SESSIONS_ENDED = "account:sessions_ended"
    PASSWORD_CHOSEN = "account:password_chosen"  # noqa: S105 - the name of a deed
    PASSWORD_LINK_SENT = "account:password_link_sent"  # noqa: S105 - the name of a deed
    SECOND_FACTOR_SET = "account:second_factor_set"
    SECOND_FACTOR_REMOVED = "account:second_factor_removed"
    SECOND_FACTOR_RESET = "account:second_factor_reset"
    RECOVERY_CODES_MADE = "account:recovery_codes_made"
    RECOVERY_CODE_USED = "account:recovery_code_used"
    ACCOUNT_LINKED = "account:linked"
    ACCOUNT_UNLINKED = "account:unlinked"
    ACCOUNT_INVITED = "account:invited"
    ACCOUNT_INVITATION_WITHDRAWN = "account:invitation_withdrawn"
    APP_ROLE_UNKNOWN = "account:app_role_unknown"
    UNIT_ADDED = "unit:added"
    UNIT_RENAMED = "unit:renamed"
    UNIT_MOVED = "unit:moved"
    UNIT_MERGED = "unit:merged"
    UNIT_TOOK_OVER = "unit:took_over"
    UNIT_PARTED = "unit:parted"
    UNIT_CLOSED = "unit:closed"
    UNIT_REOPENED = "unit:reopened"
    UNIT_REDATED = "unit:redated"
    POST_ADDED = "post:added"
    POST_RENAMED = "post:renamed"
    POST_CLOSED = "post:closed"
    POST_REOPENED = "post:reopened"
    POST_FILLED = "post:filled"
    POST_LEFT = "post:left"
    PERSON_ADDED = "person:added"
    PERSON_MOVED = "person:moved"
    PERSON_LEAVES = "person:leaves"
    PERSON_LEFT = "person:left"
    PERSON_REINSTATED = "person:reinstated"
    AWAY = "person:away"
    BACK = "person:back"
    ROLE_GRANTED = "role:granted"
    ROLE_ENDED = "role:ended"
    CHAMPION_APPOINTED = "champion:appointed"
    CHAMPION_ENDED = "champion:ended"
    CHAMPION_TRAINED = "champion:trained"
    ROLE_PROPOSED = "role:proposed"
    ROLE_REFUSED = "role:refused"
    ROLE_WITHDRAWN = "role:withdrawn"
    NAMED_GRANT_GIVEN = "named_grant:given"
    NAMED_GRANT_ENDED = "named_grant:ended"
    GLASS_ASKED = "glass:asked"
    GLASS_AGREED = "glass:agreed"
    GLASS_REFUSED = "glass:refused"
    GLASS_ENDED = "glass:ended"
    GLASS_READ = "glass:read"
    PLAN_RECORDED = "plan:recorded"
    BOARD_RECORDED = "board:recorded"
    BOARD_CHANGED = "board:changed"
    BOARD_JOINED = "board:joined"
    BOARD_LEFT = "board:left"
    MEETING_PLANNED = "meeting:planned"
    POLICY_ADOPTED = "policy:adopted"
    RISK_DRAFTED = "risk:drafted"
    RISK_OPENED = "risk:opened"
    RISK_REWORDED = "risk:reworded"
    EXPERTISE_COMMISSIONED = "risk:expertise_commissioned"
    EXPERTISE_RECEIVED = "risk:expertise_received"
    RISK_EXPLAINED = "risk:explained"
    RISK_SCORED = "risk:scored"
    RISK_REVIEWED = "risk:reviewed"
    RISK_CLOSED = "risk:closed"
    RISK_TAKEN_ON = "risk:taken_on"
    RISK_CLASSIFIED = "risk:classified"
    RISK_REHOMED = "risk:rehomed"
    RISK_REOPENED = "risk:reopened"
    RISK_MERGED = "risk:merged"
    RISK_TOOK_OVER = "risk:took_over"
    RISK_MARKED_EXEMPT = "risk:marked_exempt"
    RISK_CHALLENGED = "risk:challenged"
    RISK_CHALLENGE_ANSWERED = "risk:challenge_answered"
    RISK_CHALLENGE_WENT_UP = "risk:challenge_went_up"
    RISK_TREATMENT_CHANGED = "risk:treatment_changed"
    RISK_TOLERANCE_ASKED = "risk:tolerance_asked"
    RISK_TOLERANCE_ACCEPTED = "risk:tolerance_accepted"
    RISK_TOLERANCE_REFUSED = "risk:tolerance_refused"
    RISK_TOLERANCE_ENDED = "risk:tolerance_ended"
    RISK_REASSIGNED = "risk:reassigned"
    RISK_REVIEW_SET = "risk:review_set"
    RISK_CHASED = "risk:chased"
    RISKS_CHANGED = "risk:many_changed"
    RISKS_PUT_BACK = "risk:many_put_back"
    LINK_ADDED = "link:added"
    LINK_ENDED = "link:ended"
    NEAR_MISS_TOLD = "near_miss:told"
    NEAR_MISS_LINKED = "near_miss:linked"
    NEAR_MISS_LOGGED = "near_miss:logged"
    NEAR_MISS_LEFT = "near_miss:left"
    EMERGING_ADDED = "emerging:added"
    EMERGING_LOOKED_AT = "emerging:looked_at"
    EMERGING_PROMOTED = "emerging:promoted"
    EMERGING_DROPPED = "emerging:dropped"
    ISSUE_RAISED = "issue:raised"
    ISSUE_BRIEFED = "issue:briefed"
    ISSUE_CLOSED = "issue:closed"
    ISSUE_TAKEN_ON = "issue:taken_on"
    ISSUE_CLASSIFIED = "issue:classified"
    RISK_HAPPENED = "risk:happened"
    ACTION_ADDED = "action:added"
    ACTION_UPDATED = "action:updated"
    ACTION_MOVED = "action:moved"
    ACTION_CHASED = "action:chased"
    ESCALATION_RAISED = "escalation:raised"
    ESCALATION_ACKNOWLEDGED = "escalation:acknowledged"
    ESCALATION_ACCEPTED = "escalation:accepted"
    ESCALATION_RETURNED = "escalation:returned"
    ESCALATION_PASSED_ON = "escalation:passed_on"
    ESCALATION_HANDED_OVER = "escalation:handed_over"
    ESCALATION_WITHDRAWN = "escalation:withdrawn"
    ESCALATION_EXPIRED = "escalation:expired"
    ESCALATION_REHOMED = "escalation:rehomed"
    ESCALATION_OWNER_CHANGED = "escalation:owner_changed"
    BODY_RECORDED = "body:recorded"
    BODY_REVIEWED = "body:reviewed"
    PACK_BUILT = "pack:built"
    PACK_DOWNLOADED = "pack:downloaded"
    REGISTER_EXPORTED = "register:exported"
    LIST_EXPORTED = "list:exported"
    VIEW_SAVED = "view:saved"
    VIEW_CHANGED = "view:changed"
    VIEW_DELETED = "view:deleted"
    VIEW_OPENS_FIRST = "view:opens_first"
    EXEMPT_SHOWN = "exempt:shown"
    CHECKPOINT_ISSUED = "trail:checkpoint_issued"
    TRAIL_ERASED = "trail:erased"
    IMPORT_APPLIED = "import:applied"
    DEMO_LOADED = "demo:loaded"


_SPELLING = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False, default=str
)


def canonical(content: Mapping[str, object]) -> bytes:
    """Spell a payload in the one way that is hashed: sorted keys, no spaces, UTF-8; dates as ISO text."""
    return _SPELLING.encode(content).encode()


def payload_digest(salt: bytes, content: Mapping[str, object]) -> bytes:
    """Hash a payload (32 bytes) with its own salt, so that an erased one cannot be guessed from its digest."""
    return hashlib.sha256(salt + canonical(content)).digest()


def entry_digest(entry: Mapping[str, object]) -> bytes:
    """Hash an entry's outer facts, the digest of its payload among them (32 bytes)."""
    return hashlib.sha256(canonical(entry)).digest()


def seal(previous: bytes, digest: bytes, *, sequence: int, sealed_at: datetime) -> bytes:
    """Hash an entry's digest, its place in the chain and the instant of sealing onto the seal before it (32 bytes)."""
    return link(previous, digest, sequence, sealed_at.isoformat())


def link(previous: bytes, digest: bytes, sequence: int, sealed_at: str) -> bytes:
    """Hash like `seal`, the instant already spelt in ISO: what a million seals are checked by."""
    return hashlib.sha256(b'%b%b{"at":"%b","sequence":%d}' % (previous, digest, sealed_at.encode(), sequence)).digest()
