"""Who has which start page."""

from groupvisits.core.permissions import Policy, permit
from groupvisits.sessions.permissions import TEAM

POLICY = Policy(
    {
        "home:coordinate": permit("coordinator"),
        "home:today": permit(*TEAM),
        "home:my_pages": permit("patient"),
    }
)
