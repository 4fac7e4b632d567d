"""Who may print what. Papers of a visit are for those who run its door."""

from groupvisits.core.permissions import Policy, permit, same_clinic
from groupvisits.feedback.permissions import coordinates_or_leads
from groupvisits.sessions.permissions import coordinates_or_is_on_the_team

POLICY = Policy(
    {
        "interop:print": permit("coordinator", "facilitator", "nurse", when=coordinates_or_is_on_the_team),
        "interop:print_call_list": permit("coordinator"),
        "interop:export": permit("coordinator", when=same_clinic),
        "interop:print_feedback_cards": permit("coordinator", "facilitator", when=coordinates_or_leads),
    }
)
