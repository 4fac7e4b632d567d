"""Whole phones on real sockets behind a bad network: stalls, cuts, sleep, a server that dies. No timings here, only what must come true.

How fast it comes true is measured by bench/live_network.py.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from groupvisits.demo.rehearsal.phones import Browser, Phone
from groupvisits.demo.rehearsal.rules import Record
from tests.live.proxy import Proxy
from tests.live.server import LiveServer

PATIENTS = ("rosa", "marcus", "gladys", "teo", "frank", "beatriz")
ENOUGH = 60  # seconds in which a loaded machine, too, gets there

pytestmark = pytest.mark.sqlite_only


class Ward:
    """A server, a bad network in front of it, a phone for each patient, the console and the wall."""

    def __init__(self, folder: Path) -> None:
        self.server = LiveServer(folder)
        self.server.start()
        self.proxy = Proxy(self.server.port, round_trip=0.1, loss=0.05, cut_after=8)
        self.phones = {who: self.phone(who) for who in PATIENTS}
        self.console, self.wall = self.phone("tomas", "facilitator"), self.phone("tomas", "display")

    @property
    def screens(self) -> list[Phone]:
        return [*self.phones.values(), self.console, self.wall]

    def phone(self, who: str, audience: str = "patient") -> Phone:
        return Phone(Browser(self.proxy.base, self.server.cookies[who]), self.server.session_id, audience, name=f"{who} {audience}").start()

    def everything_is_true(self) -> None:
        deadline = time.monotonic() + ENOUGH
        wrong = ["nothing looked at"]
        while wrong and time.monotonic() < deadline:
            wrong = [f"{phone.name}: {each}" for phone in self.screens for each in self.wrong_on(phone)]
        assert not wrong

    def wrong_on(self, phone: Phone) -> list[str]:
        try:
            return phone.untrue() + [f"unanswered: {record.name}" for record in phone.queue.store]
        except ConnectionError:
            return ["no answer"]

    def received(self) -> list[tuple[Record, str]]:
        return [(record, answer["result"]["topic_id"]) for phone in self.phones.values() for record, kind, answer in phone.answers if kind == "done"]

    def close(self) -> None:
        for phone in self.screens:
            phone.close()
        self.proxy.close()
        self.server.close()


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    made = Ward(tmp_path)
    yield made
    made.close()


def test_stalls_cuts_and_sleep_lose_and_double_nothing(ward: Ward) -> None:
    for number in range(4):
        for who, phone in ward.phones.items():
            phone.do("agenda:propose", words=f"{who} asks {number}", route="group")
        ward.proxy.cut()
        ward.phones["gladys"].sleep()
        ward.phones["teo"].until(lambda phone: phone.answers, 2)
        ward.phones["gladys"].wake()
    ward.everything_is_true()
    rows = ward.server.rows("SELECT words, count(*) FROM topics GROUP BY words")
    assert len(rows) == 4 * len(PATIENTS) and all(times == 1 for _, times in rows)
    assert ward.proxy.cuts


def test_a_server_killed_in_the_middle_loses_nothing_that_was_received(ward: Ward) -> None:
    for number in range(6):
        for who, phone in ward.phones.items():
            phone.do("agenda:propose", words=f"{who} asks {number}", route="group")
    assert ward.phones["rosa"].until(lambda phone: len(phone.answers) >= 2, ENOUGH)
    ward.server.kill()
    before = {topic_id for _, topic_id in ward.received()}
    assert before <= {topic_id for (topic_id,) in ward.server.rows("SELECT id FROM topics")}  # looked at before anybody sends again
    ward.server.start()
    ward.everything_is_true()
    rows = ward.server.rows("SELECT words, count(*) FROM topics GROUP BY words")
    assert len(rows) == 6 * len(PATIENTS) and all(times == 1 for _, times in rows)


def test_a_frozen_network_that_thaws_brings_everything(ward: Ward) -> None:
    ward.proxy.freeze()
    record = ward.phones["rosa"].do("agenda:propose", words="Said into the void", route="group")
    assert ward.phones["rosa"].answer_to(record, 1) is None
    ward.proxy.thaw()
    ward.everything_is_true()
    assert ward.server.rows("SELECT count(*) FROM topics") == [(1,)]
