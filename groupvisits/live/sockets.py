"""Live commands of the room, subscribing to it, who is in it, and its tick."""

import time
from typing import Any

import structlog
from flask import Flask, current_app

from groupvisits.accounts.actors import actor_of_token
from groupvisits.accounts.browser_sessions import SEEN_EVERY, live_row, touch
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.doors import live_command
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.forms import parse_body
from groupvisits.core.transaction import Transaction, run, turn
from groupvisits.extensions import db
from groupvisits.live import forms, queries, service
from groupvisits.live.events import personal_room, room_of
from groupvisits.live.plain_topics import SomePeople
from groupvisits.live.presence import STILL_SIGNED_IN_EVERY, Presence, Subscriber
from groupvisits.live.projections import project
from groupvisits.sessions.service import close_session

log = structlog.get_logger("live")
TICK_SECONDS = 10
AT_A_LOOK = 5  # sockets looked up together: a fraction of a millisecond
BREATH = 0.001  # seconds; none at all would only let pass who is ready already, not who is heard just now


def init_app(app: Flask) -> None:
    live_command(app, "live:phase", form=forms.PhaseForm, verb=service.go_to_phase)
    live_command(app, "live:curtain", form=forms.CurtainForm, verb=service.draw_curtain)
    live_command(app, "live:gather", form=forms.GatherForm, verb=service.gather_topics)
    live_command(app, "live:prompt", form=forms.PromptForm, verb=service.say_prompt)
    live_command(app, "live:phase_owner", form=forms.PhaseOwnerForm, verb=service.give_phase)
    live_command(app, "live:share_time", form=forms.NothingForm, verb=service.share_time)
    live_command(app, "live:hand_over", form=forms.HandOverForm, verb=service.hand_over)
    live_command(app, "live:take_over", form=forms.NothingForm, verb=service.take_over)
    live_command(app, "live:ask_room", form=forms.AskRoomForm, verb=service.ask_room)
    live_command(app, "live:answer_poll", form=forms.AnswerPollForm, verb=service.answer_poll)
    live_command(app, "live:end_poll", form=forms.PollForm, verb=service.end_poll)
    live_command(app, "live:wish", form=forms.WishForm, verb=service.wish)
    live_command(app, "live:listen", form=forms.ListenForm, verb=service.listen)
    live_command(app, "live:take_alarm", form=forms.TakeAlarmForm, verb=service.take_alarm)
    live_command(app, "live:end_alarm", form=forms.EndAlarmForm, verb=service.end_alarm)
    live_command(app, "live:admit", form=forms.AdmitForm, verb=service.admit_guest)
    live_command(app, "live:close", form=forms.CloseForm, verb=close_session)
    door = app.extensions["socket_door"]
    door.event("live:subscribe", action="live:subscribe", handler=subscribe)
    door.on_disconnect.append(left)
    door.on_command.append(keep_signed_in)
    app.extensions["ticks"].append((TICK_SECONDS, Ticker()))


def subscribe(sid: str, actor: Actor, data: Any) -> dict[str, Any]:
    """The socket hears this room as this audience from now on, and no other room. Refuses like the snapshot."""
    asked = parse_body(forms.SubscribeForm, data)
    session_id, audience = asked["session_id"], asked["audience"]
    place = queries.place_in_room(db.session(), actor, session_id, audience)
    now = Subscriber(session_id, audience, actor.id, actor.browser_session)
    if not _server().manager.is_connected(sid, "/"):
        return {}  # it hung up while the database was asked: nobody would ever say again that it left
    before = _presence().enter(sid, now)
    _presence().acted(actor.browser_session)
    if before is not None and before != now:
        for room in _rooms(before):
            _server().leave_room(sid, room)
        _tell_presence(before)
    for room in _rooms(now):
        _server().enter_room(sid, room)
    with turn():  # what is being written just now was told without this socket: it is committed before the snapshot is asked for
        pass
    if before != now:
        _tell_presence(now)
    return {"epoch": place.group_session.epoch, "version": place.group_session.version, "audience": audience, "owner": actor.key}


