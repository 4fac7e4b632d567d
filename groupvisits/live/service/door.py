"""The ways in for a patient's phone: codes, slips, and being let in by somebody who knows them."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from groupvisits.accounts.browser_sessions import PATIENT_AT_MOST
from groupvisits.accounts.models import BrowserSession, Clinic, SignInAttempt
from groupvisits.agenda.permissions import TAKING_PART
from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.live import rules
from groupvisits.live.permissions import POLICY
from groupvisits.live.service.acts import Result, place_in
from groupvisits.patients.models import Patient
from groupvisits.sessions.events import SeatArrived, SessionChanged
from groupvisits.sessions.models import HOLDING, GroupSession, Seat, WaitingGuest
from groupvisits.sessions.rules import check_is_open
from groupvisits.sessions.service import next_version, take_seat


def admit_guest(tx: Transaction, actor: Actor, session_id: str, *, guest_id: str, seat_id: str) -> Result:
    """The waiting phone is that patient's from now on, without a tap, and the patient is here.

    Refuses a phone that was let in as somebody else, seats of other visits, and a full visit for a seat that holds no place.
    """
    place = place_in(tx, actor, session_id, "live:admit")
    check_is_open(place.group_session.state)
    guest, seat = tx.get(WaitingGuest, guest_id), tx.get(Seat, seat_id)
    if guest is None or seat is None or guest.session_id != session_id or seat.session_id != session_id or seat.state == "cancelled":
        raise NotFound
    patient = tx.get_one(Patient, seat.patient_id)
    if not patient.is_active:
        raise NotFound
    rules.check_can_admit(guest.seat_id, seat_id)
    if guest.seat_id == seat_id:
        return {"version": place.group_session.version}
    guest.seat_id = seat_id
    _arrive(tx, actor, place.group_session, seat)
    _sign_in_waiting_browser(tx, guest, patient)
    audit.record(tx, actor, "live:admit", guest, session_id=session_id, seat=seat_id, patient=seat.patient_id)
    version = next_version(tx, session_id)
    tx.announce(SessionChanged(session_id, version, people=True, patients=(seat.patient_id,)))
    return {"version": version}


def wait_at_door(tx: Transaction, actor: Actor, *, code: str, fingerprint: str, address: str) -> dict[str, Any] | None:
    """The phone waits with a number until staff let it in; None (and the try is counted) when no open visit has this code.

    Waiting twice is waiting once. Refuses with TooManyTries, and with TooManyWaiting when the door is crowded.
    """
    POLICY.require(actor, "live:join")
    _check_tries(tx, fingerprint, address)
    group_session = _open_session_with(tx, code)
    if group_session is None:
        _count_try(tx, fingerprint, address)
        return None
    tx.execute(select(GroupSession.id).where(GroupSession.id == group_session.id).with_for_update())
    guests = tx.scalars(select(WaitingGuest).where(WaitingGuest.session_id == group_session.id)).all()
    guest = next((guest for guest in guests if guest.browser_session_id == fingerprint), None)
    if guest is None:
        rules.check_may_wait(sum(guest.seat_id is None for guest in guests))
        number = max((guest.number for guest in guests), default=0) + 1
        guest = WaitingGuest(id=ids.new_id(), session_id=group_session.id, number=number, browser_session_id=fingerprint, asked_at=clock.now())
        tx.add(guest)
        tx.flush()
        audit.record(tx, actor, "live:wait", guest, session_id=group_session.id)
        tx.announce(SessionChanged(group_session.id, next_version(tx, group_session.id), people=True))
    return {"session_id": group_session.id, "guest_id": guest.id, "number": guest.number}


def join_with_codes(tx: Transaction, actor: Actor, *, code: str, slip: str, fingerprint: str, address: str) -> dict[str, Any] | None:
    """Who holds the slip with this code, in the visit whose code is on the wall; None (and the try is counted) for nobody."""
    POLICY.require(actor, "live:join")
    _check_tries(tx, fingerprint, address)
    group_session = _open_session_with(tx, code)
    found = _holder(tx, group_session, slip)
    if found is None:
        _count_try(tx, fingerprint, address)
    return found


def join_with_slip(tx: Transaction, actor: Actor, *, session_id: str, slip: str, fingerprint: str, address: str) -> dict[str, Any] | None:
    """Who holds this slip, room and seat in one scan; None (and the try is counted) for nobody, or when the visit is over."""
    POLICY.require(actor, "live:join")
    _check_tries(tx, fingerprint, address)
    group_session = tx.get(GroupSession, session_id)
    found = _holder(tx, group_session if group_session is not None and group_session.state in ("planned", "open") else None, slip)
    if found is None:
        _count_try(tx, fingerprint, address)
    return found


def _holder(tx: Transaction, group_session: GroupSession | None, slip: str) -> dict[str, Any] | None:
    slip = ids.tidy_code(slip)
    if group_session is None or not slip:
        return None
    code = ids.fingerprint(f"{group_session.id}:{slip}")
    seat = tx.scalar(select(Seat).where(Seat.session_id == group_session.id, Seat.slip_code == code, Seat.state.in_(TAKING_PART)))
    if seat is None:
        return None
    patient = tx.get_one(Patient, seat.patient_id)
    if not patient.is_active:
        return None
    audit.record(tx, actors.patient(patient.id, patient.clinic_id), "live:join", seat, session_id=group_session.id)
    return {"session_id": group_session.id, "patient_id": patient.id, **_own_data(tx, patient)}


def _own_data(tx: Transaction, patient: Patient) -> dict[str, str]:
    """What a patient's browser session keeps beside who it is."""
    language = tx.get_one(Clinic, patient.clinic_id).language_for(patient.language)
    return {"clinic_id": patient.clinic_id, "name": patient.display_name, "language": language}


