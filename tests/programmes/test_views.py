"""The pages of programmes and groups, as a browser meets them."""

import re

import pytest
from flask import Flask

from groupvisits.core import clock, ids, transaction
from groupvisits.extensions import db
from groupvisits.patients.models import Patient, RosterImport
from groupvisits.programmes.models import Group, Membership, Programme
from tests.cast import Cast, signed_in

PROGRAMME = {
    "name": "Breathing easier", "purpose": "To learn from each other.", "design_partners": "",
    "phases-0-name": "Welcome", "phases-0-minutes": "10", "phases-0-owner": "Facilitator", "phases-0-prompt": "",
    "phases-1-name": "Topics", "phases-1-minutes": "50", "phases-1-owner": "Our own word", "phases-1-prompt": "Who found something?",
    "phases-1-watch": "Who is silent.",
}  # fmt: skip
GROUP = {
    "name": "Wednesday group", "room": "Room 5", "week": "2", "weekday": "2", "starts": "09:30", "minutes": "90", "minimum": "8", "target": "10",
    "maximum": "15", "slot_minutes": "8", "layout": "parallel", "rule": "monthly", "zone": "", "holiday_policy": "skip", "providers": "1", "go_no_go_days": "7",
    "invite_days": "28",
}  # fmt: skip


def programmes(app: Flask) -> list[Programme]:
    with app.app_context():
        return list(db.session.scalars(db.select(Programme).order_by(Programme.name)))


def test_a_programme_is_saved_and_says_that_it_has_no_design_partner(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    assert client.post("/programmes", data=PROGRAMME).status_code == 303
    saved = programmes(app)[0]
    assert [(p["name"], p["minutes"], p["owner"]) for p in saved.run_sheet] == [("Welcome", 10, "Facilitator"), ("Topics", 50, "Our own word")]
    assert [(p["prompt"], p["watch"]) for p in saved.run_sheet] == [("", ""), ("Who found something?", "Who is silent.")]
    assert "Who is silent." in client.get(f"/programmes/{saved.id}").text
    page = client.get("/programmes").text
    assert "No design partner yet" in page
    assert "Designed with Dee and Walter." in page


@pytest.mark.parametrize("act", ["add", "remove-0", "down-0", "up-1"])
def test_rows_are_added_removed_and_moved_without_saving_and_without_losing_words(app: Flask, cast: Cast, act: str) -> None:
    page = signed_in(app, cast.joanne).post("/programmes", data={**PROGRAMME, "name": "", "phases-0-minutes": "ten", "act": act}).text
    names = re.findall(r'name="phases-\d+-name"[^>]*value="([^"]*)"', page)
    assert names == {"add": ["Welcome", "Topics", ""], "remove-0": ["Topics"], "down-0": ["Topics", "Welcome"], "up-1": ["Topics", "Welcome"]}[act]
    assert ('value="ten"' in page) == (act != "remove-0")
    assert "Who is silent." in page
    assert "nhsuk-error-message" not in page
    assert len(programmes(app)) == 1


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(app: Flask, cast: Cast) -> None:
    answer = signed_in(app, cast.joanne).post("/programmes", data={**PROGRAMME, "name": "", "phases-1-minutes": "soon"})
    assert answer.status_code == 400
    for words in ("Enter a name.", "Enter a whole number, for example 10.", "Who found something?", 'value="soon"', "<title>Error:"):
        assert words in answer.text
    assert len(programmes(app)) == 1


def test_a_run_sheet_without_phases_is_refused_in_words(app: Flask, cast: Cast) -> None:
    answer = signed_in(app, cast.joanne).post("/programmes", data={"name": "x", "purpose": "y"})
    assert answer.status_code == 400
    assert "Add at least one phase" in answer.text


@pytest.mark.parametrize("start", ["chcc", "sma", "prenatal", "physicals"])
def test_each_ready_run_sheet_can_be_started_from(app: Flask, cast: Cast, start: str) -> None:
    assert "Topics" in signed_in(app, cast.joanne).get(f"/programmes/new?start={start}", follow_redirects=True).text


def test_a_group_is_arranged_and_its_page_says_at_once_whether_minutes_fit(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    answer = client.post("/groups", data={**GROUP, "programme_id": cast.programme_id})
    page = client.get(answer.location).text
    assert "Second Wednesday of the month, 9:30am" in page
    assert re.search(r"10 people × 8 = 80 minutes\.\s+One resident has 55 minutes: 25 minutes short\.\s+With 2 residents everyone fits\.", page)
    assert "Nobody in the team is a resident yet: this counts the 1 you plan with." in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": "x" * 121}, "Field cannot be longer than 120 characters."),
        ({"programme_id": "0" * 32}, "Not a valid choice"),
        ({"rule": "yearly"}, "Not a valid choice"),
        ({"rule": "weekly"}, "Enter the first day. The weeks are counted from it."),
        ({"rule": "weekly", "first_day": "2026-02-29", "every_weeks": "2"}, "Enter a day, for example 2026-12-08."),
        ({"rule": "dates", "chosen_days": "2027-02-29"}, "We cannot read this day: 2027-02-29."),
        ({"zone": "Mars/Olympus"}, "Not a valid choice"),
        ({"holiday_policy": ""}, "Not a valid choice"),
        ({"meeting_link": "http://meet.example.org/a"}, "Enter a link that begins with https://."),
        ({"meeting_link": "javascript:alert(1)"}, "Enter a link that begins with https://."),
        ({"meeting_link": "https://"}, "Enter a link that begins with https://."),
        ({"meeting_link": "https://[::1"}, "Enter a link that begins with https://."),
        ({"meeting_link": "https://user:secret@meet.example.org/"}, "Enter a link that begins with https://."),
        ({"meeting_link": "https://meet.example.org/a b"}, "Enter a link that begins with https://."),
        ({"meeting_link": "https://meet.example.org/" + "x" * 300}, "Field cannot be longer than 300 characters."),
        ({"providers": "21"}, "Enter between 0 and 20."),
        ({"providers": ""}, "Enter a number."),
        ({"go_no_go_days": "61"}, "Enter between 0 and 60 days."),
        ({"invite_days": "0"}, "Enter between 1 and 180 days."),
        ({"invite_days": "9" * 400}, "nhsuk-error-message"),
        ({"slot_minutes": "1"}, "Enter between 2 and 60 minutes."),
        ({"maximum": "61"}, "Enter between 1 and 60."),
        ({"starts": "noon"}, "Enter a time, for example 17:30."),
    ],
)
def test_a_group_that_cannot_be_is_refused_beside_the_field_and_kept(app: Flask, cast: Cast, changes: dict[str, str], message: str) -> None:
    answer = signed_in(app, cast.joanne).post("/groups", data={**GROUP, "programme_id": cast.programme_id, "room": "Kept room", **changes})
    assert answer.status_code == 400
    assert message in answer.text
    assert 'value="Kept room"' in answer.text
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(Group)) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rule": "weekly", "first_day": "2027-01-14", "every_weeks": "2"}, "Every 2 weeks on a Thursday, 9:30am, counted from 14 January 2027"),
        ({"rule": "dates", "chosen_days": "8 December 2026\n2027-02-03\n2027-02-03"}, "On chosen days, 9:30am"),
        ({"week": "5"}, "Last Wednesday of the month, 9:30am"),
    ],
)
def test_each_way_to_repeat_is_kept_and_shown_again(app: Flask, cast: Cast, changes: dict[str, str], words: str) -> None:
    client = signed_in(app, cast.joanne)
    data = {
        **GROUP,
        "programme_id": cast.programme_id,
        "meeting_link": "https://meet.example.org/a",
        "over_inviting": "y",
        "zone": "America/Chicago",
        **changes,
    }
    answer = client.post("/groups", data=data)
    assert answer.status_code == 303
    assert words in client.get(answer.location).text
    form = client.get(answer.location.split("?")[0] + "/arrangement").text
    for name, value in changes.items():
        if name == "chosen_days":
            assert "2026-12-08\n2027-02-03</textarea>" in form
        elif name in ("first_day", "every_weeks"):
            assert f'value="{value}"' in form
    assert 'value="https://meet.example.org/a"' in form
    assert '<option value="America/Chicago" selected>' in form


