"""Who designs programmes, arranges groups and chooses their members."""

from typing import Any

from groupvisits.core.actor import Actor
from groupvisits.core.permissions import Policy, permit, same_clinic


def coordinates_or_is_in_its_team(actor: Actor, standing: Any) -> bool:
    """coordinators in the whole clinic, the others where they stand in the group's team"""
    return standing is None or actor.has("coordinator") or bool(standing.team_roles & actor.roles)


POLICY = Policy(
    {
        "programmes:list": permit("coordinator"),
        "programmes:design": permit("coordinator", when=same_clinic),
        "programmes:list_groups": permit("coordinator", "facilitator"),
        "programmes:see_group": permit("coordinator", "facilitator", when=coordinates_or_is_in_its_team),
        "programmes:arrange_group": permit("coordinator", when=same_clinic),
        "programmes:choose_members": permit("coordinator", when=same_clinic),
        "programmes:recruit": permit("coordinator", when=same_clinic),
        "programmes:choose_team": permit("coordinator", when=same_clinic),
    }
)
