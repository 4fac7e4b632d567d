"""Flask-Security for staff: argon2id passwords, authenticator codes that work once, recovery codes.

Its own pages are not registered: ours declare their access and write through verbs. Hashing takes a third of a second, so under
gevent it runs in native threads, two at most, and the room goes on meanwhile.
"""

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from flask import Flask, current_app
from flask_security.core import UserMixin
from flask_security.datastore import SQLAlchemyUserDatastore
from flask_security.totp import Totp
from flask_security.utils import hash_password, verify_password
from gevent import monkey

from groupvisits.accounts.models import StaffMember, StaffRole
from groupvisits.extensions import db, security

R = TypeVar("R")
_two_at_once = threading.BoundedSemaphore(2)


class ReadingDatastore(SQLAlchemyUserDatastore):
    """Flask-Security looks people up here and never writes: `db.session` only reads, and verbs do the rest."""

    def commit(self) -> None:
        raise RuntimeError("Accounts are changed by verbs.")


class SingleUseTotp(Totp):
    """A code that was used does not work again; `tf_last_step` is stored by the verb that accepts the code."""

    def get_last_counter(self, user: UserMixin) -> int | None:
        return user.tf_last_step or None  # type: ignore[attr-defined]

    def set_last_counter(self, user: UserMixin, tmatch: Any) -> None:
        user.matched_step = tmatch.counter  # type: ignore[attr-defined]


def init_app(app: Flask, secret_key: str, *, testing: bool) -> None:
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_PASSWORD_SALT=_derived(secret_key, "password"),
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={"argon2__rounds": 1, "argon2__memory_cost": 1024} if testing else {},
        SECURITY_TWO_FACTOR=True,
        SECURITY_TWO_FACTOR_ENABLED_METHODS=["authenticator"],
        SECURITY_TOTP_SECRETS={"1": _derived(secret_key, "totp")},
        SECURITY_TOTP_ISSUER="groupvisits",
        SECURITY_MULTI_FACTOR_RECOVERY_CODES=True,
        SECURITY_MULTI_FACTOR_RECOVERY_CODES_N=8,
        SECURITY_REGISTER_BLUEPRINT=False,
        SECURITY_CLI_USERS_NAME="",  # its commands would write past the verbs
        SECURITY_CLI_ROLES_NAME="",
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
    )
    security._totp_cls = SingleUseTotp  # the constructor takes it, but ours is created unbound
    security.init_app(app, ReadingDatastore(db, StaffMember, StaffRole), register_blueprint=False)


def hashed(password: str) -> str:
    return off_the_hub(hash_password, _normal(password))


def is_right(password: str, member: StaffMember | None) -> bool:
    """Whether it is this person's password; takes as long when there is no such person."""
    right = off_the_hub(_compare, _normal(password), member.password if member else None)
    return right and member is not None and member.password is not None


def recovery_fingerprint(code: str) -> str:
    """What is stored of a recovery code: these are short, so the key that is not in the database guards them."""
    key = _derived(current_app.config["SECRET_KEY"], "recovery").encode()
    return hmac.new(key, "".join(code.lower().replace("-", " ").split()).encode(), hashlib.sha256).hexdigest()


def off_the_hub(slow: Callable[..., R], *args: Any) -> R:
    if not monkey.is_module_patched("threading"):
        return slow(*args)
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def in_a_native_thread() -> R:
        with app.app_context():
            return slow(*args)

    with _two_at_once:
        return _pool().apply(in_a_native_thread)


@cache
def _pool() -> Any:
    from gevent.threadpool import ThreadPool

    return ThreadPool(2)


def _compare(password: str, stored: str | None) -> bool:
    return verify_password(password, stored or _nobodys())


@cache
def _nobodys() -> str:
    return hash_password("the password of nobody at all")


def _normal(password: str) -> str:
    """Keyboards write the same letter with an accent in different ways."""
    return security.password_util.normalize(password)


def _derived(secret_key: str, purpose: str) -> str:
    return base64.b64encode(hashlib.sha256(f"groupvisits {purpose} {secret_key}".encode()).digest()).decode()