def test_the_check_answers_without_saving_anything(app: Flask, cast: Cast) -> None:
    data = {**GROUP, "programme_id": cast.programme_id, "name": "", "target": "12", "act": "check"}
    answer = signed_in(app, cast.joanne).post("/groups", data=data)
    assert answer.status_code == 200
    assert "nhsuk-error-message" not in answer.text
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))
    assert "12 people × 8 = 96 minutes. One resident has 55 minutes: 41 minutes short. With 2 residents everyone fits." in words
    for way in ("one-on-ones of 4 minutes", "6 people instead of 12", "96 minutes for one-on-ones in the run sheet"):
        assert way in words
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(Group)) == 1


@pytest.mark.parametrize(
    "changes",
    [{"target": ""}, {"target": "x"}, {"target": "-4"}, {"slot_minutes": "0"}, {"providers": ""}, {"layout": ""}, {"programme_id": "x"}, {"target": "9" * 400}],
)
def test_a_check_of_what_cannot_be_says_what_is_missing(app: Flask, cast: Cast, changes: dict[str, str]) -> None:
    answer = signed_in(app, cast.joanne).post("/groups", data={**GROUP, "programme_id": cast.programme_id, "act": "check", **changes})
    assert answer.status_code == 200


def test_limits_that_do_not_grow_are_refused_beside_the_field(app: Flask, cast: Cast) -> None:
    answer = signed_in(app, cast.joanne).post(f"/groups/{cast.group_id}/arrangement", data={**GROUP, "programme_id": cast.programme_id, "minimum": "12"})
    assert answer.status_code == 400
    assert "must grow from the first to the last" in answer.text
    with app.app_context():
        assert db.session.get_one(Group, cast.group_id).minimum == 3


