"""What others may listen to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BrowserSessionEnded:
    """A sign-in has ended; `fingerprint` is the browser session's."""

    fingerprint: str


@dataclass(frozen=True)
class PatientLinkAskedFor:
    """Somebody who holds a used link of this patient asks for a fresh one, to the address the clinic has."""

    clinic_id: str
    patient_id: str
