"""A year of visits behind each group: who came, what they talked about, their one-on-ones with signed notes, and their feedback."""

import random
from datetime import datetime, timedelta
from typing import Any

from groupvisits.accounts.models import StaffMember
from groupvisits.agenda.models import Support, Topic
from groupvisits.core import clock, ids
from groupvisits.core.transaction import Transaction
from groupvisits.demo import content
from groupvisits.feedback import service as feedback
from groupvisits.feedback.items import ITEMS
from groupvisits.notes import rules as note_rules
from groupvisits.notes import service as notes
from groupvisits.notes.models import ActionPlan, Note, NoteSignature
from groupvisits.patients.models import Patient
from groupvisits.programmes.models import Group
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.slots.models import Slot

GROUP_SECONDS = 55 * 60
RECENT = timedelta(days=40)


def fill(
    tx: Transaction, dice: random.Random, group: Group, held: GroupSession, members: list[Patient], shows: dict[str, float], staff: dict[str, StaffMember]
) -> None:
    """Write what happened in a visit that is over."""
    came = _seats(tx, dice, held, members, shows)
    _topics(tx, dice, held, came)
    _one_on_ones(tx, dice, group, held, came, staff)
    _feedback(tx, dice, held, len(came))
    held.version = 30 + dice.randint(0, 40)


def _seats(tx: Transaction, dice: random.Random, held: GroupSession, members: list[Patient], shows: dict[str, float]) -> list[tuple[Seat, Patient]]:
    came: list[tuple[Seat, Patient]] = []
    seat_no = 0
    for patient in members:
        comes = dice.random() < shows[patient.id]
        state = "attended" if comes else dice.choice(("declined", "no_show", "declined"))
        holds = state != "declined"
        seat_no += holds
        seat = Seat(
            id=ids.new_id(), session_id=held.id, patient_id=patient.id, state=state, seat_no=seat_no if holds else None, slip_number=len(came) + 1 if comes else None,
            arrived_at=held.starts_at + timedelta(minutes=dice.randint(-12, 9)) if comes else None, changed_at=held.ends_at,
        )  # fmt: skip
        tx.add(seat)
        if comes:
            came.append((seat, patient))
    tx.flush()
    return came


def _topics(tx: Transaction, dice: random.Random, held: GroupSession, came: list[tuple[Seat, Patient]]) -> None:
    if not came:
        return
    chosen = dice.sample(content.TOPICS, min(len(came), dice.randint(5, 8)))
    for number, (language, words, minutes, outcome) in enumerate(chosen):
        proposer = next((patient for _, patient in dice.sample(came, len(came)) if patient.language == language), None)
        if proposer is None:
            continue
        talked = number < 4
        topic = Topic(
            id=ids.new_id(), session_id=held.id, patient_id=proposer.id, words=words, language=language, route="group", shows_name=dice.random() < 0.5,
            state="talked_about" if talked else "parked", minutes=minutes, spoken_seconds=minutes * 60 if talked else 0, outcome=outcome if talked else "",
            proposed_at=held.starts_at + timedelta(minutes=number), ended_at=held.ends_at - timedelta(minutes=60 - 12 * number if talked else 0), version=number + 1,
        )  # fmt: skip
        tx.add(topic)
        tx.flush()
        for _, patient in dice.sample(came, dice.randint(0, len(came) - 1)):
            if patient.id != proposer.id:
                tx.add(Support(topic_id=topic.id, patient_id=patient.id, at=held.starts_at + timedelta(minutes=number + 5)))
    if dice.random() < 0.6:
        tx.add(Topic(id=ids.new_id(), session_id=held.id, patient_id=dice.choice(came)[1].id, words=dice.choice(content.ALONE), language="en", route="one_on_one",
                     state="answered_one_on_one", minutes=0, proposed_at=held.starts_at, ended_at=held.ends_at, version=20))  # fmt: skip


def _one_on_ones(
    tx: Transaction, dice: random.Random, group: Group, held: GroupSession, came: list[tuple[Seat, Patient]], staff: dict[str, StaffMember]
) -> None:
    residents = (staff["resident"], staff["resident2"])
    for index, (seat, patient) in enumerate(came):
        resident, position = residents[index % 2], index // 2 + 1
        planned = held.starts_at + timedelta(minutes=15 + 9 * (position - 1))
        began = planned + timedelta(minutes=dice.randint(0, 3))
        slot = Slot(
            id=ids.new_id(), session_id=held.id, seat_id=seat.id, patient_id=patient.id, provider_id=resident.id, place=("Room 2", "Room 3")[index % 2], position=position,
            planned_at=planned, minutes=group.slot_minutes, state="finished", called_at=began - timedelta(seconds=70), answer="coming", answered_at=began - timedelta(seconds=40),
            started_at=began, finished_at=began + timedelta(seconds=dice.randint(360, 620)),
        )  # fmt: skip
        tx.add(slot)
        tx.flush()
        _note(tx, dice, held, slot, resident, staff["attending"])


