"""What is asked of a proposer, and what they may change: words, who it is for, and reasons told; two who lead at once; the budget of "me too"."""

from typing import Any

import pytest
from sqlalchemy import select

from groupvisits.agenda import rules, service
from groupvisits.agenda.models import Topic
from groupvisits.agenda.service.topics import _carried
from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.programmes.models import Programme
from groupvisits.sessions.models import SessionTeamMember
from groupvisits.sessions.service import close_session
from tests.agenda.arrange import console, mine, on_screen, propose, screen, topic
from tests.cast import Cast, reasons

pytestmark = pytest.mark.usefixtures("context")


class TestWords:
    def test_the_proposer_changes_them_until_somebody_supports_them(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, "Test strips")
        assert mine(cast.rosa, cast.session_id)[its]["can_reword"]
        run(service.reword_topic, cast.rosa, opened, topic_id=its, words=" What test strips cost ")
        assert (topic(its).words, topic(its).rev) == ("What test strips cost", 2)
        run(service.support_topic, cast.frank, opened, topic_id=its, on=True)
        assert not mine(cast.rosa, cast.session_id)[its]["can_reword"]
        with pytest.raises(rules.Supported):
            run(service.reword_topic, cast.rosa, opened, topic_id=its, words="Something else")
        run(service.support_topic, cast.frank, opened, topic_id=its, on=False)
        run(service.reword_topic, cast.rosa, opened, topic_id=its, words="Something else")

    def test_others_do_not(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened)
        with pytest.raises(NotFound):
            run(service.reword_topic, cast.frank, opened, topic_id=its, words="Mine now")
        with pytest.raises(NotAllowed):
            run(service.reword_topic, cast.tomas, opened, topic_id=its, words="Mine now")

    @pytest.mark.parametrize(("words", "refusal"), [("", rules.NoWords), ("\u200b", rules.NoWords), ("x" * 301, rules.TooManyWords)])
    def test_nothing_and_too_much_are_refused(self, cast: Cast, opened: str, words: str, refusal: type[Exception]) -> None:
        its = propose(cast.rosa, opened, "Test strips")
        with pytest.raises(refusal):
            run(service.reword_topic, cast.rosa, opened, topic_id=its, words=words)
        assert topic(its).words == "Test strips"

    def test_the_facilitator_suggests_and_the_proposer_agrees(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, "strips!!")
        run(service.suggest_words, cast.tomas, opened, topic_id=its, words="What test strips cost")
        assert (topic(its).words, mine(cast.rosa, cast.session_id)[its]["suggested_words"]) == ("strips!!", "What test strips cost")
        for stranger in (cast.frank,):
            with pytest.raises(NotFound):
                run(service.agree_words, stranger, opened, topic_id=its, agree=True)
        run(service.agree_words, cast.rosa, opened, topic_id=its, agree=True)
        assert (topic(its).words, topic(its).suggested_words) == ("What test strips cost", "")
        with pytest.raises(rules.NothingSuggested):
            run(service.agree_words, cast.rosa, opened, topic_id=its, agree=True)

    def test_or_keeps_their_own(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, "strips!!")
        run(service.suggest_words, cast.tomas, opened, topic_id=its, words="What test strips cost")
        run(service.agree_words, cast.rosa, opened, topic_id=its, agree=False)
        assert (topic(its).words, topic(its).suggested_words) == ("strips!!", "")

    def test_nobody_else_reads_what_was_suggested(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, "strips!!")
        run(service.suggest_words, cast.tomas, opened, topic_id=its, words="A suggestion nobody agreed to")
        for actor, audience in ((cast.frank, "patient"), (cast.osei, "clinician"), (cast.tomas, "display")):
            assert "A suggestion" not in str(screen(actor, opened, audience))


