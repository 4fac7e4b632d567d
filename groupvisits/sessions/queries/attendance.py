"""Who came to one visit, by name, with every correction that was made. For those who keep the lists."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import AttendanceCorrection, Notice, Seat
from groupvisits.sessions.permissions import POLICY
from groupvisits.sessions.queries.places import Place
from groupvisits.sessions.rules.states import CAME


@dataclass(frozen=True)
class AttendanceLine:
    """What is noted of one seat. `told`: what became of the message to somebody who did not come (planned, sent), empty for none."""

    seat_id: str
    name: str
    state: str
    arrived_at: datetime | None
    left_at: datetime | None
    companions: int
    is_fallback: bool
    over_maximum_reason: str
    corrections: Sequence[AttendanceCorrection]
    told: str
    told_at: datetime | None


@dataclass(frozen=True)
class Attendance:
    lines: Sequence[AttendanceLine]

    def of(self, *states: str) -> list[AttendanceLine]:
        return [line for line in self.lines if line.state in states]

    @property
    def came(self) -> int:
        return len(self.of(*CAME))

    @property
    def companions(self) -> int:
        """Care partners of those who are here or came."""
        return sum(line.companions for line in self.of("arrived", *CAME))

    @property
    def seen_alone(self) -> int:
        return sum(line.is_fallback for line in self.of("arrived", *CAME))


def attendance_for(db: Session, viewer: Actor, place: Place) -> Attendance:
    """Everybody on the list of this date, by family name, in three questions whatever their number."""
    POLICY.require(viewer, "sessions:see_attendance", place)
    here = Seat.session_id == place.group_session.id
    rows = db.execute(
        select(Seat, Patient)
        .join(Patient, Patient.id == Seat.patient_id)
        .where(here, Seat.state != "cancelled")
        .order_by(func.lower(Patient.family_name), func.lower(Patient.given_name), Seat.id)
    ).all()
    corrections: dict[str, list[AttendanceCorrection]] = defaultdict(list)
    made = select(AttendanceCorrection).join(Seat, Seat.id == AttendanceCorrection.seat_id).where(here)
    for correction in db.scalars(made.order_by(AttendanceCorrection.corrected_at, AttendanceCorrection.id)):
        corrections[correction.seat_id].append(correction)
    notices = {
        notice.patient_id: notice
        for notice in db.scalars(
            select(Notice).where(Notice.session_id == place.group_session.id, Notice.kind == "missed_you", Notice.state.in_(("planned", "sent")))
        )
    }
    return Attendance([_line(seat, patient, corrections[seat.id], notices.get(patient.id)) for seat, patient in rows])


def attendance_of_seat(db: Session, viewer: Actor, place: Place, seat_id: str) -> AttendanceLine:
    """One line; NotFound for a seat of another visit."""
    line = next((line for line in attendance_for(db, viewer, place).lines if line.seat_id == seat_id), None)
    if line is None:
        raise NotFound
    return line


def _line(seat: Seat, patient: Patient, corrections: Sequence[AttendanceCorrection], notice: Notice | None) -> AttendanceLine:
    return AttendanceLine(
        seat_id=seat.id,
        name=patient.name,
        state=seat.state,
        arrived_at=seat.arrived_at,
        left_at=seat.left_at,
        companions=seat.companions,
        is_fallback=seat.is_fallback,
        over_maximum_reason=seat.over_maximum_reason,
        corrections=corrections,
        told=notice.state if notice else "",
        told_at=notice.due_at if notice else None,
    )
