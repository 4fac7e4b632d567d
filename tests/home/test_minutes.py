"""The group's minute book, and what a patient reads of a visit that is over."""

import pytest
from flask import Flask
from sqlalchemy import select

from groupvisits.agenda import service as agenda
from groupvisits.agenda.models import Topic
from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.interop import pdf
from groupvisits.sessions.models import GroupSession, Seat
from groupvisits.sessions.service import close_session, open_session
from tests.cast import Cast, reasons, signed_in


@pytest.fixture
def held(app: Flask, cast: Cast) -> str:
    """A closed visit: one topic talked about with its outcome, one not reached, one for a one-on-one, one kept for another, one hidden, one taken back."""
    with app.app_context():
        session_id = cast.session_id
        run(open_session, cast.tomas, session_id)
        with write() as tx:
            for name in ("rosa", "frank"):
                seat = tx.get_one(Seat, cast.seats[name])
                seat.state, seat.arrived_at = "arrived", clock.now()

        def propose(actor: object, words: str, route: str = "group") -> str:
            return str(run(agenda.propose_topic, actor, session_id, words=words, route=route)["topic_id"])

        talked = propose(cast.rosa, "What <b>test strips</b> cost & why")
        propose(cast.frank, "Cooking for two")
        propose(cast.rosa, "A private matter", "one_on_one")
        hidden = propose(cast.frank, "Call me at 555 0100")
        run(agenda.take_back, cast.frank, session_id, topic_id=propose(cast.frank, "Never mind this"))
        kept = propose(cast.rosa, "Another private matter", "one_on_one")
        with write() as tx:
            tx.get_one(Topic, hidden).hidden_because = "personal"
            tx.get_one(Topic, kept).state = "parked"
        run(agenda.start_topic, cast.tomas, session_id, topic_id=talked, minutes=10)
        run(agenda.finish_topic, cast.tomas, session_id, topic_id=talked, outcome="The co-op sells them cheaper")
        run(close_session, cast.tomas, session_id, **reasons(cast))
        return session_id


class TestTheMinuteBook:
    def test_it_holds_what_the_group_talked_about_and_nobodys_name(self, app: Flask, cast: Cast, held: str) -> None:
        page = signed_in(app, cast.tomas).get(f"/groups/{cast.group_id}/minute-book")
        main = page.text.partition("<main")[2]
        assert page.status_code == 200
        assert "What &lt;b&gt;test strips&lt;/b&gt; cost &amp; why" in main and "The co-op sells them cheaper" in main and "Cooking for two" in main
        for nothing in ("private matter", "555 0100", "Never mind", "Rosa", "Frank"):
            assert nothing not in main, nothing
        assert "1 of 2 people heard their own topic talked about." in " ".join(main.split())

    def test_as_text_it_says_the_same_and_taking_it_out_is_on_record(self, app: Flask, cast: Cast, held: str) -> None:
        client = signed_in(app, cast.tomas)
        file = client.post(f"/groups/{cast.group_id}/minute-book/exports", data={"kind": "text"})
        assert file.headers["Content-Disposition"].endswith('minute-book.txt"') and file.mimetype == "text/plain"
        assert "- What <b>test strips</b> cost & why\n  The co-op sells them cheaper" in file.text
        assert "555 0100" not in file.text and "Rosa" not in file.text
        with app.app_context():
            entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "home:export_minutes")).one()
            assert (entry.subject_id, entry.details) == (cast.group_id, {"kind": "text", "visits": 1})

    @pytest.mark.parametrize(
        ("words", "outcome"),
        [
            ("Cooking with Frank Tully", "Gladys brings her recipe"),
            ("Call Rosa on 617 555 0142", "Tomas asks at 12 Elm Street"),
            ("A ride from 617-555-0142", "rosa@example.org has the list"),
        ],
    )
    def test_what_may_hold_a_personal_detail_is_left_out_though_the_group_read_it(self, app: Flask, cast: Cast, held: str, words: str, outcome: str) -> None:
        with app.app_context(), write() as tx:
            talked, kept = tx.scalars(
                select(Topic)
                .where(Topic.state.in_(("talked_about", "parked")), Topic.hidden_because == "", Topic.route == "group")
                .order_by(Topic.state.desc())
            )
            assert talked.state == "talked_about"
            kept.words, talked.outcome = words, outcome
        client = signed_in(app, cast.tomas)
        page = client.get(f"/groups/{cast.group_id}/minute-book").text.partition("<main")[2]
        text = client.post(f"/groups/{cast.group_id}/minute-book/exports", data={"kind": "text"}).text
        for shown in (page, text):
            assert words not in shown and outcome not in shown
            assert shown.count("Left out: may hold a personal detail") == 2
        assert "- What <b>test strips</b> cost & why\n  Left out: may hold a personal detail" in text
        with app.app_context(), write() as tx:
            talked = tx.scalars(select(Topic).where(Topic.state == "talked_about")).one()
            talked.words, talked.outcome = words, "The co-op sells them cheaper"
        assert (
            "- Left out: may hold a personal detail\n  The co-op sells them cheaper"
            in client.post(f"/groups/{cast.group_id}/minute-book/exports", data={"kind": "text"}).text
        )

    @pytest.mark.skipif(not pdf.is_available(), reason="WeasyPrint or its libraries are not on this machine")
    def test_as_pdf(self, app: Flask, cast: Cast, held: str) -> None:
        file = signed_in(app, cast.tomas).post(f"/groups/{cast.group_id}/minute-book/exports", data={"kind": "pdf"})
        assert file.data.startswith(b"%PDF") and file.headers["Content-Disposition"].endswith('minute-book.pdf"')

    @pytest.mark.parametrize("kind", ["", "csv", "x" * 500])
    def test_other_kinds_do_not_exist(self, app: Flask, cast: Cast, held: str, kind: str) -> None:
        assert signed_in(app, cast.tomas).post(f"/groups/{cast.group_id}/minute-book/exports", data={"kind": kind}).status_code == 404

    def test_before_the_first_visit_it_says_what_will_stand_there(self, app: Flask, cast: Cast) -> None:
        page = signed_in(app, cast.tomas).get(f"/groups/{cast.group_id}/minute-book").text
        assert "No visit has been held yet." in page and "Get it as text" not in page

    def test_only_coordinators_and_those_who_lead_the_group(self, app: Flask, cast: Cast, held: str) -> None:
        address = f"/groups/{cast.group_id}/minute-book"
        assert signed_in(app, cast.joanne).get(address).status_code == 200
        for actor in (cast.osei, cast.quinn, cast.rosa):
            assert signed_in(app, actor).get(address).status_code in (403, 404)
        assert signed_in(app, cast.sol).get(address).status_code == 404
        assert signed_in(app, cast.sol).post(f"{address}/exports", data={"kind": "text"}).status_code == 404

    def test_the_page_of_the_group_leads_there(self, app: Flask, cast: Cast) -> None:
        assert f'href="/groups/{cast.group_id}/minute-book"' in signed_in(app, cast.tomas).get(f"/groups/{cast.group_id}").text


