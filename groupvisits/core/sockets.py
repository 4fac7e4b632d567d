"""The Socket.IO door: who is behind a socket, and commands that are acknowledged after their commit and never before.

Handlers are registered on python-socketio itself: Flask's request context would cost more than all checks together. A socket is
known by the browser session it connected with, looked up again at every event, so that a sign-out bites at once.
A handler that fails unexpectedly acknowledges nothing: the phone keeps the command and sends it again.
"""

from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any

import structlog
from flask import Flask
from socketio import Namespace
from socketio.exceptions import ConnectionRefusedError as Unwelcome

from groupvisits.core import ids
from groupvisits.core.actor import Actor
from groupvisits.core.commands import Command, is_id, run_live_command
from groupvisits.core.errors import DomainError, Invalid, NotAllowed, SignInNeeded
from groupvisits.core.events import RequestRefused
from groupvisits.core.forms import BaseForm, parse_body
from groupvisits.core.language import LANGUAGES, words
from groupvisits.core.pace import Pace, TooFast
from groupvisits.extensions import db

log = structlog.get_logger("sockets")
NOT_AN_EVENT = "socket"  # what is on record as asked for where it was no event of ours
FindActor = Callable[[Any, str], Actor | None]  # in this transaction, by the fingerprint of a browser session


