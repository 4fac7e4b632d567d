"""Who may do what with sessions and seats. The subject is a `Place`: how the actor stands to one session (see queries.place_for)."""

from typing import Any

from groupvisits.core.actor import Actor
from groupvisits.core.permissions import Policy, permit, same_clinic

TEAM = ("facilitator", "resident", "attending", "nurse", "interpreter")


def leads(actor: Actor, place: Any) -> bool:
    """only in sessions they are the facilitator of"""
    return place is None or "facilitator" in place.team_roles


def coordinates_or_is_on_the_team(actor: Actor, place: Any) -> bool:
    """coordinators in all sessions of the clinic, the others where they are on the team"""
    return place is None or actor.has("coordinator") or bool(place.team_roles)


def related(actor: Actor, place: Any) -> bool:
    """coordinators in the whole clinic; the team, the patients with a seat and the bound display in their own session"""
    return place is None or actor.has("coordinator") or bool(place.team_roles) or place.seat is not None or place.is_display


def has_seat(actor: Actor, place: Any) -> bool:
    """only on dates to which they have been asked"""
    return place is None or place.seat is not None


POLICY = Policy(
    {
        "sessions:know_of": permit("coordinator", *TEAM, "patient", "display", when=related),
        "sessions:see": permit("coordinator", *TEAM, when=coordinates_or_is_on_the_team),
        "sessions:list": permit("coordinator", *TEAM),
        "sessions:schedule": permit("coordinator"),
        "sessions:keep_closures": permit("coordinator"),
        "sessions:cancel": permit("coordinator"),
        "sessions:seat": permit("coordinator"),
        "sessions:decide": permit("coordinator"),
        "sessions:message": permit("coordinator", "system", when=same_clinic),
        "sessions:keep_scheduler_list": permit("coordinator", when=same_clinic),
        "sessions:own_calendar": permit("admin", "coordinator", *TEAM, "reviewer", "patient"),
        "sessions:revoke_calendar": permit("coordinator", when=same_clinic),
        "sessions:answer_own": permit("patient", when=has_seat),
        "sessions:ask_for_seat": permit("patient"),
        "sessions:choose_team": permit("coordinator"),
        "sessions:let_in": permit("coordinator", "nurse", when=coordinates_or_is_on_the_team),
        "sessions:check_in": permit("coordinator", "facilitator", "nurse", when=coordinates_or_is_on_the_team),
        "sessions:note_leaving": permit("coordinator", "facilitator", "nurse", when=coordinates_or_is_on_the_team),
        "sessions:see_attendance": permit("coordinator", "nurse", when=coordinates_or_is_on_the_team),
        "sessions:correct_attendance": permit("coordinator", "nurse", when=coordinates_or_is_on_the_team),
        "sessions:open": permit("coordinator", "facilitator", when=coordinates_or_is_on_the_team),
        "sessions:close": permit("facilitator", when=leads),
    }
)
