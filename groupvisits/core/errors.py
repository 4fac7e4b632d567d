"""The refusals every door understands. Packages name their own by subclassing one of these.

`message` is English and marked for translation where it is defined; the door that shows it translates it and fills in `params`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


def mark(text: str) -> str:
    """Mark a text for translation without translating it yet: rules know no framework and no reader."""
    return text


def mark_plural(singular: str, plural: str) -> tuple[str, str]:
    """The same for a text that counts."""
    return singular, plural


class DomainError(Exception):
    """Something was refused, and nothing was changed."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 422
    is_on_record: ClassVar[bool] = False  # whether that somebody tried goes into the audit, as core.events.RequestRefused
    message: str = mark("This could not be done. Nothing was changed.")

    def __init__(self, message: str | None = None, *, field: str | None = None, told: Mapping[str, Any] | None = None, **params: object) -> None:
        self.message = message or type(self).message
        self.field = field
        self.told = told or {}  # what else the sender's program is told, to show it
        self.params = params
        super().__init__(self.message % params if params else self.message)

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in vars(cls):
            cls.code = "".join(f"_{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("_")


class Refused(DomainError):
    """A rule of the domain says no; the message says which and what helps."""


class Invalid(DomainError):
    """The input has the wrong shape."""

    code = "invalid"
    status = 400
    message = mark("Some of this could not be read. Please check it and try again.")


class SignInNeeded(DomainError):
    """Nobody is signed in here, or the sign-in has ended."""

    code = "sign_in_needed"
    status = 401
    message = mark("Please sign in first.")


class NotAllowed(DomainError):
    """The actor may know of this but not do it."""

    code = "not_allowed"
    status = 403
    is_on_record = True
    message = mark("You cannot do this. Ask an administrator of your clinic if you should.")


class NotFound(DomainError):
    """There is no such thing, or the actor may not know of it: the two look alike on purpose."""

    code = "not_found"
    status = 404
    is_on_record = True
    message = mark("We cannot show this. It may not exist, or it may not be meant for you.")


class Conflict(DomainError):
    """Somebody else was first, or the page is older than what is saved."""

    code = "conflict"
    status = 409
    message = mark("This was changed by somebody else meanwhile. Look at the new version and try again.")


class Busy(DomainError):
    """The database did not answer in time; the same request may be sent again."""

    code = "busy"
    status = 503
    message = mark("We are busy at the moment. Nothing is lost. Please try again.")
