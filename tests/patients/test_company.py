"""Who comes together and who comes along: rows, audit, refusals, the patient's page, and how many chairs that makes."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from groupvisits.audit.models import AuditEntry
from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from groupvisits.patients import queries, service
from groupvisits.patients.models import CarePartner, Pair, Patient
from groupvisits.patients.rules import company, person
from groupvisits.sessions import queries as dates
from groupvisits.sessions import service as sessions
from groupvisits.sessions.models import Seat
from tests.cast import Cast, signed_in


def pairs(app: Flask) -> list[set[str]]:
    with app.app_context():
        found = [{each.first_id, each.second_id} for each in db.session.scalars(select(Pair))]
        db.session.rollback()
    return found


def acts(app: Flask) -> list[str]:
    with app.app_context():
        found = list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)))
        db.session.rollback()
    return found


def do(app: Flask, verb: Any, *args: Any, **kwargs: Any) -> Any:
    with app.app_context():
        return run(verb, *args, **kwargs)


@pytest.mark.parametrize(("one", "other", "fine"), [("a", "b", True), ("a", "a", False)])
def test_two_are_two(one: str, other: str, fine: bool) -> None:
    if fine:
        company.check_two(one, other)
    else:
        with pytest.raises(company.SamePerson):
            company.check_two(one, other)


@pytest.mark.parametrize(("count", "fine"), [(0, True), (7, True), (8, False), (9, False)])
def test_how_many_come_along_at_most(count: int, fine: bool) -> None:
    if fine:
        company.check_one_more(count)
    else:
        with pytest.raises(company.TooManyCarePartners):
            company.check_one_more(count)


@pytest.mark.parametrize("who", ["joanne", "nia"])
def test_two_patients_are_paired_once_and_come_apart(app: Flask, cast: Cast, who: str) -> None:
    staff = getattr(cast, who)
    do(app, service.pair, staff, cast.rosa.id, other_id=cast.marcus.id)
    do(app, service.pair, staff, cast.marcus.id, other_id=cast.rosa.id)  # the same two
    assert pairs(app) == [{cast.rosa.id, cast.marcus.id}]
    do(app, service.unpair, staff, cast.marcus.id)
    do(app, service.unpair, staff, cast.marcus.id)
    assert pairs(app) == []
    assert [act for act in acts(app) if act.startswith("patients:")] == ["patients:pair", "patients:unpair"]


def test_nobody_is_part_of_two_pairs_whichever_side_they_are(app: Flask, cast: Cast) -> None:
    do(app, service.pair, cast.joanne, cast.rosa.id, other_id=cast.marcus.id)
    for one, other in (("marcus", "teo"), ("teo", "marcus"), ("rosa", "teo"), ("teo", "rosa")):
        with pytest.raises(company.AlreadyPaired) as refusal:
            do(app, service.pair, cast.joanne, getattr(cast, one).id, other_id=getattr(cast, other).id)
        assert "already comes together with" in str(refusal.value)
    assert len(pairs(app)) == 1


@pytest.mark.parametrize("who", ["tomas", "osei", "quinn", "ada", "rosa"])
def test_others_do_not_say_who_comes_with_whom(app: Flask, cast: Cast, who: str) -> None:
    actor = getattr(cast, who)
    for verb, more in (
        (service.pair, {"other_id": cast.marcus.id}), (service.unpair, {}), (service.add_care_partner, {"name": "Ana"}),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            do(app, verb, actor, cast.rosa.id, **more)
    assert pairs(app) == []


def test_a_stranger_finds_nobody(app: Flask, cast: Cast) -> None:
    for verb, patient, more in (
        (service.pair, cast.rosa, {"other_id": cast.marcus.id}), (service.pair, cast.sunny, {"other_id": cast.marcus.id}), (service.unpair, cast.rosa, {}),
        (service.add_care_partner, cast.rosa, {"name": "Ana"}),
    ):  # fmt: skip
        with pytest.raises((NotFound, NotAllowed)):
            do(app, verb, cast.sol, patient.id, **more)
    with pytest.raises(NotFound):
        do(app, service.pair, cast.joanne, cast.rosa.id, other_id=cast.sunny.id)
    assert pairs(app) == []


def test_somebody_not_active_is_not_paired(app: Flask, cast: Cast) -> None:
    do(app, service.deactivate_patient, cast.joanne, cast.marcus.id)
    with pytest.raises(person.NotActive):
        do(app, service.pair, cast.joanne, cast.rosa.id, other_id=cast.marcus.id)


def test_a_care_partner_is_noted_once_and_ended_once(app: Flask, cast: Cast) -> None:
    made = do(app, service.add_care_partner, cast.joanne, cast.rosa.id, name=" Ana ", relation="daughter")
    again = do(app, service.add_care_partner, cast.joanne, cast.rosa.id, name="ana", relation="daughter", usually_comes=False)
    assert made == again
    with app.app_context():
        found = db.session.scalars(select(CarePartner)).one()
        assert (found.name, found.relation, found.usually_comes) == ("ana", "daughter", False)
        db.session.rollback()
    for _ in range(2):
        do(app, service.end_care_partner, cast.joanne, cast.rosa.id, made["care_partner_id"])
    assert acts(app).count("patients:end_care_partner") == 1
    with pytest.raises(NotFound):
        do(app, service.end_care_partner, cast.joanne, cast.marcus.id, made["care_partner_id"])
    with pytest.raises(NotFound):
        do(app, service.end_care_partner, cast.joanne, cast.rosa.id, "nobody")


def test_a_list_without_end_is_refused(app: Flask, cast: Cast) -> None:
    for number in range(company.MOST_CARE_PARTNERS):
        do(app, service.add_care_partner, cast.joanne, cast.rosa.id, name=f"Friend {number}")
    with pytest.raises(company.TooManyCarePartners):
        do(app, service.add_care_partner, cast.joanne, cast.rosa.id, name="One more")
    do(app, service.add_care_partner, cast.joanne, cast.marcus.id, name="One more")


@pytest.mark.parametrize("name", ["", "   ", "\u200b"])
def test_a_care_partner_has_a_name(app: Flask, cast: Cast, name: str) -> None:
    with pytest.raises(DomainError):
        do(app, service.add_care_partner, cast.joanne, cast.rosa.id, name=name)


def test_who_usually_comes_along_is_counted_where_the_patient_is_asked(app: Flask, cast: Cast) -> None:
    for number in range(5):
        do(app, service.add_care_partner, cast.joanne, cast.walter.id, name=f"Friend {number}", usually_comes=number != 0)
    do(app, service.add_care_partner, cast.joanne, cast.walter.id, name="One more")
    with app.app_context():
        assert queries.usual_companions(db.session(), [cast.walter.id, cast.rosa.id]) == {cast.walter.id: 5}
        db.session.rollback()
    do(app, sessions.seat_patient, cast.joanne, cast.session_id, cast.walter.id, answer="yes")
    with app.app_context():
        assert db.session.scalars(select(Seat.companions).where(Seat.patient_id == cast.walter.id)).one() == 4  # no more than one date takes
        db.session.rollback()


def test_new_dates_count_who_usually_comes_along(app: Flask, cast: Cast) -> None:
    do(app, service.add_care_partner, cast.joanne, cast.rosa.id, name="Ana")
    plan = do(app, sessions.plan_more_dates, cast.joanne, cast.group_id, count=2)
    with app.app_context():
        seen = dates.preview_of(db.session(), cast.joanne, cast.group_id, plan["plan_id"]).seen
        db.session.rollback()
    do(app, sessions.apply_plan, cast.joanne, cast.group_id, plan["plan_id"], choices={}, seen=seen)
    with app.app_context():
        query = select(Seat.companions).where(Seat.session_id != cast.session_id, Seat.patient_id == cast.rosa.id)
        assert list(db.session.scalars(query)) == [1, 1]
        query = select(Seat.companions).where(Seat.session_id != cast.session_id, Seat.patient_id == cast.marcus.id)
        assert list(db.session.scalars(query)) == [0, 0]
        db.session.rollback()


# ---------- the patient's page ----------


def test_the_page_says_who_comes_with_them_and_lets_it_change(app: Flask, cast: Cast) -> None:
    client, at = signed_in(app, cast.joanne), f"/patients/{cast.rosa.id}"
    assert "This patient comes alone." in client.get(at).text
    found = client.post(f"{at}/pair-searches", data={"words": "marcus"}).text
    assert "Rosa Delgado and Marcus Bell come together" in found
    assert client.post(f"{at}/pairs", data={"other_id": cast.marcus.id}).status_code == 303
    page = client.get(at).text
    assert "Marcus Bell" in page and "They come together from now on." in page and "answer, wait and are offered places as one" in page
    sent = client.post(f"/patients/{cast.teo.id}/pairs", data={"other_id": cast.marcus.id})
    assert sent.status_code == 409 and "Marcus Bell already comes together with Rosa Delgado. End that first." in sent.text
    assert client.post(f"{at}/pair-removals").status_code == 303
    assert client.post(f"{at}/care-partners", data={"name": "Ana <b>", "relation": "daughter", "usually_comes": "y"}).status_code == 303
    page = client.get(at).text
    assert "Ana &lt;b&gt;" in page and "daughter. Usually comes along: one chair and one meal more." in page
    with app.app_context():
        one = db.session.scalars(select(CarePartner.id)).one()
        db.session.rollback()
    assert client.post(f"{at}/care-partners/{one}/endings").status_code == 303
    assert "This patient comes alone." in client.get(at).text


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"name": "", "relation": "sister"}, "Enter the name."), ({"name": "x" * 81, "relation": "sister"}, "Use at most 80 characters."),
        ({"name": "Ana", "relation": "y" * 41}, "Use at most 40 characters."), ({"name": "\x00", "relation": "sister"}, "Enter the name."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_answered_beside_the_field_and_kept(app: Flask, cast: Cast, sent: dict[str, str], message: str) -> None:
    answer = signed_in(app, cast.joanne).post(f"/patients/{cast.rosa.id}/care-partners", data=sent)
    assert answer.status_code == 400 and message in answer.text and sent["relation"] in answer.text
    with app.app_context():
        assert db.session.scalars(select(CarePartner)).all() == []
        db.session.rollback()


@pytest.mark.parametrize(("other", "status"), [("", 400), ("x" * 33, 400), ("nobody", 404), ("rosa", 422), ("sunny", 404)])
def test_a_pair_that_cannot_be_says_so(app: Flask, cast: Cast, other: str, status: int) -> None:
    other_id = getattr(cast, other).id if hasattr(cast, other) else other
    assert signed_in(app, cast.joanne).post(f"/patients/{cast.rosa.id}/pairs", data={"other_id": other_id}).status_code == status
    assert pairs(app) == []


def test_a_search_without_words_or_result_says_so(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.nia)
    assert "Enter a name or a record number." in client.post(f"/patients/{cast.rosa.id}/pair-searches", data={"words": ""}).text
    assert "Nobody found." in client.post(f"/patients/{cast.rosa.id}/pair-searches", data={"words": "zzz"}).text
    with app.app_context():
        assert db.session.get_one(Patient, cast.rosa.id).is_active
        db.session.rollback()
