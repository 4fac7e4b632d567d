"""Leading the room: parts, prompts, owners, gathering, sharing the time, handing over, asking the room, and what is kept of the talk."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from groupvisits.agenda import service as agenda
from groupvisits.agenda.rules import Planned, in_order
from groupvisits.core import clock
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.live import rules, service
from groupvisits.live.models import Poll, PollAnswer, TalkAccount
from groupvisits.live.queries import snapshot_for
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.rules import WrongState
from groupvisits.sessions.service import close_session
from groupvisits.slots.models import Slot
from tests.agenda.arrange import propose
from tests.cast import Cast, reasons

pytestmark = pytest.mark.usefixtures("context")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def both(cast: Cast, opened: str) -> str:
    """Joanne may lead as well."""
    with write() as tx:
        tx.add(SessionTeamMember(session_id=opened, staff_member_id=cast.joanne.id, role="facilitator"))
    return opened


def seen(cast: Cast, actor: Any = None, audience: str = "facilitator") -> dict[str, Any]:
    db.session.rollback()
    return snapshot_for(db.session(), actor or cast.tomas, cast.session_id, audience)


class TestParts:
    def test_a_part_runs_from_when_it_really_began(self, cast: Cast, opened: str) -> None:
        before = clock.now()
        run(service.go_to_phase, cast.tomas, opened, phase=1)
        phases = seen(cast)["run"]["phases"]
        assert datetime.fromisoformat(phases[1]["starts_at"]) >= before
        assert phases[2]["starts_at"] == phases[1]["ends_at"]

    @pytest.mark.parametrize(("current", "began", "expected"), [(0, None, [0, 10, 30]), (1, 25, [0, 25, 45]), (2, 20, [0, 10, 20])])
    def test_later_parts_follow_it(self, current: int, began: int | None, expected: list[int]) -> None:
        at = NOON + timedelta(minutes=began) if began is not None else None
        times = rules.phase_times(NOON, [10, 20, 30], current, at)
        assert [int((starts - NOON).total_seconds() // 60) for starts, _ in times] == expected

    def test_a_prompt_is_this_visits_own(self, cast: Cast, opened: str) -> None:
        run(service.say_prompt, cast.tomas, opened, phase=1, prompt=" What  matters to you? ", watch="Who is silent")
        assert (seen(cast)["run"]["phases"][1]["prompt"], seen(cast)["run"]["phases"][1]["watch"]) == ("What matters to you?", "Who is silent")
        session = db.session.get_one(GroupSession, opened)
        assert session.group.programme.run_sheet[1].get("prompt") != "What matters to you?"
        for audience, actor in (("patient", cast.rosa), ("display", cast.tomas)):
            assert "What matters" not in str(seen(cast, actor, audience))

    @pytest.mark.parametrize(("phase", "prompt", "refusal"), [(60, "x", rules.NoSuchPhase), (-1, "x", rules.NoSuchPhase), (1, "x" * 301, rules.PromptTooLong)])
    def test_what_cannot_be_is_refused(self, cast: Cast, opened: str, phase: int, prompt: str, refusal: type[Exception]) -> None:
        with pytest.raises(refusal):
            run(service.say_prompt, cast.tomas, opened, phase=phase, prompt=prompt)

    def test_a_patient_leads_a_part_and_reads_so(self, cast: Cast, opened: str) -> None:
        run(service.give_phase, cast.tomas, opened, phase=2, seat_id=cast.seats["rosa"])
        assert seen(cast, cast.rosa, "patient")["me"]["leads"] == [2]
        assert seen(cast, cast.frank, "patient")["me"]["leads"] == []
        assert seen(cast, cast.frank, "patient")["run"]["phases"][2]["owner"] == "Rosa"
        assert "Rosa" not in str(seen(cast, cast.tomas, "display"))
        run(service.give_phase, cast.tomas, opened, phase=2, owner="Facilitator")
        assert seen(cast, cast.rosa, "patient")["me"]["leads"] == []

    def test_a_part_that_the_visit_has_not_is_nobodys(self, cast: Cast, opened: str) -> None:
        with pytest.raises(rules.NoSuchPhase):
            run(service.give_phase, cast.tomas, opened, phase=60, owner="Facilitator")

    def test_nobody_of_another_visit_leads_a_part(self, cast: Cast, opened: str) -> None:
        with pytest.raises(NotFound):
            run(service.give_phase, cast.tomas, opened, phase=2, seat_id="0" * 32)

    def test_once_it_is_over_nothing_of_it_changes(self, cast: Cast, opened: str) -> None:
        run(close_session, cast.tomas, opened, **reasons(cast))
        with pytest.raises(WrongState):
            run(service.say_prompt, cast.tomas, opened, phase=1, prompt="Late")
        with pytest.raises(WrongState):
            run(service.give_phase, cast.tomas, opened, phase=1, owner="Facilitator")
        with pytest.raises(WrongState):
            run(service.gather_topics, cast.tomas, opened, minutes=5)
        with pytest.raises(WrongState):
            run(service.ask_room, cast.tomas, opened, topic_id="any")

    @pytest.mark.parametrize(
        ("verb", "values"),
        [
            (service.gather_topics, {"minutes": 5}), (service.say_prompt, {"phase": 1, "prompt": "x"}), (service.give_phase, {"phase": 1, "owner": "x"}),
            (service.share_time, {}), (service.hand_over, {"staff_member_id": "x"}), (service.take_over, {}), (service.ask_room, {"topic_id": "x"}),
            (service.end_poll, {"poll_id": "x"}),
        ],
    )  # fmt: skip
    def test_only_whoever_leads_this_visit(self, cast: Cast, opened: str, verb: Any, values: dict[str, Any]) -> None:
        for actor in (cast.rosa, cast.osei):
            with pytest.raises(NotAllowed):
                run(verb, actor, opened, **values)
        with pytest.raises(NotFound):
            run(verb, cast.quinn, opened, **values)


class TestTime:
    def test_the_room_is_asked_for_topics_until_a_moment(self, cast: Cast, opened: str) -> None:
        run(service.gather_topics, cast.tomas, opened, minutes=5)
        for actor, audience in ((cast.rosa, "patient"), (cast.tomas, "display"), (cast.tomas, "facilitator")):
            assert seen(cast, actor, audience)["run"]["gathering_until"]
        run(service.gather_topics, cast.tomas, opened, minutes=0)
        version = run(service.gather_topics, cast.tomas, opened, minutes=0)["version"]
        assert (seen(cast)["run"]["gathering_until"], seen(cast)["version"]) == (None, version)

    @pytest.mark.parametrize(
        ("current_ends", "talk_ends", "planned", "minutes"),
        [(None, 30, 3, 10), (12, 30, 3, 6), (-5, 30, 3, 10), (None, 31, 4, 7), (None, 4, 4, 1), (None, 300, 1, 120)],
    )
    def test_what_is_left_is_shared_evenly(self, current_ends: int | None, talk_ends: int, planned: int, minutes: int) -> None:
        ends = NOON + timedelta(minutes=current_ends) if current_ends is not None else None
        assert rules.fair_minutes(NOON, ends, NOON + timedelta(minutes=talk_ends), planned) == minutes

    def test_there_must_be_something_to_share(self) -> None:
        with pytest.raises(rules.NothingPlanned):
            rules.fair_minutes(NOON, None, NOON + timedelta(minutes=30), 0)
        for left in (3, 0, -20):
            with pytest.raises(rules.NoTimeToShare):
                rules.fair_minutes(NOON, None, NOON + timedelta(minutes=left), 4)

    def test_all_planned_topics_get_the_same_minutes(self, cast: Cast, opened: str) -> None:
        with write() as tx:
            session = tx.get_one(GroupSession, opened)
            session.starts_at, session.phase_started_at = clock.now() - timedelta(minutes=30), None
            session.ends_at = session.starts_at + timedelta(hours=2)
        planned = [propose(cast.rosa, opened, words) for words in ("One", "Two", "Three")]
        for its in planned:
            run(agenda.plan_topic, cast.tomas, opened, topic_id=its)
        minutes = run(service.share_time, cast.tomas, opened)["minutes"]
        assert isinstance(minutes, int) and minutes >= 1
        assert {topic["minutes"] for topic in seen(cast)["topics"]} == {minutes}


class TestLead:
    def test_whoever_alone_may_lead_leads(self, cast: Cast, opened: str) -> None:
        assert seen(cast)["run"]["led_by"] == {"id": cast.tomas.id, "name": "Tomas Reyes"}

    def test_the_lead_is_offered_and_taken(self, cast: Cast, both: str) -> None:
        run(service.hand_over, cast.tomas, both, staff_member_id=cast.joanne.id)
        assert (seen(cast)["run"]["handed_to"] or {})["id"] == cast.joanne.id
        run(service.hand_over, cast.tomas, both, staff_member_id="")
        assert seen(cast)["run"]["handed_to"] is None
        run(service.hand_over, cast.tomas, both, staff_member_id=cast.joanne.id)
        run(service.take_over, cast.tomas, both)
        assert (seen(cast)["run"]["led_by"]["id"], seen(cast)["run"]["handed_to"]) == (cast.tomas.id, None)

    def test_not_to_oneself_nor_to_somebody_who_may_not_lead(self, cast: Cast, both: str) -> None:
        for other in (cast.tomas.id, cast.osei.id, "0" * 32):
            with pytest.raises(rules.NobodyToHandTo):
                run(service.hand_over, cast.tomas, both, staff_member_id=other)

    def test_what_waits_for_its_proposer_comes_after_the_others(self) -> None:
        away = Planned("away", None, 9, is_heard=False, proposed_at=NOON, is_away=True)
        here = Planned("here", None, 0, is_heard=True, proposed_at=NOON + timedelta(minutes=5))
        by_hand = Planned("hand", 1, 0, is_heard=True, proposed_at=NOON, is_away=True)
        assert in_order([away, here, by_hand]) == ["hand", "here", "away"]

    def test_a_topic_is_held_while_its_proposer_is_in_a_one_on_one(self, cast: Cast, opened: str) -> None:
        rosas, franks = propose(cast.rosa, opened, "Rosa's"), propose(cast.frank, opened, "Frank's")
        for its in (rosas, franks):
            run(agenda.plan_topic, cast.tomas, opened, topic_id=its)
        ranks = {topic["id"]: topic["rank"] for topic in seen(cast)["topics"]}
        assert ranks == {rosas: 1, franks: 2}
        with write() as tx:
            slot = tx.query(Slot).filter(Slot.patient_id == cast.rosa.id).one_or_none()
            if slot is None:
                slot = Slot(id="slot", session_id=opened, seat_id=cast.seats["rosa"], patient_id=cast.rosa.id, provider_id=cast.osei.id, position=1,
                            planned_at=clock.now(), minutes=8)  # fmt: skip
                tx.add(slot)
            slot.state, slot.started_at, slot.minutes = "started", clock.now() - timedelta(minutes=20), 8
        topics = {topic["id"]: topic for topic in seen(cast)["topics"]}
        assert (topics[rosas]["rank"], topics[franks]["rank"]) == (2, 1)
        assert topics[franks]["held_until"] is None
        # It has taken longer than planned: that moment stays what it was, or two screens would say two things at one version.
        assert datetime.fromisoformat(topics[rosas]["held_until"]) < clock.now() - timedelta(minutes=11)
        assert topics[rosas]["held_for"] == "Rosa"
        on_wall = {topic["id"]: topic["is_held"] for topic in snapshot_for(db.session(), cast.tomas, opened, "display")["topics"]}
        assert on_wall == {rosas: True, franks: False}
        run(agenda.merge_topics, cast.tomas, opened, topic_id=rosas, into_id=franks)
        (joined,) = [topic for topic in seen(cast)["topics"] if topic["id"] == franks]
        assert (joined["held_for"], joined["held_until"] is not None) == ("Rosa", True)


class TestAskingTheRoom:
    @pytest.fixture
    def current(self, cast: Cast, opened: str) -> str:
        its = propose(cast.rosa, opened)
        run(agenda.start_topic, cast.tomas, opened, topic_id=its, minutes=10)
        return its

    def ask(self, cast: Cast, its: str) -> str:
        return str(run(service.ask_room, cast.tomas, cast.session_id, topic_id=its)["poll_id"])

    def test_phones_answer_silently_and_the_last_answer_counts(self, cast: Cast, current: str) -> None:
        poll = self.ask(cast, current)
        run(service.answer_poll, cast.rosa, cast.session_id, poll_id=poll, answer="keep_going")
        run(service.answer_poll, cast.frank, cast.session_id, poll_id=poll, answer="keep_going")
        run(service.answer_poll, cast.frank, cast.session_id, poll_id=poll, answer="move_on")
        told = seen(cast)["run"]["poll"]
        assert (told["keep_going"], told["move_on"], told["park"]) == (1, 1, 0)
        assert seen(cast, cast.frank, "patient")["me"]["poll_answer"] == "move_on"
        assert "move_on" not in str(seen(cast, cast.rosa, "patient"))
        assert db.session.query(PollAnswer).count() == 2

    def test_asking_twice_is_asking_once_and_ending_twice_is_ending_once(self, cast: Cast, current: str) -> None:
        poll = self.ask(cast, current)
        assert self.ask(cast, current) == poll
        run(service.end_poll, cast.tomas, cast.session_id, poll_id=poll)
        version = run(service.end_poll, cast.tomas, cast.session_id, poll_id=poll)["version"]
        assert (seen(cast)["run"]["poll"], seen(cast)["version"]) == (None, version)
        with pytest.raises(rules.PollHasEnded):
            run(service.answer_poll, cast.rosa, cast.session_id, poll_id=poll, answer="park")

    def test_a_question_about_what_is_over_is_nobodys(self, cast: Cast, current: str) -> None:
        poll = self.ask(cast, current)
        run(agenda.finish_topic, cast.tomas, cast.session_id, topic_id=current)
        assert seen(cast, cast.rosa, "patient")["run"]["poll"] is None
        with pytest.raises(rules.PollHasEnded):
            run(service.answer_poll, cast.rosa, cast.session_id, poll_id=poll, answer="park")
        other = propose(cast.frank, cast.session_id, "Another")
        run(agenda.start_topic, cast.tomas, cast.session_id, topic_id=other, minutes=5)
        assert self.ask(cast, other) != poll
        assert db.session.query(Poll).filter(Poll.closed_at.is_(None)).count() == 1

    def test_when_the_group_comes_back_to_a_topic_the_old_question_does_not(self, cast: Cast, current: str) -> None:
        poll = self.ask(cast, current)
        run(service.answer_poll, cast.rosa, cast.session_id, poll_id=poll, answer="park")
        run(agenda.park_topic, cast.tomas, cast.session_id, topic_id=current)
        run(agenda.start_topic, cast.tomas, cast.session_id, topic_id=current, minutes=5)
        assert seen(cast)["run"]["poll"] is None
        with pytest.raises(rules.PollHasEnded):
            run(service.answer_poll, cast.frank, cast.session_id, poll_id=poll, answer="park")
        again = self.ask(cast, current)
        assert again != poll and (seen(cast)["run"]["poll"]["id"], seen(cast)["run"]["poll"]["park"]) == (again, 0)

    def test_only_about_the_current_topic_and_only_in_ones_own_visit(self, cast: Cast, current: str) -> None:
        other = propose(cast.frank, cast.session_id, "Another")
        with pytest.raises(rules.NotCurrentAnyMore):
            self.ask(cast, other)
        poll = self.ask(cast, current)
        with pytest.raises(NotAllowed):
            run(service.answer_poll, cast.tomas, cast.session_id, poll_id=poll, answer="park")
        with pytest.raises(NotFound):
            run(service.answer_poll, cast.rosa, cast.session_id, poll_id="0" * 32, answer="park")


class TestTheAccount:
    def test_figures_hold_counts_only(self, cast: Cast, opened: str) -> None:
        with write() as tx:
            for name in ("rosa", "frank", "gladys"):
                tx.get_one(Seat, cast.seats[name]).state = "arrived"
        its = propose(cast.rosa, opened)
        run(agenda.start_topic, cast.tomas, opened, topic_id=its, minutes=10)
        run(agenda.finish_topic, cast.tomas, opened, topic_id=its)
        propose(cast.frank, opened, "Not reached")
        run(close_session, cast.tomas, opened, **reasons(cast))
        figures = db.session.get_one(TalkAccount, opened).figures
        assert (figures["here"], figures["heard"], figures["topics"], figures["talked_about"], figures["from_own_hand"]) == (3, 1, 2, 1, 1)
        assert all(isinstance(value, int) for value in figures.values())

    def test_whoever_leads_sees_the_same_figures_while_the_visit_runs(self, cast: Cast, opened: str) -> None:
        with write() as tx:
            for name in ("rosa", "frank"):
                tx.get_one(Seat, cast.seats[name]).state = "arrived"
        its = propose(cast.rosa, opened)
        assert (seen(cast)["talk"]["here"], seen(cast)["talk"]["heard"]) == (2, 0)
        run(agenda.start_topic, cast.tomas, opened, topic_id=its, minutes=10)
        with write() as tx:
            group_session = tx.get_one(GroupSession, opened)
            group_session.opened_at = clock.now() - timedelta(minutes=20, seconds=5)
            group_session.topic_started_at = clock.now() - timedelta(minutes=7, seconds=5)
        shown = seen(cast)["talk"]
        counted_at = shown.pop("counted_at")
        assert shown == {"here": 2, "heard": 1, "talked_about": 1, "from_own_hand": 1, "minutes_on_topics": 7, "minutes_open": 20}
        run(close_session, cast.tomas, opened, **reasons(cast))
        assert shown.items() <= db.session.get_one(TalkAccount, opened).figures.items() and counted_at

    def test_after_the_close_the_console_shows_what_was_kept(self, cast: Cast, opened: str) -> None:
        run(close_session, cast.tomas, opened, **reasons(cast))
        with write() as tx:
            tx.get_one(GroupSession, opened).closed_at = clock.now() - timedelta(hours=1)
            kept = tx.get_one(TalkAccount, opened)
            kept.figures = {**kept.figures, "here": 9, "heard": 5, "minutes_open": 110}
        shown = seen(cast)["talk"]
        assert (shown["here"], shown["heard"], shown["minutes_open"]) == (9, 5, 110)
        assert datetime.fromisoformat(shown["counted_at"]) < clock.now() - timedelta(minutes=59)

    def test_people_topics_and_minutes(self) -> None:
        talks = [
            rules.Talk("rosa", None, "talked_about", "group", 600), rules.Talk("rosa", None, "talked_about", "group", 60),
            rules.Talk("frank", "tomas", "talked_about", "group", 240), rules.Talk("gladys", None, "parked", "group", 0),
            rules.Talk("teo", None, "answered_one_on_one", "one_on_one", 0), rules.Talk("gone", None, "talked_about", "group", 60),
        ]  # fmt: skip
        assert rules.talk_figures(talks, dict.fromkeys(("rosa", "frank", "gladys", "teo"), False), 6000) == {
            "here": 4, "heard": 2, "topics": 6, "talked_about": 4, "from_own_hand": 3, "minutes_on_topics": 16, "minutes_open": 100,
        }  # fmt: skip

    def test_who_chose_to_listen_is_not_counted_as_not_heard(self) -> None:
        talks = [rules.Talk("rosa", None, "talked_about", "group", 600), rules.Talk("frank", None, "talked_about", "group", 60)]
        figures = rules.talk_figures(talks, {"rosa": False, "frank": True, "gladys": False, "teo": True}, 6000)
        assert (figures["here"], figures["heard"]) == (3, 2)  # Frank listened and was heard all the same, Teo listened
