"""Who came: four things kept apart, corrected only with a reason, and nothing ever overwritten silently."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, transaction
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.language import time as clock_time
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from groupvisits.sessions import queries, service
from groupvisits.sessions.models import AttendanceCorrection, GroupSession, Notice, Seat
from groupvisits.sessions.rules import WrongState
from groupvisits.sessions.rules import attendance as rules
from groupvisits.slots.models import Slot
from tests.cast import Cast, signed_in
from tests.sessions.arrange import counted, noted, past_date

NEW_YORK = "America/New_York"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("starts_at", "now", "expected"),
    [
        ("2026-12-08T22:30", "2026-12-09T00:40", "2026-12-09T10:00"),  # Tuesday evening, closed the same evening: Wednesday at 10
        ("2026-12-08T22:30", "2026-12-11T15:00", "2026-12-12T10:00"),  # noted on Friday: Saturday
        ("2026-12-08T22:30", "2026-12-16T00:00", None),  # too late to say we missed you
        ("2027-03-13T22:30", "2027-03-14T01:00", "2027-03-14T10:00"),  # the clocks change in that night
    ],
)
def test_who_did_not_come_is_written_to_at_ten_on_the_next_morning(starts_at: str, now: str, expected: str | None) -> None:
    told = rules.told_at(utc(starts_at), NEW_YORK, utc(now))
    assert (told and told.astimezone(ZoneInfo(NEW_YORK)).strftime("%Y-%m-%dT%H:%M")) == expected


@pytest.mark.parametrize(
    ("typed", "starts_at", "ended_at", "expected"),
    [
        (None, "2026-12-08T22:30", "2026-12-09T00:30", None),
        (time(18, 45), "2026-12-08T22:30", "2026-12-09T00:30", "2026-12-08T23:45"),
        (time(0, 30), "2026-12-09T04:00", "2026-12-09T06:00", "2026-12-09T05:30"),  # past midnight on the wall
    ],
)
def test_a_time_on_the_wall_is_a_moment_of_the_visit(typed: time | None, starts_at: str, ended_at: str, expected: str | None) -> None:
    left = rules.moment_of_leaving(typed, utc(starts_at), utc(ended_at), NEW_YORK)
    assert left == (utc(expected) if expected else None)


@pytest.mark.parametrize("typed", [time(17, 29), time(19, 31), time(3, 0)])
def test_a_time_outside_the_visit_is_refused(typed: time) -> None:
    with pytest.raises(rules.LeftOutsideVisit):
        rules.moment_of_leaving(typed, utc("2026-12-08T22:30"), utc("2026-12-09T00:30"), NEW_YORK)


# --- while the visit runs


@pytest.fixture
def here(context: None, cast: Cast) -> Cast:
    run(service.open_session, cast.tomas, cast.session_id)
    for name in ("rosa", "marcus"):
        run(service.check_in, cast.nia, cast.session_id, cast.seats[name])
    return cast


def test_leaving_early_has_a_time_ends_the_wait_and_can_be_taken_back(here: Cast) -> None:
    version = db.session.get_one(GroupSession, here.session_id).version
    for _twice in range(2):
        run(service.leave_early, here.tomas, here.session_id, here.seats["rosa"])
    seat, slot = db.session.get_one(Seat, here.seats["rosa"]), db.session.scalars(select(Slot).where(Slot.seat_id == here.seats["rosa"])).one()
    assert (seat.state, seat.seat_no, slot.state) == ("left_early", 1, "missed")
    assert seat.left_at is not None
    assert db.session.get_one(GroupSession, here.session_id).version > version
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "sessions:leave_early")).all()
    assert [entry.details["state"] for entry in entries] == ["left_early"]
    run(service.leave_early, here.nia, here.session_id, here.seats["rosa"], has_left=False)
    db.session.rollback()
    assert (db.session.get_one(Seat, here.seats["rosa"]).state, db.session.get_one(Seat, here.seats["rosa"]).left_at) == ("arrived", None)


def test_only_who_is_here_leaves(here: Cast) -> None:
    with pytest.raises(rules.NotHere):
        run(service.leave_early, here.nia, here.session_id, here.seats["frank"])
    for who, refusal in ((here.osei, NotAllowed), (here.sol, NotFound), (here.rosa, NotAllowed)):
        with pytest.raises(refusal):
            run(service.leave_early, who, here.session_id, here.seats["rosa"])


def test_closing_keeps_who_left_early_apart_and_plans_a_word_to_who_did_not_come(app: Flask, here: Cast) -> None:
    run(service.leave_early, here.tomas, here.session_id, here.seats["rosa"])
    unseen = [here.seats["rosa"], here.seats["marcus"]]
    run(service.close_session, here.tomas, here.session_id, unseen=unseen, because=["Went home", "Did not want to"])
    states = {name: db.session.get_one(Seat, seat_id).state for name, seat_id in here.seats.items()}
    assert states == {"rosa": "left_early", "marcus": "attended", "gladys": "no_show", "teo": "no_show", "frank": "no_show", "beatriz": "no_show"}
    notices = db.session.scalars(select(Notice).where(Notice.kind == "missed_you")).all()
    assert {notice.patient_id for notice in notices} == {here.gladys.id, here.teo.id, here.frank.id, here.beatriz.id}
    for notice in notices:
        local = clock.local(notice.due_at, NEW_YORK)
        assert (local.hour, local.minute) == (10, 0) and local > clock.local(clock.now(), NEW_YORK)


# --- when it is over


@pytest.fixture
def over(cast: Cast, app: Flask) -> Cast:
    with app.app_context(), transaction.write() as tx:
        group_session = tx.get_one(GroupSession, cast.session_id)
        group_session.state, group_session.closed_at = "closed", clock.now()
        group_session.starts_at, group_session.ends_at = clock.now() - timedelta(hours=3), clock.now() - timedelta(hours=1)
        for name, seat_id in cast.seats.items():
            tx.get_one(Seat, seat_id).state = "no_show" if name == "rosa" else "attended"
    return cast


def correct(cast: Cast, name: str, after: str, reason: str = "Came in by the side door", **more: object) -> None:
    run(service.correct_attendance, more.pop("who", cast.nia), cast.session_id, cast.seats[name], after=after, reason=reason, **more)


def test_a_correction_keeps_what_was_who_changed_it_and_why(app: Flask, over: Cast) -> None:
    with app.app_context():
        correct(over, "rosa", "attended")
        correct(over, "rosa", "attended", "again")
        correct(
            over,
            "rosa",
            "left_early",
            "Left before the end",
            who=over.joanne,
            left_at=clock.local(clock.now() - timedelta(hours=2), NEW_YORK).time().replace(microsecond=0),
        )
        history = db.session.scalars(select(AttendanceCorrection).order_by(AttendanceCorrection.corrected_at)).all()
        assert [(c.before, c.after, c.reason, c.corrected_by) for c in history] == [
            ("no_show", "attended", "Came in by the side door", "Nia Cole"), ("attended", "left_early", "Left before the end", "Joanne Pike"),
        ]  # fmt: skip
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "sessions:correct_attendance")).first()
        assert entry is not None and (entry.details["before"], entry.details["after"]) == ("no_show", "attended")


def test_a_correction_withdraws_the_word_to_who_was_missed_and_plans_it_again(app: Flask, over: Cast) -> None:
    def told() -> list[str]:
        with app.app_context():
            return list(db.session.scalars(select(Notice.state).where(Notice.patient_id == over.marcus.id, Notice.kind == "missed_you")))

    with app.app_context():
        correct(over, "marcus", "no_show", "Somebody else answered to his name")
    assert told() == ["planned"]
    with app.app_context():
        correct(over, "marcus", "declined", "He had called the day before")
        assert db.session.get_one(Seat, over.seats["marcus"]).seat_no is None
    assert told() == ["withdrawn"]
    with app.app_context():
        correct(over, "marcus", "no_show", "He had not")
    assert told() == ["planned"]


@pytest.mark.parametrize(
    ("after", "reason", "refusal"), [("attended", " ", rules.WhyNeeded), ("arrived", "x", rules.SayWhat), ("cancelled", "x", rules.SayWhat)]
)
def test_without_a_reason_or_into_something_else_nothing_is_corrected(app: Flask, over: Cast, after: str, reason: str, refusal: type[Exception]) -> None:
    with app.app_context():
        with pytest.raises(refusal):
            correct(over, "rosa", after, reason)
        assert db.session.get_one(Seat, over.seats["rosa"]).state == "no_show"
        assert db.session.scalar(select(AttendanceCorrection.id)) is None


def test_before_the_visit_is_over_check_in_is_the_way(context: None, cast: Cast) -> None:
    with pytest.raises(rules.NotOverYet):
        correct(cast, "rosa", "attended")
    with pytest.raises(WrongState):
        with transaction.write() as tx:
            tx.get_one(GroupSession, cast.session_id).state = "closed"
        run(service.check_in, cast.nia, cast.session_id, cast.seats["rosa"])


@pytest.mark.parametrize(("who", "refusal"), [("tomas", NotAllowed), ("osei", NotAllowed), ("rosa", NotAllowed), ("sol", NotFound), ("sunny", NotFound)])
def test_others_correct_nothing(app: Flask, over: Cast, who: str, refusal: type[Exception]) -> None:
    with app.app_context(), pytest.raises(refusal):
        correct(over, "rosa", "attended", who=getattr(over, who))


def test_a_seat_of_another_visit_is_not_corrected_from_here(app: Flask, over: Cast) -> None:
    with app.app_context():
        with transaction.write() as tx:
            other = noted(tx, past_date(tx, over, over.group_id, days=40).id, over.rosa.id, "attended").id
        with pytest.raises(NotFound):
            run(service.correct_attendance, over.joanne, over.session_id, other, after="no_show", reason="x")


# --- the page


def address(cast: Cast) -> str:
    return f"/sessions/{cast.session_id}/attendance"


def test_the_page_says_who_came_in_sentences_and_shows_every_correction(app: Flask, over: Cast) -> None:
    client = signed_in(app, over.nia)
    page = client.get(address(over)).text
    assert "5 came" in page and "1 said yes and did not come." in page
    form = f"{address(over)}/{over.seats['rosa']}/corrections"
    assert "Did not come" in client.get(form).text
    assert client.post(form, data={"after": "attended", "reason": "Side door"}).status_code == 303
    page = client.get(address(over)).text
    assert "6 came" in page
    assert "“Did not come” became “Came and stayed”. Because: Side door" in page and "by Nia Cole" in page
    with app.app_context(), transaction.write() as tx:
        arrived_at = tx.get_one(GroupSession, over.session_id).starts_at.replace(minute=13)
        tx.get_one(Seat, over.seats["rosa"]).arrived_at = arrived_at
    arrived = clock_time(clock.local(arrived_at, NEW_YORK))
    assert arrived in client.get(address(over)).text
    client.post(form, data={"after": "no_show", "reason": "Somebody else"})
    assert arrived not in client.get(address(over)).text  # who did not come was at no time here


@pytest.mark.parametrize(
    "sent",
    [{}, {"after": "attended"}, {"reason": "Why"}, {"after": "cancelled", "reason": "Why"}, {"after": "attended", "reason": "x" * 201},
     {"after": "left_early", "reason": "Kept words", "left_at": "25:99"}, {"after": "left_early", "reason": "Kept words", "left_at": "OUTSIDE"},
     {"after": "attended", "reason": "\x00 \u200b"}],
)  # fmt: skip
def test_a_correction_that_cannot_be_is_refused_beside_its_field(app: Flask, over: Cast, sent: dict[str, str]) -> None:
    if sent.get("left_at") == "OUTSIDE":
        sent = {**sent, "left_at": f"{clock.local(clock.now() - timedelta(hours=5), NEW_YORK):%H:%M}"}
    answer = signed_in(app, over.joanne).post(f"{address(over)}/{over.seats['rosa']}/corrections", data=sent)
    assert answer.status_code == 400
    assert "nhsuk-error-message" in answer.text
    if sent.get("reason", "").isascii() and "\x00" not in sent.get("reason", "\x00"):
        assert f'value="{sent["reason"]}"' in answer.text
    with app.app_context():
        assert db.session.get_one(Seat, over.seats["rosa"]).state == "no_show"


def test_on_the_page_somebody_leaves_and_is_back(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    client.post(f"/sessions/{cast.session_id}/check-ins", data={"patient_id": cast.rosa.id})
    assert "Rosa Delgado leaves early" in client.get(address(cast)).text
    client.post(f"/sessions/{cast.session_id}/leavings", data={"seat_id": cast.seats["rosa"]})
    assert "1 left early" in client.get(address(cast)).text
    client.post(f"/sessions/{cast.session_id}/leavings", data={"seat_id": cast.seats["rosa"], "is_back": "1"})
    assert "Rosa Delgado leaves early" in client.get(address(cast)).text
    for bad in ("", "x" * 33, "\x00"):
        assert client.post(f"/sessions/{cast.session_id}/leavings", data={"seat_id": bad}).status_code == 404


@pytest.mark.parametrize(("who", "status"), [("joanne", 200), ("nia", 200), ("tomas", 403), ("osei", 403), ("sol", 404), ("rosa", 403)])
def test_the_page_is_for_those_who_keep_the_lists(app: Flask, over: Cast, who: str, status: int) -> None:
    client = signed_in(app, getattr(over, who))
    assert client.get(address(over)).status_code == status
    assert client.get(f"{address(over)}/{over.seats['rosa']}/corrections").status_code == status


@pytest.mark.parametrize(("who", "refusal"), [("tomas", NotAllowed), ("osei", NotAllowed), ("rosa", NotAllowed)])
def test_the_names_are_refused_at_the_source(app: Flask, over: Cast, who: str, refusal: type[Exception]) -> None:
    with app.app_context():
        viewer = getattr(over, who)
        with pytest.raises(refusal):
            queries.attendance_for(db.session(), viewer, queries.place_for(db.session(), viewer, over.session_id))


def test_the_number_of_questions_does_not_grow_with_the_people(app: Flask, over: Cast) -> None:
    client = signed_in(app, over.joanne)
    client.get(address(over))
    with counted(app) as few:
        client.get(address(over))
    with app.app_context():
        for name in over.seats:
            for after in ("declined", "attended", "left_early"):
                correct(over, name, after)
    with counted(app) as many:
        client.get(address(over))
    assert len(many) == len(few) <= 14, many
