"""Single-use tokens. Only fingerprints of unused ones are stored; a used one leaves nothing behind.

A token carries a seal of ours, so that "already used" and "never ours" can be told apart without remembering any used token.
"""

import hashlib
import hmac
import secrets

from flask import current_app

SEAL_LETTERS = 22


def new() -> str:
    secret = secrets.token_urlsafe(24)
    return secret + _seal(secret)


def is_ours(token: str) -> bool:
    """Whether we made this token, used or not."""
    return len(token) > SEAL_LETTERS and token.isascii() and hmac.compare_digest(token[-SEAL_LETTERS:], _seal(token[:-SEAL_LETTERS]))


def _seal(secret: str) -> str:
    key = hashlib.sha256(b"groupvisits feedback tokens " + current_app.config["SECRET_KEY"].encode()).digest()
    return hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()[:SEAL_LETTERS]
