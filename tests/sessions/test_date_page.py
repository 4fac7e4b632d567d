"""The page of a date through its doors: sentences, states, decisions, two dates that become one."""

import html
import re
from typing import Any

import pytest
from flask import Flask

from groupvisits.core import clock, ids
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients.models import Pair
from groupvisits.programmes.models import Group
from groupvisits.sessions import service
from groupvisits.sessions.models import GroupSession, Seat
from tests.cast import Cast, signed_in
from tests.sessions.test_advice import past_dates, seats_say
from tests.sessions.test_decisions import sister_date
from tests.sessions.test_views import more_people


def words(answer: Any) -> str:
    """What a reader reads, on one line."""
    main = answer.text.partition("<main")[2]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<br>|</(p|li|dt|dd|h2)>", " ", main))))


def page(app: Flask, cast: Cast, *, actor: str = "joanne", query: str = "") -> str:
    answer = signed_in(app, getattr(cast, actor)).get(f"/sessions/{cast.session_id}{query}")
    assert answer.status_code == 200
    return words(answer)


def arranged(app: Flask, change: Any) -> Any:
    with app.app_context(), write() as tx:
        return change(tx)


def in_days(cast: Cast, days: int) -> Any:
    from datetime import timedelta

    def move(tx: Any) -> None:
        date = tx.get_one(GroupSession, cast.session_id)
        date.starts_at, date.ends_at = date.starts_at + timedelta(days=days), date.ends_at + timedelta(days=days)

    return move


def test_the_page_says_how_many_will_come_and_on_what_that_rests(app: Flask, cast: Cast) -> None:
    arranged(app, lambda tx: past_dates(tx, cast, 11, {"rosa": "attended", "marcus": "attended", "gladys": "no_show"}))
    text = page(app, cast)
    assert "With 6 invited, about 4 will come, most likely 3 to 5. The chance of fewer than 3 is 6 in 100; more than 8 cannot come." in text
    assert "Based on 11 visits of this group. 3 people are new, so this can be off by about 2." in text
    assert "6 are invited: 6 said yes." in text
    assert "You can invite 4 more" in text


def test_one_more_invited_is_weighed_against_the_clinics_limit(app: Flask, cast: Cast) -> None:
    arranged(app, lambda tx: past_dates(tx, cast, 6, dict.fromkeys(cast.seats, "attended")))
    more_people(app, cast, 3)
    text = page(app, cast)
    assert re.search(
        r"With 9 invited, about \d will come, most likely \d to \d\. The chance of fewer than 3 is less than 1 in 100, of more than 8 it is \d+ in 100", text
    )
    assert re.search(r"With 10 invited, more than 8 would be \d+ in 100; your limit is 10\.", text)


def test_without_any_visit_it_says_be_careful(app: Flask, cast: Cast) -> None:
    text = page(app, cast)
    assert "No visits yet. We use what programmes like this one see; be careful. This can be off by about 1." in text
    arranged(app, lambda tx: past_dates(tx, cast, 1, {"rosa": "attended"}))
    assert "Based on 1 visit of this group. That is little; be careful." in page(app, cast)


def test_no_percent_sign_is_anywhere(app: Flask, cast: Cast) -> None:
    assert "%" not in page(app, cast)


def test_an_empty_list_says_how_many_can_be_invited(app: Flask, cast: Cast) -> None:
    arranged(app, lambda tx: seats_say(tx, cast, **dict.fromkeys(cast.seats, "cancelled")))
    text = page(app, cast)
    assert "Nobody is on the list of this date yet." in text
    assert "Nobody is invited yet. You can invite 11 people: then more than 8 come at most 10 times in 100." in text
    assert "Nobody is invited" in text


def test_the_team_sees_the_census_but_no_advice_and_no_list(app: Flask, cast: Cast) -> None:
    text = page(app, cast, actor="tomas")
    assert "Will enough people come?" in text
    assert "You can invite" not in text
    assert "Told by" not in text


