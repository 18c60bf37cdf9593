"""Ed25519 signatures (RFC 8032), by the library `cryptography`."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def public_half(key: bytes) -> bytes:
    """Give the public half (32 bytes) of a secret key (32 bytes)."""
    return Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()


def sign(key: bytes, message: bytes) -> bytes:
    """Sign a message with a secret key (32 bytes); gives 64 bytes, the same whenever it is asked."""
    return Ed25519PrivateKey.from_private_bytes(key).sign(message)


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether the signature is that of the message under a public key; a key that is none signs nothing."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
