"""Makes the practice clinic: three groups with a year behind them, one visit live now, and a second clinic nobody sees across to.

Rows are written directly, because a verb cannot act in the past; what happens from now on goes through the verbs.
"""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from faker import Faker
from flask_security.utils import hash_password
from sqlalchemy import select

from groupvisits.accounts.models import Clinic, Installation, PatientLink, RoomDisplay, StaffMember, StaffRole
from groupvisits.agenda.models import Support, Topic
from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import ids
from groupvisits.core.transaction import Transaction
from groupvisits.demo import content, history, scheduling, today
from groupvisits.live.service import keep_talk_account
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import Group, GroupTeamMember, Membership, Programme
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.rules import series
from groupvisits.slots.models import Slot

SEED = 2026
ZONE = "America/New_York"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# fmt: off
RUN_SHEET = [
    {"name": "Arrive and eat", "minutes": 20, "owner": "Everybody", "prompt": "Hello and welcome. Please take some food and find a chair.",
     "watch": "Who is new, who sits alone, who has no phone or slip."},
    {"name": "Welcome", "minutes": 5, "owner": "Facilitator", "prompt": "We meet to learn from each other. You can talk, or just listen.",
     "watch": "Look for nods before you go on. Nobody has to tell their numbers."},
    {"name": "Topics", "minutes": 55, "owner": "Facilitator", "prompt": "Who has found something that helped?",
     "watch": "Who has not spoken yet. When a question comes to you, ask first: who here has met this?"},
    {"name": "Plans", "minutes": 25, "owner": "Patients", "prompt": "What is one thing you will try? How sure are you, from 0 to 10?",
     "watch": "Below 7 of 10, ask what would make it easier, and make it smaller."},
    {"name": "Feedback, close", "minutes": 15, "owner": "Facilitator", "prompt": "This is what we changed because of what you told us last month.",
     "watch": "Everybody has the form and knows the next date. Who lingers may want to ask something alone."},
]
# fmt: on
STAFF = (
    ("coordinator", "Joanne Pike", {"coordinator"}),
    ("facilitator", "Tomas Reyes", {"facilitator"}),
    ("facilitator2", "Lena Brandt", {"facilitator"}),
    ("resident", "Dr Hana Osei", {"resident"}),
    ("resident2", "Dr Sam Farrow", {"resident"}),
    ("attending", "Dr Ruth Adler", {"attending"}),
    ("reviewer", "Quinn Hale", {"reviewer"}),
    ("admin", "Ada Moss", {"admin"}),
    ("nurse", "Nia Cole", {"nurse"}),
    ("interpreter", "Ivo Lima", {"interpreter"}),
)
TEAM = {"facilitator": "facilitator", "resident": "resident", "resident2": "resident", "attending": "attending", "nurse": "nurse", "interpreter": "interpreter"}
PLACES = {"resident": "Room 2", "resident2": "Room 3"}


@dataclass
class Demo:
    """What was made, and the secrets that are shown once."""

    clinic: Clinic
    staff: dict[str, StaffMember]
    password: str
    live: GroupSession | None = None
    links: list[tuple[str, str]] = field(default_factory=list)  # (display name, token)
    slip_codes: list[str] = field(default_factory=list)
    display_token: str = ""