def test_a_one_on_one_that_does_not_fit_offers_a_free_resident(app: Flask, cast: Cast) -> None:
    with app.app_context():
        run(service.take_from_team, cast.joanne, cast.session_id, staff_member_id=cast.farrow.id, role="resident")
    more_people(app, cast, 3)
    client = signed_in(app, cast.joanne)
    before = client.get(f"/sessions/{cast.session_id}")
    assert "Add Dr Sam Farrow" in words(before)
    assert "There are chairs for 8, but one-on-one time only for 6." in words(before)
    assert client.post(f"/sessions/{cast.session_id}/team", data={"person": f"{cast.farrow.id} resident"}).status_code == 303
    after = words(client.get(f"/sessions/{cast.session_id}"))
    assert "Add Dr Sam Farrow" not in after
    assert "one-on-one time only" not in after


def message(tx: Any, cast: Cast, who: str, channel: str, state: str, **values: Any) -> None:
    tx.add(
        OutboxMessage(
            id=ids.new_id(), clinic_id=cast.clinic_id, kind="invitation", patient_id=getattr(cast, who).id, session_id=cast.session_id, channel=channel,
            address=f"{who}@example.org", subject="Your visit", text="...", due_at=clock.now(), state=state, **values,
        )
    )  # fmt: skip


def test_each_row_says_how_the_person_was_told(app: Flask, cast: Cast) -> None:
    def arrange(tx: Any) -> None:
        message(tx, cast, "rosa", "text", "sent", delivered_at=clock.now())
        message(tx, cast, "marcus", "email", "sent")
        message(tx, cast, "gladys", "email", "failed")
        message(tx, cast, "frank", "call", "waiting")
        message(tx, cast, "teo", "email", "withdrawn")

    arranged(app, arrange)
    text = page(app, cast)
    for said in ("Rosa Delgado ✓ Yes Text, arrived", "Marcus Bell ✓ Yes E-mail, sent", "Gladys Nunn ✓ Yes ! E-mail came back", "Frank Tully ✓ Yes Call list", "Teo Alvarez ✓ Yes Not yet"):  # fmt: skip
        assert said in text


def test_a_pair_a_skipped_month_and_a_moved_date_are_said(app: Flask, cast: Cast) -> None:
    def arrange(tx: Any) -> None:
        tx.add(Pair(id=ids.new_id(), clinic_id=cast.clinic_id, first_id=cast.rosa.id, second_id=cast.marcus.id, created_at=clock.now()))
        seats_say(tx, cast, gladys="declined", teo="offered")
        tx.get_one(Seat, cast.seats["gladys"]).skips = True
        tx.get_one(Seat, cast.seats["frank"]).asked_again = True
        tx.get_one(Seat, cast.seats["rosa"]).companions = 1

    arranged(app, arrange)
    text = page(app, cast)
    for said in (
        "Rosa Delgado Comes with Marcus Bell Brings 1 person ✓ Yes, both", "× No, skips this month", "1 said no (1 skips this month).", "? Has an offer",
        "1 has an offer (dashed)", "? Yes, asked again", "1 said yes before the date moved and is asked again.", "1 care partner comes along: one chair and one meal more.",
    ):  # fmt: skip
        assert said in text


def test_a_long_list_is_shortened_until_somebody_asks_for_all(app: Flask, cast: Cast) -> None:
    more_people(app, cast, 20)
    client = signed_in(app, cast.joanne)
    short = client.get(f"/sessions/{cast.session_id}").text
    assert "Show all 26" in short
    assert short.count('data-label="Told by"') == 10
    full = client.get(f"/sessions/{cast.session_id}?seats=all").text
    assert full.count('data-label="Told by"') == 26
    assert "Show all" not in full


# --- going ahead


def test_a_date_that_does_not_go_ahead_says_so_and_leads_to_what_comes_next(app: Flask, cast: Cast) -> None:
    client, address = signed_in(app, cast.joanne), f"/sessions/{cast.session_id}/decisions"
    assert client.get(address).status_code == 200
    assert client.post(address, data={"decision": "no_go", "reason": "Two said yes"}).status_code == 303
    text = words(client.get(f"/sessions/{cast.session_id}"))
    assert "It does not go ahead" in text
    assert "Two said yes Nobody has been told yet: cancel the date, or move its people." in text
    assert client.post(f"/sessions/{cast.session_id}/decision-removals").status_code == 303
    assert "It does not go ahead" not in words(client.get(f"/sessions/{cast.session_id}"))