class TestAskingPrivately:
    def test_while_asked_nobody_else_reads_it_and_the_answer_decides(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, "My marriage")
        run(service.plan_topic, cast.tomas, opened, topic_id=its)
        run(service.ask_privately, cast.tomas, opened, topic_id=its)
        assert mine(cast.rosa, cast.session_id)[its]["is_asked"]
        for actor, audience in ((cast.frank, "patient"), (cast.osei, "clinician"), (cast.tomas, "display")):
            assert on_screen(actor, opened, audience).get(its, {}).get("words", "") == ""
        run(service.route_topic, cast.rosa, opened, topic_id=its, route="group")
        assert (topic(its).hidden_because, topic(its).route) == ("", "group")
        assert on_screen(cast.frank, opened, "patient")[its]["words"] == "My marriage"

    def test_alone_it_is_gone_from_everybody_else(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, "My marriage", shows_name=True)
        run(service.ask_privately, cast.tomas, opened, topic_id=its)
        run(service.route_topic, cast.rosa, opened, topic_id=its, route="one_on_one")
        assert (topic(its).route, topic(its).state, topic(its).shows_name) == ("one_on_one", "new", False)
        assert its not in on_screen(cast.frank, opened, "patient")
        assert "words" not in on_screen(cast.tomas, opened, "facilitator")[its]

    def test_no_answer_by_the_close_is_the_one_on_one(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, "My marriage")
        run(service.ask_privately, cast.tomas, opened, topic_id=its)
        run(close_session, cast.tomas, opened, **reasons(cast))
        assert (topic(its).route, topic(its).state, topic(its).hidden_because) == ("one_on_one", "parked", "")

    def test_the_question_can_be_taken_back(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, "My marriage")
        run(service.ask_privately, cast.tomas, opened, topic_id=its)
        run(service.show_topic, cast.tomas, opened, topic_id=its)
        assert not mine(cast.rosa, cast.session_id)[its]["is_asked"]

    def test_what_the_group_cannot_read_is_neither_planned_nor_supported(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, "My marriage")
        run(service.ask_privately, cast.tomas, opened, topic_id=its)
        with pytest.raises(rules.StillHidden):
            run(service.plan_topic, cast.tomas, opened, topic_id=its)
        with pytest.raises(rules.StillHidden):
            run(service.start_topic, cast.tomas, opened, topic_id=its, minutes=5)
        with pytest.raises(NotFound):
            run(service.support_topic, cast.frank, opened, topic_id=its, on=True)

    def test_behind_an_alarm_a_person_looks_first(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, "Chest pain")
        for act in (service.show_topic, service.ask_privately):
            with pytest.raises(rules.AlarmFirst):
                run(act, cast.tomas, opened, topic_id=its)

    def test_its_proposer_may_route_it_and_it_goes_on_waiting(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, "Chest pain")
        for route in ("one_on_one", "group"):
            run(service.route_topic, cast.rosa, opened, topic_id=its, route=route)
            assert (topic(its).route, topic(its).hidden_because) == (route, "alarm")

    def test_others_neither_route_nor_ask(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened)
        with pytest.raises(NotFound):
            run(service.route_topic, cast.frank, opened, topic_id=its, route="one_on_one")
        with pytest.raises(NotAllowed):
            run(service.ask_privately, cast.frank, opened, topic_id=its)


class TestReasons:
    def test_a_proposer_reads_why_their_topic_was_kept_and_the_reason_may_come_later(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened)
        run(service.park_topic, cast.tomas, opened, topic_id=its)
        version = run(service.park_topic, cast.tomas, opened, topic_id=its, reason="fits_later")["version"]
        assert mine(cast.rosa, cast.session_id)[its]["reason"] == "fits_later"
        assert run(service.park_topic, cast.tomas, opened, topic_id=its, reason="fits_later")["version"] == version
        run(service.plan_topic, cast.tomas, opened, topic_id=its)
        assert topic(its).reason == ""

    def test_declining_needs_one(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened)
        for empty in ("", "  ", "\u200b"):
            with pytest.raises(rules.SayWhy):
                run(service.decline_topic, cast.tomas, opened, topic_id=its, reason=empty)
        with pytest.raises(rules.TooManyWords):
            run(service.decline_topic, cast.tomas, opened, topic_id=its, reason="x" * 201)
        run(service.decline_topic, cast.tomas, opened, topic_id=its, reason="Dr Osei answers this in every one-on-one")
        assert (topic(its).state, mine(cast.rosa, cast.session_id)[its]["reason"]) == ("declined", "Dr Osei answers this in every one-on-one")

    def test_what_was_declined_has_a_fate_and_may_be_planned_after_all(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened)
        run(service.decline_topic, cast.tomas, opened, topic_id=its, reason="not_here")
        run(service.plan_topic, cast.tomas, opened, topic_id=its)
        assert topic(its).state == "planned"
        run(service.decline_topic, cast.tomas, opened, topic_id=its, reason="not_here")
        run(close_session, cast.tomas, opened, **reasons(cast))
        account = console(cast)["account"]
        assert (account["sent"], account["accounted_for"]) == (1, 1)

    def test_what_nobody_got_to_says_so(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened)
        run(close_session, cast.tomas, opened, **reasons(cast))
        assert (topic(its).state, topic(its).reason) == ("parked", "no_time")

    def test_the_record_holds_no_words(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, "A secret of mine")
        run(service.suggest_words, cast.tomas, opened, topic_id=its, words="Another secret")
        run(service.reword_topic, cast.rosa, opened, topic_id=its, words="A third secret")
        run(service.decline_topic, cast.tomas, opened, topic_id=its, reason="Because of a secret")
        assert "secret" not in str([entry.details for entry in db.session.scalars(select(AuditEntry))])


