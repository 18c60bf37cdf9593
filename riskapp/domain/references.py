"""The references people quote: opaque, easy to say and to type, with no sequence to be read from them."""

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O 1 I L U: read aloud and typed without mistakes
LENGTH = 5
TOKEN_BYTES = 8
PREFIXES = {
    "risk": "R",
    "issue": "I",
    "action": "A",
    "control": "C",
    "body": "B",
    "unit": "U",
    "board": "G",
    "meeting": "M",
    "pack": "K",
    "escalation": "E",
    "direction": "D",
    "priority": "P",
    "workstream": "W",
    "objective": "J",
    "outcome": "T",
    "assurance": "S",
    "decision": "N",
}


def reference_from(kind: str, token: bytes) -> str:
    """Spell a random token (8 bytes) as a reference such as R-7K4QX; an unknown kind is refused with KeyError."""
    number = int.from_bytes(token)
    letters = []
    for _ in range(LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[rest])
    return f"{PREFIXES[kind]}-{''.join(letters)}"
