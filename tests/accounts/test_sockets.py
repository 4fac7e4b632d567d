"""A sign-out, a disabled account and changed roles reach the sockets that are open, and every copy of the cookie."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from groupvisits.accounts import service
from groupvisits.core.transaction import run
from tests.cast import Cast, signed_in


def socket_of(app: Flask, browser: FlaskClient):
    return app.extensions["socketio"].test_client(app, headers={"Origin": "http://localhost"}, flask_test_client=browser)


def asks(socket, cast: Cast) -> dict[str, object]:
    return socket.emit("live:subscribe", {"session_id": cast.session_id, "audience": "facilitator"}, callback=True)


@pytest.fixture
def tomas(app: Flask, cast: Cast) -> FlaskClient:
    return signed_in(app, cast.tomas)


@pytest.fixture
def thief(app: Flask, tomas: FlaskClient) -> FlaskClient:
    """Another browser with a copy of Tomas's cookie."""
    copy = app.test_client()
    copy.set_cookie("groupvisits", tomas.get_cookie("groupvisits").value)  # type: ignore[union-attr]
    return copy


def test_after_a_sign_out_a_copied_cookie_is_dead_at_both_doors(app: Flask, cast: Cast, tomas: FlaskClient, thief: FlaskClient) -> None:
    open_socket = socket_of(app, thief)
    assert asks(open_socket, cast)["ok"]
    assert thief.get("/today").status_code == 200
    tomas.post("/sign-outs")
    assert not open_socket.is_connected()
    assert thief.get("/today").status_code == 302
    assert not socket_of(app, thief).is_connected()


def test_the_next_event_is_refused_even_if_the_socket_stayed_open(
    app: Flask, cast: Cast, tomas: FlaskClient, thief: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_socket = socket_of(app, thief)
    monkeypatch.setattr(app.extensions["socket_door"], "disconnect_all", lambda _fingerprint: None)
    tomas.post("/sign-outs")
    assert asks(open_socket, cast)["error"]["code"] == "sign_in_needed"  # type: ignore[index]


@pytest.mark.parametrize("verb", [service.disable, service.reset_second_factor])
def test_what_an_administrator_ends_is_over_at_once(app: Flask, cast: Cast, tomas: FlaskClient, verb) -> None:
    open_socket = socket_of(app, tomas)
    with app.app_context():
        run(verb, cast.ada, cast.tomas.id)
    assert not open_socket.is_connected()
    assert tomas.get("/today").status_code == 302


def test_a_newcomer_without_the_second_factor_hears_nothing(app: Flask, cast: Cast, tomas: FlaskClient) -> None:
    with tomas.session_transaction() as browser_session:
        browser_session["needs_second_factor"] = True
    assert asks(socket_of(app, tomas), cast)["error"]["code"] == "not_allowed"  # type: ignore[index]


def test_a_socket_from_a_foreign_page_is_not_let_in(app: Flask, tomas: FlaskClient) -> None:
    assert not app.extensions["socketio"].test_client(app, headers={"Origin": "http://evil.example"}, flask_test_client=tomas).is_connected()
