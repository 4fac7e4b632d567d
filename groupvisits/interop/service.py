"""Papers that hold secrets: making them is an act, and the secrets are known only in its answer."""

from dataclasses import dataclass

from flask import current_app

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction
from groupvisits.interop import rules
from groupvisits.interop.permissions import POLICY
from groupvisits.interop.queries import seats_now
from groupvisits.patients.queries import people_in
from groupvisits.programmes.queries import standing_for
from groupvisits.sessions import rules as session_rules
from groupvisits.sessions.queries import place_for, seats_of
from groupvisits.sessions.service.versions import people_changed


def note_export(tx: Transaction, actor: Actor, group_id: str, kind: str) -> None:
    """It stands in the record who took which file of a group's people or numbers out. Refuses everybody but coordinators of the clinic."""
    standing = standing_for(tx, actor, group_id)
    POLICY.require(actor, "interop:export", standing)
    audit.record(tx, actor, "interop:export", standing.group, file=kind)


@dataclass(frozen=True)
class Slip:
    """One card: no surname, nothing about why the person comes."""

    number: int
    display_name: str
    language: str
    code: str
    address: str


def print_slips(tx: Transaction, actor: Actor, session_id: str) -> list[Slip]:
    """Everybody who may still come has a number and a fresh slip code, returned this once; earlier printed codes have ended.

    Whoever has arrived keeps the slip in their hand and gets no card. Refuses when the visit is over or cancelled, and when nobody is on its list.
    """
    place = place_for(tx, actor, session_id, lock=True)
    POLICY.require(actor, "interop:print", place)
    session_rules.check_is_not_over(place.group_session.state)
    seats = {seat.id: seat for seat in seats_of(tx, place)}
    cards = rules.cards_for(seats_now(seats.values()))
    if not cards:
        raise rules.NobodyOnTheList
    people = people_in(tx, place.clinic_id, (seats[seat_id].patient_id for seat_id, _ in cards))
    public_url, slips = current_app.extensions["config"].public_url, []
    for seat_id, number in cards:
        seat, code = seats[seat_id], ids.new_code()
        seat.slip_number, seat.slip_code, seat.changed_at = number, ids.fingerprint(f"{session_id}:{code}"), clock.now()
        person = people[seat.patient_id]
        slips.append(Slip(number, person.display_name, person.language, code, f"{public_url}/slips/{session_id}-{code}"))
    tx.flush()
    audit.record(tx, actor, "interop:print_slips", place.group_session, session_id=session_id, count=len(slips))
    people_changed(tx, session_id, *(seats[seat_id].patient_id for seat_id, _ in cards))
    return slips
