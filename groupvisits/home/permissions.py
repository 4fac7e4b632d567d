"""Who has which start page."""

from groupvisits.core.permissions import Policy, permit
from groupvisits.programmes.permissions import coordinates_or_is_in_its_team
from groupvisits.sessions.permissions import TEAM

HEAR_ALARMS = ("facilitator", "resident", "attending", "nurse")  # an interpreter knows only of the people they are rostered to

POLICY = Policy(
    {
        "home:coordinate": permit("coordinator"),
        "home:today": permit(*TEAM),
        "home:see_alarms": permit(*HEAR_ALARMS),
        "home:minute_book": permit("coordinator", "facilitator", when=coordinates_or_is_in_its_team),
        "home:my_pages": permit("patient"),
    }
)