class SocketDoor:
    """The events of one application and the sockets connected to it."""

    def __init__(self, app: Flask, *, policies: dict[str, Any], find_actor: FindActor, origins: set[str]) -> None:
        self.app, self.policies, self.find_actor, self.origins = app, policies, find_actor, origins
        self.actions: dict[str, str] = {}
        self._tokens: dict[str, str] = {}  # sid -> fingerprint of the browser session
        self._languages: dict[str, str] = {}
        self._pace: Pace = app.extensions["pace"]
        self.on_disconnect: list[Callable[[str], None]] = []
        self.on_command: list[Callable[[Any, Actor], None]] = []  # a command is something a person did, unlike all other socket traffic
        self.server: Any = app.extensions["socketio"].server
        self.server.on("connect", self._connect)
        self.server.on("disconnect", self._disconnect)
        self.server.register_namespace(_UnknownEvents(self))

    def event(self, name: str, *, action: str, handler: Callable[[str, Actor, Any], Any]) -> None:
        """Answer `name` with `handler(sid, actor, data)` for those the table lets do `action`; its result is the acknowledgement."""

        def read(sid: str, data: Any) -> Any:
            with self.app.app_context():
                return handler(sid, self._reader(sid, action), data)

        self._answer(name, action, read)

    def command(self, name: str, *, action: str, form: type[BaseForm], verb: Any) -> None:
        """Answer `{command_id, session_id, body}` by carrying out `verb(tx, actor, session_id, **body)` once."""

        def handler(sid: str, data: Any) -> dict[str, Any]:
            if not isinstance(data, dict) or not (is_id(data.get("command_id")) and is_id(data.get("session_id"))):
                raise Invalid
            body = data.get("body", {})
            entered = parse_body(form, body)
            command = Command(data["command_id"], name, {"session_id": data["session_id"], **body})
            return run_live_command(self.app, verb, lambda tx: self._sender(tx, sid, action), command, data["session_id"], **entered)

        self._answer(name, action, handler)

    def _answer(self, name: str, action: str, handler: Callable[[str, Any], Any]) -> None:
        self.actions[name] = action

        def answer(sid: str, data: Any = None, *more: Any) -> dict[str, Any]:
            try:  # in no context of Flask: it would cost as much as reading the message
                self._check_pace(sid)
                if more:
                    raise Invalid
                return {"ok": True, "result": handler(sid, data)}
            except DomainError as error:
                with self.app.app_context():
                    return self._refuse(sid, name, error)

        self.server.on(name, answer)

    def is_own_origin(self, origin: str, environ: dict[str, Any]) -> bool:
        """PUBLIC_URL, or the very address this request came to: a phone may have typed the server's address in the clinic's network."""
        return origin in self.origins or origin == f"{environ.get('wsgi.url_scheme', 'http')}://{environ.get('HTTP_HOST', '')}"

    def language(self, sid: str) -> str:
        return self._languages.get(sid, "en")

    def token(self, sid: str) -> str:
        return self._tokens.get(sid, "")

    def disconnect_all(self, token: str) -> None:
        """End every socket that came with this browser session."""
        for sid in [sid for sid, theirs in self._tokens.items() if theirs == token]:
            self.server.disconnect(sid)

    def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        if sid in self._tokens:
            return  # connected long ago: a client may send an event of this name, too
        # Engine.IO lets a missing origin pass; browsers always send one with a socket, so what comes without has no business here.
        if not self.is_own_origin(environ.get("HTTP_ORIGIN", ""), environ):
            raise Unwelcome("origin")
        token = ids.fingerprint(_cookie(environ, self.app.config["SESSION_COOKIE_NAME"]))
        with self.app.app_context():
            try:
                if self.find_actor(db.session(), token) is None:
                    raise Unwelcome("sign_in_needed")
            finally:
                db.session.rollback()
        self._tokens[sid] = token
        asked = auth.get("language") if isinstance(auth, dict) else None
        self._languages[sid] = asked if asked in LANGUAGES else "en"

    def _disconnect(self, sid: str, *_reason: Any) -> None:
        if self.server.manager.is_connected(sid, "/"):
            return  # an event of this name, sent by a client that would go on listening while nobody knows whose it is
        for listener in self.on_disconnect:
            with self.app.app_context():
                listener(sid)
        self._tokens.pop(sid, None)
        self._languages.pop(sid, None)

    def unknown_event(self, sid: str) -> None:
        with self.app.app_context():
            try:
                self._check_pace(sid)
                self._put_on_record(sid, NOT_AN_EVENT, "unknown_event")
            except TooFast as error:
                self._refuse(sid, NOT_AN_EVENT, error)

    def frame_refused(self, engine_id: str, code: str) -> None:
        """The browser with this id of Engine.IO sent what no page of ours sends; its socket ends."""
        with self.app.app_context():
            self._put_on_record(self.server.manager.sid_from_eio_sid(engine_id, "/") or "", NOT_AN_EVENT, code)

    def plain_request(self, environ: dict[str, Any]) -> None:
        """Somebody asks where sockets are without being one, as Socket.IO's polling does. It is refused, whatever it holds."""
        token = ids.fingerprint(_cookie(environ, self.app.config["SESSION_COOKIE_NAME"]))
        with self.app.app_context():
            self._put_token_on_record(token, NOT_AN_EVENT, "not_a_websocket")

    def _check_pace(self, sid: str) -> None:
        self._pace.check(self._tokens.get(sid, ""))

    def _reader(self, sid: str, action: str) -> Actor:
        actor = self.find_actor(db.session(), self._tokens.get(sid, ""))
        db.session.rollback()  # an idle socket must not pin an old view of the database
        return self._permitted(actor, action)

    def _sender(self, tx: Any, sid: str, action: str) -> Actor:
        """Who sends a command, looked up in the command's own transaction."""
        actor = self._permitted(self.find_actor(tx, self._tokens.get(sid, "")), action)
        for listener in self.on_command:
            listener(tx, actor)
        return actor

    def _permitted(self, actor: Actor | None, action: str) -> Actor:
        if actor is None:
            raise SignInNeeded
        if not self.policies[action].could(actor, action):
            raise NotAllowed
        return actor

    def _refuse(self, sid: str, name: str, error: DomainError) -> dict[str, Any]:
        db.session.rollback()
        if error.is_on_record:
            self._put_on_record(sid, name, error.code)
        return {"ok": False, "error": {"code": error.code, "message": words(error, self.language(sid)), "field": error.field, **error.told}}

    def _put_on_record(self, sid: str, name: str, code: str) -> None:
        self._put_token_on_record(self._tokens.get(sid, ""), name, code)

    def _put_token_on_record(self, token: str, name: str, code: str) -> None:
        actor = self.find_actor(db.session(), token)
        db.session.rollback()
        if actor is not None:
            self.app.extensions["listeners"].tell_after(RequestRefused(actor, name, code))


class _UnknownEvents(Namespace):
    """Hears what no handler is registered for, and answers nothing. A handler for "*" would take an event that is called so for any other."""

    def __init__(self, door: SocketDoor) -> None:
        super().__init__("/")
        self.door = door

    def trigger_event(self, event: str, *args: Any) -> Any:
        self.door.unknown_event(args[0])
        return self.door.server.not_handled


def _cookie(environ: dict[str, Any], name: str) -> str:
    try:
        morsel = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""
