"""A database with open visits, for as many measurements as are needed: python -m bench.liveroom.rooms ROOMS VISITS prints who may come in."""

import json
import sys
from datetime import time, timedelta
from typing import Any

from flask_migrate import upgrade

from config import Config
from groupvisits import create_app
from groupvisits.accounts.models import BrowserSession, Clinic, Installation, StaffMember, StaffRole
from groupvisits.core import clock, ids
from groupvisits.core.transaction import Transaction, write
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import Group, Programme
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember

PHONES = 15


def make(rooms: int, visits: int) -> list[dict[str, Any]]:
    app = create_app(Config.from_environment())
    with app.app_context():
        upgrade()
        with write() as tx:
            now = clock.now()
            tx.add(Installation(id=1, is_demo=False, made_at=now))
            clinic = Clinic(id=ids.new_id(), name="Bench", zone="UTC", country="US", phone="", emergency_number="911", paper="letter", languages=["en"], two_factor_required=False, created_at=now)  # fmt: skip
            tx.add(clinic)
            tx.flush()
            programme = Programme(id=ids.new_id(), clinic_id=clinic.id, name="Bench", purpose="", design_partners="", run_sheet=[], created_at=now)
            tx.add(programme)
            tx.flush()
            return [_room(tx, clinic.id, programme.id, number, visits) for number in range(rooms)]


def _room(tx: Transaction, clinic_id: str, programme_id: str, number: int, visits: int) -> dict[str, Any]:
    """A group with its people, and that many open visits of it."""
    now = clock.now()
    group = Group(id=ids.new_id(), clinic_id=clinic_id, programme_id=programme_id, name=f"Group {number}", room="", week=1, weekday=0, starts=time(9), minutes=120,
                  minimum=3, target=15, maximum=PHONES, slot_minutes=8, layout="parallel", created_at=now)  # fmt: skip
    leader = StaffMember(id=ids.new_id(), clinic_id=clinic_id, name=f"Leader {number}", email=f"leader{number}@example.org", active=True, fs_uniquifier=ids.new_token(), create_datetime=now)  # fmt: skip
    leader.roles = [StaffRole(name="facilitator")]
    patients = [
        Patient(id=ids.new_id(), clinic_id=clinic_id, given_name=f"P{place}", family_name="Bench", display_name=f"P{place}", created_at=now)
        for place in range(PHONES)
    ]
    tx.add_all([group, leader, *patients])
    tx.flush()
    sessions = [
        GroupSession(id=ids.new_id(), clinic_id=clinic_id, group_id=group.id, starts_at=now - timedelta(minutes=visit), ends_at=now + timedelta(hours=2), wall_time=f"{now:%Y-%m-%dT%H:%M}", zone="UTC",
                     room="", maximum=PHONES, state="open", opened_at=now, epoch=ids.new_id(), version=0, led_by_id=leader.id)
        for visit in range(visits)
    ]  # fmt: skip
    tx.add_all(sessions)
    tx.flush()
    for visit in sessions:
        tx.add(SessionTeamMember(session_id=visit.id, staff_member_id=leader.id, role="facilitator"))
        for place, patient in enumerate(patients, start=1):
            tx.add(Seat(id=ids.new_id(), session_id=visit.id, patient_id=patient.id, state="arrived", seat_no=place, slip_number=place, changed_at=now))
    return {
        "sessions": [visit.id for visit in sessions],
        "phones": [_signed_in(tx, patient_id=patient.id, data={"clinic_id": clinic_id, "name": patient.display_name}) for patient in patients],
        "leader": _signed_in(tx, staff_member_id=leader.id, data={}),
    }


def _signed_in(tx: Transaction, **who: Any) -> str:
    token, now = ids.new_token(), clock.now()
    tx.add(BrowserSession(id=ids.fingerprint(token), created_at=now, seen_at=now, ends_at=now + timedelta(hours=12), **who))
    return token


if __name__ == "__main__":
    sys.stdout.write(json.dumps(make(int(sys.argv[1]), int(sys.argv[2]))))
