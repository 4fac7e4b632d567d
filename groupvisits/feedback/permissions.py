"""Who may hand out forms and read results. Answering needs no permission: the token in the form's address is the authority."""

from typing import Any

from groupvisits.core.actor import Actor
from groupvisits.core.permissions import Policy, permit, same_clinic


def has_a_seat(actor: Actor, place: Any) -> bool:
    """only after visits they had a seat in"""
    return place is None or place.seat is not None


def coordinates_or_leads(actor: Actor, place: Any) -> bool:
    """coordinators for all visits of the clinic, facilitators for those they lead"""
    return place is None or actor.has("coordinator") or "facilitator" in place.team_roles


POLICY = Policy(
    {
        "feedback:hand_out": permit("patient", when=has_a_seat),
        "feedback:print_cards": permit("coordinator", "facilitator", when=coordinates_or_leads),
        "feedback:read_results": permit("reviewer", when=same_clinic),
    }
)
