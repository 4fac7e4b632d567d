"""A wrong tap on an answer is taken back by the same verb, with one button."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from groupvisits.core import transaction
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.extensions import db
from groupvisits.sessions import queries
from groupvisits.sessions.models import Seat
from tests.cast import Cast, signed_in


def undo_on(client: FlaskClient, cast: Cast) -> tuple[str, dict[str, str]] | None:
    page = client.get(f"/sessions/{cast.session_id}").text
    shown = re.search(r'class="gv-card gv-notice gv-card--green gv-undo".*?</form>', page, re.DOTALL)
    if shown is None:
        return None
    action = re.search(r'action="([^"]+)"', shown[0])
    assert action is not None
    return action[1], dict(re.findall(r'name="(seat_id|answer|command_id)" value="([^"]*)"', shown[0]))


def seat(app: Flask, cast: Cast, who: str) -> tuple[str, int | None]:
    with app.app_context():
        found = db.session.get_one(Seat, cast.seats[who])
        return found.state, found.seat_no


@pytest.mark.parametrize(("state", "answer"), [("confirmed", "no"), ("declined", "yes"), ("invited", "yes"), ("invited", "no"), ("confirmed", "open")])
def test_undo_brings_the_former_answer_back_once(app: Flask, cast: Cast, state: str, answer: str) -> None:
    with app.app_context(), transaction.write() as tx:
        row = tx.get_one(Seat, cast.seats["rosa"])
        row.state, row.seat_no = state, row.seat_no if state == "confirmed" else None
    client = signed_in(app, cast.joanne)
    client.post(f"/sessions/{cast.session_id}/answers", data={"seat_id": cast.seats["rosa"], "answer": answer})
    assert seat(app, cast, "rosa")[0] != state
    undo = undo_on(client, cast)
    assert undo is not None
    assert undo_on(client, cast) is None  # said once
    assert client.post(undo[0], data=undo[1]).status_code == 303
    assert seat(app, cast, "rosa")[0] == state


def test_the_same_answer_again_has_nothing_to_take_back(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.joanne)
    client.post(f"/sessions/{cast.session_id}/answers", data={"seat_id": cast.seats["rosa"], "answer": "yes"})
    assert undo_on(client, cast) is None


@pytest.mark.usefixtures("context")
def test_what_an_answer_was_is_told_to_those_who_keep_the_list(cast: Cast) -> None:
    assert queries.answer_now(db.session(), cast.joanne, cast.session_id, cast.seats["rosa"]) == "yes"
    assert queries.answer_now(db.session(), cast.joanne, cast.session_id, "nobody") == ""
    with pytest.raises(NotFound):
        queries.answer_now(db.session(), cast.sol, cast.session_id, cast.seats["rosa"])
    with pytest.raises(NotAllowed):
        queries.answer_now(db.session(), cast.tomas, cast.session_id, cast.seats["rosa"])
