"""From closing a visit to released answers, and what must not be found in the database afterwards."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from groupvisits.audit import service as audit
from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, ids, transaction
from groupvisits.core.commands import CommandRecord
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from groupvisits.feedback import queries, rules, service, tokens
from groupvisits.feedback.models import FeedbackForm, FeedbackHandout, FeedbackResponse, FeedbackToken
from groupvisits.sessions import service as sessions
from groupvisits.sessions.models import GroupSession, Seat
from tests.cast import Cast, reasons

pytestmark = pytest.mark.usefixtures("context")


def hold_visit(cast: Cast, *, came: tuple[str, ...] = ("rosa", "marcus", "gladys", "teo", "frank", "beatriz")) -> None:
    run(sessions.open_session, cast.tomas, cast.session_id)
    for name in came:
        run(sessions.check_in, cast.joanne, cast.session_id, cast.seats[name])
    run(sessions.close_session, cast.tomas, cast.session_id, **reasons(cast))


def answer(cast: Cast, count: int, **answers: str) -> None:
    for token in run(service.print_cards, cast.joanne, cast.session_id, count):
        run(service.send_answers, token, answers or {"safe": "yes"})


def end_the_form(cast: Cast) -> None:
    with transaction.write() as tx:
        tx.execute(update(FeedbackForm).where(FeedbackForm.session_id == cast.session_id).values(closes_at=clock.now() - timedelta(seconds=1)))


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def only_visit(cast: Cast) -> queries.VisitResult:
    db.session.rollback()
    (group,) = queries.results_for(db.session(), cast.quinn)
    (visit,) = group.visits
    return visit


def test_closing_the_visit_opens_the_form_for_14_days(cast: Cast) -> None:
    hold_visit(cast)
    form = db.session.get_one(FeedbackForm, cast.session_id)
    closed_at = db.session.get_one(GroupSession, cast.session_id).closed_at
    assert closed_at is not None
    assert (form.state, form.closes_at, form.clinic_id) == ("open", closed_at + timedelta(days=14), cast.clinic_id)
    assert form.items == ["listened", "peer", "safe", "one_on_one", "came_for", "change"]
    assert list(audit.verify(db.session())) == []


def test_closing_twice_opens_one_form(cast: Cast) -> None:
    hold_visit(cast)
    run(sessions.close_session, cast.tomas, cast.session_id)
    assert count(FeedbackForm) == 1


# Handing out


def test_a_phone_gets_one_token_and_only_its_fingerprint_is_stored(cast: Cast) -> None:
    hold_visit(cast)
    token = run(service.hand_out, cast.rosa, cast.session_id)
    assert tokens.is_ours(token)
    assert db.session.scalars(select(FeedbackToken.id)).all() == [ids.fingerprint(token)]
    assert db.session.scalars(select(FeedbackHandout.seat_id)).all() == [cast.seats["rosa"]]


def test_asking_again_hands_out_no_second_token(cast: Cast) -> None:
    hold_visit(cast)
    run(service.hand_out, cast.rosa, cast.session_id)
    with pytest.raises(rules.AlreadyHandedOut):
        run(service.hand_out, cast.rosa, cast.session_id)
    assert count(FeedbackToken) == 1


def test_a_seat_that_has_a_token_is_given_none(cast: Cast) -> None:
    hold_visit(cast)
    with transaction.write() as tx:
        seat = tx.get_one(Seat, cast.seats["rosa"])
        assert service.token_for_phone(tx, seat) is not None
        assert service.token_for_phone(tx, seat) is None


def test_handing_out_leaves_no_audit_entry(cast: Cast) -> None:
    hold_visit(cast)
    before = count(AuditEntry)
    run(service.hand_out, cast.rosa, cast.session_id)
    assert count(AuditEntry) == before


def test_nothing_is_handed_out_before_the_visit_is_over(cast: Cast) -> None:
    with pytest.raises(rules.NotOpenYet):
        run(service.hand_out, cast.rosa, cast.session_id)


def test_nothing_is_handed_out_to_whoever_did_not_come(cast: Cast) -> None:
    hold_visit(cast, came=("marcus",))
    with pytest.raises(rules.DidNotCome):
        run(service.hand_out, cast.rosa, cast.session_id)


def test_nothing_is_handed_out_after_the_form_has_closed(cast: Cast) -> None:
    hold_visit(cast)
    end_the_form(cast)
    with pytest.raises(rules.FormClosed):
        run(service.hand_out, cast.rosa, cast.session_id)


@pytest.mark.parametrize("who", ["sunny", "sol", "walter"])
def test_a_stranger_does_not_find_the_form(cast: Cast, who: str) -> None:
    hold_visit(cast)
    with pytest.raises(NotFound):
        run(service.hand_out, getattr(cast, who), cast.session_id)


@pytest.mark.parametrize("who", ["joanne", "tomas"])
def test_staff_get_no_phone_form(cast: Cast, who: str) -> None:
    hold_visit(cast)
    with pytest.raises(NotAllowed):
        run(service.hand_out, getattr(cast, who), cast.session_id)


def test_the_button_waits_until_it_was_used(cast: Cast) -> None:
    seat = db.session.get_one(Seat, cast.seats["rosa"])
    assert not queries.handout_waits(db.session(), seat)
    hold_visit(cast)
    seat = db.session.get_one(Seat, cast.seats["rosa"])
    assert queries.handout_waits(db.session(), seat)
    run(service.hand_out, cast.rosa, cast.session_id)
    assert not queries.handout_waits(db.session(), seat)


# Cards


@pytest.mark.parametrize("who", ["joanne", "tomas"])
def test_cards_are_printed_before_the_visit_and_work_after_it(cast: Cast, who: str) -> None:
    first, *rest = run(service.print_cards, getattr(cast, who), cast.session_id, 3)
    assert len({first, *rest}) == 3
    with pytest.raises(rules.NotOpenYet):
        run(service.send_answers, first, {"safe": "yes"})
    hold_visit(cast)
    run(service.send_answers, first, {"safe": "yes"})
    assert count(FeedbackResponse) == 1


@pytest.mark.parametrize("number", [0, 41])
def test_no_wrong_number_of_cards_is_printed(cast: Cast, number: int) -> None:
    with pytest.raises(rules.WrongNumberOfCards):
        run(service.print_cards, cast.joanne, cast.session_id, number)
    assert (count(FeedbackForm), count(FeedbackToken)) == (0, 0)


def test_printing_is_audited_by_number_only(cast: Cast) -> None:
    run(service.print_cards, cast.joanne, cast.session_id, 3)
    entry = db.session.scalar(select(AuditEntry).where(AuditEntry.action == "feedback:print_cards"))
    assert entry is not None
    assert entry.details == {"count": 3}


@pytest.mark.parametrize("who", ["osei", "nia", "rosa"])
def test_others_print_no_cards(cast: Cast, who: str) -> None:
    with pytest.raises(NotAllowed):
        run(service.print_cards, getattr(cast, who), cast.session_id, 3)


def test_a_stranger_prints_no_cards(cast: Cast) -> None:
    with pytest.raises(NotFound):
        run(service.print_cards, cast.sol, cast.session_id, 3)


def test_no_cards_are_printed_for_a_closed_form(cast: Cast) -> None:
    hold_visit(cast)
    end_the_form(cast)
    with pytest.raises(rules.FormClosed):
        run(service.print_cards, cast.joanne, cast.session_id, 3)


# Answers


def test_a_sent_answer_uses_its_token_up(cast: Cast) -> None:
    hold_visit(cast)
    token = run(service.hand_out, cast.rosa, cast.session_id)
    run(service.send_answers, token, {"safe": "yes", "change": "Longer one-on-ones"})
    assert count(FeedbackToken) == 0
    (response,) = db.session.scalars(select(FeedbackResponse))
    assert (response.answers, response.batch) == ({"safe": "yes", "change": "Longer one-on-ones"}, 0)


def test_sending_twice_is_the_same_as_once(cast: Cast) -> None:
    hold_visit(cast)
    token = run(service.hand_out, cast.rosa, cast.session_id)
    run(service.send_answers, token, {"safe": "yes"})
    run(service.send_answers, token, {"safe": "no"})
    assert [r.answers for r in db.session.scalars(select(FeedbackResponse))] == [{"safe": "yes"}]


def test_sending_many_times_at_once_is_the_same_as_once(cast: Cast, app: Flask) -> None:
    """An impatient finger, or a phone that thought its connection dead."""
    hold_visit(cast)
    for token in run(service.print_cards, cast.joanne, cast.session_id, 3):
        together = threading.Barrier(6)

        def send(token: str = token, together: threading.Barrier = together) -> None:
            with app.app_context():
                together.wait()
                run(service.send_answers, token, {"safe": "yes"})

        with ThreadPoolExecutor(6) as phones:
            for sent in [phones.submit(send) for _ in range(6)]:
                sent.result()
    assert count(FeedbackResponse) == 3


def test_an_empty_form_is_refused_and_its_token_still_works(cast: Cast) -> None:
    hold_visit(cast)
    token = run(service.hand_out, cast.rosa, cast.session_id)
    with pytest.raises(rules.NothingAnswered):
        run(service.send_answers, token, {"safe": ""})
    run(service.send_answers, token, {"safe": "yes"})
    assert count(FeedbackResponse) == 1


def test_a_made_up_token_is_not_found(cast: Cast) -> None:
    hold_visit(cast)
    for token in ("", "x", "made-up-token-that-was-never-ours-and-is-long", "é" * 60, tokens.new()[:-1] + "!"):
        with pytest.raises(NotFound):
            run(service.send_answers, token, {"safe": "yes"})


def test_answering_leaves_no_audit_entry_no_command_and_no_version(cast: Cast) -> None:
    hold_visit(cast)
    cards = run(service.print_cards, cast.joanne, cast.session_id, 6)
    before = count(AuditEntry), count(CommandRecord), db.session.get_one(GroupSession, cast.session_id).version
    for token in cards:
        run(service.send_answers, token, {"safe": "yes"})
    db.session.rollback()
    assert (count(AuditEntry), count(CommandRecord), db.session.get_one(GroupSession, cast.session_id).version) == before


def test_answers_come_back_in_no_order(cast: Cast) -> None:
    hold_visit(cast)
    for n, token in enumerate(run(service.print_cards, cast.joanne, cast.session_id, 30)):
        run(service.send_answers, token, {"change": f"{n:02}"})
    end_the_form(cast)
    run(service.close_due)
    shown = only_visit(cast).texts
    assert len(shown) == 30
    assert shown != sorted(shown)
    stored = [r.answers["change"] for r in db.session.scalars(select(FeedbackResponse))]
    assert stored != sorted(stored)


# Release


def test_nothing_is_shown_before_five_have_answered(cast: Cast) -> None:
    hold_visit(cast)
    answer(cast, 4, safe="no", change="Warmer room")
    visit = only_visit(cast)
    assert (visit.answered, visit.released, visit.items, visit.texts) == (4, 0, [], [])


def test_five_answers_are_shown_in_counts_that_hide_who_stands_alone(cast: Cast) -> None:
    hold_visit(cast)
    answer(cast, 4, safe="yes", peer="mostly")
    answer(cast, 1, safe="no", peer="partly", change="Warmer room")
    visit = only_visit(cast)
    counts = {result.item.key: result.count for result in visit.items}
    assert counts["safe"] == counts["peer"] == rules.Count(3, 5, 5)
    assert counts["listened"] is None
    assert visit.texts == ["Warmer room"]


def test_an_aside_is_counted_like_a_skipped_question(cast: Cast) -> None:
    hold_visit(cast)
    answer(cast, 4, safe="yes")
    answer(cast, 1, safe="silent")
    assert {r.item.key: r.count for r in only_visit(cast).items}["safe"] is None


def test_later_answers_are_added_when_the_form_closes(cast: Cast) -> None:
    hold_visit(cast)
    answer(cast, 5, safe="yes")
    answer(cast, 6, safe="no", change="Later")
    before = only_visit(cast)
    assert (before.answered, before.released, before.texts) == (11, 5, [])
    end_the_form(cast)
    assert run(service.close_due) == 1
    after = only_visit(cast)
    assert (after.answered, after.released, len(after.texts), after.is_open) == (11, 11, 6, False)


def test_fewer_than_five_later_answers_are_never_shown(cast: Cast) -> None:
    hold_visit(cast)
    answer(cast, 5, safe="yes")
    answer(cast, 4, safe="no", change="Later")
    end_the_form(cast)
    run(service.close_due)
    visit = only_visit(cast)
    assert (visit.answered, visit.released, visit.texts) == (9, 5, [])


def test_closing_due_forms_twice_is_the_same_as_once(cast: Cast) -> None:
    hold_visit(cast)
    answer(cast, 5)
    end_the_form(cast)
    assert (run(service.close_due), run(service.close_due)) == (1, 0)


def test_a_form_that_is_not_due_stays_open(cast: Cast) -> None:
    hold_visit(cast)
    assert run(service.close_due) == 0


# Results


def test_a_reviewer_of_another_clinic_sees_nothing(cast: Cast) -> None:
    hold_visit(cast)
    answer(cast, 5)
    assert queries.results_for(db.session(), cast.sol) == []
    with pytest.raises(NotFound):
        queries.results_for(db.session(), cast.sol, group_id=cast.group_id)


@pytest.mark.parametrize("who", ["joanne", "tomas", "osei", "adler", "nia", "ivo", "ada", "rosa"])
def test_nobody_else_sees_results(cast: Cast, who: str) -> None:
    with pytest.raises(NotAllowed):
        queries.results_for(db.session(), getattr(cast, who))
