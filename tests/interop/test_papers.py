"""Papers of a visit: who may print them, what stands on them, and that codes are known only when made."""

import re

import pytest
from flask import Flask
from sqlalchemy import select, update

from groupvisits.audit.models import AuditEntry
from groupvisits.core import ids
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.feedback.models import FeedbackToken
from groupvisits.interop import service
from groupvisits.sessions import service as sessions
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.rules import WrongState
from tests.cast import Cast, signed_in


def test_making_slips_gives_each_seat_a_number_and_keeps_only_the_fingerprint_of_its_code(context: None, cast: Cast) -> None:
    slips = run(service.print_slips, cast.joanne, cast.session_id)
    assert [slip.number for slip in slips] == [1, 2, 3, 4, 5, 6]
    seat = db.session.get_one(Seat, cast.seats["rosa"])
    rosas = next(slip for slip in slips if slip.display_name == "Rosa")
    assert seat.slip_number == rosas.number
    assert seat.slip_code == ids.fingerprint(f"{cast.session_id}:{rosas.code}")
    assert rosas.address.endswith(f"/slips/{cast.session_id}-{rosas.code}")


def test_making_slips_again_keeps_the_numbers_and_ends_the_earlier_codes(context: None, cast: Cast) -> None:
    first = run(service.print_slips, cast.joanne, cast.session_id)
    second = run(service.print_slips, cast.joanne, cast.session_id)
    assert [(s.number, s.display_name) for s in first] == [(s.number, s.display_name) for s in second]
    assert {s.code for s in first}.isdisjoint(s.code for s in second)


def test_whoever_is_here_keeps_the_slip_in_their_hand(context: None, cast: Cast) -> None:
    code = run(sessions.check_in, cast.joanne, cast.session_id, cast.seats["marcus"])
    slips = run(service.print_slips, cast.joanne, cast.session_id)
    assert "Marcus" not in {slip.display_name for slip in slips}
    assert db.session.get_one(Seat, cast.seats["marcus"]).slip_code == ids.fingerprint(f"{cast.session_id}:{code}")
    assert len({slip.number for slip in slips} | {1}) == 6


def test_printing_slips_is_audited_without_codes_or_names_and_told_to_the_room(context: None, cast: Cast) -> None:
    version = db.session.get_one(GroupSession, cast.session_id).version
    run(service.print_slips, cast.joanne, cast.session_id)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "interop:print_slips")).one()
    assert entry.details == {"count": 6}
    assert db.session.get_one(GroupSession, cast.session_id).version == version + 1


def test_a_stranger_does_not_find_the_visit_and_a_resident_may_not_print(context: None, cast: Cast) -> None:
    with pytest.raises(NotFound):
        run(service.print_slips, cast.sol, cast.session_id)
    with pytest.raises(NotAllowed):
        run(service.print_slips, cast.osei, cast.session_id)


def test_a_closed_visit_has_no_slips(context: None, cast: Cast) -> None:
    with write() as tx:
        tx.execute(update(GroupSession).where(GroupSession.id == cast.session_id).values(state="closed"))
    with pytest.raises(WrongState):
        run(service.print_slips, cast.joanne, cast.session_id)


def address(cast: Cast, kind: str) -> str:
    return f"/sessions/{cast.session_id}/papers/{kind}"


@pytest.mark.parametrize("kind", ["door-list", "slip-cards", "name-tags", "feedback-cards"])
def test_each_paper_opens_for_a_coordinator_and_for_nobody_outside(app: Flask, cast: Cast, kind: str) -> None:
    assert signed_in(app, cast.joanne).get(address(cast, kind)).status_code == 200
    assert signed_in(app, cast.sol).get(address(cast, kind)).status_code == 404
    assert signed_in(app, cast.rosa).get(address(cast, kind)).status_code == 403
    assert app.test_client().get(address(cast, kind)).status_code == 302


def test_an_unknown_kind_of_paper_is_not_found(app: Flask, cast: Cast) -> None:
    assert signed_in(app, cast.joanne).get(address(cast, "secrets")).status_code == 404
    assert signed_in(app, cast.joanne).post(address(cast, "door-list")).status_code == 404


def test_slip_cards_and_name_tags_show_no_surname_and_opening_the_page_changes_nothing(app: Flask, cast: Cast) -> None:
    joanne = signed_in(app, cast.joanne)
    joanne.get(address(cast, "slip-cards"))
    with app.app_context():
        assert db.session.get_one(Seat, cast.seats["rosa"]).slip_code is None
    for page in (joanne.post(address(cast, "slip-cards")), joanne.get(address(cast, "name-tags"))):
        assert page.status_code == 200
        assert "Rosa" in page.text
        assert "Delgado" not in page.text
        assert "style=" not in page.text
        assert page.headers["Cache-Control"] == "no-store"


def test_a_slip_card_is_in_the_language_of_who_holds_it(app: Flask, cast: Cast) -> None:
    page = signed_in(app, cast.joanne).post(address(cast, "slip-cards")).text
    assert '<li class="gv-cutcard" lang="es">' in page
    assert '<li class="gv-cutcard" lang="en">' in page


def test_the_papers_have_the_clinics_size(app: Flask, cast: Cast) -> None:
    joanne = signed_in(app, cast.joanne)
    assert "interop/letter.css" in joanne.get(address(cast, "door-list")).text
    with app.app_context(), write() as tx:
        from groupvisits.accounts.models import Clinic

        tx.execute(update(Clinic).values(paper="a4"))
    assert "interop/a4.css" in joanne.get(address(cast, "door-list")).text


def test_feedback_cards_have_the_questions_and_as_many_tokens_as_asked(app: Flask, cast: Cast) -> None:
    page = signed_in(app, cast.tomas).post(address(cast, "feedback-cards"), data={"count": "4"})
    assert page.status_code == 200
    assert len(re.findall("<svg", page.text)) == 4
    assert "Did you feel listened to?" in page.text
    with app.app_context():
        assert len(db.session.scalars(select(FeedbackToken)).all()) == 4


def test_a_wrong_number_of_feedback_cards_is_refused_beside_its_field(app: Flask, cast: Cast) -> None:
    page = signed_in(app, cast.tomas).post(address(cast, "feedback-cards"), data={"count": "999"})
    assert page.status_code == 422
    assert 'value="999"' in page.text
    assert "Between 1 and 40." in page.text


def test_a_nurse_prints_slips_but_no_feedback_cards(app: Flask, cast: Cast) -> None:
    nia = signed_in(app, cast.nia)
    assert nia.post(address(cast, "slip-cards")).status_code == 200
    assert nia.post(address(cast, "feedback-cards"), data={"count": "4"}).status_code == 403


def test_a_visit_without_anybody_says_so(app: Flask, cast: Cast) -> None:
    with app.app_context(), write() as tx:
        tx.execute(update(Seat).values(state="declined", seat_no=None))
    joanne = signed_in(app, cast.joanne)
    assert "Nobody is on the list" in joanne.get(address(cast, "door-list")).text
    assert joanne.post(address(cast, "slip-cards")).status_code == 422


def test_the_door_list_of_a_facilitator_holds_the_names_shown_in_the_room(app: Flask, cast: Cast) -> None:
    assert "Delgado" in signed_in(app, cast.nia).get(address(cast, "door-list")).text
    shown = signed_in(app, cast.tomas).get(address(cast, "door-list")).text
    assert "Rosa" in shown and "Delgado" not in shown
