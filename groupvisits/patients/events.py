"""What others may listen to: ids, and who did it where others act upon it."""

from dataclasses import dataclass

from groupvisits.core.actor import Actor


@dataclass(frozen=True)
class PatientDeactivated:
    """The patient no longer takes part: links and open phones have stopped working; nothing was deleted.

    Who keeps places for people (groups, dates) frees them.
    """

    actor: Actor
    patient_id: str


@dataclass(frozen=True)
class PatientChanged:
    """What others may see of a patient, or how to reach them, has changed."""

    patient_id: str


@dataclass(frozen=True)
class ConsentsChanged:
    """The patient has signed or withdrawn the agreement of this programme: whose name screens show may be different from now on."""

    patient_id: str
    programme_id: str
