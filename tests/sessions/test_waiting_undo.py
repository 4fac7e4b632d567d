"""A wrong tap on the waiting list is taken back as it was; what has come of it meanwhile stays, and is said."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from groupvisits.core import clock
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.sessions import queries, service
from groupvisits.sessions.models import Notice, Offer, Seat, WaitingListEntry
from groupvisits.sessions.rules import undos, waiting
from tests.cast import Cast, signed_in
from tests.sessions.arrange import full_date
from tests.sessions.test_waiting_service import entry, notices, paired, says, starts_in, state, waits


@pytest.fixture(autouse=True)
def full(cast: Cast, app: Flask) -> None:
    """The date in three days with four places, all held: Frank and Beatriz have not answered, Walter is in no group."""
    with app.app_context(), write() as tx:
        full_date(tx, cast)


def order(cast: Cast) -> list[tuple[str, str]]:
    db.session.rollback()
    listed = queries.waiting_list_for(db.session(), cast.joanne, queries.place_for(db.session(), cast.joanne, cast.session_id))
    return [(line.name.split()[0], line.ahead_reason) for line in listed.lines]


def rows(*names: str) -> list[tuple[Any, ...]]:
    db.session.rollback()
    found = db.session.execute(select(*(getattr(WaitingListEntry, name) for name in names)).order_by(WaitingListEntry.id))
    return [tuple(row) for row in found]


ORDER = ("id", "patient_id", "partner_id", "state", "since", "ahead_at", "ahead_by", "ahead_reason")


@pytest.mark.usefixtures("context")
class TestVerbs:
    def ahead(self, cast: Cast, who: str, of: str, reason: str = "She travels far") -> dict[str, Any]:
        return run(service.put_ahead, cast.joanne, cast.session_id, entry(cast, who), before_id=entry(cast, of), reason=reason)["before"]

    def test_put_ahead_goes_back_with_the_reason_there_was(self, cast: Cast) -> None:
        waits(cast, "frank", "beatriz", "walter")
        self.ahead(cast, "beatriz", "frank", "First reason")
        was = rows(*ORDER)
        before = self.ahead(cast, "walter", "beatriz", "A slip")
        again = self.ahead(cast, "beatriz", "walter", "Once more")
        with pytest.raises(undos.CannotPutBack):  # the list is not as that step left it
            run(service.undo_put_ahead, cast.joanne, cast.session_id, entry(cast, "beatriz"), before={"order": {entry(cast, "beatriz"): {"became": "x"}}})
        run(service.undo_put_ahead, cast.joanne, cast.session_id, entry(cast, "beatriz"), before=again)
        run(service.undo_put_ahead, cast.joanne, cast.session_id, entry(cast, "walter"), before=before)
        assert rows(*ORDER) == was
        assert order(cast) == [("Beatriz", "First reason"), ("Frank", ""), ("Walter", "")]
        with pytest.raises(undos.CannotPutBack):
            run(service.undo_put_ahead, cast.joanne, cast.session_id, entry(cast, "walter"), before=before)

    def test_who_moved_again_since_stays_where_they_stand(self, cast: Cast) -> None:
        waits(cast, "frank", "beatriz", "walter")
        self.ahead(cast, "beatriz", "frank")
        walters = self.ahead(cast, "walter", "frank")  # Beatriz makes room for him
        self.ahead(cast, "frank", "beatriz")
        self.ahead(cast, "beatriz", "frank", "First after all")
        run(service.undo_put_ahead, cast.joanne, cast.session_id, entry(cast, "walter"), before=walters)
        assert order(cast) == [("Beatriz", "First after all"), ("Frank", "She travels far"), ("Walter", "")]

    def test_the_list_says_the_day_of_the_step_that_stands(self, cast: Cast) -> None:
        def ahead_on() -> Any:
            db.session.rollback()
            listed = queries.waiting_list_for(db.session(), cast.joanne, queries.place_for(db.session(), cast.joanne, cast.session_id))
            return {line.name.split()[0]: line.ahead_on for line in listed.lines}["Walter"]

        waits(cast, "frank", "beatriz", "walter")
        self.ahead(cast, "walter", "beatriz", "She travels far")
        first = ahead_on()
        before = self.ahead(cast, "walter", "frank", "A slip")
        assert first is not None and ahead_on() > first
        run(service.undo_put_ahead, cast.joanne, cast.session_id, entry(cast, "walter"), before=before)
        assert ahead_on() == first

    def test_who_was_offered_a_place_since_is_not_put_back(self, cast: Cast) -> None:
        waits(cast, "frank", "walter")
        before = self.ahead(cast, "walter", "frank")
        says(cast, "gladys", "no")
        assert state(cast, "walter") == "offered"
        with pytest.raises(undos.CannotPutBack):
            run(service.undo_put_ahead, cast.joanne, cast.session_id, entry(cast, "walter"), before=before)

    def test_taken_off_by_mistake_waits_where_they_stood(self, cast: Cast) -> None:
        waits(cast, "frank", "walter", "beatriz")
        self.ahead(cast, "walter", "frank")
        was = rows(*ORDER)
        before = run(service.leave_waiting_list, cast.joanne, cast.session_id, entry_id=entry(cast, "walter"))["before"]
        assert state(cast, "walter") == "declined"
        done = run(service.undo_leaving, cast.joanne, cast.session_id, entry(cast, "walter"), before=before)
        assert done == {"state": "waiting", "had_offer": False, "gone_to": "", "told": False}
        assert rows(*ORDER) == was and state(cast, "walter") == "waitlisted"
        assert notices(cast, "walter", "seat_cancelled") == ["withdrawn"]
        with pytest.raises(undos.CannotTakeBack):
            run(service.undo_leaving, cast.joanne, cast.session_id, entry(cast, "walter"), before=before)

    def test_an_offer_declined_by_mistake_stands_again_until_the_same_moment(self, cast: Cast) -> None:
        waits(cast, "frank")
        says(cast, "gladys", "no")
        offer = db.session.scalars(select(Offer)).one()
        before = run(service.decline_offer, cast.joanne, cast.session_id, entry_id=entry(cast, "frank"))["before"]
        assert state(cast, "frank") == "declined"
        done = run(service.undo_leaving, cast.joanne, cast.session_id, entry(cast, "frank"), before=before)
        assert done["state"] == "offered" and state(cast, "frank") == "offered"
        db.session.rollback()
        again = db.session.scalars(select(Offer)).one()
        assert (again.id, again.state, again.expires_at, again.ended_at) == (offer.id, "open", offer.expires_at, None)
        assert notices(cast, "frank", "offer") == ["planned"]
        run(service.accept_offer, cast.joanne, cast.session_id, entry_id=entry(cast, "frank"))
        assert state(cast, "frank") == "confirmed"

    def test_an_offer_whose_time_is_up_meanwhile_stays_over_and_a_place_that_is_free_is_offered_anew(self, cast: Cast) -> None:
        waits(cast, "frank")
        says(cast, "gladys", "no")
        before = run(service.decline_offer, cast.joanne, cast.session_id, entry_id=entry(cast, "frank"))["before"]
        with write() as tx:
            tx.scalars(select(Offer)).one().expires_at = clock.now() - timedelta(minutes=1)
        assert run(service.undo_leaving, cast.joanne, cast.session_id, entry(cast, "frank"), before=before)["state"] == "offered"
        db.session.rollback()
        found = {offer.state: offer.expires_at for offer in db.session.scalars(select(Offer))}
        assert set(found) == {"declined", "open"} and found["open"] > clock.now()

    def test_an_offer_beyond_the_places_stands_again_with_its_reason(self, cast: Cast) -> None:
        waits(cast, "frank")
        run(service.offer_place, cast.joanne, cast.session_id, entry(cast, "frank"), reason="Brings a chair")
        before = run(service.decline_offer, cast.joanne, cast.session_id, entry_id=entry(cast, "frank"))["before"]
        assert run(service.undo_leaving, cast.joanne, cast.session_id, entry(cast, "frank"), before=before)["state"] == "offered"
        db.session.rollback()
        assert db.session.scalar(select(Seat.over_maximum_reason).where(Seat.id == cast.seats["frank"])) == "Brings a chair"

    def test_nobody_is_named_who_was_offered_a_place_before(self, cast: Cast) -> None:
        waits(cast, "frank", "walter")
        says(cast, "gladys", "no")
        run(service.accept_offer, cast.joanne, cast.session_id, entry_id=entry(cast, "frank"))
        says(cast, "teo", "no")
        before = run(service.decline_offer, cast.joanne, cast.session_id, entry_id=entry(cast, "walter"))["before"]
        says(cast, "gladys", "yes")
        done = run(service.undo_leaving, cast.joanne, cast.session_id, entry(cast, "walter"), before=before)
        assert (done["state"], done["had_offer"], done["gone_to"]) == ("waiting", True, "")

    def test_the_place_that_went_to_the_next_stays_theirs_and_is_said(self, cast: Cast) -> None:
        waits(cast, "frank", "walter")
        says(cast, "gladys", "no")
        before = run(service.decline_offer, cast.joanne, cast.session_id, entry_id=entry(cast, "frank"))["before"]
        assert state(cast, "walter") == "offered"
        done = run(service.undo_leaving, cast.joanne, cast.session_id, entry(cast, "frank"), before=before)
        assert (done["state"], done["had_offer"], done["gone_to"]) == ("waiting", True, "Walter Moss")
        assert (state(cast, "frank"), state(cast, "walter")) == ("waitlisted", "offered")
        # and the next place is Frank's, who has waited longest
        run(service.decline_offer, cast.joanne, cast.session_id, entry_id=entry(cast, "walter"))
        assert state(cast, "frank") == "offered"

    def test_who_was_told_of_the_no_is_called(self, cast: Cast) -> None:
        waits(cast, "frank", "walter")
        before = run(service.leave_waiting_list, cast.joanne, cast.session_id, entry_id=entry(cast, "frank"))["before"]
        with write() as tx:
            tx.scalars(select(Notice).where(Notice.patient_id == cast.frank.id, Notice.kind == "seat_cancelled")).one().state = "sent"
        assert run(service.undo_leaving, cast.joanne, cast.session_id, entry(cast, "frank"), before=before)["told"] is True
        before = run(service.leave_waiting_list, cast.joanne, cast.session_id, entry_id=entry(cast, "frank"))["before"]
        assert run(service.undo_leaving, cast.joanne, cast.session_id, entry(cast, "frank"), before=before)["told"] is False  # of the second

    def test_two_who_come_together_are_both_back(self, cast: Cast) -> None:
        paired(cast, "frank", "beatriz")
        waits(cast, "frank", "walter")
        was = rows(*ORDER)
        before = run(service.leave_waiting_list, cast.joanne, cast.session_id, entry_id=entry(cast, "frank"))["before"]
        run(service.undo_leaving, cast.joanne, cast.session_id, entry(cast, "frank"), before=before)
        assert rows(*ORDER) == was
        assert (state(cast, "frank"), state(cast, "beatriz")) == ("waitlisted", "waitlisted")

    def test_who_asked_again_or_answered_since_is_left_as_they_are(self, cast: Cast) -> None:
        waits(cast, "frank", "walter")
        before = run(service.leave_waiting_list, cast.joanne, cast.session_id, entry_id=entry(cast, "frank"))["before"]
        waits(cast, "frank")
        with pytest.raises(undos.CannotTakeBack):
            run(service.undo_leaving, cast.joanne, cast.session_id, entry(cast, "frank"), before=before)
        assert [name for name, _ in order(cast)] == ["Walter", "Frank"]
        before = run(service.leave_waiting_list, cast.joanne, cast.session_id, entry_id=entry(cast, "walter"))["before"]
        with write() as tx:
            seat_id = tx.scalars(select(Seat.id).where(Seat.session_id == cast.session_id, Seat.patient_id == cast.walter.id)).one()
        run(service.answer_for, cast.joanne, cast.session_id, seat_id, answer="yes", over_maximum_reason="Brings a chair")
        with pytest.raises(undos.CannotTakeBack):
            run(service.undo_leaving, cast.joanne, cast.session_id, entry(cast, "walter"), before=before)
        assert state(cast, "walter") == "confirmed"

    def test_refuses_the_wrong_role_a_stranger_and_after_the_visit_has_begun(self, cast: Cast) -> None:
        waits(cast, "frank", "walter")
        ahead = self.ahead(cast, "walter", "frank")
        off = run(service.leave_waiting_list, cast.joanne, cast.session_id, entry_id=entry(cast, "frank"))["before"]
        for who, refusal in ((cast.tomas, NotAllowed), (cast.rosa, NotAllowed), (cast.sol, NotFound)):
            with pytest.raises(refusal):
                run(service.undo_put_ahead, who, cast.session_id, entry(cast, "walter"), before=ahead)
            with pytest.raises(refusal):
                run(service.undo_leaving, who, cast.session_id, entry(cast, "frank"), before=off)
        starts_in(cast, hours=-1)
        for verb, who, before in ((service.undo_put_ahead, "walter", ahead), (service.undo_leaving, "frank", off)):
            with pytest.raises(waiting.TooLateToAnswer):
                run(verb, cast.joanne, cast.session_id, entry(cast, who), before=before)
        assert state(cast, "frank") == "declined"


# --- the button


def undo_on(client: FlaskClient, address: str) -> tuple[str, str, dict[str, str]]:
    page = client.get(address).text
    shown = re.search(r'class="gv-card gv-notice gv-card--green gv-undo".*?</form>', page, re.DOTALL)
    assert shown is not None
    action = re.search(r'action="([^"]+)"', shown[0])
    assert action is not None
    return shown[0], action[1], dict(re.findall(r'name="(act_id|command_id)" value="([^"]*)"', shown[0]))


@pytest.fixture
def joanne(app: Flask, cast: Cast) -> FlaskClient:
    with app.app_context():
        waits(cast, "frank", "walter")
        db.session.rollback()
    return signed_in(app, cast.joanne)


def test_each_step_has_its_button_which_works_once(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    with app.app_context():
        frank, walter, was = entry(cast, "frank"), entry(cast, "walter"), rows(*ORDER)
        db.session.rollback()
    base = f"/sessions/{cast.session_id}/waiting-list-entries"
    for address, sent, said in (
        (f"{base}/{walter}/positions", {"before_id": frank, "reason": "Travels far"}, "They stand ahead now."),
        (f"{base}/{frank}/removals", {}, "They are off the waiting list of this date."),
    ):
        shown, action, fields = undo_on(joanne, joanne.post(address, data=sent).location)
        assert said in shown
        assert "Undone: they wait where they stood before." in joanne.post(action, data=fields, follow_redirects=True).text
        assert "Only the last step on a waiting list can be undone." in joanne.post(action, data=fields, follow_redirects=True).text
        with app.app_context():
            assert rows(*ORDER) == was
            db.session.rollback()


def test_what_cannot_be_undone_is_said_on_the_page(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    with app.app_context():
        says(cast, "gladys", "no")
        frank = entry(cast, "frank")
        db.session.rollback()
    _, action, fields = undo_on(joanne, joanne.post(f"/sessions/{cast.session_id}/waiting-list-entries/{frank}/refusals").location)
    page = joanne.post(action, data=fields, follow_redirects=True).text
    assert "Undone: they wait where they stood before. The place itself is gone: it was offered to Walter Moss meanwhile, and that stays." in page


def test_a_page_cannot_claim_how_it_was(app: Flask, cast: Cast, joanne: FlaskClient) -> None:
    with app.app_context():
        frank, walter = entry(cast, "frank"), entry(cast, "walter")
        db.session.rollback()
    joanne.post(f"/sessions/{cast.session_id}/waiting-list-entries/{frank}/removals")
    for act_id in ("", "x" * 32, "\x00", "x" * 100_000):
        for who in (frank, walter):
            answer = joanne.post(f"/sessions/{cast.session_id}/waiting-list-entries/{who}/undos", data={"act_id": act_id}, follow_redirects=True)
            assert "Nothing was changed." in answer.text
    for who, status in ((cast.sol, 404), (cast.tomas, 403), (cast.rosa, 403)):
        assert signed_in(app, who).post(f"/sessions/{cast.session_id}/waiting-list-entries/{frank}/undos").status_code == status
    with app.app_context():
        assert state(cast, "frank") == "declined"
        db.session.rollback()