@pytest.mark.parametrize("before", [None, {"decision": "go", "reason": "Six and two newcomers"}])
def test_a_decision_offers_its_undo_which_brings_back_what_was_decided(app: Flask, cast: Cast, before: dict[str, str] | None) -> None:
    client, address = signed_in(app, cast.joanne), f"/sessions/{cast.session_id}/decisions"
    if before:
        client.post(address, data=before)
        client.get(f"/sessions/{cast.session_id}")
    client.post(address, data={"decision": "no_go", "reason": "Two said yes"})
    shown = client.get(f"/sessions/{cast.session_id}").text
    assert "The decision is kept." in shown and ">Undo<" in shown
    undo = re.search(r'<form[^>]*action="([^"]+)"(?:(?!</form>).)*>Undo<', shown, re.DOTALL)
    assert undo is not None and undo[1] == (address if before else f"/sessions/{cast.session_id}/decision-removals")
    assert client.post(undo[1], data=before or {}).status_code == 303
    with app.app_context():
        visit = db.session.get_one(GroupSession, cast.session_id)
        assert (visit.decision, visit.decided_because) == ((before["decision"], before["reason"]) if before else ("", ""))


def test_the_same_decision_again_has_nothing_to_undo(app: Flask, cast: Cast) -> None:
    client, address = signed_in(app, cast.joanne), f"/sessions/{cast.session_id}/decisions"
    for _ in range(2):
        client.post(address, data={"decision": "go", "reason": ""})
    assert client.get(f"/sessions/{cast.session_id}").text.count("The decision is kept.") == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "Choose whether it goes ahead."),
        ({"decision": "perhaps"}, "Not a valid choice"),
        ({"decision": "no_go", "reason": ""}, "Say why this date does not go ahead."),
        ({"decision": "no_go", "reason": "x" * 201}, "Use at most 200 characters."),
        ({"decision": "no_go", "reason": "x" * 100_000}, "Use at most 200 characters."),
    ],
)
def test_a_bad_decision_is_said_beside_its_field_and_keeps_what_was_typed(app: Flask, cast: Cast, data: dict[str, str], message: str) -> None:
    answer = signed_in(app, cast.joanne).post(f"/sessions/{cast.session_id}/decisions", data=data)
    assert answer.status_code == 400
    assert message in words(answer)
    assert data.get("reason", "") in answer.text
    with app.app_context():
        assert db.session.get_one(GroupSession, cast.session_id).decision == ""


