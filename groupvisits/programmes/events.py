"""What others may listen to: ids, and who did it."""

from dataclasses import dataclass

from groupvisits.core.actor import Actor


@dataclass(frozen=True)
class MemberAdded:
    """A patient stands in the group from now on; who plans dates invites them to those that are to come."""

    actor: Actor
    group_id: str
    patient_id: str


@dataclass(frozen=True)
class MemberRemoved:
    """A patient no longer stands in the group; their places in dates to come are free again."""

    actor: Actor
    group_id: str
    patient_id: str
