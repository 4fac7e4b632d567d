"""The form before a visit on the real database, through the verb and through its page."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from groupvisits.agenda import queries, rules, service
from groupvisits.agenda.models import PreVisitForm, Support, Topic, TopicTranslation
from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.queries import place_for
from groupvisits.sessions.service import open_session
from groupvisits.slots import queries as slots
from tests.cast import Cast, signed_in

JSON = {"Accept": "application/json", "X-Background": "1"}
G, O = "group", "one_on_one"  # noqa: E741


def fill_in(cast: Cast, *concerns: tuple[str, str], who: Actor | None = None, matters: str = "", goal: str = "") -> dict[str, Any]:
    return run(service.fill_in_form, who or cast.rosa, cast.session_id, matters=matters, goal=goal, concerns=concerns)


def topics_now() -> dict[str, tuple[str, str]]:
    """Words -> (route, state) of every topic."""
    found = {topic.words: (topic.route, topic.state) for topic in db.session.scalars(select(Topic))}
    db.session.rollback()
    return found


@pytest.mark.usefixtures("context")
class TestTheVerb:
    def test_concerns_become_topics_and_the_rest_is_kept_for_the_one_on_one(self, cast: Cast) -> None:
        fill_in(cast, ("My feet", G), ("My son", O), matters="Dancing\nat the wedding", goal="Walk to church")
        assert topics_now() == {"My feet": (G, "new"), "My son": (O, "new")}
        topics = db.session.scalars(select(Topic)).all()
        assert {t.pre_visit for t in topics} == {True} and {t.language for t in topics} == {"es"} and {t.shows_name for t in topics} == {False}
        form = db.session.scalars(select(PreVisitForm)).one()
        assert (form.patient_id, form.matters, form.goal) == (cast.rosa.id, "Dancing\nat the wedding", "Walk to church")

    def test_twice_is_the_same_as_once(self, cast: Cast) -> None:
        for _ in range(2):
            told = fill_in(cast, ("My feet", G), goal="Walk")
        assert topics_now() == {"My feet": (G, "new")}
        acts = db.session.scalars(select(AuditEntry.action).where(AuditEntry.action == "agenda:fill_in_form")).all()
        assert len(acts) == 1
        assert told["version"] == db.session.get_one(GroupSession, cast.session_id).version == 1

    def test_one_form_is_one_version_however_many_topics_it_changes(self, cast: Cast) -> None:
        fill_in(cast, ("a", G), ("b", G), ("c", O))
        fill_in(cast, ("d", G), ("c", O))
        assert topics_now() == {"d": (G, "new"), "b": (G, "taken_back"), "c": (O, "new")}
        assert db.session.get_one(GroupSession, cast.session_id).version == 2

    def test_what_others_said_me_too_to_is_taken_back_and_not_reworded(self, cast: Cast) -> None:
        fill_in(cast, ("My feet", G))
        with write() as tx:
            tx.add(Support(topic_id=tx.scalars(select(Topic.id)).one(), patient_id=cast.marcus.id, at=clock.now()))
        fill_in(cast, ("My sleep", G))
        assert topics_now() == {"My feet": (G, "taken_back"), "My sleep": (G, "new")}

    def test_who_was_asked_in_private_is_still_asked_after_changing_the_words(self, cast: Cast) -> None:
        fill_in(cast, ("My feet", G))
        run(service.ask_privately, cast.tomas, cast.session_id, topic_id=db.session.scalars(select(Topic.id)).one())
        fill_in(cast, ("My feet hurt", G))
        assert db.session.execute(select(Topic.words, Topic.hidden_because)).one() == ("My feet hurt", "asked")

    def test_what_hung_on_the_old_words_is_gone(self, cast: Cast) -> None:
        fill_in(cast, ("My feet", G))
        topic_id = db.session.scalars(select(Topic.id)).one()
        run(service.translate_topic, cast.marcus, cast.session_id, topic_id=topic_id, language="en", words="My feet, in English")
        run(service.suggest_words, cast.tomas, cast.session_id, topic_id=topic_id, words="Care of the feet")
        db.session.rollback()
        rev = db.session.get_one(Topic, topic_id).rev
        db.session.rollback()
        fill_in(cast, ("My sleep", G))
        topic = db.session.get_one(Topic, topic_id)
        assert (topic.words, topic.suggested_words, topic.rev) == ("My sleep", "", rev + 1)
        assert db.session.scalars(select(TopicTranslation)).all() == []

    def test_a_topic_of_the_group_that_becomes_private_is_taken_off_the_groups_list(self, cast: Cast) -> None:
        fill_in(cast, ("My feet", G))
        fill_in(cast, ("My feet", O))
        states = {(t.route, t.state) for t in db.session.scalars(select(Topic))}
        assert states == {(G, "taken_back"), (O, "new")}

    def test_topics_that_were_proposed_otherwise_are_left_alone(self, cast: Cast) -> None:
        run(service.propose_topic, cast.rosa, cast.session_id, words="From the room", route=G)
        fill_in(cast, ("My feet", G))
        fill_in(cast)
        assert topics_now() == {"From the room": (G, "new"), "My feet": (G, "taken_back")}

    def test_words_are_in_no_audit_entry(self, cast: Cast) -> None:
        fill_in(cast, ("My feet", G), matters="Dancing", goal="Walk")
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "agenda:fill_in_form")).one()
        assert not any(word in str(entry.details) for word in ("feet", "Dancing", "Walk"))

    def test_it_refuses_before_the_seventh_day_and_once_the_room_is_open(self, cast: Cast) -> None:
        with write() as tx:
            tx.get_one(GroupSession, cast.session_id).starts_at = clock.now() + timedelta(days=7, minutes=1)
        with pytest.raises(rules.NotOpenYet):
            fill_in(cast, ("a", G))
        with write() as tx:
            tx.get_one(GroupSession, cast.session_id).starts_at = clock.now() + timedelta(days=6)
        fill_in(cast, ("a", G))
        run(open_session, cast.tomas, cast.session_id)
        with pytest.raises(rules.FormClosed):
            fill_in(cast, ("b", G))
        assert topics_now() == {"a": (G, "new")}

    def test_nothing_is_saved_by_half(self, cast: Cast) -> None:
        with pytest.raises(rules.RouteMissing):
            fill_in(cast, ("a", G), ("b", ""), goal="Walk")
        assert topics_now() == {} and db.session.scalars(select(PreVisitForm)).all() == []

    @pytest.mark.parametrize(("who", "error"), [("sunny", NotFound), ("walter", NotFound), ("sol", NotFound), ("tomas", NotAllowed), ("joanne", NotAllowed)])
    def test_it_refuses_a_stranger_and_the_wrong_role(self, cast: Cast, who: str, error: type[Exception]) -> None:
        with pytest.raises(error):
            fill_in(cast, ("a", G), who=getattr(cast, who))

    def test_it_refuses_who_said_no(self, cast: Cast) -> None:
        with write() as tx:
            seat = tx.get_one(Seat, cast.seats["rosa"])
            seat.state, seat.seat_no = "declined", None
        with pytest.raises(NotAllowed):
            fill_in(cast, ("a", G))

    @pytest.mark.parametrize(
        ("who", "may"), [("osei", True), ("adler", True), ("tomas", False), ("joanne", False), ("nia", False), ("marcus", False), ("quinn", False)]
    )
    def test_what_matters_is_read_by_clinicians_of_the_visit_only(self, cast: Cast, who: str, may: bool) -> None:
        fill_in(cast, matters="Dancing")
        viewer = getattr(cast, who)
        if may:
            assert queries.matters_of(db.session(), viewer, place_for(db.session(), viewer, cast.session_id), [cast.rosa.id])[cast.rosa.id].matters == "Dancing"
        else:
            with pytest.raises((NotAllowed, NotFound)):
                queries.matters_of(db.session(), viewer, place_for(db.session(), viewer, cast.session_id), [cast.rosa.id])


FORM = {"matters": "Dancing", "words_1": "My feet", "route_1": "group", "words_2": "My son", "route_2": "one_on_one", "goal": "Walk to church"}


def page(app: Flask, cast: Cast, who: str = "rosa") -> tuple[Any, str]:
    return signed_in(app, getattr(cast, who)), f"/my/pre-visit-forms/{cast.session_id}"


def test_a_patient_fills_it_in_and_finds_it_again(app: Flask, cast: Cast) -> None:
    rosa, address = page(app, cast)
    empty = rosa.get(address)
    assert empty.text.count("Not for emergencies") == 5 and "checked" not in empty.text
    sent = rosa.post(address, data=FORM)
    assert (sent.status_code, sent.location) == (303, address)
    again = rosa.get(address)
    assert "The clinic has received it" in again.text
    for words in ("Dancing", "My feet", "My son", "Walk to church"):
        assert words in again.text
    assert rosa.post(address, data=FORM).status_code == 303


def test_the_group_concern_is_on_the_console_and_the_private_one_has_no_words_there(app: Flask, cast: Cast) -> None:
    rosa, address = page(app, cast)
    rosa.post(address, data=FORM)
    console = signed_in(app, cast.tomas).get(f"/sessions/{cast.session_id}/snapshot?audience=facilitator", headers=JSON)
    assert [topic["words"] for topic in console.json["topics"] if topic["route"] == "group"] == ["My feet"]
    assert "My son" not in console.text and "Dancing" not in console.text and "church" not in console.text
    other = signed_in(app, cast.marcus).get(f"/sessions/{cast.session_id}/snapshot?audience=patient", headers=JSON)
    assert "My feet" in other.text
    assert not any(words in other.text for words in ("My son", "Dancing", "church", "Rosa"))


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"route_1": ""}, "route_1", "Choose who this is for"),
        ({"route_1": "everybody"}, "route_1", "Choose who this is for"),
        ({"words_1": "x" * 301}, "words_1", "too long"),
        ({"words_3": "y" * 10_000, "route_3": "group"}, "words_3", "too long"),
        ({"matters": "z" * 10_000}, "matters", "too long"),
        ({"goal": "z" * 301}, "goal", "too long"),
        ({"words_1": "\u202e\u200b\u0301"}, "", ""),
    ],
)
def test_bad_input_is_answered_beside_its_box_and_nothing_typed_is_lost(app: Flask, cast: Cast, change: dict[str, str], field: str, message: str) -> None:
    rosa, address = page(app, cast)
    answer = rosa.post(address, data=FORM | change)
    if not field:
        assert answer.status_code in (303, 422)
        return
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text and message in answer.text
    for name, words in (FORM | change).items():
        if name.startswith(("words", "matters", "goal")):
            assert words in answer.text
    with app.app_context():
        assert db.session.scalars(select(Topic)).all() == [] == db.session.scalars(select(PreVisitForm)).all()


def test_right_to_left_words_and_emoji_come_back_as_they_were(app: Flask, cast: Cast) -> None:
    rosa, address = page(app, cast)
    rosa.post(address, data=FORM | {"words_1": "ما الذي يساعد؟ 👩‍👧", "matters": "<b>me</b> & you"})
    again = rosa.get(address).text
    assert "ما الذي يساعد؟ 👩‍👧" in again and "&lt;b&gt;me&lt;/b&gt; &amp; you" in again


def test_an_empty_form_is_fine_and_takes_back_what_was_there(app: Flask, cast: Cast) -> None:
    rosa, address = page(app, cast)
    rosa.post(address, data=FORM)
    assert rosa.post(address, data={}).status_code == 303
    with app.app_context():
        assert {t.state for t in db.session.scalars(select(Topic))} == {"taken_back"}


def test_an_old_page_says_that_the_visit_has_begun_and_shows_what_was_typed(app: Flask, cast: Cast) -> None:
    rosa, address = page(app, cast)
    with app.app_context():
        run(open_session, cast.tomas, cast.session_id)
    answer = rosa.post(address, data=FORM)
    assert answer.status_code == 422 and "takes no more changes" in answer.text and "My feet" in answer.text
    assert "takes no more changes" in rosa.get(address).text


def test_once_the_visit_has_begun_the_page_keeps_showing_all_that_was_sent(app: Flask, cast: Cast) -> None:
    rosa, address = page(app, cast)
    rosa.post(address, data=FORM)
    with app.app_context():
        run(open_session, cast.tomas, cast.session_id)
    closed = rosa.get(address).text
    assert (
        all(words in closed for words in ("Dancing", "My feet", "My son", "Walk to church"))
        and "Only in your one-on-one" in closed
        and "<textarea" not in closed
    )


def test_before_the_seventh_day_the_page_says_when_it_opens(app: Flask, cast: Cast) -> None:
    with app.app_context(), write() as tx:
        tx.get_one(GroupSession, cast.session_id).starts_at = clock.now() + timedelta(days=9)
    rosa, address = page(app, cast)
    assert "This form opens on" in rosa.get(address).text
    assert rosa.post(address, data=FORM).status_code == 422


@pytest.mark.parametrize(("who", "status"), [("walter", 404), ("sunny", 404), ("tomas", 403), ("joanne", 403), ("osei", 403)])
def test_others_do_not_get_the_page(app: Flask, cast: Cast, who: str, status: int) -> None:
    browser, address = page(app, cast, who)
    assert browser.get(address, headers=JSON).status_code == status
    assert browser.post(address, data=FORM, headers=JSON).status_code == status


def test_another_patient_of_the_group_sees_their_own_empty_form(app: Flask, cast: Cast) -> None:
    rosa, address = page(app, cast)
    rosa.post(address, data=FORM)
    assert "My feet" not in signed_in(app, cast.marcus).get(address).text


@pytest.mark.parametrize(("who", "reads"), [("osei", True), ("adler", True), ("farrow", False), ("tomas", False)])
def test_the_board_shows_what_matters_to_whoever_sees_them_one_on_one(app: Flask, cast: Cast, who: str, reads: bool) -> None:
    from groupvisits.slots.models import Slot

    rosa, address = page(app, cast)
    rosa.post(address, data=FORM)
    with app.app_context():
        run(open_session, cast.tomas, cast.session_id)
        with write() as tx:
            tx.scalars(select(Slot).where(Slot.patient_id == cast.rosa.id)).one().provider_id = cast.osei.id
    board = signed_in(app, getattr(cast, who)).get(f"/sessions/{cast.session_id}/slots")
    assert board.status_code == 200
    assert ("Dancing" in board.text, "Walk to church" in board.text) == (reads, reads)
    with app.app_context():
        viewer = getattr(cast, who)
        found = slots.matters_on(db.session(), viewer, slots.board_for(db.session(), viewer, cast.session_id, clock.now()))
        assert (cast.rosa.id in found) is reads
