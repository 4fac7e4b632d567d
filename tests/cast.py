"""The people of the screens, in two clinics. Tests name them instead of building fixtures of their own.

Millbrook: Joanne (coordinator), Tomas (facilitator), Dr Osei and Dr Farrow (residents), Dr Adler (attending), Nia (nurse), Ivo
(interpreter), Quinn (reviewer), Ada (administrator); patients Rosa, Marcus, Gladys, Teo, Frank and Beatriz of the Tuesday evening
group, whose visit is planned for in an hour; Walter is a patient without a group. Harbor: Sol (every role) and patient Sunny.
"""

from dataclasses import dataclass
from datetime import date, time, timedelta

from flask import Flask
from flask.testing import FlaskClient

from groupvisits.accounts.models import BrowserSession, Clinic, Installation, RoomDisplay, StaffMember, StaffRole
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids, transaction
from groupvisits.core.actor import STAFF_ROLES, Actor
from groupvisits.core.transaction import Transaction
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import Group, GroupTeamMember, Membership, Programme
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember

PASSWORD = "correct horse battery staple"
RUN_SHEET = [
    {"name": "Arrive and eat", "minutes": 20, "owner": "Everybody", "prompt": ""},
    {"name": "Welcome", "minutes": 5, "owner": "Facilitator", "prompt": "Say why we meet."},
    {"name": "Topics", "minutes": 55, "owner": "Facilitator", "prompt": "Who has found something that helped?"},
    {"name": "Plans", "minutes": 25, "owner": "Facilitator", "prompt": ""},
    {"name": "Feedback, close", "minutes": 15, "owner": "Facilitator", "prompt": ""},
]
TEAM = {"tomas": "facilitator", "osei": "resident", "farrow": "resident", "adler": "attending", "nia": "nurse", "ivo": "interpreter"}


@dataclass(frozen=True)
class Cast:
    clinic_id: str
    harbor_id: str
    joanne: Actor
    tomas: Actor
    osei: Actor
    farrow: Actor
    adler: Actor
    nia: Actor
    ivo: Actor
    quinn: Actor
    ada: Actor
    sol: Actor
    rosa: Actor
    marcus: Actor
    gladys: Actor
    teo: Actor
    frank: Actor
    beatriz: Actor
    walter: Actor
    sunny: Actor
    programme_id: str
    group_id: str
    session_id: str
    seats: dict[str, str]  # first name in small letters -> seat id, everybody confirmed