def keep_signed_in(tx: Transaction, actor: Actor) -> None:
    """Who leads a visit by socket alone is not idle. Written at most once a minute, like a click on a page, together with what they did."""
    presence = _presence()
    presence.acted(actor.browser_session)
    if presence.is_to_be_noted(actor.browser_session):
        touch(tx, actor.browser_session)


def _still_here(browser_session: str) -> None:
    row = live_row(browser_session)
    if row is not None and row.seen_at < clock.now() - SEEN_EVERY:
        run(touch, browser_session)


def left(sid: str) -> None:
    subscriber = _presence().leave(sid)
    if subscriber is not None:
        _tell_presence(subscriber)


class Ticker:
    """Every ten seconds each watched room hears its version and the time; sockets of whoever may not listen any more are ended."""

    def __init__(self) -> None:
        self._checked_at = 0.0

    def __call__(self) -> None:
        presence = _presence()
        if time.monotonic() - self._checked_at >= STILL_SIGNED_IN_EVERY:
            self._checked_at = time.monotonic()
            for browser_session in presence.leading():
                _still_here(browser_session)
            end_run_out_sockets()
        versions = queries.versions_of(db.session(), presence.session_ids())
        db.session.rollback()
        for session_id, (epoch, version) in versions.items():
            tick = {"epoch": epoch, "version": version, "server_now": clock.now().isoformat()}
            for audience in ("patient", "facilitator", "clinician", "display"):
                _server().emit("session:tick", tick, to=room_of(session_id, audience), ignore_queue=True)  # other processes have ticks of their own
            time.sleep(BREATH)  # forty rooms at once would keep every proposal waiting


def end_run_out_sockets() -> None:
    """Listening is no activity: a staff member who has been idle too long hears nothing more either.

    Nor does whoever has no business in the room any more: what another process did to their place or sign-in, this one was not told.
    """
    sockets = _presence().subscribers()
    listening = list(set(sockets.values()))
    ended: set[Subscriber] = set()
    for first in range(0, len(listening), AT_A_LOOK):
        ended |= {subscriber for subscriber in listening[first : first + AT_A_LOOK] if not _may_listen(subscriber)}
        db.session.rollback()
        time.sleep(BREATH)  # hundreds of phones are looked up: what somebody says just now comes first
    for sid, subscriber in sockets.items():
        if subscriber in ended:
            _server().disconnect(sid)


def _may_listen(subscriber: Subscriber) -> bool:
    actor = actor_of_token(subscriber.browser_session)
    if actor is None or actor.id != subscriber.person_id:
        return False
    try:
        queries.place_in_room(db.session(), actor, subscriber.session_id, subscriber.audience)
    except (NotFound, NotAllowed):
        return False
    return True


def _tell_presence(subscriber: Subscriber) -> None:
    """The facilitator sees whose phone is live. Nothing was written, so the message has no version of its own: since == version."""
    if subscriber.audience != "patient" or not _presence().is_led(subscriber.session_id):
        return
    try:
        body = project("facilitator", SomePeople.facts_about(db.session(), subscriber.session_id, subscriber.person_id))
        body["since"] = body["version"]
        _server().emit("session:changed", body, to=room_of(subscriber.session_id, "facilitator"))
    except Exception:
        log.exception("presence_failed", session=subscriber.session_id)
    finally:
        db.session.rollback()


def _rooms(subscriber: Subscriber) -> list[str]:
    rooms = [room_of(subscriber.session_id, subscriber.audience)]
    if subscriber.audience in ("patient", "clinician"):
        rooms.append(personal_room(subscriber.session_id, subscriber.audience, subscriber.person_id))
    return rooms


def _presence() -> Presence:
    return current_app.extensions["presence"]


def _server() -> Any:
    return current_app.extensions["socket_door"].server
