"""At the door: nobody who comes is turned away, how many come along is counted, and somebody new gets in."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, ids, language, transaction
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from groupvisits.patients.models import CarePartner, Patient
from groupvisits.sessions import queries, rules, service
from groupvisits.sessions.models import GroupSession, Offer, Seat, WaitingListEntry
from groupvisits.sessions.rules import door as door_rules
from groupvisits.slots.models import Slot
from tests.cast import Cast, signed_in
from tests.sessions.arrange import ROSA, door, member, noted, set_maximum, sister_group


def seat_of(cast: Cast, patient_id: str) -> Seat:
    return db.session.scalars(select(Seat).where(Seat.session_id == cast.session_id, Seat.patient_id == patient_id)).one()


@pytest.mark.parametrize(
    ("holds_place", "with_reason", "held", "here", "maximum", "is_full"),
    [
        (True, False, 15, 0, 15, False),
        (True, False, 17, 14, 15, False),
        (True, False, 17, 15, 15, True),  # more were invited than there are chairs
        (True, True, 17, 15, 15, False),
        (False, False, 14, 3, 15, False),
        (False, False, 15, 3, 15, True),
        (False, False, 16, 15, 15, True),
    ],
)
def test_there_is_a_chair_or_not(holds_place: bool, with_reason: bool, held: int, here: int, maximum: int, is_full: bool) -> None:
    assert door_rules.is_full_for(holds_place=holds_place, let_in_with_reason=with_reason, held=held, here_in_group=here, maximum=maximum) == is_full


@pytest.mark.parametrize(("number", "fine"), [(None, True), (0, True), (9, True), (10, False), (-1, False), (10**9, False)])
def test_a_party_of_any_size_is_not_believed(number: int | None, fine: bool) -> None:
    if fine:
        door_rules.check_companions(number)
    else:
        with pytest.raises(door_rules.TooManyCompanions):
            door_rules.check_companions(number)


# --- the verbs


@pytest.fixture
def full(cast: Cast, app: Flask) -> Cast:
    set_maximum(app, cast, 6)
    return cast


def test_without_a_chair_somebody_is_seen_one_on_one_at_the_end_of_a_clinicians_line(app: Flask, full: Cast) -> None:
    with app.app_context():
        run(service.open_session, full.tomas, full.session_id)
        assert run(service.let_in, full.nia, full.session_id, full.walter.id, seen_alone=True, companions=1)
        seat = seat_of(full, full.walter.id)
        assert (seat.state, seat.is_fallback, seat.companions, seat.over_maximum_reason) == ("arrived", True, 1, door_rules.SEEN_ALONE)
        slot = db.session.scalars(select(Slot).where(Slot.seat_id == seat.id)).one()
        theirs = db.session.scalars(select(Slot).where(Slot.provider_id == slot.provider_id)).all()
        assert slot.planned_at == max(each.planned_at for each in theirs)
        counts = queries.counts_for(db.session(), full.joanne, queries.place_for(db.session(), full.joanne, full.session_id))
        assert (counts.here, counts.here_in_group, counts.held) == (1, 0, 7)
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "sessions:check_in")).one()
        assert (entry.details["seen_alone"], entry.details["reason"]) == (True, door_rules.SEEN_ALONE)


def test_where_more_said_yes_than_there_are_chairs_the_last_to_come_is_seen_one_on_one(app: Flask, cast: Cast) -> None:
    set_maximum(app, cast, 2)
    with app.app_context():
        for name in ("rosa", "marcus"):
            run(service.check_in, cast.nia, cast.session_id, cast.seats[name])
        with pytest.raises(rules.SessionFull):
            run(service.check_in, cast.nia, cast.session_id, cast.seats["gladys"])
        run(service.check_in, cast.tomas, cast.session_id, cast.seats["gladys"], seen_alone=True)
        gladys = db.session.get_one(Seat, cast.seats["gladys"])
        assert (gladys.state, gladys.is_fallback, gladys.seat_no) == ("arrived", True, 3)
        run(service.check_in, cast.nia, cast.session_id, cast.seats["teo"], over_maximum_reason="Her interpreter is in the room")
        assert not db.session.get_one(Seat, cast.seats["teo"]).is_fallback


def test_where_there_is_a_chair_nobody_is_kept_out_of_the_group(context: None, cast: Cast) -> None:
    with pytest.raises(door_rules.PlaceIsFree):
        run(service.let_in, cast.nia, cast.session_id, cast.walter.id, seen_alone=True)
    assert db.session.scalar(select(Seat).where(Seat.patient_id == cast.walter.id)) is None


def test_a_wrong_tap_without_a_chair_leaves_everything_as_it_was(app: Flask, cast: Cast) -> None:
    set_maximum(app, cast, 1)
    with app.app_context():
        run(service.check_in, cast.nia, cast.session_id, cast.seats["marcus"])
        run(service.check_in, cast.nia, cast.session_id, cast.seats["rosa"], seen_alone=True, companions=3)
        run(service.undo_check_in, cast.nia, cast.session_id, cast.seats["rosa"], companions=0)
        rosa = db.session.get_one(Seat, cast.seats["rosa"])
        assert (rosa.state, rosa.is_fallback, rosa.over_maximum_reason, rosa.companions, rosa.slip_code) == ("confirmed", False, "", 0, None)


def test_how_many_come_along_can_be_put_right_at_the_same_tap_twice(context: None, cast: Cast) -> None:
    for companions in (2, 2, 0):
        run(service.check_in, cast.nia, cast.session_id, cast.seats["rosa"], companions=companions)
        assert db.session.get_one(Seat, cast.seats["rosa"]).companions == companions
    with pytest.raises(door_rules.TooManyCompanions):
        run(service.check_in, cast.nia, cast.session_id, cast.seats["marcus"], companions=40)
    assert db.session.get_one(Seat, cast.seats["marcus"]).state == "confirmed"


def test_the_wrong_role_and_another_clinic_see_nobody_alone(app: Flask, full: Cast) -> None:
    with app.app_context():
        for who, refusal in ((full.tomas, NotAllowed), (full.osei, NotAllowed), (full.sol, NotFound)):
            with pytest.raises(refusal):
                run(service.let_in, who, full.session_id, full.walter.id, seen_alone=True)


# --- the tablet


def test_over_the_maximum_the_tablet_offers_the_next_one_on_one_and_gives_it(app: Flask, full: Cast) -> None:
    client = signed_in(app, full.nia)
    signed_in(app, full.tomas).post(door(full, "openings"))
    page = client.post(door(full, "check-in-choices"), data={"patient_id": full.walter.id}, follow_redirects=True).text
    assert "All 6 places are taken. Walter is still seen today." in page
    offered = re.search(r"A one-on-one is free: (Dr \w+ \w+ at [\d:]+[ap]m)\.", page)
    assert offered and f"See {offered[1]}" in page
    answer = client.post(door(full), data={"patient_id": full.walter.id, "seen_alone": "1", "companions": "2"}, follow_redirects=True)
    assert answer.status_code == 200
    assert "No chair in the group today: Walter is seen one-on-one." in answer.text
    who, at = offered[1].split(" at ")
    assert f"About {at}" in answer.text and who in answer.text


def test_somebody_else_may_have_left_a_chair_meanwhile(app: Flask, cast: Cast) -> None:
    answer = signed_in(app, cast.nia).post(door(cast), data={"patient_id": cast.walter.id, "seen_alone": "1"}, follow_redirects=True)
    assert answer.status_code == 409
    assert "There is a place in the group after all." in answer.text and "Walter is here" in answer.text


def test_who_usually_comes_along_is_named_to_those_who_may_look_them_up(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction.write() as tx:
        now = tx.get_one(Patient, cast.rosa.id).created_at
        tx.add(CarePartner(id=ids.new_id(), clinic_id=cast.clinic_id, patient_id=cast.rosa.id, name="Elena", relation="daughter", created_at=now))
        tx.get_one(Seat, cast.seats["rosa"]).companions = 1
    page = signed_in(app, cast.nia).post(door(cast, "check-in-searches"), data=ROSA, follow_redirects=True).text
    assert "Usually with them: Elena (daughter)" in page
    assert re.search(r'value="1" checked', page)
    shown = signed_in(app, cast.tomas).post(door(cast, "check-in-searches"), data={"name": "ro"}, follow_redirects=True).text
    assert "Elena" not in shown and "Who comes with Rosa?" in shown


def test_the_person_looked_for_shows_at_the_address_of_that_search_only(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.nia)
    found = client.post(door(cast, "check-in-searches"), data=ROSA)
    assert "Rosa Delgado" in client.get(found.location).text
    assert "Rosa" not in client.get(door(cast)).text  # the next person at the counter reads the screen too


def test_somebody_of_another_group_is_told_of_their_own_date(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction.write() as tx:
        member(tx, sister_group(tx, cast)[0], cast.walter.id)
    page = signed_in(app, cast.nia).post(door(cast, "check-in-choices"), data={"patient_id": cast.walter.id}, follow_redirects=True).text
    assert "Walter belongs to Thursday noon group, next on " in page


@pytest.mark.parametrize(
    "sent", [{"companions": "x"}, {"companions": "-1"}, {"companions": "99"}, {"companions": "9" * 40}, {"over_maximum_reason": "x" * 201}]
)
def test_what_cannot_be_is_refused_beside_its_box_and_nobody_is_let_in(app: Flask, cast: Cast, sent: dict[str, str]) -> None:
    answer = signed_in(app, cast.nia).post(door(cast), data={"patient_id": cast.rosa.id, **sent}, follow_redirects=True)
    assert answer.status_code == 400
    assert "nhsuk-error-" in answer.text and "Rosa Delgado" in answer.text
    with app.app_context():
        assert db.session.get_one(Seat, cast.seats["rosa"]).state == "confirmed"


# --- somebody who is not in the registry

OLGA = {"given_name": "Olga", "family_name": "Petrie", "born-day": "4", "born-month": "3", "born-year": "1958", "language": "pt"}


def test_somebody_new_is_put_into_the_registry_and_then_let_in(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    nobody = client.post(
        door(cast, "check-in-searches"), data={"name": "Petrie", "born-day": "4", "born-month": "3", "born-year": "1958"}, follow_redirects=True
    ).text
    assert "Not in the registry yet" in nobody
    begun = client.get(door(cast, "newcomers"), follow_redirects=True).text
    assert 'value="Petrie"' in begun and 'value="1958"' in begun and "nhsuk-error-message" not in begun
    page = client.post(door(cast, "newcomers"), data=OLGA, follow_redirects=True).text
    assert "Olga is here" in page and "4 March 1958" in page
    with app.app_context():
        olga = db.session.scalars(select(Patient).where(Patient.family_name == "Petrie")).one()
        assert (olga.language, olga.clinic_id) == ("pt", cast.clinic_id)
    assert "Give this slip now." in client.post(door(cast), data={"patient_id": olga.id}, follow_redirects=True).text


def test_the_same_newcomer_sent_twice_is_one_patient(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    command = {"command_id": "6f9619ff-8b86-4011-b42d-00c04fc964ff"}
    assert [client.post(door(cast, "newcomers"), data={**OLGA, **command}, follow_redirects=True).status_code for _ in range(2)] == [200, 200]
    again = client.post(door(cast, "newcomers"), data=OLGA, follow_redirects=True)
    assert again.status_code == 409 and "This is another person with the same name and date of birth" in again.text
    with app.app_context():
        assert len(db.session.scalars(select(Patient).where(Patient.family_name == "Petrie")).all()) == 1
    assert client.post(door(cast, "newcomers"), data={**OLGA, "is_another_person": "y"}, follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [{"given_name": ""}, {"family_name": " "}, {"born-day": "31", "born-month": "2"}, {"born-year": "2999"}, {"born-year": "58"}, {"born-year": "x"}, {"language": "xx"},
     {"given_name": "x" * 81}, {"family_name": "\x00\u202e"}, {"born-day": "9" * 30}],
)  # fmt: skip
def test_a_newcomer_who_cannot_be_is_refused_with_everything_typed_kept(app: Flask, cast: Cast, wrong: dict[str, str]) -> None:
    sent = {**OLGA, **wrong}
    answer = signed_in(app, cast.joanne).post(door(cast, "newcomers"), data=sent, follow_redirects=True)
    assert answer.status_code in (400, 422)
    assert "nhsuk-error-" in answer.text
    for kept in ("given_name", "family_name"):
        if kept not in wrong:
            assert f'value="{OLGA[kept]}"' in answer.text
    with app.app_context():
        assert db.session.scalar(select(Patient.id).where(Patient.given_name == "Olga")) is None


@pytest.mark.parametrize(("who", "status"), [("nia", 403), ("tomas", 403), ("osei", 403), ("sol", 404), ("rosa", 403)])
def test_only_who_keeps_the_registry_adds_to_it_at_the_door(app: Flask, cast: Cast, who: str, status: int) -> None:
    client = signed_in(app, getattr(cast, who))
    assert client.get(door(cast, "newcomers"), follow_redirects=True).status_code == status
    assert client.post(door(cast, "newcomers"), data=OLGA, follow_redirects=True).status_code == status
    if who == "nia":
        page = client.post(door(cast, "check-in-searches"), data={**ROSA, "name": "petrie"}, follow_redirects=True).text
        assert "ask the coordinator" in page and "Not in the registry yet" not in page


# --- somebody who waits for a place


@pytest.mark.parametrize("state", ["waiting", "offered"])
def test_who_waits_and_comes_is_let_in_and_a_wrong_tap_leaves_them_where_they_were(context: None, cast: Cast, state: str) -> None:
    with transaction.write() as tx:
        now = clock.now()
        entry = WaitingListEntry(
            id=ids.new_id(), clinic_id=cast.clinic_id, session_id=cast.session_id, patient_id=cast.walter.id, state=state, since=now, changed_at=now
        )
        tx.add(entry)
        tx.flush()
        if state == "offered":
            tx.add(
                Offer(
                    id=ids.new_id(), clinic_id=cast.clinic_id, session_id=cast.session_id, entry_id=entry.id, made_at=now, expires_at=now + timedelta(hours=1)
                )
            )
        seat = noted(tx, cast.session_id, cast.walter.id, "offered" if state == "offered" else "waitlisted", seat_no=7 if state == "offered" else None)
    before = "offered" if state == "offered" else "waitlisted"
    run(service.check_in, cast.nia, cast.session_id, seat.id)
    db.session.rollback()
    assert (db.session.get_one(Seat, seat.id).state, db.session.get_one(WaitingListEntry, entry.id).state) == ("arrived", "seated")
    run(service.undo_check_in, cast.nia, cast.session_id, seat.id, back_to=before)
    db.session.rollback()
    after = db.session.get_one(WaitingListEntry, entry.id)
    assert (db.session.get_one(Seat, seat.id).state, after.state, after.since) == (before, state, now)
    assert list(db.session.scalars(select(Offer.state))) == (["open"] if state == "offered" else [])


def test_nobody_at_the_door_waits_for_those_who_wait_elsewhere(context: None, cast: Cast) -> None:
    with transaction.write() as tx:
        now = clock.now()
        group_session = tx.get_one(GroupSession, cast.session_id)
        group_session.starts_at, group_session.ends_at = now + timedelta(hours=5), now + timedelta(hours=7)
        tx.add(WaitingListEntry(id=ids.new_id(), clinic_id=cast.clinic_id, session_id=cast.session_id, patient_id=cast.marcus.id, since=now, changed_at=now))
    assert run(service.let_in, cast.nia, cast.session_id, cast.walter.id)
    assert seat_of(cast, cast.walter.id).over_maximum_reason == ""


# --- late


def test_who_comes_too_late_for_their_one_on_one_reads_its_new_time(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.nia)
    signed_in(app, cast.tomas).post(door(cast, "openings"))
    page = client.post(door(cast, "check-in-searches"), data=ROSA, follow_redirects=True).text
    assert "One-on-one</dt>" in page and "Late" not in page
    with app.app_context(), transaction.write() as tx:
        now = clock.now()
        group_session = tx.get_one(GroupSession, cast.session_id)
        group_session.starts_at, group_session.ends_at = now - timedelta(minutes=70), now + timedelta(minutes=50)
        slot = tx.scalars(select(Slot).where(Slot.patient_id == cast.rosa.id)).one()
        slot.planned_at = now - timedelta(minutes=30)
    page = client.post(door(cast, "check-in-searches"), data=ROSA, follow_redirects=True).text
    assert "Late" in page and "We began at " in page
    assert "One-on-one, new time</dt>" in page
    with app.app_context():
        soonest = language.time(clock.local(clock.now(), "America/New_York"), "en")
        before = language.time(clock.local(clock.now() - timedelta(minutes=1), "America/New_York"), "en")
    assert f"About {soonest}" in page or f"About {before}" in page


# --- Back


def test_the_screens_at_the_door_are_pages_that_back_can_show_again(app: Flask, cast: Cast) -> None:
    """A browser that goes back to the answer of a form shows an error instead."""
    client = signed_in(app, cast.nia)
    found = client.post(door(cast, "check-in-searches"), data=ROSA)
    assert found.status_code == 303 and "elgado" not in found.location and cast.rosa.id not in found.location
    assert "Rosa is here" in client.get(found.location).text
    assert "Rosa is here" in client.get(found.location).text  # also after a reload
    arrived = client.post(door(cast), data={"patient_id": cast.rosa.id})
    assert arrived.status_code == 303 and cast.rosa.id not in arrived.location
    assert "Give this slip now." in client.get(arrived.location).text
    # then: the next person, or Back, once and twice
    for address in (door(cast), arrived.location, found.location):
        page = client.get(address)
        assert page.status_code == 200 and "Who is here?" in page.text
        assert "Rosa" not in page.text and "gv-code" not in page.text


def test_a_second_tap_before_the_page_came_shows_the_slip_all_the_same(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.nia)
    for _ in range(2):
        arrived = client.post(door(cast), data={"patient_id": cast.rosa.id})
    page = client.get(arrived.location).text
    assert "Give this slip now." in page and "Wrong person" in page
    assert "Give this slip now." not in client.get(arrived.location).text


def test_a_slip_is_shown_on_its_own_tablet_and_date_only(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.nia)
    arrived = client.post(door(cast), data={"patient_id": cast.rosa.id})
    assert "gv-code" not in signed_in(app, cast.nia).get(arrived.location).text
    with app.app_context(), transaction.write() as tx:
        _, other = sister_group(tx, cast)
    assert "gv-code" not in client.get(arrived.location.replace(cast.session_id, other)).text