class TestStillMatters:
    @pytest.fixture
    def carried(self, cast: Cast, opened: str) -> str:
        """A topic in the open visit that came over from an earlier one."""
        its = propose(cast.rosa, opened, "What test strips cost")
        with write() as tx:
            old = Topic(id="old", session_id=opened, patient_id=cast.rosa.id, words="Old", route="group", state="parked", proposed_at=clock.now())
            tx.add(old)
            tx.flush()
            tx.get_one(Topic, its).carried_from_id = "old"
        return its

    def test_yes_is_kept_and_told(self, cast: Cast, carried: str) -> None:
        assert (mine(cast.rosa, cast.session_id)[carried]["carried"], mine(cast.rosa, cast.session_id)[carried]["still_matters"]) == (True, None)
        run(service.say_still_matters, cast.rosa, cast.session_id, topic_id=carried, matters=True)
        assert (topic(carried).state, mine(cast.rosa, cast.session_id)[carried]["still_matters"]) == ("new", True)
        assert on_screen(cast.tomas, cast.session_id, "facilitator")[carried]["still_matters"] is True

    def test_no_takes_it_back(self, cast: Cast, carried: str) -> None:
        run(service.say_still_matters, cast.rosa, cast.session_id, topic_id=carried, matters=False)
        assert (topic(carried).state, topic(carried).still_matters) == ("taken_back", False)

    def test_only_its_proposer_and_only_of_a_carried_topic(self, cast: Cast, carried: str) -> None:
        with pytest.raises(NotFound):
            run(service.say_still_matters, cast.frank, cast.session_id, topic_id=carried, matters=False)
        with pytest.raises(rules.NotCarried):
            run(service.say_still_matters, cast.rosa, cast.session_id, topic_id=propose(cast.rosa, cast.session_id), matters=True)

    def test_what_was_hidden_is_looked_at_again_next_time(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened)
        with write() as tx:
            tx.get_one(Topic, its).hidden_because = "personal"
        run(close_session, cast.tomas, opened, **reasons(cast))
        with write() as tx:
            new = _carried(tx.get_one(Topic, its), opened)
            assert new.hidden_because == "personal"
            tx.rollback()


