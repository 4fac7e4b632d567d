"""Who has which start page."""

from groupvisits.agenda.permissions import GO_TO_PEOPLE
from groupvisits.core.permissions import Policy, permit
from groupvisits.programmes.permissions import coordinates_or_is_in_its_team
from groupvisits.sessions.permissions import TEAM

POLICY = Policy(
    {
        "home:coordinate": permit("coordinator"),
        "home:today": permit(*TEAM),
        "home:see_alarms": permit(*GO_TO_PEOPLE),
        "home:minute_book": permit("coordinator", "facilitator", when=coordinates_or_is_in_its_team),
        "home:my_pages": permit("patient"),
    }
)
