"""Papers of a visit: who may print them, what stands on them, and that codes are known only when made."""

import re

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from groupvisits.accounts.models import Clinic
from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, ids, language
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.feedback.models import FeedbackToken
from groupvisits.interop import service
from groupvisits.outbox.models import OutboxMessage
from groupvisits.sessions import service as sessions
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.rules import WrongState
from groupvisits.slots.models import Slot
from tests.cast import Cast, signed_in
from tests.sessions.arrange import counted


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


@pytest.mark.parametrize("kind", ["door-list", "slip-cards", "name-tags", "topic-cards", "feedback-cards", "running-order", "call-list", "meals"])
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


def test_topic_cards_are_in_each_language_of_the_clinic_and_say_what_number_to_call(app: Flask, cast: Cast) -> None:
    with app.app_context(), write() as tx:
        tx.execute(update(Clinic).values(languages=["en", "es"], emergency_number="112"))
    page = signed_in(app, cast.nia).get(address(cast, "topic-cards")).text
    assert re.findall('class="gv-cutcard gv-cutcard--topic" lang="(..)"', page) == ["en"] * 2 + ["es"] * 2
    for words in ("In the group", "Only in my one-on-one", "Not for emergencies.", "or call 112", "No es para emergencias."):
        assert page.count(words) == 2
    assert not [name for name in ("Rosa", "Marcus", "Delgado") if name in page]


def test_topic_cards_are_reached_from_the_page_of_the_visit_and_after_it_the_console_is(app: Flask, cast: Cast) -> None:
    visit = f"/sessions/{cast.session_id}"
    assert address(cast, "topic-cards") in signed_in(app, cast.tomas).get(visit).text
    with app.app_context(), write() as tx:
        tx.execute(update(GroupSession).where(GroupSession.id == cast.session_id).values(state="closed", closed_at=clock.now()))
    assert f"{visit}/rooms/facilitator" in signed_in(app, cast.tomas).get(visit).text
    assert f"{visit}/rooms/facilitator" not in signed_in(app, cast.nia).get(visit).text


def test_the_papers_have_the_clinics_size(app: Flask, cast: Cast) -> None:
    joanne = signed_in(app, cast.joanne)
    assert "interop/letter.css" in joanne.get(address(cast, "door-list")).text
    with app.app_context(), write() as tx:
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


def test_the_running_order_says_who_sees_whom_when_and_where_before_and_after_it_is_planned(app: Flask, cast: Cast) -> None:
    page = signed_in(app, cast.nia).get(address(cast, "running-order")).text
    assert "Not planned yet." in page
    assert "Dr Hana Osei, Room 2" in page and "Dr Sam Farrow, Room 3" in page
    with app.app_context():
        run(sessions.open_session, cast.tomas, cast.session_id)
        planned = db.session.scalars(select(Slot).order_by(Slot.planned_at)).all()
        assert len(planned) == 6
        first = language.time(clock.local(planned[0].planned_at, "America/New_York"), "en")
    fixed = signed_in(app, cast.nia).get(address(cast, "running-order")).text
    assert "Not planned yet." not in fixed and first in fixed
    assert "Rosa Delgado" in fixed
    shown = signed_in(app, cast.tomas).get(address(cast, "running-order")).text
    assert "Rosa" in shown and "Delgado" not in shown


def test_the_order_before_it_is_planned_is_the_order_it_is_planned_in(app: Flask, cast: Cast) -> None:
    def order() -> list[str]:
        page = signed_in(app, cast.nia).get(address(cast, "running-order")).text
        return re.findall(r"Rosa|Marcus|Gladys|Teo|Frank|Beatriz|[\d:]+[ap]m</th>", page.split("</h2>", 1)[1])

    before = order()
    with app.app_context():
        run(sessions.open_session, cast.tomas, cast.session_id)
    assert len(before) == 12 and order() == before


def test_without_a_resident_the_order_says_so(app: Flask, cast: Cast) -> None:
    with app.app_context(), write() as tx:
        tx.execute(delete(SessionTeamMember).where(SessionTeamMember.role == "resident"))
    assert "No resident is on the team" in signed_in(app, cast.joanne).get(address(cast, "running-order")).text


def test_meals_and_seats_count_everybody_who_eats_and_name_nobody(app: Flask, cast: Cast) -> None:
    with app.app_context(), write() as tx:
        tx.get_one(Seat, cast.seats["rosa"]).companions = 2
        tx.execute(update(Seat).where(Seat.id == cast.seats["frank"]).values(state="invited", seat_no=None))
    page = signed_in(app, cast.nia).get(address(cast, "meals")).text
    assert "13 chairs and meals" in page and "at most 14" in page
    assert not [name for name in ("Rosa", "Marcus", "Delgado") if name in page]


def test_every_sheet_says_when_it_was_printed_and_by_whom_in_the_way_of_the_country(app: Flask, cast: Cast) -> None:
    now = clock.local(clock.now(), "America/New_York")
    for kind in ("door-list", "name-tags", "topic-cards", "running-order", "call-list", "meals"):
        page = signed_in(app, cast.joanne).get(address(cast, kind)).text
        assert f"Printed {now:%A}, {now:%B} {now.day}, {now.year}, " in page
        assert "by Joanne Pike" in page


def test_the_call_list_holds_who_is_still_to_be_called_about_this_date(app: Flask, cast: Cast) -> None:
    with app.app_context(), write() as tx:
        tx.add(OutboxMessage(id=ids.new_id(), clinic_id=cast.clinic_id, patient_id=cast.rosa.id, session_id=cast.session_id, kind="invitation", channel="call",
                             address="", subject="", text="Will you come on Tuesday?", language="es", state="waiting", due_at=clock.now()))  # fmt: skip
    page = signed_in(app, cast.joanne).get(address(cast, "call-list")).text
    assert "Rosa Delgado" in page and "Will you come on Tuesday?" in page and "1 person to call." in page
    assert "Marcus" not in page


def test_the_number_of_questions_of_a_paper_does_not_grow_with_the_list(app: Flask, cast: Cast) -> None:
    joanne = signed_in(app, cast.joanne)
    for kind in ("door-list", "running-order", "meals", "name-tags"):
        joanne.get(address(cast, kind))
        with counted(app) as asked:
            joanne.get(address(cast, kind))
        assert len(asked) <= 16, (kind, asked)
