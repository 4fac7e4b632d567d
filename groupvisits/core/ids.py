"""Identifiers and codes. All are random: none tells how many there are or what the next one is, and but for `new_id_in_order` none who came first."""

import hashlib
import secrets
import time

# Nobody can tell 0 from O or 1 from I and L on a wall six metres away, and no vowels means no accidental words.
CODE_LETTERS = "BCDFGHJKMNPQRSTVWXYZ23456789"


def new_id() -> str:
    """32 hexadecimal characters."""
    return secrets.token_hex(16)


def new_id_in_order() -> str:
    """An id that sorts after those made before it: only for what everybody who reads the id sees arrive at that moment.

    Rows that belong together then stand together, in each index that begins with the id: a transaction of many writes a third of the pages.
    """
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def new_token() -> str:
    """A secret for a link or a cookie: 256 bits, URL-safe. Only its hash is stored."""
    return secrets.token_urlsafe(32)


def new_code(length: int = 6) -> str:
    """A code a person can read off a wall or a slip and type."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(length))


def tidy_code(typed: str) -> str:
    """What the person meant: spaces, dashes and small letters do not matter."""
    return "".join(typed.upper().replace("-", " ").split())


def fingerprint(secret: str) -> str:
    """What is stored of a secret: SHA-256, enough for random 256-bit values."""
    return hashlib.sha256(secret.encode()).hexdigest()