def build(tx: Transaction, now: datetime, zone: str = ZONE) -> Demo:
    """Fill an empty database with the practice clinic as it stands at `now`; mark the database as a demo."""
    dice, fake = random.Random(SEED), Faker(["en_US", "es_MX", "pt_BR"])
    fake.seed_instance(SEED)
    password = f"{ids.new_code(4)}-{ids.new_code(4)}-{ids.new_code(4)}".lower()
    tx.add(Installation(id=1, is_demo=True, made_at=now))
    clinic, other = _clinic(tx, "Millbrook Community Clinic", zone, now), _clinic(tx, "Harbor Clinic", zone, now)
    secret = hash_password(password)
    staff = {key: staff_member(tx, clinic, name, roles, secret, now) for key, name, roles in STAFF}
    staff["stranger"] = staff_member(tx, other, "Sol Stern", {"coordinator"}, secret, now)
    made = Demo(clinic, staff, password)
    programme = Programme(id=ids.new_id(), clinic_id=clinic.id, name="Diabetes together", purpose="To learn from each other and to plan what matters to you. You can talk, or just listen.",
                          design_partners="Dee and Walter, patients since the first group", run_sheet=RUN_SHEET, created_at=now - timedelta(days=400))  # fmt: skip
    tx.add(programme)
    tx.flush()
    begins = _round(now.astimezone(ZoneInfo(zone)) - timedelta(minutes=32))
    rules = ((begins.date(), begins.time()), (_next_weekday(begins.date(), 2), time(9, 30)), (_next_weekday(begins.date(), 3), time(12, 0)))
    names: set[str] = set()
    groups = scheduling.Groups()
    closed = scheduling.closed_days(clinic, now)
    for number, (first_day, starts) in enumerate(rules):
        group = _group(tx, clinic, programme, first_day, starts, number, now)
        for key, role in TEAM.items():
            tx.add(GroupTeamMember(group_id=group.id, staff_member_id=staff[key].id, role=role))
        members = [_patient(tx, clinic, fake, dice, names, len(names) + 1, now) for _ in range((11, 10, 9)[number])]
        tx.flush()
        for patient in members:
            tx.add(Membership(id=ids.new_id(), group_id=group.id, patient_id=patient.id, since=(now - timedelta(days=dice.randint(60, 380))).date()))
        shows = {patient.id: dice.betavariate(7, 2.5) for patient in members}
        past, future = dates_of(group, begins.date() if number == 0 else now.date(), closed, live=begins.date() if number == 0 else None)
        visits, to_come = [_session(tx, clinic, group, day, staff, "closed") for day in past], []
        for held in visits:
            history.fill(tx, dice, group, held, members, shows, staff)
            keep_talk_account(tx, held.id)
        for index, day in enumerate(future):
            if number == 0 and day == begins.date():
                made.live = _session(tx, clinic, group, day, staff, "open")
                _live_visit(tx, dice, made, members, staff, now)
                to_come.append(made.live)
                continue
            planned = _session(tx, clinic, group, day, staff, "planned")
            to_come.append(planned)
            if index < 4:
                _answers(tx, dice, planned, members, now, few=number == 2)
        groups.groups.append(group)
        groups.members.append(members)
        groups.past.append(visits)
        groups.future.append(to_come)
    outsiders = [_patient(tx, clinic, fake, dice, names, len(names) + 1, now) for _ in range(scheduling.WAITING + scheduling.RECRUITS)]
    tx.flush()
    scheduling.fill(tx, groups, outsiders, staff, programme, closed, now)
    assert made.live is not None
    today.fill(tx, made.live, staff)
    _links(tx, made, now)
    audit.record(tx, actors.system(clinic.id), "demo:made", clinic)
    audit.record(tx, actors.system(other.id), "demo:made", other)
    return made


def _clinic(tx: Transaction, name: str, zone: str, now: datetime) -> Clinic:
    clinic = Clinic(id=ids.new_id(), name=name, zone=zone, country="US", phone="555 0110", emergency_number="911", paper="letter", languages=["en", "es", "pt", "ht"],
                    two_factor_required=False, is_demo=True, created_at=now)  # fmt: skip
    tx.add(clinic)
    tx.flush()
    return clinic


def staff_member(tx: Transaction, clinic: Clinic, name: str, roles: set[str], secret: str, now: datetime) -> StaffMember:
    email = name.removeprefix("Dr ").lower().replace(" ", ".") + "@example.org"
    member = StaffMember(
        id=ids.new_id(), clinic_id=clinic.id, name=name, email=email, active=True, password=secret, fs_uniquifier=ids.new_token(), create_datetime=now
    )
    member.roles = [StaffRole(name=role) for role in sorted(roles)]
    tx.add(member)
    tx.flush()
    return member


def _group(tx: Transaction, clinic: Clinic, programme: Programme, first_day: date, starts: time, number: int, now: datetime) -> Group:
    part = "morning" if starts.hour < 11 else "noon" if starts.hour < 14 else "afternoon" if starts.hour < 17 else "evening"
    group = Group(id=ids.new_id(), clinic_id=clinic.id, programme_id=programme.id, name=f"{WEEKDAYS[first_day.weekday()]} {part} group", room=("Main room", "Garden room", "Main room")[number],
                  week=(first_day.day - 1) // 7 + 1, weekday=first_day.weekday(), starts=starts, minutes=120, minimum=8, target=10, maximum=15, slot_minutes=8,
                  layout="parallel", holiday_policy="move", created_at=now - timedelta(days=390))  # fmt: skip
    tx.add(group)
    tx.flush()
    return group


