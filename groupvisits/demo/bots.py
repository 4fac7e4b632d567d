"""Simulated participants: each follows a patient's link like a person would, then proposes and supports topics over a real socket.

The little Socket.IO client here speaks just enough of the protocol, so that the demo needs nothing beyond the runtime's packages.
"""

import itertools
import json
import random
import re
import threading
import time
import urllib.error
import urllib.request
import uuid
from datetime import timedelta
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode, urlsplit

import click
import simple_websocket
from sqlalchemy import select

from groupvisits.accounts.models import PatientLink
from groupvisits.core import clock, ids
from groupvisits.core.transaction import Transaction, run
from groupvisits.demo import content
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import GroupSession, Seat

KEPT_FOR_PEOPLE = 2  # the first patients of the list are left to whoever tries the demo


def play(base: str, minutes: int) -> None:
    """Let the bots act for `minutes`, or until the server stops answering."""
    if not _wait_for_server(base):
        raise click.ClickException(f"No server answers at {base}.")
    session_id, links = run(_fresh_links)
    ends = time.monotonic() + minutes * 60
    words = iter(content.BOT_TOPICS)
    threads = [threading.Thread(target=_take_part, args=(base, link, session_id, words, ends, number), daemon=True) for number, link in enumerate(links)]
    for thread in threads:
        thread.start()
    click.echo(f"{len(threads)} simulated participants are in the room for {minutes} minutes.")
    for thread in threads:
        thread.join()


def _wait_for_server(base: str) -> bool:
    for _ in range(120):
        try:
            with urllib.request.urlopen(f"{base}/healthz", timeout=5) as answer:  # noqa: S310
                return answer.status == 200
        except OSError:
            time.sleep(0.5)
    return False


def _fresh_links(tx: Transaction) -> tuple[str, list[str]]:
    visit = tx.scalars(select(GroupSession).where(GroupSession.state == "open").order_by(GroupSession.starts_at.desc())).first()
    if visit is None:
        raise click.ClickException("No visit is open. Make the demo first.")
    here = tx.scalars(
        select(Patient).join(Seat, Seat.patient_id == Patient.id).where(Seat.session_id == visit.id, Seat.state == "arrived").order_by(Seat.slip_number)
    ).all()
    tokens, now = [], clock.now()
    for patient in here[KEPT_FOR_PEOPLE:]:
        token = ids.new_token()
        tx.add(PatientLink(id=ids.fingerprint(token), clinic_id=patient.clinic_id, patient_id=patient.id, made_at=now, ends_at=now + timedelta(hours=2)))
        tokens.append(token)
    return visit.id, tokens


def _take_part(base: str, token: str, session_id: str, words: Any, ends: float, number: int) -> None:
    dice = random.Random(number)
    try:
        phone = Phone(base, session_id)
        phone.enter(token)
        phone.connect()
        time.sleep(2 + number * 1.5)
        while time.monotonic() < ends and phone.is_connected:
            topics = [t for t in phone.snapshot()["topics"] if t["state"] in ("new", "planned")]
            text = next(words, None) if dice.random() < 0.35 else None
            if text:
                phone.send("agenda:propose", {"words": text, "route": "group", "shows_name": dice.random() < 0.5})
            elif topics:
                phone.send("agenda:support", {"topic_id": dice.choice(topics)["id"], "on": True})
            time.sleep(dice.uniform(4, 14))
    except (OSError, simple_websocket.ConnectionClosed, urllib.error.URLError):
        return  # the server was stopped: the visit is over for a bot


class Phone:
    """One simulated phone: its cookie, its pages and its socket."""

    def __init__(self, base: str, session_id: str) -> None:
        self.base, self.session_id = base, session_id
        self.cookies = CookieJar()
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.socket: Any = None
        self.numbers = itertools.count()
        self.answers: dict[int, Any] = {}

    def enter(self, token: str) -> None:
        """Open the link and tap the button."""
        page = self.browser.open(f"{self.base}/links/{token}", timeout=10).read().decode()
        csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page) or re.search(r'content="([^"]+)"[^>]*name="csrf-token"', page)
        form = urlencode({"csrf_token": csrf.group(1) if csrf else ""}).encode()
        self.browser.open(f"{self.base}/links/{token}", data=form, timeout=10).read()

    def connect(self) -> None:
        parts = urlsplit(self.base)
        cookie = "; ".join(f"{c.name}={c.value}" for c in self.cookies)
        headers: Any = {"Cookie": cookie, "Origin": self.base}
        self.socket = simple_websocket.Client(f"ws://{parts.netloc}/socket.io/?EIO=4&transport=websocket", headers=headers)
        self.socket.receive(timeout=10)  # the engine's opening
        self.socket.send("40")
        threading.Thread(target=self._listen, daemon=True).start()
        time.sleep(0.5)
        self._emit("live:subscribe", {"session_id": self.session_id, "audience": "patient"})

    @property
    def is_connected(self) -> bool:
        return bool(self.socket and self.socket.connected)

    def send(self, name: str, body: dict[str, Any]) -> None:
        self._emit(name, {"command_id": str(uuid.uuid4()), "session_id": self.session_id, "body": body})

    def snapshot(self) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310
            f"{self.base}/sessions/{self.session_id}/snapshot?audience=patient", headers={"X-Background": "1", "Accept": "application/json"}
        )
        return json.loads(self.browser.open(request, timeout=10).read())

    def _emit(self, name: str, data: dict[str, Any]) -> None:
        self.socket.send(f"42{next(self.numbers)}{json.dumps([name, data])}")

    def _listen(self) -> None:
        while self.is_connected:
            try:
                frame = self.socket.receive(timeout=30)
            except simple_websocket.ConnectionClosed:
                return
            if frame == "2":
                self.socket.send("3")
