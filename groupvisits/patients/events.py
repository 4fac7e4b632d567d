"""What others may listen to. Ids only."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PatientDeactivated:
    """The patient no longer takes part: links and open phones have stopped working; nothing was deleted."""

    patient_id: str


@dataclass(frozen=True)
class PatientChanged:
    """What others may see of a patient, or how to reach them, has changed."""

    patient_id: str
