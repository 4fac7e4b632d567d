"""The pages of dates and the tablet at the door, as a browser meets them."""

import re

import pytest
from flask import Flask

from groupvisits.core import clock, ids, transaction
from groupvisits.extensions import db
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import GroupSession, Seat
from tests.cast import Cast, signed_in
from tests.sessions.arrange import counted, set_maximum


def seat_state(app: Flask, seat_id: str) -> str:
    with app.app_context():
        return db.session.get_one(Seat, seat_id).state


def more_people(app: Flask, cast: Cast, number: int) -> None:
    with app.app_context(), transaction.write() as tx:
        for n in range(number):
            patient = Patient(
                id=ids.new_id(), clinic_id=cast.clinic_id, record_number=f"Q{n}", given_name="Q", family_name=str(n), display_name="Q", created_at=clock.now()
            )
            tx.add(patient)
            tx.flush()
            tx.add(Seat(id=ids.new_id(), session_id=cast.session_id, patient_id=patient.id, state="invited", changed_at=clock.now()))


# --- one date


def test_the_page_says_who_comes_who_works_and_whether_minutes_fit(app: Flask, cast: Cast) -> None:
    page = signed_in(app, cast.joanne).get(f"/sessions/{cast.session_id}").text
    for words in (
        "Rosa Delgado",
        "6 said yes",
        "Tomas Reyes leads.",
        "6 people × 8 = 48 minutes.",
        "2 residents have 110 minutes: everyone fits.",
        "Open check-in",
    ):
        assert words in re.sub(r"\s+", " ", page)
    assert "MR0001" not in page  # a record number is of no use here


@pytest.mark.parametrize(("who", "papers"), [("joanne", 8), ("tomas", 7), ("nia", 6), ("osei", 0)])
def test_papers_are_linked_for_those_who_may_print_them(app: Flask, cast: Cast, who: str, papers: int) -> None:
    client = signed_in(app, getattr(cast, who))
    links = re.findall(rf'href="(/sessions/{cast.session_id}/papers/[\w-]+)"', client.get(f"/sessions/{cast.session_id}").text)
    assert len(links) == papers
    assert all(client.get(link).status_code == 200 for link in links)


@pytest.mark.parametrize("who", ["tomas", "osei", "adler", "nia"])
def test_the_team_sees_counts_and_no_list(app: Flask, cast: Cast, who: str) -> None:
    page = signed_in(app, getattr(cast, who)).get(f"/sessions/{cast.session_id}").text
    assert "6 said yes" in page
    for name in ("Delgado", "Rosa", "Marcus", "Cancel this date"):
        assert name not in page


@pytest.mark.parametrize(("who", "status"), [("sol", 404), ("rosa", 403), ("quinn", 403), ("ada", 403)])
def test_others_do_not_see_the_page(app: Flask, cast: Cast, who: str, status: int) -> None:
    assert signed_in(app, getattr(cast, who)).get(f"/sessions/{cast.session_id}").status_code == status


