"""A date with too few people becomes one-on-ones: on rows, through its doors, and on the pages of those who are still seen."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from groupvisits.accounts.models import StaffMember
from groupvisits.agenda import service as agenda
from groupvisits.agenda.models import Topic
from groupvisits.agenda.rules import GroupDoesNotMeet as NoGroupTopics
from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, ids
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.live.queries import snapshot_for
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients.models import Patient
from groupvisits.programmes import service as programmes
from groupvisits.sessions import queries as session_queries
from groupvisits.sessions import rules, service
from groupvisits.sessions.models import GroupSession, Notice, Offer, Seat, SessionTeamMember, WaitingListEntry
from groupvisits.sessions.queries import place_for
from groupvisits.sessions.queries.messages import sent_to_patients
from groupvisits.sessions.queries.waiting import make_up_dates
from groupvisits.sessions.rules import census
from groupvisits.sessions.rules.waiting import GroupDoesNotMeet
from groupvisits.sessions.service import messages, offers
from groupvisits.slots.instead.queries import Instead, instead_for
from groupvisits.slots.instead.service import turn_into_one_on_ones
from groupvisits.slots.models import Slot
from groupvisits.slots.rules import NobodyToSee
from tests.cast import Cast, signed_in
from tests.sessions.test_decisions import sister_date

SEEN = ("rosa", "marcus")


@pytest.fixture
def date(app: Flask, cast: Cast) -> str:
    """In five days: Rosa and Marcus said yes, Gladys and Teo were asked, Frank said no, Beatriz is on the list and was never asked."""
    with app.app_context(), write() as tx:
        visit = tx.get_one(GroupSession, cast.session_id)
        visit.starts_at, visit.ends_at = visit.starts_at + timedelta(days=5), visit.ends_at + timedelta(days=5)
        for who, state in {"gladys": "invited", "teo": "invited", "frank": "declined", "beatriz": "invited"}.items():
            seat = tx.get_one(Seat, cast.seats[who])
            seat.state, seat.seat_no = state, None
        for who in ("gladys", "teo"):
            tx.add(
                Notice(
                    id=ids.new_id(), clinic_id=cast.clinic_id, session_id=visit.id, patient_id=getattr(cast, who).id, kind="invitation", occasion="", facts={},
                    due_at=clock.now() - timedelta(days=3), state="sent",
                )
            )  # fmt: skip
        tx.get_one(Patient, cast.rosa.id).channel = "email"
    return cast.session_id


def preview(cast: Cast, actor: Any = None) -> Instead:
    db.session.rollback()
    viewer = actor or cast.joanne
    return instead_for(db.session(), viewer, place_for(db.session(), viewer, cast.session_id))


def turn(cast: Cast, *, seen: str = "", reason: str = "Only two said yes", actor: str = "joanne") -> dict[str, int]:
    return run(turn_into_one_on_ones, getattr(cast, actor), cast.session_id, seen=seen or preview(cast).seen, reason=reason)


def states(cast: Cast) -> dict[str, str]:
    db.session.rollback()
    return {who: db.session.get_one(Seat, seat_id).state for who, seat_id in cast.seats.items()}


def the_date(cast: Cast) -> GroupSession:
    db.session.rollback()
    return db.session.get_one(GroupSession, cast.session_id)


def sent(cast: Cast, kind: str) -> dict[str, OutboxMessage]:
    """Who was sent this, by first name."""
    messages.word_due()
    db.session.rollback()
    names = {getattr(cast, who).id: who for who in (*cast.seats, "walter")}
    return {names[str(one.patient_id)]: one for one in db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind))}


def waiting_entry(cast: Cast, patient_id: str) -> WaitingListEntry:
    now = clock.now()
    return WaitingListEntry(
        id=ids.new_id(), clinic_id=cast.clinic_id, session_id=cast.session_id, patient_id=patient_id, state="waiting", since=now, changed_at=now
    )


@pytest.mark.usefixtures("context", "date")
class TestTurning:
    def test_the_preview_says_who_is_seen_by_whom_when_and_where(self, cast: Cast) -> None:
        found = preview(cast)
        assert sorted((person.name, person.provider, person.place) for person in found.people) == [
            ("Marcus Bell", "Dr Sam Farrow", "Room 3"), ("Rosa Delgado", "Dr Hana Osei", "Room 2"),
        ]  # fmt: skip
        assert (sorted(found.withdrawn), list(found.unasked), found.told) == (["Gladys Nunn", "Teo Alvarez"], ["Beatriz Sousa"], 4)
        assert "You are still seen, one-on-one: come at about" in found.message and "Room 2" in found.message

    def test_everybody_who_said_yes_is_planned_and_told_their_own_time(self, cast: Cast) -> None:
        times = preview(cast).times
        assert turn(cast) == {"seen": 2, "told": 4}
        date = the_date(cast)
        assert (date.state, date.decision, date.decided_because) == ("planned", "singles", "Only two said yes")
        assert {slot.patient_id: (slot.planned_at, slot.place) for slot in db.session.scalars(select(Slot))} == dict(times)
        assert states(cast) == {
            "rosa": "confirmed", "marcus": "confirmed", "gladys": "cancelled", "teo": "cancelled", "frank": "declined", "beatriz": "cancelled",
        }  # fmt: skip
        told = sent(cast, "one_on_one")
        assert set(told) == set(SEEN)
        assert "a solas: venga hacia las" in told["rosa"].text and "Room 2" in told["rosa"].text
        assert "come at about" in told["marcus"].text and "Room 3" in told["marcus"].text and told["marcus"].calendar == ""
        assert set(sent(cast, "seat_cancelled")) == {"gladys", "teo"}  # who was never asked hears nothing
        (act,) = [one for one in db.session.scalars(select(AuditEntry)) if one.action == "sessions:only_one_on_ones"]
        assert (act.details["seen"], act.details["withdrawn"], act.details["reason"]) == (2, 3, "Only two said yes")

    def test_who_waits_for_a_place_is_told_although_no_message_went_out_before(self, cast: Cast) -> None:
        with write() as tx:
            tx.get_one(Seat, cast.seats["beatriz"]).state = "waitlisted"
            tx.add(waiting_entry(cast, cast.beatriz.id))
        assert (list(preview(cast).unasked), preview(cast).told) == ([], 5)
        assert turn(cast) == {"seen": 2, "told": 5}
        assert set(sent(cast, "seat_cancelled")) == {"gladys", "teo", "beatriz"}

    def test_the_team_hears_of_it_once_and_again_when_the_group_meets_after_all(self, cast: Cast) -> None:
        with write() as tx:
            tx.add(SessionTeamMember(session_id=cast.session_id, staff_member_id=cast.joanne.id, role="facilitator"))
            tx.get_one(StaffMember, cast.ivo.id).active = False
        turn(cast)
        turn(cast)
        run(service.meet_after_all, cast.joanne, cast.session_id)
        run(service.meet_after_all, cast.joanne, cast.session_id)
        db.session.rollback()
        team = select(StaffMember.email).join(SessionTeamMember, SessionTeamMember.staff_member_id == StaffMember.id)
        there = set(db.session.scalars(team.where(SessionTeamMember.session_id == cast.session_id)))
        expected = sorted(there - {"joanne.pike@example.org", "ivo.lima@example.org"})  # who does it, and who cannot sign in any more
        for kind, said in (("one_on_ones_team", "does not meet"), ("meets_after_all_team", "after all")):
            mails = db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind)).all()
            assert sorted(mail.address for mail in mails) == expected
            assert all(said in mail.text and "Only two said yes" not in mail.text and "Rosa" not in mail.text for mail in mails)

    def test_twice_is_the_same_as_once(self, cast: Cast) -> None:
        seen = preview(cast).seen
        turn(cast, seen=seen)
        assert turn(cast, seen=seen, reason="Again") == {"seen": 0, "told": 0}
        assert the_date(cast).decided_because == "Only two said yes"
        acts = [one.action for one in db.session.scalars(select(AuditEntry))]
        assert acts.count("sessions:only_one_on_ones") == 1
        assert len(sent(cast, "one_on_one")) == 2

    @pytest.mark.parametrize(("actor", "error"), [("sol", NotFound), ("tomas", NotAllowed), ("osei", NotAllowed), ("quinn", NotFound), ("rosa", NotAllowed)])
    def test_only_coordinators_of_the_clinic_look_turn_and_undo(self, cast: Cast, actor: str, error: type[Exception]) -> None:
        with pytest.raises(error):
            preview(cast, getattr(cast, actor))
        with pytest.raises(error):
            turn(cast, actor=actor)
        turn(cast)
        with pytest.raises(error):
            run(turn_into_one_on_ones, getattr(cast, actor), cast.session_id, seen="", reason="")
        with pytest.raises(error):
            run(service.meet_after_all, getattr(cast, actor), cast.session_id)
        assert the_date(cast).only_one_on_ones

    def test_what_changed_since_it_was_looked_at_changes_nothing_else(self, cast: Cast) -> None:
        seen = preview(cast).seen
        run(service.answer_for, cast.joanne, cast.session_id, cast.seats["gladys"], answer="yes")
        with pytest.raises(census.OneOnOnesChanged):
            turn(cast, seen=seen)
        with write() as tx:  # somebody else's room changes what the first two would read
            line = tx.scalars(select(SessionTeamMember).where(SessionTeamMember.staff_member_id == cast.osei.id)).one()
            seen, line.place = preview(cast).seen, "Room 9"
        with pytest.raises(census.OneOnOnesChanged):
            turn(cast, seen=seen)
        assert the_date(cast).decision == ""
        assert list(db.session.scalars(select(Slot))) == []

    def test_it_needs_a_reason_somebody_to_see_a_resident_and_a_date_to_come(self, cast: Cast) -> None:
        with pytest.raises(census.OneOnOnesReasonNeeded):
            turn(cast, reason="  ")
        for resident in (cast.osei, cast.farrow):
            run(service.take_from_team, cast.joanne, cast.session_id, staff_member_id=resident.id, role="resident")
        with pytest.raises(NobodyToSee):
            turn(cast)
        run(service.add_to_team, cast.joanne, cast.session_id, staff_member_id=cast.osei.id, role="resident")
        for who in SEEN:
            run(service.answer_for, cast.joanne, cast.session_id, cast.seats[who], answer="no")
        with pytest.raises(census.NobodyToSeeAlone):
            turn(cast)
        run(service.answer_for, cast.joanne, cast.session_id, cast.seats["rosa"], answer="yes")
        run(service.open_session, cast.tomas, cast.session_id)
        with pytest.raises(rules.WrongState):
            turn(cast)


@pytest.mark.usefixtures("context", "date")
class TestAfterwards:
    def test_offers_and_the_waiting_list_end_and_nobody_is_offered_their_places(self, cast: Cast) -> None:
        with write() as tx:
            tx.get_one(GroupSession, cast.session_id).maximum = 3
        run(service.answer_for, cast.joanne, cast.session_id, cast.seats["gladys"], answer="yes")
        run(service.join_waiting_list, cast.joanne, cast.session_id, patient_id=cast.teo.id)
        run(service.join_waiting_list, cast.joanne, cast.session_id, patient_id=cast.walter.id)
        run(service.answer_for, cast.joanne, cast.session_id, cast.seats["gladys"], answer="no")
        db.session.rollback()
        assert db.session.scalar(select(Offer.state)) == "open"  # Teo's
        turn(cast)
        db.session.rollback()
        assert {entry.state for entry in db.session.scalars(select(WaitingListEntry))} == {"left"}
        assert [offer.state for offer in db.session.scalars(select(Offer))] == ["withdrawn"]
        run(service.answer_for, cast.joanne, cast.session_id, cast.seats["marcus"], answer="no")
        offers.offer_what_is_free()
        assert set(states(cast).values()) == {"confirmed", "cancelled", "declined"}

    def test_nobody_new_comes(self, cast: Cast) -> None:
        turn(cast)
        for answer in ("yes", "open"):
            with pytest.raises(GroupDoesNotMeet):
                run(service.seat_patient, cast.joanne, cast.session_id, cast.walter.id, answer=answer)
        with pytest.raises(GroupDoesNotMeet):
            run(service.join_waiting_list, cast.joanne, cast.session_id, patient_id=cast.walter.id)
        with pytest.raises(GroupDoesNotMeet):
            run(service.answer, cast.frank, cast.session_id, answer="yes")
        with pytest.raises(GroupDoesNotMeet):
            run(service.join_waiting_list, cast.frank, cast.session_id)
        assert states(cast)["frank"] == "declined"
        run(programmes.add_member, cast.joanne, cast.group_id, cast.walter.id)
        db.session.rollback()
        assert db.session.scalar(select(Seat.id).where(Seat.session_id == cast.session_id, Seat.patient_id == cast.walter.id)) is None

    def test_who_was_told_their_time_may_say_no_and_yes_again(self, cast: Cast) -> None:
        turn(cast)
        sent(cast, "one_on_one")
        run(service.answer, cast.marcus, cast.session_id, answer="no")
        assert states(cast)["marcus"] == "declined"
        run(service.answer, cast.marcus, cast.session_id, answer="yes")
        assert states(cast)["marcus"] == "confirmed"
        run(service.open_session, cast.tomas, cast.session_id)
        assert db.session.scalar(select(Slot.state).where(Slot.patient_id == cast.marcus.id)) == "planned"

    def test_who_was_taken_off_the_list_before_does_not_wait_again_by_an_undo(self, cast: Cast) -> None:
        with write() as tx:
            tx.get_one(Seat, cast.seats["beatriz"]).state = "waitlisted"
            entry = waiting_entry(cast, cast.beatriz.id)
            tx.add(entry)
        before = run(service.leave_waiting_list, cast.joanne, cast.session_id, entry_id=entry.id)["before"]
        turn(cast)
        with pytest.raises(GroupDoesNotMeet):
            run(service.undo_leaving, cast.joanne, cast.session_id, entry.id, before=before)
        assert states(cast)["beatriz"] == "declined"

    def test_only_what_fits_one_on_ones_can_be_sent_again(self, cast: Cast) -> None:
        with write() as tx:
            messages.plan_notice(tx, cast.joanne, tx.get_one(GroupSession, cast.session_id), cast.rosa.id, "confirmation")
        sent(cast, "confirmation")
        turn(cast)
        sent(cast, "one_on_one")
        with write() as tx:
            tx.execute(update(OutboxMessage).values(state="sent"))
        db.session.rollback()
        lines = sent_to_patients(db.session(), cast.joanne).lines
        again = {line.message.kind: line.can_send_again for line in lines if line.patient and line.patient.id == cast.rosa.id}
        assert again == {"confirmation": False, "one_on_one": True}
        (told,) = [line.message.id for line in lines if line.message.kind == "one_on_one" and line.can_send_again and line.message.patient_id == cast.rosa.id]
        assert run(messages.send_again, cast.joanne, told)["message_id"]

    def test_a_reminder_says_the_own_time(self, cast: Cast) -> None:
        turn(cast)
        sent(cast, "one_on_one")
        with write() as tx:
            first = tx.scalars(select(OutboxMessage.id).where(OutboxMessage.kind == "one_on_one")).all()
            for notice in tx.scalars(select(Notice).where(Notice.kind == "one_on_one")):
                notice.due_at -= timedelta(days=2)
            date = tx.get_one(GroupSession, cast.session_id)
            for kind in ("reminder", "form_opens"):
                messages.plan_notice(tx, cast.joanne, date, cast.marcus.id, kind, occasion="2 days")
        messages.word_due()
        db.session.rollback()
        (again,) = db.session.scalars(select(OutboxMessage).where(OutboxMessage.patient_id == cast.marcus.id, OutboxMessage.id.not_in(first)))
        assert again.kind == "one_on_one" and "Room 3" in again.text

    def test_nothing_else_is_decided_and_the_date_stays_where_it_is(self, cast: Cast) -> None:
        turn(cast)
        with pytest.raises(census.PeopleWereTold):
            run(service.decide, cast.joanne, cast.session_id, decision="go")
        with pytest.raises(census.PeopleWereTold):
            run(service.take_back_decision, cast.joanne, cast.session_id)
        date = the_date(cast)
        day = clock.local(date.starts_at, date.zone)
        with pytest.raises(census.PeopleWereTold):
            run(service.plan_date_change, cast.joanne, cast.session_id, day=day.date() + timedelta(days=1), starts=day.time(), minutes=120, room="")

    def test_a_plan_made_before_does_not_move_it(self, cast: Cast) -> None:
        date = the_date(cast)
        day = clock.local(date.starts_at, date.zone)
        plan = run(service.plan_date_change, cast.joanne, cast.session_id, day=day.date() + timedelta(days=1), starts=day.time(), minutes=120, room="")
        assert len(session_queries.preview_of(db.session(), cast.joanne, cast.group_id, plan["plan_id"]).lines) == 1
        turn(cast)
        db.session.rollback()
        assert session_queries.preview_of(db.session(), cast.joanne, cast.group_id, plan["plan_id"]).lines == ()

    def test_whoever_waits_waits_no_more_and_is_offered_nothing(self, cast: Cast) -> None:
        with write() as tx:
            tx.add(waiting_entry(cast, cast.walter.id))
        turn(cast)
        db.session.rollback()
        assert db.session.scalar(select(WaitingListEntry.state)) == "left"
        with write() as tx:
            tx.scalars(select(WaitingListEntry)).one().state = "waiting"
        run(service.answer_for, cast.joanne, cast.session_id, cast.seats["marcus"], answer="no")  # a no is never refused for it
        offers.offer_what_is_free()
        db.session.rollback()
        assert list(db.session.scalars(select(Offer))) == []

    def test_what_earlier_visits_kept_for_the_group_waits_on(self, cast: Cast) -> None:
        with write() as tx:
            earlier = sister_date(tx, cast, days=-9, group_id=cast.group_id, state="closed")
            for route in ("group", "one_on_one"):
                state = "parked" if route == "group" else "new"
                tx.add(Topic(id=ids.new_id(), session_id=earlier, patient_id=cast.rosa.id, words=route, language="en", route=route, state=state, minutes=10, proposed_at=clock.now()))  # fmt: skip
        turn(cast)
        run(service.open_session, cast.tomas, cast.session_id)
        db.session.rollback()
        assert list(db.session.scalars(select(Topic.words).where(Topic.session_id == cast.session_id))) == ["one_on_one"]

    def test_it_is_no_date_to_move_to(self, cast: Cast) -> None:
        with write() as tx:
            other = sister_date(tx, cast, days=1)
            tx.get_one(GroupSession, other).decision = "singles"
        place = place_for(db.session(), cast.joanne, cast.session_id)
        assert list(session_queries.sister_dates(db.session(), cast.joanne, place)) == []
        assert make_up_dates(db.session(), place.group_session) == []
        with pytest.raises(census.NoSister):
            session_queries.merge_plan(db.session(), cast.joanne, place, other)

    def test_topics_are_for_the_one_on_one_only(self, cast: Cast) -> None:
        turn(cast)
        with pytest.raises(NoGroupTopics):
            run(agenda.propose_topic, cast.rosa, cast.session_id, words="Walking", route="group")
        run(agenda.propose_topic, cast.rosa, cast.session_id, words="Sleep", route="one_on_one")
        db.session.rollback()
        assert [topic.words for topic in db.session.scalars(select(Topic))] == ["Sleep"]
        assert snapshot_for(db.session(), cast.rosa, cast.session_id, "patient")["run"]["only_one_on_ones"] is True

    def test_the_room_works_for_one_on_ones_and_closes(self, cast: Cast) -> None:
        turn(cast)
        with write() as tx:
            tx.get_one(GroupSession, cast.session_id).starts_at = clock.now()
        run(service.open_session, cast.tomas, cast.session_id)
        run(service.check_in, cast.nia, cast.session_id, cast.seats["rosa"])
        run(service.check_in, cast.nia, cast.session_id, cast.seats["gladys"])  # she comes all the same: nobody is turned away
        db.session.rollback()
        assert {slot.patient_id for slot in db.session.scalars(select(Slot))} >= {cast.rosa.id, cast.gladys.id}


@pytest.mark.usefixtures("context", "date")
class TestTheGroupMeetsAfterAll:
    def test_everybody_who_was_told_is_told_again(self, cast: Cast) -> None:
        turn(cast)
        sent(cast, "one_on_one")
        assert run(service.meet_after_all, cast.joanne, cast.session_id) == {"told": 4}
        date = the_date(cast)
        assert (date.state, date.decision, date.decided_at) == ("planned", "", None)
        assert states(cast) == {
            "rosa": "confirmed", "marcus": "confirmed", "gladys": "invited", "teo": "invited", "frank": "declined", "beatriz": "invited",
        }  # fmt: skip
        assert set(sent(cast, "group_meets")) == set(SEEN)
        assert "we meet all together after all" in sent(cast, "group_meets")["marcus"].text
        assert set(sent(cast, "invitation")) == {"gladys", "teo", "beatriz"}

    def test_before_anything_was_sent_nobody_hears_of_it(self, cast: Cast) -> None:
        turn(cast)
        assert run(service.meet_after_all, cast.joanne, cast.session_id) == {"told": 0}
        assert sent(cast, "one_on_one") == sent(cast, "group_meets") == sent(cast, "seat_cancelled") == {}

    def test_twice_is_once_and_not_once_the_room_is_open(self, cast: Cast) -> None:
        turn(cast)
        for _ in range(2):
            run(service.meet_after_all, cast.joanne, cast.session_id)
        acts = [one.action for one in db.session.scalars(select(AuditEntry))]
        assert acts.count("sessions:meet_after_all") == 1
        turn(cast)
        run(service.open_session, cast.tomas, cast.session_id)
        with pytest.raises(rules.WrongState):
            run(service.meet_after_all, cast.joanne, cast.session_id)

    def test_who_was_taken_off_for_another_reason_stays_off(self, cast: Cast) -> None:
        run(service.take_back_seat, cast.joanne, cast.session_id, cast.seats["teo"])
        turn(cast)
        run(service.meet_after_all, cast.joanne, cast.session_id)
        assert (states(cast)["teo"], states(cast)["gladys"]) == ("cancelled", "invited")


# Through the doors


def words(answer: Any) -> str:
    main = answer.text.partition("<main")[2]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<br>|</(p|li|dt|dd|h2|td)>", " ", main))))


def test_it_is_offered_previewed_done_and_undone_on_the_pages(app: Flask, cast: Cast, date: str) -> None:
    joanne = signed_in(app, cast.joanne)
    assert "Turn it into one-on-ones…" in words(joanne.get(f"/sessions/{date}"))
    page = joanne.get(f"/sessions/{date}/one-on-ones")
    assert "Turn into one-on-ones and tell 4 people" in words(page)
    assert "2 have not said yes Gladys Nunn, Teo Alvarez" in words(page)
    assert "Their calendar keeps the visit's usual time" in words(page)
    seen = re.search(r'name="seen"[^>]* value="([0-9a-f]{64})"', page.text)
    assert seen is not None
    missing = joanne.post(f"/sessions/{date}/one-on-ones", data={"seen": seen[1], "reason": ""})
    assert missing.status_code == 400 and "Say why the group does not meet." in words(missing)
    changed = joanne.post(f"/sessions/{date}/one-on-ones", data={"seen": "0" * 64, "reason": "Only two"})
    assert changed.status_code == 409 and "since you looked" in words(changed) and 'value="Only two"' in changed.text
    assert joanne.post(f"/sessions/{date}/one-on-ones", data={"seen": seen[1], "reason": "Only two"}).status_code == 303
    after = words(joanne.get(f"/sessions/{date}"))
    assert "One-on-ones only" in after and "The group meets after all" in after and "Turn it into one-on-ones…" not in after
    assert "One-on-ones only" in words(joanne.get("/", follow_redirects=True))
    assert joanne.get(f"/sessions/{date}/one-on-ones").status_code == 200
    order = joanne.get(f"/sessions/{date}/papers/running-order")
    assert order.status_code == 200 and "Rosa" in order.text
    assert joanne.post(f"/sessions/{date}/one-on-one-removals").status_code == 303
    assert "One-on-ones only" not in words(joanne.get(f"/sessions/{date}"))


def test_it_is_not_offered_weeks_before_nor_without_a_yes(app: Flask, cast: Cast, date: str) -> None:
    joanne = signed_in(app, cast.joanne)
    with app.app_context(), write() as tx:
        visit = tx.get_one(GroupSession, date)
        visit.starts_at, visit.ends_at = visit.starts_at + timedelta(days=10), visit.ends_at + timedelta(days=10)
    assert "Turn it into one-on-ones…" not in words(joanne.get(f"/sessions/{date}"))
    with app.app_context():
        for who in SEEN:
            run(service.answer_for, cast.joanne, date, cast.seats[who], answer="no")
    assert "Nobody has said yes to this date." in words(joanne.get(f"/sessions/{date}/one-on-ones"))


def test_the_patients_pages_say_the_own_time_and_take_no_group_topic(app: Flask, cast: Cast, date: str) -> None:
    with app.app_context():
        turn(cast)
        slot = db.session.scalars(select(Slot).where(Slot.patient_id == cast.marcus.id)).one()
        local = clock.local(slot.planned_at, "America/New_York")
        at = f"{local:%-I:%M}{local:%p}".lower()
        db.session.rollback()
    marcus = signed_in(app, cast.marcus)
    for address in ("/my/visits", f"/my/visits/{date}"):
        page = words(marcus.get(address))
        assert f"at about {at}" in page and "Room 3" in page and "The group does not meet on this day." in page and "One-on-one only" in page
    room = marcus.get(f"/sessions/{date}/rooms/patient").text
    assert "The group does not meet this time. What you write is for your one-on-one." in room
    assert re.search(r'value="group" type="submit" hidden', room)
    assert re.search(r'<section id="group" class="live-part"></section>', room)
    gladys = words(signed_in(app, cast.gladys).get(f"/my/visits/{date}"))
    assert "You are not on the list for this visit any more." in gladys
