"""Who may do what, one table per package, everything else refused.

A package's `permissions.py` holds `POLICY = Policy({"capability:verb": Permit(...)})`. A verb calls `POLICY.require`, a template
asks `POLICY.permits`. Every URL and every socket event names an action of one of the tables; docs/permissions.md is made from them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotAllowed, NotFound

EVERYBODY = "anyone"


@dataclass(frozen=True)
class Permit:
    """`to` names the roles; `when(actor, subject)` narrows it, and its docstring says how in the permission matrix."""

    to: frozenset[str]
    when: Callable[[Actor, Any], bool] | None = None


def permit(*roles: str, when: Callable[[Actor, Any], bool] | None = None) -> Permit:
    return Permit(frozenset(roles), when)


class Policy(dict[str, Permit]):
    """A package's table. An action that is not in it is a mistake in the code, not a refusal."""

    def __init__(self, table: Mapping[str, Permit]) -> None:
        super().__init__(table)

    def could(self, actor: Actor, action: str) -> bool:
        """Whether there is anything at all of this kind the actor may do; the door's first question."""
        permitted = self[action].to
        return EVERYBODY in permitted or not permitted.isdisjoint(actor.roles)

    def permits(self, actor: Actor, action: str, subject: Any = None) -> bool:
        when = self[action].when
        return self.could(actor, action) and (when is None or when(actor, subject))

    def require(self, actor: Actor, action: str, subject: Any = None) -> None:
        """Refuse with NotFound what lies in another clinic, with NotAllowed what the actor may not do."""
        clinic_id = getattr(subject, "clinic_id", None)
        if clinic_id is not None and actor.kind != "system" and clinic_id != actor.clinic_id:
            raise NotFound
        if not self.permits(actor, action, subject):
            raise NotAllowed


def same_clinic(actor: Actor, subject: Any) -> bool:
    """only in their own clinic"""
    return subject is None or subject.clinic_id == actor.clinic_id
