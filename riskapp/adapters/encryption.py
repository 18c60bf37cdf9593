"""Small secrets at rest: Fernet (AES with HMAC-SHA-256), by the library `cryptography`.

The key is derived (HKDF, RFC 5869) from the secret key of the settings for one owner alone: a copy of the database does
not tell a secret, and one that is put in another's row does not open there.
"""

from base64 import urlsafe_b64encode
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class CannotDecrypt(Exception):
    """It was encrypted by a key that is not there, or for another owner, or was changed."""


class Cipher:
    """Encrypts by a secret key; decrypts what the one before it encrypted, too."""

    def __init__(self, secret_key: str, before: str | None = None) -> None:
        self._secret_key = secret_key
        self._before = before

    def encrypt(self, secret: bytes, *, owner: str, at: datetime) -> bytes:
        """Encrypt a secret of an owner's."""
        return _fernet(self._secret_key, owner).encrypt_at_time(secret, int(at.timestamp()))

    def decrypt(self, encrypted: bytes, *, owner: str) -> bytes:
        """Give the secret again; refuse (`CannotDecrypt`) what neither key encrypted for this owner."""
        keys = [self._secret_key, *([self._before] if self._before else [])]
        try:
            return MultiFernet([_fernet(key, owner) for key in keys]).decrypt(encrypted)
        except InvalidToken:
            raise CannotDecrypt from None

    def is_by_key_of_today(self, encrypted: bytes, *, owner: str) -> bool:
        """Say whether it opens without the key before."""
        try:
            _fernet(self._secret_key, owner).decrypt(encrypted)
        except InvalidToken:
            return False
        return True


def _fernet(secret_key: str, owner: str) -> Fernet:
    """Derive an owner's key; the migration that encrypted what there was does the same."""
    derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"riskapp, {owner}".encode()).derive(secret_key.encode())
    return Fernet(urlsafe_b64encode(derived))
