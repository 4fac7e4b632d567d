"""The board and its buttons without script."""

import re

from flask import Flask

from groupvisits.core import clock, transaction
from groupvisits.extensions import db
from groupvisits.sessions import service as sessions
from groupvisits.slots import queries, service
from tests.cast import Cast, signed_in
from tests.sessions.arrange import counted


def opened_with(app: Flask, cast: Cast, *names: str) -> None:
    with app.app_context():
        transaction.run(sessions.open_session, cast.tomas, cast.session_id)
        for name in names:
            transaction.run(sessions.check_in, cast.joanne, cast.session_id, cast.seats[name])


def slot_id(app: Flask, cast: Cast, name: str) -> str:
    with app.app_context():
        slot = queries.slot_of_seat(db.session(), cast.seats[name])
        assert slot is not None
        return slot.id


def test_an_empty_board_offers_to_plan(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.osei)
    page = client.get(f"/sessions/{cast.session_id}/slots").text
    assert "No one-on-ones are planned yet." in page
    answer = client.post(f"/sessions/{cast.session_id}/commands/slots:plan", data={"command_id": "1", "back_to": f"/sessions/{cast.session_id}/slots"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/sessions/{cast.session_id}/slots")
    page = client.get(f"/sessions/{cast.session_id}/slots").text
    assert "Rosa" in page
    assert "You can call people once it is open." in page


def test_nobody_waits(app: Flask, cast: Cast) -> None:
    opened_with(app, cast)
    assert re.search(r"Nobody waits. Your next is at .*\d:\d\d[ap]m", signed_in(app, cast.osei).get(f"/sessions/{cast.session_id}/slots").text)


def test_a_resident_sees_patients_through_without_script(app: Flask, cast: Cast) -> None:
    opened_with(app, cast, "rosa", "gladys")
    client, board = signed_in(app, cast.osei), f"/sessions/{cast.session_id}/slots"
    rosa, gladys = slot_id(app, cast, "rosa"), slot_id(app, cast, "gladys")

    def press(name: str, **fields: str) -> str:
        answer = client.post(f"/sessions/{cast.session_id}/commands/slots:{name}", data={"back_to": board, **fields}, follow_redirects=True)
        assert answer.status_code == 200
        return answer.text

    assert "Call Rosa" in client.get(board).text
    assert "Start with Rosa" in press("call", slot_id=rosa)
    assert "Finish Rosa, call Gladys" in press("start", slot_id=rosa)
    assert "Start with Gladys" in press("call_next", slot_id=gladys, finish_slot_id=rosa)


def test_a_refused_button_says_why(app: Flask, cast: Cast) -> None:
    opened_with(app, cast, "rosa")
    client, rosa = signed_in(app, cast.osei), slot_id(app, cast, "rosa")
    refused = client.post(f"/sessions/{cast.session_id}/commands/slots:finish", json={"command_id": "1", "body": {"slot_id": rosa}})
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_started")


def test_the_running_order_comes_alone_for_pages_that_show_it_beside_something(app: Flask, cast: Cast) -> None:
    opened_with(app, cast, "rosa")
    part = signed_in(app, cast.osei).get(f"/sessions/{cast.session_id}/slots?part=order&back_to=/notes/x").text
    assert "<html" not in part
    assert 'value="/notes/x"' in part


def test_who_left_the_team_still_stands_over_the_people_they_saw(app: Flask, cast: Cast) -> None:
    opened_with(app, cast, "rosa", "marcus")
    with app.app_context():
        for resident, who in ((cast.osei, "rosa"), (cast.farrow, "marcus")):
            slot = queries.slot_of_seat(db.session(), cast.seats[who])
            assert slot is not None and slot.provider_id == resident.id
            transaction.run(service.start, resident, cast.session_id, slot_id=slot.id)
            transaction.run(sessions.take_from_team, cast.joanne, cast.session_id, staff_member_id=resident.id, role="resident")
        with counted(app) as statements:
            board = queries.board_for(db.session(), cast.adler, cast.session_id, clock.now())
    with_them = {order.provider.name: order.with_them.name for order in board.others if order.with_them}
    assert with_them == {"Dr Hana Osei": "Rosa", "Dr Sam Farrow": "Marcus"}
    assert sum("FROM staff_members" in statement for statement in statements) == 2  # the residents there are, and those who left


def test_an_address_elsewhere_is_not_gone_back_to(app: Flask, cast: Cast) -> None:
    opened_with(app, cast, "rosa")
    assert "evil" not in signed_in(app, cast.osei).get(f"/sessions/{cast.session_id}/slots?back_to=//evil.example").text


def test_others_do_not_see_the_board(app: Flask, cast: Cast) -> None:
    for somebody, status in ((cast.sol, 404), (cast.joanne, 403), (cast.nia, 403), (cast.rosa, 403), (cast.quinn, 403), (cast.ada, 403)):
        assert signed_in(app, somebody).get(f"/sessions/{cast.session_id}/slots").status_code == status
    assert signed_in(app, cast.adler).get(f"/sessions/{cast.session_id}/slots").status_code == 200
    assert app.test_client().get(f"/sessions/{cast.session_id}/slots", headers={"Accept": "application/json"}).status_code == 401