def test_a_programme_of_another_clinic_cannot_be_chosen(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.sol)
    assert client.post("/groups", data={**GROUP, "programme_id": cast.programme_id}).status_code == 400
    for address in (f"/programmes/{cast.programme_id}", f"/groups/{cast.group_id}", f"/groups/{cast.group_id}/arrangement"):
        assert client.get(address).status_code == 404


def test_a_member_is_found_added_and_removed(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    assert "Walter Moss" in client.post(f"/groups/{cast.group_id}/member-searches", data={"words": "mos"}).text
    assert "Enter at least two letters" in client.post(f"/groups/{cast.group_id}/member-searches", data={"words": "m"}).text
    assert "Nobody found" in client.post(f"/groups/{cast.group_id}/member-searches", data={"words": "sunny"}).text
    client.post(f"/groups/{cast.group_id}/members", data={"patient_id": cast.walter.id})
    assert "7 members" in client.get(f"/groups/{cast.group_id}").text
    client.post(f"/groups/{cast.group_id}/member-removals", data={"patient_id": cast.walter.id})
    assert "6 members" in client.get(f"/groups/{cast.group_id}").text


def test_the_team_is_chosen_from_those_who_have_the_role(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    assert client.post(f"/groups/{cast.group_id}/team-removals", data={"person": f"{cast.osei.id} resident"}).status_code == 303
    assert client.post(f"/groups/{cast.group_id}/team", data={"person": f"{cast.osei.id} resident"}).status_code == 303
    refused = client.post(f"/groups/{cast.group_id}/team", data={"person": f"{cast.quinn.id} resident"})
    assert refused.status_code == 400
    assert "does not have that role" in refused.text


def test_a_facilitator_reads_the_group_and_changes_nothing(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.tomas)
    page = client.get(f"/groups/{cast.group_id}").text
    assert "Rosa" in page
    assert "Delgado" not in page
    assert "Remove" not in page
    assert client.get("/programmes").status_code == 403
    assert client.post(f"/groups/{cast.group_id}/members", data={"patient_id": cast.walter.id}).status_code == 403


def test_an_empty_clinic_is_told_where_to_begin(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.sol)
    assert "No programmes yet." in client.get("/programmes").text
    assert "No groups yet." in client.get("/groups").text
    assert "A group follows a programme" in client.get("/groups/new", follow_redirects=True).text


def brought_in(app: Flask, cast: Cast, people: int) -> str:
    """A roster with so many people is in; its id."""
    now = clock.now()
    with app.app_context(), transaction.write() as tx:
        roster = RosterImport(
            id=ids.new_id(), clinic_id=cast.clinic_id, uploaded_by=cast.joanne.id, file_name="list.csv", columns=[], content="", mapping={}, state="confirmed",
            reading={"brought_in_at": now.isoformat()}, imported_count=people, created_at=now,
        )  # fmt: skip
        tx.add(roster)
        for n in range(people):
            tx.add(
                Patient(
                    id=ids.new_id(), clinic_id=cast.clinic_id, given_name="Pat", family_name=f"Hill{n:03}", display_name="Pat", language="en", created_at=now
                )
            )
        return roster.id


def members(app: Flask, cast: Cast) -> int:
    with app.app_context():
        return db.session.scalar(db.select(db.func.count()).select_from(Membership).where(Membership.group_id == cast.group_id)) or 0


def test_everybody_new_of_a_list_joins_with_one_press(app: Flask, cast: Cast) -> None:
    import_id, address = brought_in(app, cast, 12), f"/groups/{cast.group_id}/newcomers"
    client, before = signed_in(app, cast.joanne), members(app, cast)
    page = client.get(address).text
    chosen = re.findall(r'name="patient_ids"[^>]*value="(\w+)"', page)
    assert (len(chosen), page.count(" checked")) == (12, 12)
    assert client.post(address, data={"import_id": import_id, "patient_ids": chosen[:11]}).status_code == 303
    assert members(app, cast) == before + 11
    assert len(re.findall(r'name="patient_ids"', client.get(address).text)) == 1


def test_a_list_longer_than_the_group_is_ticked_by_hand(app: Flask, cast: Cast) -> None:
    brought_in(app, cast, 40)
    page = signed_in(app, cast.joanne).get(f"/groups/{cast.group_id}/newcomers").text
    assert " checked" not in page
    assert page.count('name="patient_ids"') == 40


@pytest.mark.parametrize("chosen", [[], [""], ["0" * 32], ["x" * 5000], ["<script>"]])
def test_nobody_else_joins_by_a_list(app: Flask, cast: Cast, chosen: list[str]) -> None:
    import_id, before = brought_in(app, cast, 2), members(app, cast)
    for patient_ids in (chosen, [*chosen, cast.sunny.id], [cast.walter.id]):
        answer = signed_in(app, cast.joanne).post(f"/groups/{cast.group_id}/newcomers", data={"import_id": import_id, "patient_ids": patient_ids})
        assert answer.status_code == 400
    assert members(app, cast) == before
    assert signed_in(app, cast.sol).get(f"/groups/{cast.group_id}/newcomers?import_id={import_id}").status_code == 404
