"""Who may do what with one-on-ones. The subject is a `Place` for the whole list, a `SlotPlace` for one of its slots."""

from typing import Any

from groupvisits.agenda.permissions import leads_or_sees_patients, sees_patients
from groupvisits.core.actor import Actor
from groupvisits.core.permissions import Policy, permit


def coordinates_or_is_on_the_team(actor: Actor, place: Any) -> bool:
    """coordinators in all sessions of the clinic, the others where they are on the team"""
    return place is None or actor.has("coordinator") or bool(place.team_roles & {"facilitator", "resident"})


def is_their_resident(actor: Actor, subject: Any) -> bool:
    """only their own one-on-ones, in sessions they are rostered to"""
    return subject is None or ("resident" in subject.place.team_roles and subject.slot.provider_id == actor.id)


def supervises(actor: Actor, place: Any) -> bool:
    """only in sessions they are the attending of"""
    return place is None or "attending" in place.team_roles


def is_their_own(actor: Actor, subject: Any) -> bool:
    """only their own call"""
    return subject is None or subject.slot.patient_id == actor.id


def leads(actor: Actor, subject: Any) -> bool:
    """only in sessions they are the facilitator of"""
    return subject is None or "facilitator" in subject.place.team_roles


POLICY = Policy(
    {
        "slots:see_board": permit("resident", "attending", "facilitator", when=leads_or_sees_patients),
        "slots:see_alarms": permit("resident", "attending", when=sees_patients),
        "slots:read_forms_of_all": permit("attending", when=supervises),
        "slots:plan": permit("facilitator", "coordinator", "resident", when=coordinates_or_is_on_the_team),
        "slots:call": permit("resident", when=is_their_resident),
        "slots:start": permit("resident", when=is_their_resident),
        "slots:finish": permit("resident", when=is_their_resident),
        "slots:call_next": permit("resident", when=is_their_resident),
        "slots:missed": permit("resident", when=is_their_resident),
        "slots:answer": permit("patient", when=is_their_own),
        "slots:tell": permit("facilitator", when=leads),
    }
)