def _patient(tx: Transaction, clinic: Clinic, fake: Faker, dice: random.Random, names: set[str], number: int, now: datetime) -> Patient:
    language = dice.choices(("en", "es", "pt", "ht"), (60, 22, 9, 9))[0]
    speaker = fake[{"es": "es_MX", "pt": "pt_BR"}.get(language, "en_US")]
    given = next(name for name in iter(speaker.first_name, "") if name not in names and " " not in name)
    names.add(given)
    family = speaker.last_name().split()[-1]
    reach = dice.random()
    patient = Patient(
        id=ids.new_id(), clinic_id=clinic.id, record_number=f"MC{10_000 + number * 37}", given_name=given, family_name=family, display_name=given,
        birth_date=date(dice.randint(1944, 1989), dice.randint(1, 12), dice.randint(1, 28)), phone=f"+1617555{dice.randint(100, 199):04}" if reach > 0.1 else "",
        email=f"{number}@patients.example.org" if reach < 0.8 else "", language=language,
        needs=dice.choices(("", "Large print", "Sits near the door", "Interpreter"), (70, 12, 8, 10))[0], created_at=now - timedelta(days=390),
    )  # fmt: skip
    tx.add(patient)
    return patient


def dates_of(group: Group, today: date, closed: series.Closed, *, live: date | None) -> tuple[list[date], list[date]]:
    """The group's days of the twelve months behind (before today) and of the twelve to come (from today).

    On public holidays and closed days nobody meets: those moved to the next working day. Only the `live` visit runs whatever the day.
    """
    months = [today.replace(day=1) + relativedelta(months=offset) for offset in range(-12, 13)]
    wanted = [nth_weekday(month, group.week, group.weekday) for month in months]
    days = [day if day == live else series.lay(day, closed, "move", set(wanted)).day for day in wanted]
    return [day for day in days if day < today][-12:], [day for day in days if day >= today][:12]


def nth_weekday(month: date, week: int, weekday: int) -> date:
    first = month + timedelta(days=(weekday - month.weekday()) % 7)
    day = first + timedelta(weeks=week - 1)
    return day if day.month == month.month else day - timedelta(weeks=1)


def _next_weekday(day: date, weekday: int) -> date:
    return day + timedelta(days=(weekday - day.weekday() - 1) % 7 + 1)


