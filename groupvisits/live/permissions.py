"""Who may be in the live room, as which audience, and who runs it. The subject is a sessions `Place`."""

from typing import Any

from groupvisits.agenda.permissions import GO_TO_PEOPLE, goes_to_people, leads_or_sees_patients, sees_patients, takes_part
from groupvisits.core.actor import Actor
from groupvisits.core.permissions import Policy, permit
from groupvisits.sessions.permissions import coordinates_or_is_on_the_team, leads


def shown_here(actor: Actor, place: Any) -> bool:
    """a display only the session it was bound to, a facilitator the sessions they lead"""
    return place is None or place.is_display or "facilitator" in place.team_roles


POLICY = Policy(
    {
        "live:subscribe": permit("patient", "facilitator", "resident", "attending", "display"),
        "live:take_part": permit("patient", when=takes_part),
        "live:facilitate": permit("facilitator", when=leads),
        "live:care": permit("resident", "attending", when=sees_patients),
        "live:show": permit("display", "facilitator", when=shown_here),
        "live:join": permit("anyone"),
        "live:phase": permit("facilitator", when=leads),
        "live:curtain": permit("facilitator", when=leads),
        "live:gather": permit("facilitator", when=leads),
        "live:prompt": permit("facilitator", when=leads),
        "live:phase_owner": permit("facilitator", when=leads),
        "live:share_time": permit("facilitator", when=leads),
        "live:hand_over": permit("facilitator", when=leads),
        "live:take_over": permit("facilitator", when=leads),
        "live:ask_room": permit("facilitator", when=leads),
        "live:end_poll": permit("facilitator", when=leads),
        "live:answer_poll": permit("patient", when=takes_part),
        "live:wish": permit("patient", when=takes_part),
        "live:listen": permit("patient", when=takes_part),
        "live:take_alarm": permit(*GO_TO_PEOPLE, when=goes_to_people),
        "live:end_alarm": permit("facilitator", "resident", "attending", when=leads_or_sees_patients),
        "live:close": permit("facilitator", when=leads),
        "live:admit": permit("facilitator", "nurse", "coordinator", when=coordinates_or_is_on_the_team),
    }
)

# An audience is one projection of the room; this is what it takes to belong to it.
AUDIENCES = {"patient": "live:take_part", "facilitator": "live:facilitate", "clinician": "live:care", "display": "live:show"}