class TestTwoWhoLead:
    @pytest.fixture
    def both(self, cast: Cast, opened: str) -> str:
        with write() as tx:
            tx.add(SessionTeamMember(session_id=opened, staff_member_id=cast.joanne.id, role="facilitator"))
        return opened

    def test_an_act_meant_for_what_it_was_is_not_done(self, cast: Cast, both: str) -> None:
        its = propose(cast.rosa, both)
        before = topic(its).rev
        run(service.plan_topic, cast.tomas, both, topic_id=its, base_rev=before)
        run(service.reword_topic, cast.rosa, both, topic_id=its, words="Something else")
        for act, more in (
            (service.park_topic, {}),
            (service.start_topic, {"minutes": 5}),
            (service.decline_topic, {"reason": "not_here"}),
            (service.ask_privately, {}),
        ):
            with pytest.raises(rules.ChangedMeanwhile):
                run(act, cast.tomas, both, topic_id=its, base_rev=before, **more)
        run(service.park_topic, cast.tomas, both, topic_id=its, base_rev=topic(its).rev)

    @pytest.mark.parametrize("name", [name for name, verb in vars(service).items() if "base_rev" in getattr(verb, "__annotations__", ())])
    def test_no_act_of_whoever_leads_is(self, cast: Cast, both: str, name: str) -> None:
        its, other = propose(cast.rosa, both), propose(cast.frank, both)
        before = {
            "extend_topic": "start_topic", "finish_topic": "start_topic", "show_topic": "ask_privately", "unmerge_topic": "merge_topics", "unsplit_topic": "split_topic",
        }  # fmt: skip
        more: dict[str, Any] = {
            "start_topic": {"minutes": 5}, "extend_topic": {"minutes": 5}, "decline_topic": {"reason": "not_here"}, "suggest_words": {"words": "Other words"},
            "merge_topics": {"into_id": other}, "split_topic": {"parts": ["One", "Two"]},
        }  # fmt: skip

        def act(name: str, **base: int) -> None:
            run(getattr(service, name), cast.tomas, both, topic_id=its, **more.get(name, {}), **base)

        if name in before:
            act(before[name])
        with write() as tx:
            row = tx.get_one(Topic, its)
            looked_at, row.rev, row.changed_by = row.rev, row.rev + 1, cast.joanne.id
        with pytest.raises(rules.ChangedMeanwhile):
            act(name, base_rev=looked_at)
        act(name, base_rev=looked_at + 1)

    def test_ones_own_last_change_is_no_conflict(self, cast: Cast, both: str) -> None:
        its = propose(cast.rosa, both)
        before = topic(its).rev
        run(service.plan_topic, cast.tomas, both, topic_id=its, base_rev=before)
        run(service.park_topic, cast.tomas, both, topic_id=its, base_rev=before)

    def test_a_me_too_changes_nothing_of_what_was_looked_at(self, cast: Cast, both: str) -> None:
        its = propose(cast.rosa, both)
        before = topic(its).rev
        run(service.support_topic, cast.frank, both, topic_id=its, on=True)
        run(service.plan_topic, cast.tomas, both, topic_id=its, base_rev=before)

    def test_the_console_names_who_changed_it(self, cast: Cast, both: str) -> None:
        its = propose(cast.rosa, both)
        run(service.plan_topic, cast.tomas, both, topic_id=its)
        seen = on_screen(cast.tomas, both, "facilitator")[its]
        assert (seen["changed_by"], seen["rev"]) == ("Tomas Reyes", 2)
        run(service.reword_topic, cast.rosa, both, topic_id=its, words="Something else")
        assert on_screen(cast.tomas, both, "facilitator")[its]["changed_by"] == "Rosa"


class TestMeToo:
    def budget(self, cast: Cast, **values: Any) -> None:
        with write() as tx:
            programme = tx.scalars(select(Programme).where(Programme.clinic_id == cast.tomas.clinic_id)).first()
            assert programme is not None
            for name, value in values.items():
                setattr(programme, name, value)

    def test_a_budget_is_kept_and_comes_back_with_what_has_ended(self, cast: Cast, opened: str) -> None:
        self.budget(cast, support_budget=2)
        first, second, third = (propose(cast.rosa, opened, words) for words in ("One", "Two", "Three"))
        for its in (first, second):
            run(service.support_topic, cast.frank, opened, topic_id=its, on=True)
        assert screen(cast.frank, opened, "patient")["me"]["supports_left"] == 0
        with pytest.raises(rules.NoneLeft):
            run(service.support_topic, cast.frank, opened, topic_id=third, on=True)
        run(service.park_topic, cast.tomas, opened, topic_id=first)
        run(service.support_topic, cast.frank, opened, topic_id=third, on=True)
        run(service.support_topic, cast.frank, opened, topic_id=second, on=False)

    def test_hidden_counts_are_nobodys_until_they_are_shown(self, cast: Cast, opened: str) -> None:
        self.budget(cast, hides_supports=True)
        its = propose(cast.rosa, opened)
        run(service.support_topic, cast.frank, opened, topic_id=its, on=True)
        assert on_screen(cast.rosa, opened, "patient")[its]["supports"] is None
        assert on_screen(cast.tomas, opened, "facilitator")[its]["supports"] == 1
        run(service.show_supports, cast.tomas, opened, on=True)
        assert on_screen(cast.rosa, opened, "patient")[its]["supports"] == 1
        with pytest.raises(NotAllowed):
            run(service.show_supports, cast.rosa, opened, on=False)
