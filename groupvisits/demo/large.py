"""A clinic as large as they come, around the practice clinic: to see that pages stay quick, and how long lists look.

5,000 patients, 300 groups and 3,600 dates with a year's attendance and full waiting lists. Rows go in by the thousand.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from faker import Faker
from sqlalchemy import func, insert, select

from groupvisits.accounts.models import Clinic, StaffMember
from groupvisits.core import ids
from groupvisits.core.transaction import Transaction
from groupvisits.demo.build import RUN_SHEET, SEED, Demo, nth_weekday, staff_member
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import Group, GroupTeamMember, Membership, Programme
from groupvisits.sessions.models import GroupSession, Offer, Seat, SessionTeamMember, WaitingListEntry

PATIENTS, GROUPS, DATES = 5_000, 300, 3_600
AT_ONCE = 5_000
PROGRAMMES = ("Heart and breath together", "Living well with pain", "Group prenatal care", "Healthy weight together", "Growing older well")
STARTS = (time(9, 0), time(9, 30), time(12, 0), time(13, 30), time(17, 30))
PARTS = ("early", "morning", "noon", "afternoon", "evening")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
ROLES = {"facilitator": 12, "resident": 24, "attending": 8, "nurse": 8}
OFFERED = 0.4


@dataclass
class Rows:
    """What is to be written, by table; parents are written before their children."""

    of: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, model: Any, **values: Any) -> dict[str, Any]:
        self.of.setdefault(model, []).append(values)
        return values

    def write(self, tx: Transaction, *models: Any) -> None:
        for model in models:
            rows = self.of.pop(model, [])
            for start in range(0, len(rows), AT_ONCE):
                tx.execute(insert(model), rows[start : start + AT_ONCE])


def enlarge(tx: Transaction, made: Demo, now: datetime) -> None:
    """The practice clinic has as many patients, groups and dates as the numbers above."""
    dice, rows = random.Random(SEED), Rows()
    clinic = made.clinic
    staff = _staff(tx, clinic, made.staff, dice, now)
    patients = list(_patients(rows, clinic, dice, PATIENTS - _count(tx, Patient, clinic), now))
    programmes = _programmes(rows, clinic, now)
    rows.write(tx, Patient, Programme)
    groups, dates = GROUPS - _count(tx, Group, clinic), DATES - _count(tx, GroupSession, clinic)
    members = _shares(dice, patients)
    for number in range(groups):
        group = _group(rows, clinic, dice, programmes, number, now)
        team = [(dice.choice(staff[role]), role) for role in ("facilitator", "resident", "resident", "attending", "nurse")]
        team = list(dict.fromkeys(team))
        for member_id, role in team:
            rows.add(GroupTeamMember, group_id=group["id"], staff_member_id=member_id, role=role)
        here = next(members)
        for patient_id, _ in here:
            rows.add(Membership, id=ids.new_id(), group_id=group["id"], patient_id=patient_id, since=(now - timedelta(days=dice.randint(60, 380))).date())
        share = dates * (number + 1) // groups - dates * number // groups
        _dates(rows, clinic, dice, group, team, here, share, now)
    rows.write(tx, Group, GroupTeamMember, Membership, GroupSession, SessionTeamMember, Seat, WaitingListEntry, Offer)


def _count(tx: Transaction, model: Any, clinic: Clinic) -> int:
    return tx.scalar(select(func.count()).select_from(model).where(model.clinic_id == clinic.id)) or 0


def _staff(tx: Transaction, clinic: Clinic, present: dict[str, StaffMember], dice: random.Random, now: datetime) -> dict[str, list[str]]:
    fake = Faker("en_US")
    fake.seed_instance(SEED)
    secret = present["coordinator"].password or ""
    made: dict[str, list[str]] = {}
    for role, many in ROLES.items():
        title = "Dr " if role in ("resident", "attending") else ""
        people = (staff_member(tx, clinic, f"{title}{fake.unique.first_name()} {fake.unique.last_name()}", {role}, secret, now) for _ in range(many))
        made[role] = [person.id for person in people]
    return made


def _patients(rows: Rows, clinic: Clinic, dice: random.Random, many: int, now: datetime) -> Iterator[tuple[str, float]]:
    """(id, how likely they come) of new patients; names are put together from a few hundred of each language."""
    names: dict[str, tuple[list[str], list[str]]] = {}
    for language, locale in (("en", "en_US"), ("es", "es_MX"), ("pt", "pt_BR")):
        fake = Faker(locale)
        fake.seed_instance(SEED)
        names[language] = [fake.first_name() for _ in range(300)], [fake.last_name() for _ in range(300)]
    names["ht"] = names["en"]
    for number in range(many):
        language = dice.choices(("en", "es", "pt", "ht"), (60, 22, 9, 9))[0]
        given, family = dice.choice(names[language][0]), dice.choice(names[language][1])
        reach = dice.random()
        patient = rows.add(
            Patient, id=ids.new_id(), clinic_id=clinic.id, record_number=f"MC{100_000 + number * 17}", given_name=given, family_name=family, display_name=given[:40],
            birth_date=date(dice.randint(1936, 2001), dice.randint(1, 12), dice.randint(1, 28)), phone=f"+1617{dice.randint(2_000_000, 9_999_999)}" if reach > 0.1 else "",
            email=f"p{number}@patients.example.org" if reach < 0.8 else "", language=language, needs=dice.choices(("", "Large print", "Interpreter"), (80, 12, 8))[0],
            is_active=True, created_at=now - timedelta(days=dice.randint(30, 700)),
        )  # fmt: skip
        yield patient["id"], dice.betavariate(7, 2.5)


def _programmes(rows: Rows, clinic: Clinic, now: datetime) -> list[str]:
    return [
        rows.add(Programme, id=ids.new_id(), clinic_id=clinic.id, name=name, purpose="To learn from each other and to plan what matters to you.", design_partners="",
                 run_sheet=RUN_SHEET, created_at=now - timedelta(days=500))["id"]
        for name in PROGRAMMES
    ]  # fmt: skip


def _shares(dice: random.Random, patients: list[tuple[str, float]]) -> Iterator[list[tuple[str, float]]]:
    """The members of one group after the other: 9 to 19 people, so that most of the clinic stands in a group and some in none."""
    start = 0
    while True:
        size = dice.randint(9, 19)
        if start + size > len(patients):
            start = 0
        yield patients[start : start + size]
        start += size


def _group(rows: Rows, clinic: Clinic, dice: random.Random, programmes: list[str], number: int, now: datetime) -> dict[str, Any]:
    weekday, part, week = number % 5, number // 5 % 5, number // 25 % 4 + 1
    name = f"{DAYS[weekday]} {PARTS[part]} group {number + 1}"
    return rows.add(
        Group, id=ids.new_id(), clinic_id=clinic.id, programme_id=dice.choice(programmes), name=name, room=f"Room {number % 12 + 1}", week=week, weekday=weekday,
        starts=STARTS[part], minutes=120, minimum=6 if number % 4 == 0 else 8, target=8 if number % 4 == 0 else 10, maximum=10 if number % 4 == 0 else 15, slot_minutes=8, layout="parallel", over_inviting=number % 3 == 0,
        created_at=now - timedelta(days=390),
    )  # fmt: skip


def _dates(
    rows: Rows,
    clinic: Clinic,
    dice: random.Random,
    group: dict[str, Any],
    team: list[tuple[str, str]],
    members: list[tuple[str, float]],
    many: int,
    now: datetime,
) -> None:
    """Half of a group's dates lie behind, half before us."""
    today = now.astimezone(ZoneInfo(clinic.zone)).date()
    months = ((today.year * 12 + today.month - 1 + offset) for offset in range(-(many // 2), many - many // 2 + 1))
    days = [nth_weekday(date(month // 12, month % 12 + 1, 1), group["week"], group["weekday"]) for month in months][:many]
    for day in days:
        wall = datetime.combine(day, group["starts"])
        starts_at = wall.replace(tzinfo=ZoneInfo(clinic.zone))
        ends_at = starts_at + timedelta(minutes=group["minutes"])
        over = ends_at < now
        visit = rows.add(
            GroupSession, id=ids.new_id(), clinic_id=clinic.id, group_id=group["id"], starts_at=starts_at, ends_at=ends_at, wall_time=wall.strftime("%Y-%m-%dT%H:%M"),
            zone=clinic.zone, room=group["room"], maximum=group["maximum"], state="closed" if over else "planned", epoch=ids.new_id(), version=0,
            opened_at=starts_at if over else None, closed_at=ends_at if over else None,
        )  # fmt: skip
        for member_id, role in team:
            rows.add(SessionTeamMember, session_id=visit["id"], staff_member_id=member_id, role=role, place="")
        left = _seats(rows, dice, visit, members, over, now)
        if left and not over and starts_at < now + timedelta(days=40):
            _waiting(rows, clinic, dice, visit, left, now)


def _seats(rows: Rows, dice: random.Random, visit: dict[str, Any], members: list[tuple[str, float]], over: bool, now: datetime) -> list[str]:
    """Seats as they were taken and answered; who found no free place is returned."""
    soon, seat_no, left = visit["starts_at"] < now + timedelta(days=28), 0, []
    for patient_id, comes in members:
        state = _what_came_of_it(dice, comes) if over else dice.choices(("confirmed", "invited", "declined"), (62, 26, 12))[0] if soon else "invited"
        holds = state not in ("declined", "invited")
        if holds and seat_no == visit["maximum"]:
            left.append(patient_id)
            continue
        seat_no += holds
        rows.add(
            Seat, id=ids.new_id(), session_id=visit["id"], patient_id=patient_id, state=state, seat_no=seat_no if holds else None, companions=int(dice.random() < 0.15),
            arrived_at=visit["starts_at"] + timedelta(minutes=dice.randint(-12, 9)) if state in ("attended", "left_early") else None,
            answered_at=visit["starts_at"] - timedelta(days=9) if state != "invited" and over else None, changed_at=visit["ends_at"] if over else now,
        )  # fmt: skip
    return left


def _what_came_of_it(dice: random.Random, comes: float) -> str:
    if dice.random() < comes:
        return "left_early" if dice.random() < 0.03 else "attended"
    return dice.choice(("no_show", "declined"))


def _waiting(rows: Rows, clinic: Clinic, dice: random.Random, visit: dict[str, Any], patient_ids: list[str], now: datetime) -> None:
    """A full date's waiting list; the last place of some was freed and is offered to whoever waits longest."""
    entries = [
        rows.add(
            WaitingListEntry, id=ids.new_id(), clinic_id=clinic.id, session_id=visit["id"], patient_id=patient_id, state="waiting",
            since=now - timedelta(days=9) + timedelta(minutes=position), changed_at=now,
        )
        for position, patient_id in enumerate(patient_ids)
    ]  # fmt: skip
    seats = [
        rows.add(Seat, id=ids.new_id(), session_id=visit["id"], patient_id=patient_id, state="waitlisted", seat_no=None, companions=0, arrived_at=None, answered_at=None, changed_at=now)
        for patient_id in patient_ids
    ]  # fmt: skip
    if dice.random() > OFFERED:
        return
    freed = next(seat for seat in reversed(rows.of[Seat]) if seat["session_id"] == visit["id"] and seat["state"] == "confirmed")
    number = freed["seat_no"]
    freed.update(state="declined", seat_no=None)
    seats[0].update(state="offered", seat_no=number)
    entries[0]["state"] = "offered"
    rows.add(Offer, id=ids.new_id(), clinic_id=clinic.id, session_id=visit["id"], entry_id=entries[0]["id"], places=1, state="open", because=f"seat:{freed['id']}",
             made_at=now - timedelta(hours=4), made_by="Joanne Pike", expires_at=now + timedelta(hours=20))  # fmt: skip