def test_the_number_of_questions_does_not_grow_with_the_list(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    client.get(f"/sessions/{cast.session_id}")
    with counted(app) as few:
        client.get(f"/sessions/{cast.session_id}")
    more_people(app, cast, 30)
    with counted(app) as many:
        client.get(f"/sessions/{cast.session_id}")
    assert len(many) == len(few) <= 24


def test_a_no_and_a_yes_are_marked(app: Flask, cast: Cast) -> None:
    client, seat = signed_in(app, cast.joanne), cast.seats["marcus"]
    assert client.post(f"/sessions/{cast.session_id}/answers", data={"seat_id": seat, "answer": "no"}).status_code == 303
    assert seat_state(app, seat) == "declined"
    client.post(f"/sessions/{cast.session_id}/answers", data={"seat_id": seat, "answer": "yes"})
    assert seat_state(app, seat) == "confirmed"
    assert client.post(f"/sessions/{cast.session_id}/answers", data={"seat_id": seat, "answer": "perhaps"}).status_code == 400


def test_a_full_visit_refuses_explains_and_lets_one_more_in_with_a_reason(app: Flask, cast: Cast) -> None:
    set_maximum(app, cast, 6)
    client = signed_in(app, cast.joanne)
    refused = client.post(f"/sessions/{cast.session_id}/seats", data={"patient_id": cast.walter.id, "answer": "yes"})
    assert refused.status_code == 409
    for words in ("All 6 places are held", "People who have not answered hold no place", "Why is one more person let in?"):
        assert words in refused.text
    again = client.post(
        f"/sessions/{cast.session_id}/seats", data={"patient_id": cast.walter.id, "answer": "yes", "over_maximum_reason": "His wife is in the group"}
    )
    assert again.status_code == 303
    page = client.get(f"/sessions/{cast.session_id}").text
    assert "1 is beyond the maximum, with a reason on record." in page
    assert "His wife is in the group" in page


def test_somebody_is_found_and_put_on_the_list(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    found = client.post(f"/sessions/{cast.session_id}/seat-searches", data={"words": "moss"}).text
    assert "Walter Moss says yes" in found
    client.post(f"/sessions/{cast.session_id}/seats", data={"patient_id": cast.walter.id, "answer": "open"})
    assert "1 has not answered" in client.get(f"/sessions/{cast.session_id}").text


def test_a_date_is_cancelled_with_a_reason_only(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    asked = client.get(f"/sessions/{cast.session_id}/cancellations").text
    assert "What patients will read" in asked and "will not take place. We are sorry." in asked
    refused = client.post(f"/sessions/{cast.session_id}/cancellations", data={"reason": " "})
    assert (refused.status_code, "Say why this date is cancelled." in refused.text) == (400, True)
    client.post(f"/sessions/{cast.session_id}/cancellations", data={"reason": "Snow"})
    page = client.get(f"/sessions/{cast.session_id}").text
    assert "Cancelled: Snow" in page
    assert "Open the room" not in page


def test_the_team_of_one_date_is_changed_with_its_room(app: Flask, cast: Cast) -> None:
    client, person = signed_in(app, cast.joanne), f"{cast.osei.id} resident"
    client.post(f"/sessions/{cast.session_id}/team-removals", data={"person": person})
    client.post(f"/sessions/{cast.session_id}/team", data={"person": person, "room": "Room 7"})
    assert "Resident, Room 7" in client.get(f"/sessions/{cast.session_id}").text
    client.post(f"/sessions/{cast.session_id}/team-rooms", data={"person": person, "room": "Room 8"})
    assert "Resident, Room 8" in client.get(f"/sessions/{cast.session_id}").text
    assert client.post(f"/sessions/{cast.session_id}/team", data={"person": f"{cast.sol.id} resident"}).status_code == 400


def test_dates_are_listed_for_those_they_concern(app: Flask, cast: Cast) -> None:
    assert "Tuesday evening group" in signed_in(app, cast.joanne).get("/sessions").text
    assert "Tuesday evening group" in signed_in(app, cast.osei).get("/sessions").text
    assert "No dates yet." in signed_in(app, cast.sol).get("/sessions").text
    assert "No visit has taken place yet." in signed_in(app, cast.joanne).get("/sessions?past=1").text


# --- the door


def door(cast: Cast, what: str = "check-ins") -> str:
    return f"/sessions/{cast.session_id}/{what}"


ROSA = {"name": "del", "born-day": "1", "born-month": "3", "born-year": "1961"}


def test_the_screen_at_the_door_is_empty_and_shows_counts_never_a_list(app: Flask, cast: Cast) -> None:
    page = signed_in(app, cast.nia).get(door(cast), follow_redirects=True).text
    assert "0 here, 6 to come" in re.sub(r"\s+", " ", page)
    for name in ("Rosa", "Marcus", "Gladys"):
        assert name not in page


def test_name_and_day_of_birth_find_one_person_and_are_in_no_address(app: Flask, cast: Cast) -> None:
    page = signed_in(app, cast.nia).post(door(cast, "check-in-searches"), data=ROSA, follow_redirects=True).text
    assert "Rosa Delgado" in page
    assert "1 March 1961" in page
    assert "Rosa is here" in page
    other_day = signed_in(app, cast.nia).post(door(cast, "check-in-searches"), data={**ROSA, "born-day": "2"}, follow_redirects=True).text
    assert "Nobody fits" in other_day


@pytest.mark.parametrize("data", [{"name": "d"}, {"name": "del"}, {**ROSA, "born-month": "13"}, {**ROSA, "born-year": "x"}, {}])
def test_a_search_that_would_find_too_many_is_refused_and_kept(app: Flask, cast: Cast, data: dict[str, str]) -> None:
    answer = signed_in(app, cast.nia).post(door(cast, "check-in-searches"), data=data, follow_redirects=True)
    assert answer.status_code == 400
    assert "nhsuk-error-message" in answer.text
    assert f'value="{data.get("name", "")}"' in answer.text or not data


def test_a_facilitator_finds_display_names_without_dates_of_birth_and_only_on_the_list(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.tomas)
    page = client.post(door(cast, "check-in-searches"), data={"name": "ro"}, follow_redirects=True).text
    assert "Rosa is here" in page
    assert "Delgado" not in page
    assert "1961" not in page
    assert "Nobody fits" in client.post(door(cast, "check-in-searches"), data={"name": "walter"}, follow_redirects=True).text
    assert client.post(door(cast, "check-in-choices"), data={"patient_id": cast.walter.id}, follow_redirects=True).status_code == 404
    assert client.post(door(cast), data={"patient_id": cast.walter.id}, follow_redirects=True).status_code == 404


def test_a_slip_has_number_code_and_one_address_and_is_shown_once(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.nia)
    page = client.post(door(cast), data={"patient_id": cast.rosa.id}, follow_redirects=True).text
    code = re.search(r'gv-code">(\w{3}) (\w{3})<', page)
    assert code
    assert "<svg" in page
    assert "1 here, 5 to come" in re.sub(r"\s+", " ", page)
    with app.app_context():
        seat = db.session.get_one(Seat, cast.seats["rosa"])
        assert seat.slip_code == ids.fingerprint(f"{cast.session_id}:{code[1]}{code[2]}")
    assert code[1] + code[2] not in client.get(door(cast), follow_redirects=True).text.replace(" ", "")


def test_a_card_printed_beforehand_is_handed_over_until_a_new_slip_is_asked_for(app: Flask, cast: Cast) -> None:
    client, fingerprint = signed_in(app, cast.nia), ids.fingerprint(f"{cast.session_id}:ABC234")
    with app.app_context(), transaction.write() as tx:
        seat = tx.get_one(Seat, cast.seats["rosa"])
        seat.slip_number, seat.slip_code = 4, fingerprint

    def kept() -> bool:
        with app.app_context():
            return db.session.get_one(Seat, cast.seats["rosa"]).slip_code == fingerprint

    assert "There is a printed card for Rosa, number 4. Hand it over." in client.post(door(cast, "check-in-searches"), data=ROSA, follow_redirects=True).text
    page = client.post(door(cast), data={"patient_id": cast.rosa.id}, follow_redirects=True).text
    assert "Hand over the card with this number." in page
    assert "We keep no copy of it" in page
    assert "<svg" not in page.split("<main")[1]
    assert "was let in already" in client.post(door(cast), data={"patient_id": cast.rosa.id}, follow_redirects=True).text
    assert kept()
    client.post(door(cast, "check-in-undos"))
    assert "The printed card still works" in client.get(door(cast), follow_redirects=True).text
    assert kept()
    client.post(door(cast), data={"patient_id": cast.rosa.id}, follow_redirects=True)
    assert "Give this slip now." in client.post(door(cast), data={"patient_id": cast.rosa.id, "new_slip": "1"}, follow_redirects=True).text
    assert not kept()
    client.post(door(cast, "check-in-undos"))
    assert "does not work any more" in client.get(door(cast), follow_redirects=True).text


def test_a_wrong_tap_is_taken_back_until_the_next_person(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.nia)
    client.post(door(cast), data={"patient_id": cast.walter.id}, follow_redirects=True)
    client.post(door(cast, "check-in-undos"))
    assert "0 here, 6 to come" in re.sub(r"\s+", " ", client.get(door(cast), follow_redirects=True).text)
    client.post(door(cast), data={"patient_id": cast.rosa.id}, follow_redirects=True)
    signed_in(app, cast.tomas).post(door(cast), data={"patient_id": cast.marcus.id}, follow_redirects=True)
    client.post(door(cast, "check-in-undos"))
    assert "Somebody else has been let in since." in client.get(door(cast), follow_redirects=True).text
    assert client.post(door(cast, "check-in-undos")).status_code == 409


def test_over_the_maximum_nobody_is_sent_away(app: Flask, cast: Cast) -> None:
    set_maximum(app, cast, 6)
    client = signed_in(app, cast.joanne)
    page = client.post(door(cast, "check-in-choices"), data={"patient_id": cast.walter.id}, follow_redirects=True).text
    assert "All 6 places are taken. Walter is still seen today." in page
    assert client.post(door(cast), data={"patient_id": cast.walter.id}, follow_redirects=True).status_code == 409
    page = client.post(door(cast), data={"patient_id": cast.walter.id, "over_maximum_reason": "Came with a neighbour"}, follow_redirects=True).text
    assert "Walter is here" in page


@pytest.mark.parametrize(("who", "status"), [("sol", 404), ("osei", 403), ("adler", 403), ("rosa", 403)])
def test_others_do_not_stand_at_the_door(app: Flask, cast: Cast, who: str, status: int) -> None:
    client = signed_in(app, getattr(cast, who))
    assert client.get(door(cast), follow_redirects=True).status_code == status
    assert client.post(door(cast), data={"patient_id": cast.rosa.id}, follow_redirects=True).status_code == status
    assert seat_state(app, cast.seats["rosa"]) == "confirmed"


def test_after_the_visit_the_door_is_closed(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.tomas)
    client.post(f"/sessions/{cast.session_id}/openings")
    with app.app_context(), transaction.write() as tx:
        tx.get_one(GroupSession, cast.session_id).state = "closed"
    assert "takes nobody in any more" in client.get(door(cast), follow_redirects=True).text
    assert client.post(door(cast), data={"patient_id": cast.rosa.id}, follow_redirects=True).status_code == 409


def test_a_screen_for_the_room_gets_an_address_that_is_shown_once(app: Flask, cast: Cast) -> None:
    page = signed_in(app, cast.tomas).post(f"/sessions/{cast.session_id}/displays").text
    assert re.search(r"http://localhost/displays/[\w-]{20,}", page)
    assert signed_in(app, cast.sol).post(f"/sessions/{cast.session_id}/displays").status_code == 404
    assert signed_in(app, cast.osei).post(f"/sessions/{cast.session_id}/displays").status_code == 403