def _sign_in_waiting_browser(tx: Transaction, guest: WaitingGuest, patient: Patient) -> None:
    """The browser's own row changes, so that its next request is the patient's. Its first page gives it a new secret (views.patient_room)."""
    row = tx.get(BrowserSession, guest.browser_session_id)
    if row is None:
        return  # it was closed meanwhile; the person is here all the same
    row.patient_id, row.staff_member_id, row.display_id = patient.id, None, None
    row.data = {**_own_data(tx, patient), **{key: row.data[key] for key in ("language", "csrf_token") if key in row.data}, "admitted_to": guest.session_id}
    row.ends_at = clock.now() + PATIENT_AT_MOST


def _arrive(tx: Transaction, actor: Actor, group_session: GroupSession, seat: Seat) -> None:
    if seat.state not in HOLDING:
        take_seat(tx, actor, group_session, seat.patient_id)
    if seat.state == "arrived":
        return
    if seat.slip_number is None:
        seat.slip_number = (tx.scalar(select(func.max(Seat.slip_number)).where(Seat.session_id == group_session.id)) or 0) + 1
    seat.state, seat.changed_at = "arrived", clock.now()
    seat.arrived_at = seat.arrived_at or seat.changed_at
    tx.announce(SeatArrived(group_session.id, seat.id))


def _open_session_with(tx: Transaction, code: str) -> GroupSession | None:
    code = ids.tidy_code(code)
    return tx.scalar(select(GroupSession).where(GroupSession.join_code == code, GroupSession.state == "open")) if code else None


def _keys(fingerprint: str, address: str) -> tuple[str, str]:
    return ids.fingerprint(f"slip browser {fingerprint}"), ids.fingerprint(f"slip address {address}")


def _check_tries(tx: Transaction, fingerprint: str, address: str) -> None:
    browser, network = _keys(fingerprint, address)
    since: datetime = clock.now() - rules.TRIES_COUNT_FOR
    counts = dict(
        tx.execute(
            select(SignInAttempt.key, func.count()).where(SignInAttempt.key.in_((browser, network)), SignInAttempt.at > since).group_by(SignInAttempt.key)
        ).all()
    )  # fmt: skip
    rules.check_tries(counts.get(browser, 0), counts.get(network, 0))


def _count_try(tx: Transaction, fingerprint: str, address: str) -> None:
    for key in _keys(fingerprint, address):
        tx.add(SignInAttempt(id=ids.new_id(), key=key, at=clock.now()))
