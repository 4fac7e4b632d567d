"""Alarms and personal details through the verbs: what is hidden from whom, who is told, and that the record keeps no word."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from groupvisits.accounts.models import Clinic, StaffMember
from groupvisits.agenda import rules, service
from groupvisits.agenda.models import Alarm, Topic, TopicTranslation
from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.live import service as live
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients.models import CarePartner
from groupvisits.sessions.models import GroupSession, Seat, SessionTeamMember
from groupvisits.sessions.rules import WrongState
from groupvisits.sessions.service import close_session, open_session
from tests.agenda.arrange import next_visit, propose, screen, topic
from tests.cast import Cast, reasons

pytestmark = pytest.mark.usefixtures("context")
PAIN = "I had chest pain walking here"
PHONE = "Call me at 617 555 0199"


def alarms(cast: Cast) -> list[Alarm]:
    db.session.rollback()
    return list(db.session.scalars(select(Alarm).where(Alarm.session_id == cast.session_id).order_by(Alarm.raised_at)))


def the_alarm(cast: Cast) -> Alarm:
    (alarm,) = alarms(cast)
    return alarm


def mails() -> list[OutboxMessage]:
    db.session.rollback()
    return list(db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "alarm")))


EVERY_SCREEN = (("marcus", "patient"), ("osei", "clinician"), ("tomas", "display"))


class TestRaising:
    def test_the_team_knows_at_once_and_nobody_else_reads_it(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, PAIN)
        assert topic(its).hidden_because == "alarm"
        for who, audience in EVERY_SCREEN:
            assert PAIN not in str(screen(getattr(cast, who), cast.session_id, audience)["topics"])
        (heard,) = screen(cast.tomas, cast.session_id, "facilitator")["alarms"]
        assert (heard["phrase"], heard["name"], heard["topic_id"], heard["taken_by"]) == ("chest pain", "Rosa", its, None)
        assert heard["told"] == ["Dr Hana Osei", "Dr Ruth Adler", "Dr Sam Farrow"]
        for who in (cast.osei, cast.farrow, cast.adler):
            (alarm,) = screen(who, cast.session_id, "clinician")["alarms"]
            assert (alarm["phrase"], alarm["name"]) == ("chest pain", "Rosa")

    def test_its_author_reads_no_more_than_that_somebody_looks(self, cast: Cast, opened: str) -> None:
        propose(cast.rosa, opened, PAIN)
        mine = screen(cast.rosa, cast.session_id, "patient")
        assert mine["me"]["topics"][0]["is_checked"] is True
        assert "alarm" not in str(mine)

    def test_the_console_learns_who_and_when_of_a_one_on_one_topic_and_no_word(self, cast: Cast, opened: str) -> None:
        propose(cast.rosa, opened, PAIN, "one_on_one")
        (heard,) = screen(cast.tomas, cast.session_id, "facilitator")["alarms"]
        assert (heard["name"], heard["phrase"]) == ("Rosa", None)
        assert "chest" not in str(screen(cast.tomas, cast.session_id, "facilitator"))
        assert screen(cast.adler, cast.session_id, "clinician")["alarms"][0]["phrase"] == "chest pain"

    def test_a_phrase_in_any_language_of_the_clinic(self, cast: Cast, opened: str) -> None:
        with write() as tx:
            tx.get_one(Clinic, cast.clinic_id).is_demo = True
        propose(cast.marcus, opened, "Me duele el PECHO mucho")
        assert (the_alarm(cast).phrase, the_alarm(cast).language) == ("me duele el pecho", "es")

    def test_a_list_that_nobody_has_reviewed_is_off_outside_the_demo(self, cast: Cast, opened: str) -> None:
        its = propose(cast.marcus, opened, "Me duele el pecho")
        assert (alarms(cast), topic(its).hidden_because) == ([], "")

    def test_the_clinics_own_list_counts_at_once_in_any_language(self, cast: Cast, opened: str) -> None:
        propose(cast.marcus, opened, PAIN)
        with write() as tx:
            tx.get_one(Clinic, cast.clinic_id).alarm_phrases = {"en": ["purple elephant"], "es": ["me duele el pecho"]}
        propose(cast.rosa, opened, "Me duele el pecho")
        propose(cast.gladys, opened, "A Purple  Elephant!")
        its = propose(cast.frank, opened, PAIN)
        assert [alarm.phrase for alarm in alarms(cast)] == ["chest pain", "me duele el pecho", "purple elephant"]
        assert topic(its).hidden_because == ""

    def test_typed_for_somebody_without_a_phone(self, cast: Cast, opened: str) -> None:
        run(service.propose_for, cast.tomas, opened, seat_id=cast.seats["frank"], words=PAIN, route="group")
        assert the_alarm(cast).patient_id == cast.frank.id

    def test_other_words_raise_one_and_only_one_while_it_stands(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, "My heart")
        run(service.reword_topic, cast.rosa, opened, topic_id=its, words=PAIN)
        run(service.reword_topic, cast.rosa, opened, topic_id=its, words=PAIN + " again")
        assert the_alarm(cast).topic_id == its
        run(service.reword_topic, cast.rosa, opened, topic_id=its, words="My heart")
        assert topic(its).hidden_because == "alarm"  # what was written was written: somebody looks

    def test_the_record_keeps_ids_and_the_language_and_no_word(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, PAIN)
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "agenda:raise_alarm")).one()
        assert entry.details["language"] == "en" and entry.details["topic"] == its
        assert "chest" not in str([each.details for each in db.session.scalars(select(AuditEntry))])

    def test_a_refused_proposal_raises_nothing(self, cast: Cast, opened: str) -> None:
        with pytest.raises(rules.TooManyWords):
            propose(cast.rosa, opened, PAIN + "x" * 300)
        assert alarms(cast) == []

    def test_while_the_visit_runs_screens_tell_and_no_mail(self, cast: Cast, opened: str) -> None:
        propose(cast.rosa, opened, PAIN)
        assert mails() == []


class TestBeforeAndAfterTheVisit:
    def form(self, cast: Cast, **changes: Any) -> None:
        said = {"matters": "", "goal": "", "concerns": []} | changes
        run(service.fill_in_form, cast.rosa, cast.session_id, **said)

    @pytest.mark.parametrize("said", [{"matters": PAIN}, {"goal": "No more chest pain"}, {"concerns": [(PAIN, "group")]}, {"concerns": [(PAIN, "one_on_one")]}])
    def test_the_form_is_read_and_the_team_is_told_by_mail(self, cast: Cast, said: dict[str, Any]) -> None:
        self.form(cast, **said)
        assert the_alarm(cast).phrase == "chest pain"
        assert {mail.address for mail in mails()} == {"tomas.reyes@example.org", "hana.osei@example.org", "sam.farrow@example.org", "ruth.adler@example.org"}
        for mail in mails():
            assert "Rosa" not in mail.subject + mail.text and "chest" not in mail.subject + mail.text and f"/sessions/{cast.session_id}/" in mail.text
        (heard,) = screen(cast.tomas, cast.session_id, "facilitator")["alarms"]
        assert heard["name"] == "Rosa" and (heard["phrase"] is None) == (said.get("concerns", [("", "")])[0][1] != "group")

    def test_the_same_form_again_raises_no_second_one_also_when_it_has_ended(self, cast: Cast) -> None:
        self.form(cast, matters=PAIN)
        self.form(cast, matters=PAIN, goal="To walk")
        run(live.end_alarm, cast.tomas, cast.session_id, alarm_id=the_alarm(cast).id, reason="We spoke on the phone")
        self.form(cast, matters=PAIN, goal="To walk more")
        assert len(alarms(cast)) == 1
        self.form(cast, matters=PAIN + " again")
        assert len(alarms(cast)) == 2

    def test_many_words_of_one_person_are_many_alarms_and_one_mail_in_ten_minutes(self, cast: Cast) -> None:
        self.form(cast, matters=PAIN, concerns=[(PAIN, "group"), (PAIN + " too", "one_on_one")])
        assert (len(alarms(cast)), len(mails())) == (3, 4)
        with write() as tx:
            for alarm in tx.scalars(select(Alarm)).all():
                alarm.raised_at -= timedelta(minutes=11)
        propose(cast.rosa, cast.session_id, PAIN)
        propose(cast.frank, cast.session_id, PAIN)
        assert (len(alarms(cast)), len(mails())) == (5, 12)

    def test_a_visit_without_a_team_tells_the_coordinators(self, cast: Cast) -> None:
        with write() as tx:
            for member in tx.scalars(select(SessionTeamMember).where(SessionTeamMember.session_id == cast.session_id)).all():
                tx.delete(member)
        self.form(cast, matters=PAIN)
        assert [mail.address for mail in mails()] == ["joanne.pike@example.org"]

    def test_a_late_topic_tells_the_team_by_mail(self, cast: Cast, opened: str) -> None:
        run(close_session, cast.tomas, opened, **reasons(cast))
        its = propose(cast.rosa, opened, PAIN)
        assert (topic(its).state, topic(its).hidden_because, len(mails())) == ("parked", "alarm", 4)

    def test_what_the_screens_told_while_the_visit_ran_is_no_mail(self, cast: Cast, opened: str) -> None:
        """The room was looked at then; after the close perhaps nobody looks, however soon it comes."""
        propose(cast.rosa, opened, PAIN)
        run(close_session, cast.tomas, opened, **reasons(cast))
        assert mails() == []
        propose(cast.rosa, opened, PAIN + " again")
        assert len(mails()) == 4
        propose(cast.rosa, opened, PAIN + " and again")
        assert (len(alarms(cast)), len(mails())) == (3, 4)


class TestLookingAfterIt:
    def test_one_goes_and_says_what_became_of_it(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, PAIN)
        alarm = the_alarm(cast).id
        run(live.take_alarm, cast.osei, opened, alarm_id=alarm)
        run(live.take_alarm, cast.osei, opened, alarm_id=alarm)
        assert screen(cast.tomas, cast.session_id, "facilitator")["alarms"][0]["taken_by"] == "Dr Hana Osei"
        with pytest.raises(rules.AlarmTaken, match="Dr Hana Osei"):
            run(live.take_alarm, cast.tomas, opened, alarm_id=alarm)
        with pytest.raises(rules.SayWhatBecameOfIt):
            run(live.end_alarm, cast.osei, opened, alarm_id=alarm, reason=" . ")
        first = run(live.end_alarm, cast.osei, opened, alarm_id=alarm, reason="She was seen at once")
        assert run(live.end_alarm, cast.osei, opened, alarm_id=alarm, reason="She was seen at once") == first
        with pytest.raises(rules.AlarmHasEnded):
            run(live.end_alarm, cast.tomas, opened, alarm_id=alarm, reason="It was nothing")
        with pytest.raises(rules.AlarmHasEnded):
            run(live.take_alarm, cast.tomas, opened, alarm_id=alarm)
        assert screen(cast.tomas, cast.session_id, "facilitator")["alarms"] == []
        assert (topic(its).route, topic(its).hidden_because, topic(its).state) == ("one_on_one", "", "new")
        assert screen(cast.rosa, cast.session_id, "patient")["me"]["topics"][0]["is_checked"] is False

    def test_a_false_alarm_shows_the_topic_again(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, PAIN)
        run(live.end_alarm, cast.tomas, opened, alarm_id=the_alarm(cast).id, reason="It was last year", show=True)
        assert (topic(its).route, topic(its).hidden_because) == ("group", "")
        assert PAIN in str(screen(cast.marcus, cast.session_id, "patient")["topics"])
        ended = the_alarm(cast)
        assert (ended.taken_by, ended.ended_by, ended.ended_because) == (cast.tomas.id, cast.tomas.id, "It was last year")

    def test_a_personal_detail_in_it_still_waits_for_the_facilitator(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, f"{PAIN}. {PHONE}")
        run(live.end_alarm, cast.osei, opened, alarm_id=the_alarm(cast).id, reason="Fine", show=True)
        assert topic(its).hidden_because == "personal"
        run(service.show_topic, cast.tomas, opened, topic_id=its)
        assert topic(its).hidden_because == ""

    def test_somebody_may_say_that_another_of_the_team_has_it(self, cast: Cast, opened: str) -> None:
        propose(cast.rosa, opened, PAIN)
        alarm = the_alarm(cast).id
        with write() as tx:
            tx.get_one(StaffMember, cast.farrow.id).active = False
        for nobody in (cast.ivo.id, cast.sol.id, cast.farrow.id, "x"):
            with pytest.raises(NotFound):
                run(live.take_alarm, cast.tomas, opened, alarm_id=alarm, staff_member_id=nobody)
        run(live.take_alarm, cast.tomas, opened, alarm_id=alarm, staff_member_id=cast.adler.id)
        assert the_alarm(cast).taken_by == cast.adler.id

    def test_a_nurse_goes_and_those_who_see_what_was_found_say_what_became_of_it(self, cast: Cast, opened: str) -> None:
        propose(cast.rosa, opened, PAIN)
        alarm = the_alarm(cast).id
        assert "Nia Cole" in [each["name"] for each in screen(cast.tomas, cast.session_id, "facilitator")["alarms"][0]["may_take"]]
        assert "Nia Cole" not in screen(cast.tomas, cast.session_id, "facilitator")["alarms"][0]["told"]
        run(live.take_alarm, cast.nia, opened, alarm_id=alarm)
        assert screen(cast.tomas, cast.session_id, "facilitator")["alarms"][0]["taken_by"] == "Nia Cole"
        with pytest.raises(NotAllowed):
            run(live.end_alarm, cast.nia, opened, alarm_id=alarm, reason="She is well")

    def test_others_neither_take_nor_end_it(self, cast: Cast, opened: str) -> None:
        propose(cast.rosa, opened, PAIN)
        alarm = the_alarm(cast).id
        for who, refusal in ((cast.rosa, NotAllowed), (cast.ivo, NotAllowed), (cast.joanne, NotAllowed), (cast.sol, NotFound)):
            with pytest.raises(refusal):
                run(live.take_alarm, who, opened, alarm_id=alarm)
            with pytest.raises(refusal):
                run(live.end_alarm, who, opened, alarm_id=alarm, reason="Nothing")
        with pytest.raises(NotFound):
            run(live.take_alarm, cast.tomas, opened, alarm_id="x" * 32)
        later = next_visit(cast)
        for act, more in ((live.take_alarm, {}), (live.end_alarm, {"reason": "Nothing"})):
            with pytest.raises(NotFound):  # they lead there; it is not that visit's
                run(act, cast.tomas, later, alarm_id=alarm, **more)

    def test_it_stays_over_the_close_until_a_person_ends_it(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, PAIN)
        run(close_session, cast.tomas, opened, **reasons(cast))
        assert len(screen(cast.tomas, cast.session_id, "facilitator")["alarms"]) == 1
        run(live.end_alarm, cast.osei, opened, alarm_id=the_alarm(cast).id, reason="We called her")
        assert (topic(its).route, topic(its).state, topic(its).hidden_because) == ("one_on_one", "parked", "")

    def test_the_group_does_not_read_it_at_the_next_visit_either(self, cast: Cast, opened: str) -> None:
        propose(cast.rosa, opened, PAIN)
        run(close_session, cast.tomas, opened, **reasons(cast))
        later = next_visit(cast)
        run(open_session, cast.tomas, later)
        carried = db.session.scalars(select(Topic).where(Topic.session_id == later)).one()
        assert carried.hidden_because == "personal"


class TestPersonalDetails:
    @pytest.mark.parametrize("words", [PHONE, "Ask marcus", "What Dr Osei said", "Teo Alvarez knows", "I live at 12 Main Street"])
    def test_a_topic_for_the_group_waits_for_the_facilitator(self, cast: Cast, opened: str, words: str) -> None:
        its = propose(cast.rosa, opened, words)
        assert topic(its).hidden_because == "personal"
        for who, audience in EVERY_SCREEN:
            assert words not in str(screen(getattr(cast, who), cast.session_id, audience)["topics"])
        assert words in str(screen(cast.tomas, cast.session_id, "facilitator")["topics"])
        assert screen(cast.rosa, cast.session_id, "patient")["me"]["topics"][0]["is_checked"] is True
        run(service.show_topic, cast.tomas, opened, topic_id=its)
        assert words in str(screen(cast.marcus, cast.session_id, "patient")["topics"])

    @pytest.mark.parametrize("words", ["Rosa Delgado here", "What helps at night?", "Blood sugar 180 at 6:30", "Will may rise", "Walter Moss and Sunny Day"])
    def test_ones_own_name_everyday_words_and_people_who_are_not_here_pass(self, cast: Cast, opened: str, words: str) -> None:
        assert topic(propose(cast.rosa, opened, words)).hidden_because == ""

    def test_what_is_for_the_one_on_one_is_not_looked_at_until_it_is_for_the_group(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, PHONE, "one_on_one")
        assert topic(its).hidden_because == ""
        run(service.route_topic, cast.rosa, opened, topic_id=its, route="group")
        assert topic(its).hidden_because == "personal"

    def test_other_words_may_take_it_out_or_bring_it_in(self, cast: Cast, opened: str) -> None:
        its = propose(cast.rosa, opened, PHONE)
        run(service.reword_topic, cast.rosa, opened, topic_id=its, words="Call me")
        assert topic(its).hidden_because == ""
        run(service.reword_topic, cast.rosa, opened, topic_id=its, words=PHONE)
        assert topic(its).hidden_because == "personal"
        run(service.suggest_words, cast.tomas, opened, topic_id=its, words="How to call each other")
        run(service.agree_words, cast.rosa, opened, topic_id=its, agree=True)
        assert topic(its).hidden_because == ""
        run(service.suggest_words, cast.tomas, opened, topic_id=its, words="How to call marcus")
        run(service.agree_words, cast.rosa, opened, topic_id=its, agree=True)
        assert topic(its).hidden_because == "personal"

    def test_whoever_comes_along_with_somebody_is_named_too_until_they_do_not(self, cast: Cast, opened: str) -> None:
        with write() as tx:
            now = clock.now()
            partner = CarePartner(id="quintina", clinic_id=cast.clinic_id, patient_id=cast.beatriz.id, name="Quintina Vellacott", created_at=now)
            tx.add(partner)
        words = "Quintina Vellacott has the same tablets"
        assert [topic(propose(who, opened, words)).hidden_because for who in (cast.rosa, cast.beatriz)] == ["personal", "personal"]
        with write() as tx:
            tx.get_one(CarePartner, "quintina").ended_at = now
        assert topic(propose(cast.rosa, opened, words)).hidden_because == ""
        with write() as tx:
            tx.get_one(CarePartner, "quintina").ended_at = None
            tx.get_one(Seat, cast.seats["beatriz"]).state = "cancelled"
        assert topic(propose(cast.rosa, opened, words)).hidden_because == ""

    def test_concerns_of_the_form_too(self, cast: Cast) -> None:
        run(service.fill_in_form, cast.rosa, cast.session_id, matters=PHONE, goal="", concerns=[(PHONE, "group"), (PHONE, "one_on_one")])
        found = db.session.execute(select(Topic.route, Topic.hidden_because).order_by(Topic.proposed_at)).all()
        assert list(map(tuple, found)) == [("group", "personal"), ("one_on_one", "")]


class TestInAnotherLanguage:
    def translated(self, cast: Cast, opened: str, words: str) -> str:
        its = propose(cast.rosa, opened, "What helps?")
        run(service.translate_topic, cast.marcus, opened, topic_id=its, language="en", words=words)
        return its

    def shown(self, cast: Cast) -> list[str]:
        return [each["words"] for topic in screen(cast.gladys, cast.session_id, "patient")["topics"] for each in topic["translations"]]

    def test_the_topic_stays_and_the_words_wait(self, cast: Cast, opened: str) -> None:
        its = self.translated(cast, opened, PAIN)
        assert (topic(its).hidden_because, the_alarm(cast).patient_id, self.shown(cast)) == ("", cast.marcus.id, [])
        run(live.end_alarm, cast.tomas, opened, alarm_id=the_alarm(cast).id, reason="Fine", show=True)
        assert self.shown(cast) == [PAIN]

    def test_or_are_gone(self, cast: Cast, opened: str) -> None:
        its = self.translated(cast, opened, PAIN)
        run(live.end_alarm, cast.tomas, opened, alarm_id=the_alarm(cast).id, reason="He is with Dr Osei")
        assert (self.shown(cast), db.session.get(TopicTranslation, (its, "en")), topic(its).route) == ([], None, "group")

    def test_a_personal_detail_waits_for_the_facilitator(self, cast: Cast, opened: str) -> None:
        its = self.translated(cast, opened, PHONE)
        assert self.shown(cast) == []
        run(service.show_topic, cast.tomas, opened, topic_id=its)
        assert self.shown(cast) == [PHONE]


class TestWishes:
    def test_told_in_person_is_kept_and_the_team_sees_it(self, cast: Cast, opened: str) -> None:
        first = run(live.wish, cast.beatriz, opened, in_person=True)
        assert run(live.wish, cast.beatriz, opened, in_person=True) == first
        assert screen(cast.beatriz, cast.session_id, "patient")["me"]["in_person"] is True
        assert [person["name"] for person in screen(cast.tomas, cast.session_id, "facilitator")["people"] if person["in_person"]] == ["Beatriz"]
        assert screen(cast.marcus, cast.session_id, "patient")["me"]["in_person"] is False
        run(live.wish, cast.beatriz, opened)
        assert screen(cast.beatriz, cast.session_id, "patient")["me"]["in_person"] is False

    def test_only_for_oneself_where_one_takes_part(self, cast: Cast, opened: str) -> None:
        for who, refusal in ((cast.tomas, NotAllowed), (cast.walter, NotFound), (cast.sunny, NotFound)):
            with pytest.raises(refusal):
                run(live.wish, who, opened, in_person=True)

    def test_here_to_listen_is_for_this_visit_and_no_fault(self, cast: Cast, opened: str) -> None:
        with write() as tx:
            for name in ("rosa", "beatriz"):
                tx.get_one(Seat, cast.seats[name]).state = "arrived"
        assert screen(cast.tomas, opened, "facilitator")["talk"]["here"] == 2
        first = run(live.listen, cast.beatriz, opened, on=True)
        assert run(live.listen, cast.beatriz, opened, on=True) == first
        shown = screen(cast.tomas, opened, "facilitator")
        assert [person["name"] for person in shown["people"] if person["listening"]] == ["Beatriz"]
        assert shown["talk"]["here"] == 1
        assert [screen(who, opened, "patient")["me"]["listening"] for who in (cast.beatriz, cast.rosa)] == [True, False]
        propose(cast.beatriz, opened, "All the same")
        run(live.listen, cast.beatriz, opened)
        assert screen(cast.beatriz, opened, "patient")["me"]["listening"] is False
        with write() as tx:
            tx.get_one(GroupSession, opened).state = "closed"
        with pytest.raises(WrongState):
            run(live.listen, cast.beatriz, opened, on=True)

    def test_listening_is_ones_own_to_say(self, cast: Cast, opened: str) -> None:
        for who, refusal in ((cast.tomas, NotAllowed), (cast.walter, NotFound), (cast.sunny, NotFound)):
            with pytest.raises(refusal):
                run(live.listen, who, opened, on=True)