class TestAfterwards:
    def test_a_patient_reads_what_became_of_theirs_and_what_the_group_took_from_it(self, app: Flask, cast: Cast, held: str) -> None:
        page = signed_in(app, cast.rosa).get(f"/my/visits/{held}").text.partition("<main")[2]
        assert "What &lt;b&gt;test strips" in page and "The co-op sells them cheaper" in page and "A private matter" in page
        assert "Cooking for two" not in page and "555 0100" not in page
        franks = signed_in(app, cast.frank).get(f"/my/visits/{held}").text.partition("<main")[2]
        assert "Cooking for two" in franks and "A private matter" not in franks and "Rosa" not in franks

    @pytest.mark.parametrize(
        ("state", "reason", "said", "why"),
        [
            ("declined", "not_here", "Not talked about", "This group is not the place for it."),
            ("parked", "Ask your pharmacist", "Kept for next month", "The team wrote: Ask your pharmacist"),
            ("split", "", "Went on in parts", ""),
            ("merged", "", "Joined to another topic", ""),
        ],
    )
    def test_the_list_of_visits_says_every_fate_and_leads_to_the_page_that_says_why(
        self, app: Flask, cast: Cast, held: str, state: str, reason: str, said: str, why: str
    ) -> None:
        with app.app_context(), write() as tx:
            topic = tx.scalars(select(Topic).where(Topic.words == "Cooking for two")).one()
            topic.state, topic.reason = state, reason
        frank = signed_in(app, cast.frank)
        listed = frank.get("/my/visits").text.partition("Past visits")[2]
        assert said in listed and f'href="/my/visits/{held}"' in listed and "Received by the clinic" not in listed
        assert why in frank.get(f"/my/visits/{held}").text

    def test_who_did_not_come_reads_that_it_is_over(self, app: Flask, cast: Cast, held: str) -> None:
        page = signed_in(app, cast.gladys).get(f"/my/visits/{held}").text
        assert "The co-op" not in page

    def test_a_late_topic_can_be_added_for_a_day(self, app: Flask, cast: Cast, held: str) -> None:
        address = f'href="/sessions/{held}/rooms/patient"'
        assert address in signed_in(app, cast.rosa).get(f"/my/visits/{held}").text
        with app.app_context(), write() as tx:
            from datetime import timedelta

            tx.get_one(GroupSession, held).closed_at = clock.now() - timedelta(days=2)
        assert address not in signed_in(app, cast.rosa).get(f"/my/visits/{held}").text
