"""What happens to one topic twice over: joined and carried, asked and closed, written before the visit and split. None of it loses a topic or a person."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from groupvisits.agenda import queries, rules, service
from groupvisits.agenda.models import Alarm, Topic
from groupvisits.core import clock
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.live import service as live
from groupvisits.live.joins import join_preview
from groupvisits.live.models import TalkAccount
from groupvisits.patients import service as patients
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.queries import place_for
from groupvisits.sessions.service import cancel_session, close_session, open_session
from groupvisits.slots.models import Slot
from tests.agenda.arrange import by_words, console, is_accounted_for, merge, mine, next_visit, propose, screen, topic
from tests.cast import Cast, reasons

pytestmark = pytest.mark.usefixtures("context")


class TestJoinedAndCarried:
    @pytest.fixture
    def later(self, cast: Cast, opened: str) -> str:
        """Rosa's topic leads, those of Frank and Gladys are joined to it; nobody got to them."""
        head, one, two = propose(cast.rosa, opened, "Strips"), propose(cast.frank, opened, "Cost"), propose(cast.gladys, opened, "Price")
        merge(cast, one, head)
        merge(cast, two, head)
        run(close_session, cast.tomas, opened, **reasons(cast))
        later = next_visit(cast, *cast.seats)
        run(open_session, cast.tomas, later)
        return later

    def test_where_the_head_matters_no_longer_the_others_stand_for_themselves(self, cast: Cast, later: str) -> None:
        head = by_words(later)["Strips"]
        run(service.say_still_matters, cast.rosa, later, topic_id=head.id, matters=False)
        now = by_words(later)
        assert [(now[words].state, now[words].merged_into_id) for words in ("Strips", "Cost", "Price")] == [("taken_back", None), ("new", None), ("new", None)]
        assert is_accounted_for(cast, later)

    @pytest.mark.parametrize("matters", [True, False])
    def test_who_was_joined_is_asked_as_well_and_their_answer_counts(self, cast: Cast, later: str, matters: bool) -> None:
        before = by_words(later)
        assert before["Cost"].state == "merged" and mine(cast.frank, later)[before["Cost"].id]["carried"]
        run(service.say_still_matters, cast.frank, later, topic_id=before["Cost"].id, matters=matters)
        now = by_words(later)
        assert (now["Cost"].still_matters, now["Cost"].state) == (matters, "merged" if matters else "taken_back")
        assert now["Price"].merged_into_id == now["Strips"].id and now["Strips"].state == "new"
        assert is_accounted_for(cast, later)

    def test_while_it_is_talked_about_it_is_not_taken_away_under_the_group(self, cast: Cast, later: str) -> None:
        now = by_words(later)
        run(service.start_topic, cast.tomas, later, topic_id=now["Strips"].id, minutes=5)
        with pytest.raises(rules.BeingTalkedAbout):
            run(service.say_still_matters, cast.frank, later, topic_id=now["Cost"].id, matters=False)

    def test_taken_apart_split_and_closed_again_each_has_its_fate(self, cast: Cast, later: str) -> None:
        now = by_words(later)
        run(service.keep_apart, cast.gladys, later, topic_id=now["Price"].id)
        run(service.split_topic, cast.tomas, later, topic_id=now["Strips"].id, parts=["Where", "How many"])
        run(service.ask_privately, cast.tomas, later, topic_id=now["Price"].id)
        run(close_session, cast.tomas, later, **reasons_of(later))
        now = by_words(later)
        assert {words: (each.state, each.route) for words, each in now.items()} == {
            "Strips": ("split", "group"), "Where": ("parked", "group"), "How many": ("parked", "group"),
            "Cost": ("parked", "group"), "Price": ("parked", "one_on_one"),
        }  # fmt: skip
        assert is_accounted_for(cast, later)


