"""Sockets of people who are signed in, without a server: what real sockets add is tried in test_live_server."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from groupvisits.core.actor import Actor
from groupvisits.core.transaction import run
from groupvisits.sessions.service import open_session
from tests.cast import Cast, signed_in


class Phone:
    """One signed-in browser with its socket; `messages` are what it was sent, `ask` is answered by an acknowledgement."""

    def __init__(self, app: Flask, actor: Actor, browser: FlaskClient | None = None) -> None:
        self.actor = actor
        self.browser = browser or signed_in(app, actor)
        self.socket = app.extensions["socketio"].test_client(app, headers={"Origin": "http://localhost"}, flask_test_client=self.browser)

    def ask(self, name: str, data: Any) -> dict[str, Any]:
        return self.socket.emit(name, data, callback=True)

    def send(self, session_id: str, name: str, command_id: str = "", **body: Any) -> dict[str, Any]:
        return self.ask(name, {"command_id": command_id or str(uuid.uuid4()), "session_id": session_id, "body": body})

    def subscribe(self, session_id: str, audience: str) -> dict[str, Any]:
        answer = self.ask("live:subscribe", {"session_id": session_id, "audience": audience})
        self.messages()
        return answer

    def messages(self, name: str = "") -> list[dict[str, Any]]:
        return [m["args"][0] for m in self.socket.get_received() if not name or m["name"] == name]

    def snapshot(self, session_id: str, audience: str) -> Any:
        return self.browser.get(f"/sessions/{session_id}/snapshot?audience={audience}", headers={"X-Background": "1", "Accept": "application/json"})


@pytest.fixture
def phone(app: Flask, cast: Cast) -> Iterator[Callable[[Actor], Phone]]:
    made: list[Phone] = []

    def connect(actor: Actor) -> Phone:
        made.append(Phone(app, actor))
        return made[-1]

    yield connect
    for each in made:
        if each.socket.is_connected():
            each.socket.disconnect()


@pytest.fixture
def opened(app: Flask, cast: Cast) -> str:
    """The Tuesday group's visit, open."""
    with app.app_context():
        run(open_session, cast.tomas, cast.session_id)
    return cast.session_id
