"""Who may do what with topics. The subject is a sessions `Place`: how the actor stands to the visit the topic belongs to; or words there."""

from dataclasses import dataclass
from typing import Any

from groupvisits.core.actor import Actor
from groupvisits.core.permissions import Policy, permit
from groupvisits.sessions.models import HOLDING
from groupvisits.sessions.permissions import leads

TAKING_PART = (*HOLDING, "invited")
SEE_PATIENTS = ("resident", "attending")
LEAD_OR_SEE_PATIENTS = ("facilitator", *SEE_PATIENTS)
GO_TO_PEOPLE = (*LEAD_OR_SEE_PATIENTS, "nurse")  # when an alarm says that somebody may need one; an interpreter knows only of the people they are rostered to


def takes_part(actor: Actor, place: Any) -> bool:
    """only in visits in which they hold a place or to which they are invited"""
    return place is None or (place.seat is not None and place.seat.state in TAKING_PART)


@dataclass(frozen=True)
class WordsIn:
    """Words in another language under a topic of this visit, and whose they are: nobody's where there are none."""

    place: Any
    by: str | None


def leads_or_wrote_it(actor: Actor, subject: Any) -> bool:
    """a facilitator in sessions they lead; a patient what they wrote themselves"""
    return subject is None or leads(actor, subject.place) or (takes_part(actor, subject.place) and subject.by in (None, actor.id))


def sees_patients(actor: Actor, place: Any) -> bool:
    """only in sessions in which they are a resident or the attending"""
    return place is None or not place.team_roles.isdisjoint(SEE_PATIENTS)


def leads_or_sees_patients(actor: Actor, place: Any) -> bool:
    """only in sessions in which they lead or see patients"""
    return place is None or not place.team_roles.isdisjoint(LEAD_OR_SEE_PATIENTS)


def goes_to_people(actor: Actor, place: Any) -> bool:
    """only in sessions in which they lead, see patients or are the nurse"""
    return place is None or not place.team_roles.isdisjoint(GO_TO_PEOPLE)


POLICY = Policy(
    {
        "agenda:fill_in_form": permit("patient", when=takes_part),
        "agenda:read_forms": permit("resident", "attending", when=sees_patients),
        "agenda:propose": permit("patient", when=takes_part),
        "agenda:support": permit("patient", when=takes_part),
        "agenda:take_back": permit("patient", when=takes_part),
        "agenda:reword": permit("patient", when=takes_part),
        "agenda:route": permit("patient", when=takes_part),
        "agenda:still_matters": permit("patient", when=takes_part),
        "agenda:agree_words": permit("patient", when=takes_part),
        "agenda:keep_apart": permit("patient", when=takes_part),
        "agenda:translate": permit("patient", when=takes_part),
        "agenda:merge": permit("facilitator", when=leads),
        "agenda:unmerge": permit("facilitator", when=leads),
        "agenda:split": permit("facilitator", when=leads),
        "agenda:unsplit": permit("facilitator", when=leads),
        "agenda:drop_translation": permit("facilitator", "patient", when=leads_or_wrote_it),
        "agenda:similar": permit("facilitator", when=leads),
        "agenda:propose_for": permit("facilitator", when=leads),
        "agenda:plan": permit("facilitator", when=leads),
        "agenda:order": permit("facilitator", when=leads),
        "agenda:start": permit("facilitator", when=leads),
        "agenda:extend": permit("facilitator", when=leads),
        "agenda:finish": permit("facilitator", when=leads),
        "agenda:park": permit("facilitator", when=leads),
        "agenda:decline": permit("facilitator", when=leads),
        "agenda:ask_privately": permit("facilitator", when=leads),
        "agenda:show": permit("facilitator", when=leads),
        "agenda:show_supports": permit("facilitator", when=leads),
        "agenda:suggest_words": permit("facilitator", when=leads),
    }
)