class TestJoined:
    def test_words_agreed_to_that_name_somebody_stand_alone_until_somebody_looked_and_are_not_lost(self, cast: Cast, opened: str) -> None:
        head, joined = propose(cast.rosa, opened, "Strips"), propose(cast.frank, opened, "Cost")
        run(service.suggest_words, cast.tomas, opened, topic_id=joined, words="What Beatriz said about the cost")
        merge(cast, joined, head)
        run(service.agree_words, cast.frank, opened, topic_id=joined, agree=True)
        now = topic(joined)
        assert (now.state, now.merged_into_id, now.hidden_because) == ("new", None, "personal")
        assert is_accounted_for(cast)
        run(close_session, cast.tomas, opened, **reasons(cast))
        assert is_accounted_for(cast) and topic(joined).state == "parked"

    def test_an_alarm_in_another_language_of_a_joined_topic_leaves_it_joined(self, cast: Cast, opened: str) -> None:
        head, joined = propose(cast.rosa, opened, "Strips"), propose(cast.frank, opened, "Cost")
        merge(cast, joined, head)
        run(service.translate_topic, cast.beatriz, opened, topic_id=joined, language="pt", words="I have chest pain")
        alarm = db.session.scalars(select(Alarm)).one()
        assert not any("chest" in str(screen(who, opened, seen_as)) for who, seen_as in ((cast.marcus, "patient"), (cast.tomas, "display")))
        run(live.end_alarm, cast.tomas, opened, alarm_id=alarm.id, reason="Talked with her")
        assert (topic(joined).state, topic(joined).merged_into_id) == ("merged", head)
        assert is_accounted_for(cast)

    def test_a_question_to_the_room_stands_while_others_are_joined_to_its_topic_and_taken_apart(self, cast: Cast, opened: str) -> None:
        head, joined = propose(cast.rosa, opened, "Strips"), propose(cast.frank, opened, "Cost")
        run(service.start_topic, cast.tomas, opened, topic_id=head, minutes=5)
        poll = str(run(live.ask_room, cast.tomas, opened, topic_id=head)["poll_id"])
        merge(cast, joined, head)
        run(live.answer_poll, cast.frank, opened, poll_id=poll, answer="park")
        run(service.keep_apart, cast.frank, opened, topic_id=joined)
        assert console(cast)["run"]["poll"]["park"] == 1
        assert topic(joined).state == "new" and is_accounted_for(cast)

    def test_who_is_joined_to_what_was_talked_about_counts_as_heard_in_what_is_kept(self, cast: Cast, opened: str) -> None:
        head, joined = propose(cast.rosa, opened, "Strips"), propose(cast.frank, opened, "Cost")
        merge(cast, joined, head)
        run(service.start_topic, cast.tomas, opened, topic_id=head, minutes=5)
        with write() as tx:
            for seat in tx.scalars(select(Seat).where(Seat.session_id == opened)).all():
                seat.state = "arrived"
        in_parts, whole_again = propose(cast.gladys, opened, "Feet and eyes"), propose(cast.teo, opened, "Food and sleep")
        run(service.split_topic, cast.tomas, opened, topic_id=in_parts, parts=["Feet", "Eyes"])
        run(service.split_topic, cast.tomas, opened, topic_id=whole_again, parts=["Food", "Sleep"])
        run(service.unsplit_topic, cast.tomas, opened, topic_id=whole_again)
        heard = sum(person["heard"] for person in console(cast)["people"])
        run(close_session, cast.tomas, opened, **reasons(cast))
        figures = db.session.get_one(TalkAccount, opened).figures
        assert heard == figures["heard"] == 2
        assert (figures["topics"], figures["talked_about"]) == (5, 2)