def _note(tx: Transaction, dice: random.Random, held: GroupSession, slot: Slot, resident: StaffMember, attending: StaffMember) -> None:
    plan, rhythm = dice.choice(content.PLANS)
    confidence = dice.choices(range(4, 11), (1, 2, 4, 8, 8, 4, 2))[0]
    numbers = {"low": dice.randint(110, 150), "high": dice.randint(151, 210), "days": dice.randint(3, 7), "weeks": dice.choice((4, 6, 8, 12)),
               "times": dice.randint(2, 5), "day": dice.randint(11, 28)}  # fmt: skip
    draft = {
        "co_assess": {"patient": dice.choice(content.PATIENT_SEES), "clinician": dice.choice(content.CLINICIAN_SEES).format(**numbers)},
        "co_decide": {"patient": dice.choice(content.PATIENT_CHOOSES), "clinician": dice.choice(content.CLINICIAN_CHOOSES).format(**numbers)},
        "co_design": {"patient": f"{plan}. {rhythm}. I am {confidence} of 10 sure.", "clinician": dice.choice(content.CLINICIAN_PLANS)},
        "co_deliver": {"patient": dice.choice(content.PATIENT_DELIVERS), "clinician": dice.choice(content.CLINICIAN_DELIVERS).format(**numbers)},
        "plan": {"what": plan, "when": rhythm, "confidence": confidence},
    }
    written = held.ends_at + timedelta(minutes=dice.randint(5, 90))
    # Of the newest visit some notes still wait: for a signature, or for the attending.
    state = dice.choices(("cosigned", "signed", "draft"), (4, 4, 2))[0] if clock.now() - held.ends_at < RECENT else "cosigned"
    note = Note(id=ids.new_id(), clinic_id=held.clinic_id, session_id=held.id, slot_id=slot.id, patient_id=slot.patient_id, author_id=resident.id, state=state, draft=draft,
                revision=dice.randint(4, 12), saved_at=written, created_at=slot.started_at or written)  # fmt: skip
    tx.add(note)
    tx.flush()
    tx.add(ActionPlan(id=ids.new_id(), note_id=note.id, patient_id=slot.patient_id, what=plan, when_how_often=rhythm, confidence=confidence, made_at=written))
    if state == "draft":
        return
    individual = int((slot.finished_at - slot.started_at).total_seconds()) if slot.finished_at and slot.started_at else 0
    signature = _signature(
        tx, note, "signature", notes.note_content(tx, note, slot, individual, GROUP_SECONDS, written), resident, written,
        individual_seconds=individual, group_seconds=GROUP_SECONDS,
    )  # fmt: skip
    if state == "signed":
        return
    presence = dice.choice(("key_part", "discussed", "discussed", "read_after"))
    attested = written + timedelta(minutes=dice.randint(20, 900))
    said = {"key_part": "I joined for the plan.", "discussed": "We talked it through in the hallway.", "read_after": ""}[presence]
    content_ = {"format": "groupvisits cosignature 1", "note_id": note.id, "signature_id": signature.id, "signature_sha256": signature.sha256,
                "presence": presence, "attestation": said, "signed_by": {"id": attending.id, "name": attending.name}, "signed_at": attested.isoformat()}  # fmt: skip
    _signature(
        tx, note, "cosignature", content_, attending, attested, individual_seconds=individual, group_seconds=GROUP_SECONDS, presence=presence, attestation=said
    )


def _signature(tx: Transaction, note: Note, kind: str, signed: dict[str, Any], by: StaffMember, at: datetime, **more: Any) -> NoteSignature:
    written = note_rules.canonical(signed)
    row = NoteSignature(id=ids.new_id(), note_id=note.id, kind=kind, content=written, sha256=note_rules.digest(written), signed_by=by.id, signed_at=at, **more)
    tx.add(row)
    return row


def _feedback(tx: Transaction, dice: random.Random, held: GroupSession, came: int) -> None:
    """Most who came answer; later visits are felt a little better than the first."""
    form = feedback.open_form(tx, held)
    form.opened_at = held.ends_at
    months_ago = max((clock.now() - held.ends_at).days / 30, 0)
    pleased = 0.86 - 0.025 * months_ago
    for _ in range(round(came * dice.uniform(0.6, 1.0))):
        answers = {
            item.key: dice.choices(
                ("yes", "mostly", "partly", "little", "no"), (pleased * 70, pleased * 30, (1 - pleased) * 55, (1 - pleased) * 30, (1 - pleased) * 15)
            )[0]
            for item in ITEMS.values()
            if item.kind == "words" and dice.random() < 0.93
        }
        if dice.random() < 0.35:
            answers["change"] = dice.choice(content.ONE_THING_TO_CHANGE)
        if answers:
            feedback.keep_answers(tx, form, answers)
    if form.closes_at <= clock.now():
        feedback.close_form(tx, form)
