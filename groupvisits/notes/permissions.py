"""Who may do what with notes. The subject is a `NotePlace`: the note and how the actor stands to its session. Nobody else finds them."""

from typing import Any

from groupvisits.core.actor import Actor
from groupvisits.core.permissions import Policy, permit


def wrote_it(actor: Actor, subject: Any) -> bool:
    """residents their own notes, in sessions they are rostered to"""
    return subject is None or ("resident" in subject.place.team_roles and subject.note.author_id == actor.id)


def supervises(actor: Actor, subject: Any) -> bool:
    """signed notes of other people, in sessions they are the attending of"""
    return subject is None or ("attending" in subject.place.team_roles and subject.note.author_id != actor.id and subject.is_signed)


def wrote_it_or_supervises(actor: Actor, subject: Any) -> bool:
    """residents their own notes; attendings the signed notes of sessions they supervise"""
    return wrote_it(actor, subject) or supervises(actor, subject)


def sees_the_patient(actor: Actor, subject: Any) -> bool:
    """residents for their own one-on-ones, in sessions they are rostered to"""
    return subject is None or ("resident" in subject.place.team_roles and subject.slot.provider_id == actor.id)


POLICY = Policy(
    {
        "notes:list_own": permit("resident"),
        "notes:list_to_cosign": permit("attending"),
        "notes:open": permit("resident", when=sees_the_patient),
        "notes:read": permit("resident", "attending", when=wrote_it_or_supervises),
        "notes:write": permit("resident", when=wrote_it),
        "notes:sign": permit("resident", when=wrote_it),
        "notes:cosign": permit("attending", when=supervises),
        "notes:return": permit("attending", when=supervises),
        "notes:add": permit("resident", "attending", when=wrote_it_or_supervises),
    }
)