def arrange_cast(tx: Transaction) -> Cast:
    now = clock.now()
    tx.add(Installation(id=1, is_demo=False, made_at=now))
    millbrook, harbor = (
        Clinic(id=ids.new_id(), name=name, zone="America/New_York", country="US", phone="555 0110", emergency_number="911", paper="letter",
               languages=["en", "es", "pt", "ht"], two_factor_required=False, created_at=now)
        for name in ("Millbrook Community Clinic", "Harbor Clinic")
    )  # fmt: skip
    tx.add_all([millbrook, harbor])
    tx.flush()
    staff = {
        key: _staff(tx, clinic, name, roles)
        for key, clinic, name, roles in (
            ("joanne", millbrook, "Joanne Pike", {"coordinator"}),
            ("tomas", millbrook, "Tomas Reyes", {"facilitator"}),
            ("osei", millbrook, "Dr Hana Osei", {"resident"}),
            ("farrow", millbrook, "Dr Sam Farrow", {"resident"}),
            ("adler", millbrook, "Dr Ruth Adler", {"attending"}),
            ("nia", millbrook, "Nia Cole", {"nurse"}),
            ("ivo", millbrook, "Ivo Lima", {"interpreter"}),
            ("quinn", millbrook, "Quinn Hale", {"reviewer"}),
            ("ada", millbrook, "Ada Moss", {"admin"}),
            ("sol", harbor, "Sol Stern", set(STAFF_ROLES)),
        )
    }
    patients = {
        key: _patient(tx, clinic, number, given, family, language)
        for number, (key, clinic, given, family, language) in enumerate(
            (
                ("rosa", millbrook, "Rosa", "Delgado", "es"),
                ("marcus", millbrook, "Marcus", "Bell", "en"),
                ("gladys", millbrook, "Gladys", "Nunn", "en"),
                ("teo", millbrook, "Teo", "Alvarez", "es"),
                ("frank", millbrook, "Frank", "Tully", "en"),
                ("beatriz", millbrook, "Beatriz", "Sousa", "pt"),
                ("walter", millbrook, "Walter", "Moss", "en"),
                ("sunny", harbor, "Sunny", "Day", "en"),
            ),
            start=1,
        )
    }
    programme = Programme(id=ids.new_id(), clinic_id=millbrook.id, name="Living well together", purpose="To learn from each other and to plan what matters to you.",
                          design_partners="Dee and Walter", run_sheet=RUN_SHEET, created_at=now)  # fmt: skip
    tx.add(programme)
    tx.flush()
    group = Group(id=ids.new_id(), clinic_id=millbrook.id, programme_id=programme.id, name="Tuesday evening group", room="Main room", week=2, weekday=1,
                  starts=time(17, 30), minutes=120, minimum=3, target=5, maximum=8, slot_minutes=8, layout="parallel", created_at=now)  # fmt: skip
    tx.add(group)
    starts_at = (now + timedelta(hours=1)).replace(second=0, microsecond=0)
    group_session = GroupSession(id=ids.new_id(), clinic_id=millbrook.id, group_id=group.id, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=120),
                                 wall_time=clock.local(starts_at, millbrook.zone).strftime("%Y-%m-%dT%H:%M"), zone=millbrook.zone, room="Main room",
                                 maximum=8, state="planned", epoch=ids.new_id(), version=0)  # fmt: skip
    tx.flush()
    tx.add(group_session)
    tx.flush()
    for key, role in TEAM.items():
        tx.add(GroupTeamMember(group_id=group.id, staff_member_id=staff[key].id, role=role))
        tx.add(
            SessionTeamMember(
                session_id=group_session.id, staff_member_id=staff[key].id, role=role, place="Room 2" if key == "osei" else "Room 3" if key == "farrow" else ""
            )
        )
    seats = {}
    for number, key in enumerate(("rosa", "marcus", "gladys", "teo", "frank", "beatriz"), start=1):
        tx.add(Membership(id=ids.new_id(), group_id=group.id, patient_id=patients[key].id, since=date(2026, 1, 1)))
        seat = Seat(id=ids.new_id(), session_id=group_session.id, patient_id=patients[key].id, state="confirmed", seat_no=number, changed_at=now)
        tx.add(seat)
        seats[key] = seat.id
    return Cast(
        millbrook.id, harbor.id, **staff, **patients,
        programme_id=programme.id, group_id=group.id, session_id=group_session.id, seats=seats,
    )  # fmt: skip


def _staff(tx: Transaction, clinic: Clinic, name: str, roles: set[str]) -> Actor:
    member = StaffMember(id=ids.new_id(), clinic_id=clinic.id, name=name, email=f"{name.split()[-2 if name.startswith('Dr') else 0].lower()}.{name.split()[-1].lower()}@example.org",
                         active=True, fs_uniquifier=ids.new_token(), create_datetime=clock.now())  # fmt: skip
    member.roles = [StaffRole(name=role) for role in sorted(roles)]
    tx.add(member)
    return actors.staff(member.id, clinic.id, roles, name)


def _patient(tx: Transaction, clinic: Clinic, number: int, given: str, family: str, language: str) -> Actor:
    patient = Patient(id=ids.new_id(), clinic_id=clinic.id, record_number=f"MR{number:04}", given_name=given, family_name=family, display_name=given,
                      birth_date=date(1961, 3, number), phone=f"+1617555010{number}", email=f"{given.lower()}@example.org", language=language, created_at=clock.now())  # fmt: skip
    tx.add(patient)
    return actors.patient(patient.id, clinic.id, given)


def reasons(cast: Cast) -> dict[str, list[str]]:
    """What a facilitator says at the close of everybody who came and was not seen one-on-one."""
    return {"unseen": list(cast.seats.values()), "because": ["call_tomorrow"] * len(cast.seats)}


def signed_in(app: Flask, actor: Actor) -> FlaskClient:
    """A browser that is signed in as `actor`, without going through the sign-in page."""
    token, now = ids.new_token(), clock.now()
    with app.app_context(), transaction.write() as tx:
        if actor.kind == "display":
            tx.add(RoomDisplay(id=actor.id, clinic_id=actor.clinic_id, session_id=actor.session_id, token=ids.new_id(), made_at=now))
            tx.flush()
        tx.add(
            BrowserSession(
                id=ids.fingerprint(token),
                created_at=now,
                seen_at=now,
                ends_at=now + timedelta(hours=12),
                staff_member_id=actor.id if actor.kind == "staff" else None,
                patient_id=actor.id if actor.kind == "patient" else None,
                display_id=actor.id if actor.kind == "display" else None,
                data={"clinic_id": actor.clinic_id, "name": actor.name} if actor.kind == "patient" else {},
            )
        )
    client = app.test_client()
    client.set_cookie("groupvisits", token)
    return client
