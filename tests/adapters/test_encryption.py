"""Small secrets at rest: whose they are, by which secret key, and what is refused."""

import pytest

from riskapp.adapters.encryption import CannotDecrypt, Cipher
from tests.builders import NOON

OLD, NEW, OTHER = ("a secret key " + each for each in ("before", "of today", "of nobody"))
SECRET = b"a key of twenty byte"


def test_what_is_encrypted_comes_back_and_does_not_stand_in_what_is_kept():
    kept = Cipher(NEW).encrypt(SECRET, owner="person 1", at=NOON)
    assert SECRET not in kept
    assert Cipher(NEW).decrypt(kept, owner="person 1") == SECRET
    assert kept != Cipher(NEW).encrypt(SECRET, owner="person 1", at=NOON), "the same again tells nothing of the first"


@pytest.mark.parametrize(
    ("cipher", "owner", "spoil"),
    [
        (Cipher(OTHER), "person 1", lambda kept: kept),
        (Cipher(OTHER, before=OLD), "person 1", lambda kept: kept),
        (Cipher(NEW), "person 2", lambda kept: kept),
        (Cipher(NEW), "person 1", lambda kept: kept[:-4] + b"AAA="),
        (Cipher(NEW), "person 1", lambda kept: kept[:40]),
        (Cipher(NEW), "person 1", lambda _kept: b""),
        (Cipher(NEW), "person 1", lambda _kept: SECRET),
    ],
    ids=["another secret key", "other two", "another's row", "changed", "cut", "empty", "in the clear"],
)
def test_what_was_not_encrypted_by_these_keys_for_this_owner_is_refused(cipher, owner, spoil):
    kept = spoil(Cipher(NEW).encrypt(SECRET, owner="person 1", at=NOON))
    with pytest.raises(CannotDecrypt):
        cipher.decrypt(kept, owner=owner)
    assert not cipher.is_by_key_of_today(kept, owner=owner)


def test_the_key_before_decrypts_and_encrypts_no_more():
    kept = Cipher(OLD).encrypt(SECRET, owner="person 1", at=NOON)
    changed = Cipher(NEW, before=OLD)
    assert changed.decrypt(kept, owner="person 1") == SECRET
    assert not changed.is_by_key_of_today(kept, owner="person 1")
    assert Cipher(NEW).decrypt(changed.encrypt(SECRET, owner="person 1", at=NOON), owner="person 1") == SECRET