def test_hostile_words_in_a_reason_are_only_words(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    client.post(f"/sessions/{cast.session_id}/decisions", data={"decision": "go", "reason": "<script>alert(1)</script>{{ 7*7 }}\x00"})
    text = client.get(f"/sessions/{cast.session_id}").text
    assert "<script>alert" not in text
    assert "{{ 7*7 }}" in html.unescape(text)


def test_a_decision_sent_twice_is_carried_out_once(app: Flask, cast: Cast) -> None:
    client, once = signed_in(app, cast.joanne), {"decision": "go", "reason": "", "command_id": "5d0b6bb0-6f9f-4b1e-9f43-0b1a4bb1f0aa"}
    for _ in range(2):
        assert client.post(f"/sessions/{cast.session_id}/decisions", data=once).status_code == 303


def test_too_few_close_to_the_day_lead_to_a_decision(app: Flask, cast: Cast) -> None:
    arranged(app, in_days(cast, 5))
    arranged(app, lambda tx: seats_say(tx, cast, **dict.fromkeys(("rosa", "marcus", "gladys", "teo"), "declined")))
    text = page(app, cast)
    assert "Too few" in text
    assert "It is time to decide whether it goes ahead." in text


# --- one date of two


def test_the_people_of_a_date_move_to_a_sister_date_after_a_preview(app: Flask, cast: Cast) -> None:
    target_id = arranged(app, lambda tx: sister_date(tx, cast))
    client = signed_in(app, cast.joanne)
    assert "Friday noon group" in words(client.get(f"/sessions/{cast.session_id}/mergers"))
    preview = client.get(f"/sessions/{cast.session_id}/mergers?target={target_id}")
    assert "6 keep a place" in words(preview)
    assert "Move 6 people and cancel this date" in words(preview)
    found = re.search(r'name="seen"[^>]*value="(\w+)"', preview.text) or re.search(r'value="(\w+)"[^>]*name="seen"', preview.text)
    assert found
    form = {"target_id": target_id, "seen": found[1], "reason": "Too few on Tuesday"}
    assert client.post(f"/sessions/{cast.session_id}/mergers", data={**form, "reason": ""}).status_code == 400
    changed = client.post(f"/sessions/{cast.session_id}/mergers", data={**form, "seen": "0" * 64})
    assert changed.status_code == 400
    assert "Look again: nothing has been changed." in words(changed)
    assert "Too few on Tuesday" in changed.text
    moved = client.post(f"/sessions/{cast.session_id}/mergers", data=form)
    assert moved.status_code == 303
    assert target_id in moved.location
    assert "Cancelled" in page(app, cast)
    assert "so nobody can be moved" in words(client.get(f"/sessions/{cast.session_id}/mergers"))


def test_a_sister_date_that_is_full_is_named_but_not_offered(app: Flask, cast: Cast) -> None:
    target_id = arranged(app, lambda tx: sister_date(tx, cast))
    with app.app_context(), write() as tx:
        tx.get_one(GroupSession, target_id).maximum = 1
        tx.add(Seat(id=ids.new_id(), session_id=target_id, patient_id=cast.walter.id, state="confirmed", seat_no=1, changed_at=clock.now()))
    client, address = signed_in(app, cast.joanne), f"/sessions/{cast.session_id}/mergers"
    listed = words(client.get(address))
    assert "1 place is held, none is free for newcomers." in listed
    assert "See who would move" not in listed
    asked = words(client.get(f"{address}?target={target_id}"))
    assert "Nobody can move to that date now." in asked
    assert "and cancel this date" not in asked
    refused = client.post(address, data={"target_id": target_id, "seen": "x", "reason": "Too few"})
    assert refused.status_code == 400
    assert "Cancelled" not in page(app, cast)


def test_no_sister_date_is_said_kindly_and_a_wrong_one_is_refused(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    assert "No other date of this programme is near." in words(client.get(f"/sessions/{cast.session_id}/mergers"))
    assert client.get(f"/sessions/{cast.session_id}/mergers?target={'f' * 32}").status_code == 404
    assert client.get(f"/sessions/{cast.session_id}/mergers?target={cast.session_id}").status_code == 422
    answer = client.post(f"/sessions/{cast.session_id}/mergers", data={"target_id": "f" * 32, "seen": "x", "reason": "Too few"})
    assert answer.status_code == 404


@pytest.mark.parametrize("kind", ["decisions", "mergers"])
@pytest.mark.parametrize(("actor", "status"), [("sol", 404), ("tomas", 403), ("rosa", 403)])
def test_who_may_not_decide_does_not_see_the_pages(app: Flask, cast: Cast, kind: str, actor: str, status: int) -> None:
    client = signed_in(app, getattr(cast, actor))
    assert client.get(f"/sessions/{cast.session_id}/{kind}").status_code == status
    assert client.post(f"/sessions/{cast.session_id}/{kind}", data={}).status_code == status


def test_the_group_that_over_invites_says_how_many_may_hold_a_place(app: Flask, cast: Cast) -> None:
    assert "This group does not over-invite: at most 8 can say yes." in page(app, cast)

    def over_invite(tx: Any) -> None:
        tx.get_one(Group, cast.group_id).over_inviting = True

    arranged(app, over_invite)
    assert "At most 9 may say yes or hold an offer." in page(app, cast)