class TestAfterTheClose:
    def test_what_was_for_the_one_on_one_and_is_for_the_group_now_waits_for_the_next_visit(self, cast: Cast, opened: str) -> None:
        alone = propose(cast.rosa, opened, "Sleeping", "one_on_one")
        run(close_session, cast.tomas, opened, **reasons(cast))
        run(service.route_topic, cast.rosa, opened, topic_id=alone, route="group")
        assert (topic(alone).state, topic(alone).route, topic(alone).reason) == ("parked", "group", "") and topic(alone).ended_at is not None
        assert is_accounted_for(cast)

    def test_after_a_day_it_stays_where_it_is(self, cast: Cast, opened: str) -> None:
        alone = propose(cast.rosa, opened, "Sleeping", "one_on_one")
        run(close_session, cast.tomas, opened, **reasons(cast))
        with write() as tx:
            tx.get_one(GroupSession, opened).closed_at = clock.now() - timedelta(hours=25)
        with pytest.raises(rules.TooLate):
            run(service.route_topic, cast.rosa, opened, topic_id=alone, route="group")
        assert topic(alone).route == "one_on_one" and is_accounted_for(cast)

    def test_what_was_for_a_one_on_one_that_did_not_take_place_waits_for_the_next_one_alone(self, cast: Cast, opened: str) -> None:
        alone = propose(cast.rosa, opened, "Sleeping", "one_on_one")
        asked = propose(cast.rosa, opened, "My husband")
        run(service.ask_privately, cast.tomas, opened, topic_id=asked)
        run(close_session, cast.tomas, opened, **reasons(cast))
        for its in (alone, asked):
            told = mine(cast.rosa, opened)[its]
            assert (told["route"], told["state"], told["reason"]) == ("one_on_one", "parked", rules.NO_ONE_ON_ONE)
        assert is_accounted_for(cast)
        later = next_visit(cast, "rosa", "marcus")
        run(open_session, cast.tomas, later)
        carried = [each for each in mine(cast.rosa, later).values() if each["carried"]]
        assert [(each["words"], each["route"], each["state"], each["reason"]) for each in carried] == [
            (words, "one_on_one", "new", "") for words in ("Sleeping", "My husband")
        ]
        for where in (opened, later):
            for actor, audience in ((cast.tomas, "facilitator"), (cast.marcus, "patient"), (cast.tomas, "display")):
                shown = str(screen(actor, where, audience))
                assert "Sleeping" not in shown and "My husband" not in shown

    def test_what_a_one_on_one_answered_is_not_parked(self, cast: Cast, opened: str) -> None:
        alone = propose(cast.rosa, opened, "Sleeping", "one_on_one")
        with write() as tx:
            tx.scalars(select(Slot).where(Slot.session_id == opened, Slot.patient_id == cast.rosa.id)).one().state = "started"
        run(close_session, cast.tomas, opened, **reasons(cast))
        assert topic(alone).state == "answered_one_on_one" and is_accounted_for(cast)

    def test_an_alarm_looked_after_only_then_leaves_its_topic_for_the_next_one_on_one(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, "I had chest pain walking here")
        run(close_session, cast.tomas, opened, **reasons(cast))
        alarm = db.session.scalars(select(Alarm).where(Alarm.topic_id == its)).one().id
        run(live.end_alarm, cast.tomas, opened, alarm_id=alarm, reason="Looked after", show=False)
        assert (topic(its).route, topic(its).state, topic(its).reason) == ("one_on_one", "parked", rules.NO_ONE_ON_ONE)
        assert is_accounted_for(cast)

    def test_nobodys_phone_names_who_led_a_part(self, cast: Cast, opened: str) -> None:
        run(live.give_phase, cast.tomas, opened, phase=2, seat_id=cast.seats["rosa"])
        assert "Rosa" in str(screen(cast.frank, opened, "patient"))
        run(close_session, cast.tomas, opened, **reasons(cast))
        assert "Rosa" not in str(screen(cast.frank, opened, "patient"))


class TestCancelled:
    def test_nobody_is_told_that_time_ran_out_in_a_visit_that_never_was(self, cast: Cast) -> None:
        its = propose(cast.rosa, cast.session_id, "Strips")
        run(cancel_session, cast.joanne, cast.session_id, reason="Snow")
        assert (topic(its).state, topic(its).reason) == ("parked", "")

    def test_what_was_for_the_one_on_one_is_kept_as_well(self, cast: Cast) -> None:
        its = propose(cast.rosa, cast.session_id, "Sleeping", "one_on_one")
        run(cancel_session, cast.joanne, cast.session_id, reason="Snow")
        assert (topic(its).state, topic(its).route, topic(its).reason) == ("parked", "one_on_one", "")