def _round(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // 5 * 5, second=0, microsecond=0)


def _session(tx: Transaction, clinic: Clinic, group: Group, day: date, staff: dict[str, StaffMember], state: str) -> GroupSession:
    wall = datetime.combine(day, group.starts)
    starts_at = wall.replace(tzinfo=ZoneInfo(clinic.zone)).astimezone(ZoneInfo("UTC"))
    ends_at = starts_at + timedelta(minutes=group.minutes)
    group_session = GroupSession(
        id=ids.new_id(), clinic_id=clinic.id, group_id=group.id, starts_at=starts_at, ends_at=ends_at, wall_time=wall.strftime("%Y-%m-%dT%H:%M"), zone=clinic.zone,
        room=group.room, maximum=group.maximum, state=state, epoch=ids.new_id(), version=0,
        opened_at=starts_at - timedelta(minutes=15) if state != "planned" else None, closed_at=ends_at if state == "closed" else None,
    )  # fmt: skip
    tx.add(group_session)
    tx.flush()
    for key, role in TEAM.items():
        tx.add(SessionTeamMember(session_id=group_session.id, staff_member_id=staff[key].id, role=role, place=PLACES.get(key, "")))
    return group_session


def _answers(tx: Transaction, dice: random.Random, group_session: GroupSession, members: list[Patient], now: datetime, *, few: bool) -> None:
    seat_no = 0
    for patient in members:
        state = dice.choices(("confirmed", "invited", "declined"), (40, 45, 15) if few else (75, 17, 8))[0]
        seat_no += state == "confirmed"
        tx.add(
            Seat(
                id=ids.new_id(),
                session_id=group_session.id,
                patient_id=patient.id,
                state=state,
                seat_no=seat_no if state == "confirmed" else None,
                changed_at=now,
            )
        )


def _live_visit(tx: Transaction, dice: random.Random, made: Demo, members: list[Patient], staff: dict[str, StaffMember], now: datetime) -> None:
    """Half an hour into the visit: most have arrived, topics are on the agenda, two one-on-ones are done and two are running."""
    visit = made.live
    assert visit is not None
    visit.join_code, visit.phase, visit.version = ids.new_code(), 2, 24
    seats = []
    for number, patient in enumerate(members, start=1):
        here = number <= 10
        code = ids.new_code()
        seat = Seat(
            id=ids.new_id(), session_id=visit.id, patient_id=patient.id, state="arrived" if here else "confirmed", seat_no=number, slip_number=number if here else None,
            slip_code=ids.fingerprint(f"{visit.id}:{code}") if here else None, arrived_at=visit.starts_at + timedelta(minutes=number - 8) if here else None, changed_at=now,
        )  # fmt: skip
        tx.add(seat)
        if here:
            seats.append(seat)
            made.slip_codes.append(code)
    tx.flush()
    _live_topics(tx, dice, visit, members, now)
    providers = ("resident", "resident2")
    starts = visit.starts_at + timedelta(minutes=12)
    for index, seat in enumerate(seats):
        key, position = providers[index % 2], index // 2 + 1
        planned = starts + timedelta(minutes=9 * (position - 1))
        slot = Slot(id=ids.new_id(), session_id=visit.id, seat_id=seat.id, patient_id=seat.patient_id, provider_id=staff[key].id, place=PLACES[key], position=position,
                    planned_at=planned, minutes=8, state="planned")  # fmt: skip
        if position == 1:
            slot.state, slot.called_at, slot.answer = "finished", planned, "coming"
            slot.answered_at, slot.started_at, slot.finished_at = (
                planned + timedelta(seconds=20),
                planned + timedelta(minutes=1),
                planned + timedelta(minutes=9),
            )
        elif position == 2:
            slot.state, slot.called_at, slot.answer = "started", now - timedelta(minutes=5), "coming"
            slot.answered_at, slot.started_at = now - timedelta(minutes=5), now - timedelta(minutes=4)
        tx.add(slot)
    made.display_token = ids.new_token()
    tx.add(RoomDisplay(id=ids.new_id(), clinic_id=visit.clinic_id, session_id=visit.id, token=ids.fingerprint(made.display_token), made_at=now))


def _live_topics(tx: Transaction, dice: random.Random, visit: GroupSession, members: list[Patient], now: datetime) -> None:
    texts = (1, 2, 3, 4, 0, 15, 18, 24)
    states = ("planned", "planned", "planned", "planned", "current", "new", "new", "talked_about")
    for number, (text, state) in enumerate(zip(texts, states, strict=True)):
        language, words, minutes, outcome = content.TOPICS[text]
        proposer = next((p for p in members[number:10] + members[:number] if p.language == language), None)
        if proposer is None:  # nobody here speaks it
            continue
        topic = Topic(
            id=ids.new_id(), session_id=visit.id, patient_id=proposer.id, words=words, language=language, route="group", shows_name=number % 3 != 1, state=state, minutes=minutes,
            proposed_at=visit.starts_at + timedelta(minutes=2 * number), version=number + 1, outcome=outcome if state == "talked_about" else "",
            ended_at=now - timedelta(minutes=9) if state == "talked_about" else None, spoken_seconds=600 if state == "talked_about" else 0,
        )  # fmt: skip
        tx.add(topic)
        tx.flush()
        for patient in dice.sample(members[:10], dice.randint(0, 5) if state != "new" else 0):
            if patient.id != proposer.id:
                tx.add(Support(topic_id=topic.id, patient_id=patient.id, at=now))
        if state == "current":
            visit.current_topic_id, visit.topic_started_at, visit.topic_ends_at = topic.id, now - timedelta(minutes=7), now + timedelta(minutes=8)
    _carried_over(tx, visit, {patient.id for patient in members}, {content.TOPICS[text][1] for text in texts})
    tx.add(Topic(id=ids.new_id(), session_id=visit.id, patient_id=members[0].id, words=content.ALONE[0], language="en", route="one_on_one", state="new", minutes=0,
                 proposed_at=visit.starts_at, version=9))  # fmt: skip


def _carried_over(tx: Transaction, visit: GroupSession, members: set[str], on_the_table: set[str]) -> None:
    """What the group did not get to last month is on the table again."""
    last = tx.scalars(
        select(GroupSession).where(GroupSession.group_id == visit.group_id, GroupSession.state == "closed").order_by(GroupSession.starts_at.desc())
    ).first()
    if last is None:
        return
    parked = select(Topic).where(Topic.session_id == last.id, Topic.state == "parked", Topic.patient_id.in_(members), Topic.words.not_in(on_the_table)).limit(2)
    for topic in tx.scalars(parked).all():
        again = Topic(id=ids.new_id(), session_id=visit.id, patient_id=topic.patient_id, words=topic.words, language=topic.language, route="group", shows_name=topic.shows_name,
                      state="new", minutes=topic.minutes, carried_from_id=topic.id, proposed_at=visit.starts_at, version=1)  # fmt: skip
        tx.add(again)
        topic.carried_to_id = again.id


def _links(tx: Transaction, made: Demo, now: datetime) -> None:
    """A fresh link for everybody who is in the room now."""
    assert made.live is not None
    here = (
        tx.query(Patient)
        .join(Seat, Seat.patient_id == Patient.id)
        .where(Seat.session_id == made.live.id, Seat.state == "arrived")
        .order_by(Seat.slip_number)
        .all()
    )
    for patient in here:
        token = ids.new_token()
        tx.add(PatientLink(id=ids.fingerprint(token), clinic_id=patient.clinic_id, patient_id=patient.id, made_at=now, ends_at=now + timedelta(days=14)))
        made.links.append((patient.display_name, token))