class TestWrittenBefore:
    """Facilitators prepare a visit while patients may still change their forms."""

    def form(self, cast: Cast, *words: str, matters: str = "") -> None:
        run(service.fill_in_form, cast.rosa, cast.session_id, matters=matters, goal="", concerns=[(each, "group") for each in words])

    def test_a_concern_that_others_are_joined_to_leaves_them_behind_as_their_own(self, cast: Cast) -> None:
        self.form(cast, "Strips")
        head, joined = by_words(cast.session_id)["Strips"].id, propose(cast.frank, cast.session_id, "Cost")
        merge(cast, joined, head)
        self.form(cast)
        assert topic(head).state == "taken_back"
        assert (topic(joined).state, topic(joined).merged_into_id) == ("new", None)
        assert is_accounted_for(cast)

    def test_nor_does_it_say_something_else_than_what_they_were_joined_to(self, cast: Cast) -> None:
        self.form(cast, "Strips")
        head, joined = by_words(cast.session_id)["Strips"].id, propose(cast.frank, cast.session_id, "Cost")
        merge(cast, joined, head)
        self.form(cast, "Something else")
        assert topic(head).words == "Strips" and topic(head).state == "taken_back" and topic(joined).state == "new"

    def test_the_parts_of_a_concern_are_not_taken_back_by_a_form_that_cannot_show_them(self, cast: Cast) -> None:
        self.form(cast, "Strips", "Feet")
        run(service.split_topic, cast.tomas, cast.session_id, topic_id=by_words(cast.session_id)["Strips"].id, parts=["A", "B", "C"])
        shown = queries.form_for(db.session(), cast.rosa, place_for(db.session(), cast.rosa, cast.session_id)).concerns
        self.form(cast, *[each.words for each in shown][: rules.MAX_CONCERNS], matters="My feet")
        now = by_words(cast.session_id)
        assert {words: now[words].state for words in ("A", "B", "C", "Feet", "Strips")} == {
            "A": "new",
            "B": "new",
            "C": "new",
            "Feet": "new",
            "Strips": "split",
        }

    def test_a_concern_that_is_gone_takes_its_parts_along(self, cast: Cast) -> None:
        self.form(cast, "Strips")
        run(service.split_topic, cast.tomas, cast.session_id, topic_id=by_words(cast.session_id)["Strips"].id, parts=["A", "B"])
        run(service.split_topic, cast.tomas, cast.session_id, topic_id=by_words(cast.session_id)["B"].id, parts=["C", "D"])
        merge(cast, propose(cast.frank, cast.session_id, "Cost"), by_words(cast.session_id)["C"].id)
        self.form(cast)
        now = by_words(cast.session_id)
        assert {now[words].state for words in ("Strips", "A", "B", "C", "D")} == {"taken_back"}
        assert now["Cost"].state == "new" and is_accounted_for(cast)
        self.form(cast, "Strips")
        assert sorted(each.state for each in db.session.scalars(select(Topic).where(Topic.words == "Strips"))) == ["new", "taken_back"]

    def test_an_old_page_does_not_send_what_was_joined_or_split_meanwhile_a_second_time(self, cast: Cast) -> None:
        self.form(cast, "Strips", "Feet")
        mine = by_words(cast.session_id)
        run(service.split_topic, cast.tomas, cast.session_id, topic_id=mine["Feet"].id, parts=["A", "B"])
        merge(cast, mine["Strips"].id, propose(cast.frank, cast.session_id, "Cost"))
        self.form(cast, "Strips", "Feet", matters="My feet")
        words = [each.words for each in db.session.scalars(select(Topic).where(Topic.patient_id == cast.rosa.id))]
        assert sorted(words) == ["A", "B", "Feet", "Strips"]


class TestNames:
    def test_who_gave_up_their_place_and_withdrew_is_named_nowhere(self, cast: Cast, opened: str) -> None:
        """Their words in another language and their support stay; their name does not."""
        consents = ["name_on_screens"]
        text = run(patients.publish_text, cast.joanne, cast.programme_id, texts={"en": "Be kind."}, consents=consents, valid_months=12, seen=0)["text_id"]
        run(patients.sign, cast.beatriz, cast.programme_id, text_id=text, language="en", signer_name="B", answers=dict.fromkeys(consents, "yes"))
        head, other = propose(cast.rosa, opened, "Strips"), propose(cast.frank, opened, "Cost")
        run(service.translate_topic, cast.beatriz, opened, topic_id=head, language="pt", words="Tiras")
        run(service.support_topic, cast.beatriz, opened, topic_id=head, on=True)
        with write() as tx:
            seat = tx.get_one(Seat, cast.seats["beatriz"])
            seat.state, seat.seat_no = "cancelled", None
        run(patients.withdraw, cast.beatriz, cast.programme_id)
        assert "Beatriz" not in str(console(cast))
        db.session.rollback()
        assert "Beatriz" not in str(join_preview(db.session(), cast.tomas, opened, other, head))


def reasons_of(session_id: str) -> dict[str, list[str]]:
    db.session.rollback()
    seats = list(db.session.scalars(select(Seat.id).where(Seat.session_id == session_id)))
    return {"unseen": seats, "because": ["call_tomorrow"] * len(seats)}
