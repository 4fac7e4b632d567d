"""Over real sockets, with a real server: phones that are cut off, and a server that is killed."""

import json
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from groupvisits.demo.rehearsal.phones import Browser
from tests.live.server import ROOT, LiveServer, until

PATIENTS = ("rosa", "marcus", "gladys", "teo", "frank", "beatriz")
ENOUGH_ACKS = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    made = LiveServer(tmp_path_factory.mktemp("live"))
    made.start()
    yield made
    made.close()


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[[str], LiveServer]]:
    made: list[LiveServer] = []

    def start(script: str) -> LiveServer:
        made.append(LiveServer(tmp_path, script))
        made[-1].start()
        return made[-1]

    yield start
    for each in made:
        each.close()


def propose(session_id: str, words: str) -> dict[str, Any]:
    return {"command_id": str(uuid.uuid4()), "session_id": session_id, "body": {"words": words, "route": "group"}}


def stored(server: LiveServer, command_id: str) -> list[tuple[Any, ...]]:
    return server.rows("SELECT result FROM commands WHERE id = ?", command_id)


def test_a_phone_cut_between_commit_and_acknowledgement_sends_again_and_nothing_is_doubled(server: LiveServer) -> None:
    watcher = server.phone("marcus")
    assert watcher.ask("live:subscribe", {"session_id": server.session_id, "audience": "patient"})["ok"]
    phone, command = server.phone("rosa"), propose(server.session_id, "Cut off")
    phone.send("agenda:propose", command)
    until(lambda: stored(server, command["command_id"]))  # committed, and the phone has not read a word
    phone.cut()

    answer = server.phone("rosa").ask("agenda:propose", command)
    by_post = post(server, "rosa", "agenda:propose", command)

    assert answer["ok"] and answer["result"] == json.loads(stored(server, command["command_id"])[0][0])
    assert by_post == answer
    assert server.rows("SELECT count(*) FROM topics WHERE words = 'Cut off'") == [(1,)]
    watcher.ask("live:subscribe", {"session_id": server.session_id, "audience": "patient"})
    told = [body for name, body in watcher.messages if name == "session:changed" and any(t["words"] == "Cut off" for t in body.get("topics", []))]
    assert len(told) == 1


def post(server: LiveServer, who: str, name: str, command: dict[str, Any]) -> Any:
    """The door for when the socket is down, as the page's script uses it: with the token of the page."""
    base, body = f"http://127.0.0.1:{server.port}/sessions/{server.session_id}", {"command_id": command["command_id"], "body": command["body"]}
    with requests.Session() as browser:
        browser.cookies.set("groupvisits", server.cookies[who])
        page = browser.get(f"{base}/rooms/patient", timeout=10).text
        token = page.split('name="csrf-token" content="')[1].split('"')[0]
        return browser.post(f"{base}/commands/{name}", json=body, headers={"X-CSRFToken": token}, timeout=10).json()


def test_what_one_phone_sends_at_once_is_carried_out_in_its_order(server: LiveServer) -> None:
    phone = server.phone("teo")
    numbers = [phone.send("agenda:propose", propose(server.session_id, f"Burst {n}")) for n in range(10)]
    versions = [phone.answer(number)["result"]["version"] for number in numbers]
    assert versions == list(range(versions[0], versions[0] + 10))


def test_a_message_of_more_than_16_kib_ends_that_connection_and_no_other(server: LiveServer) -> None:
    phone, other = server.phone("frank"), server.phone("gladys")
    with pytest.raises((ConnectionError, TimeoutError)):
        phone.ask("agenda:propose", propose(server.session_id, "x" * 17_000))
    assert other.ask("agenda:propose", propose(server.session_id, "Still here"))["ok"]
    assert server.rows("SELECT count(*) FROM topics WHERE length(words) > 300") == [(0,)]


@pytest.mark.parametrize("origin", ["", "http://evil.example.org", "null", "https://127.0.0.1"])
def test_a_socket_from_elsewhere_is_refused(server: LiveServer, origin: str) -> None:
    with pytest.raises(PermissionError):
        server.phone("rosa", origin=origin)


def test_a_socket_without_a_sign_in_is_refused(server: LiveServer) -> None:
    with pytest.raises(PermissionError):
        server.connect("made-up")


def test_a_sign_in_that_ends_takes_the_open_sockets_rights_with_it(server: LiveServer) -> None:
    phone = server.phone("beatriz")
    assert phone.ask("agenda:propose", propose(server.session_id, "Before"))["ok"]
    server.write("DELETE FROM browser_sessions WHERE patient_id = (SELECT id FROM patients WHERE given_name = 'Beatriz')")
    assert phone.ask("agenda:propose", propose(server.session_id, "After"))["error"]["code"] == "sign_in_needed"
    assert server.rows("SELECT count(*) FROM topics WHERE words = 'After'") == [(0,)]


def test_a_patient_of_another_clinic_reaches_nothing(server: LiveServer) -> None:
    phone = server.phone("sunny")
    for name, data in (
        ("live:subscribe", {"session_id": server.session_id, "audience": "patient"}),
        ("agenda:propose", propose(server.session_id, "Not here")),
    ):
        assert phone.ask(name, data)["error"]["code"] == "not_found"


class Sender(threading.Thread):
    """One phone that proposes as fast as it is answered, until the line goes dead."""

    def __init__(self, server: LiveServer, who: str) -> None:
        super().__init__(daemon=True)
        self.phone, self.session_id = server.phone(who), server.session_id
        self.who = who
        self.sent: list[dict[str, Any]] = []
        self.acknowledged: list[str] = []

    def run(self) -> None:
        for number in range(50):
            command = propose(self.session_id, f"{self.who} {number}")
            self.sent.append(command)
            try:
                answer = self.phone.ask("agenda:propose", command)
            except (ConnectionError, TimeoutError):
                return
            if answer["ok"]:
                self.acknowledged.append(command["command_id"])


def send_and_kill(server: LiveServer) -> list[Sender]:
    senders = [Sender(server, who) for who in PATIENTS]
    for sender in senders:
        sender.start()
    until(lambda: sum(len(sender.acknowledged) for sender in senders) >= ENOUGH_ACKS, 30)
    server.kill()
    for sender in senders:
        sender.join(10)
    return senders


def say(server: LiveServer, who: str, name: str, **body: Any) -> dict[str, Any]:
    answer = server.phone(who).ask(name, {"command_id": str(uuid.uuid4()), "session_id": server.session_id, "body": body})
    assert answer["ok"], answer
    return answer["result"]


def lost(server: LiveServer, senders: list[Sender]) -> set[str]:
    """Acknowledged, and not in the database. Looked at before any restart: sending again would put them back."""
    rows = {command_id for (command_id,) in server.rows("SELECT id FROM commands")}
    return {command_id for sender in senders for command_id in sender.acknowledged} - rows


def test_a_killed_server_loses_no_acknowledged_topic(new_server: Callable[[str], LiveServer]) -> None:
    server = new_server("run.py")
    begun = say(
        server, "tomas", "agenda:start", topic_id=say(server, "rosa", "agenda:propose", words="Before all others", route="group")["topic_id"], minutes=20
    )
    ends = server.rows("SELECT topic_started_at, topic_ends_at FROM group_sessions WHERE id = ?", server.session_id)
    assert begun["version"] and all(ends[0])
    senders = send_and_kill(server)
    assert lost(server, senders) == set()
    saved = server.rows("SELECT count(*) FROM topics")[0][0]
    assert saved >= ENOUGH_ACKS

    server.start()
    assert server.rows("SELECT topic_started_at, topic_ends_at FROM group_sessions WHERE id = ?", server.session_id) == ends  # its time box is what it was
    for sender in senders:
        phone = server.phone(sender.who)
        for command in sender.sent[-3:]:  # the last ones: acknowledged, saved without an acknowledgement, or never arrived
            assert phone.ask("agenda:propose", command)["ok"]
    sent = [command["command_id"] for sender in senders for command in sender.sent]
    assert server.rows("SELECT count(*) FROM topics") == [(len(sent) + 1,)]
    assert server.rows("SELECT count(DISTINCT version) FROM topics") == [(len(sent) + 1,)]
    checked = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "groupvisits", "audit", "verify"], cwd=ROOT, env=server.env, capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_a_server_that_is_stopped_saves_and_answers_what_it_has_taken(new_server: Callable[[str], LiveServer]) -> None:
    server = new_server("run.py")
    phones = [server.phone(who) for who in PATIENTS]
    sent = [(phone, [phone.send("agenda:propose", propose(server.session_id, f"Before the end {n}")) for n in range(8)]) for phone in phones]
    phones[-1].answer(sent[-1][1][0])
    assert server.process is not None
    server.process.terminate()
    answered = 0
    for phone, numbers in sent:
        try:
            for number in numbers[1 if phone is phones[-1] else 0 :]:
                answered += phone.answer(number)["ok"]
        except OSError:
            pass
    assert server.process.wait(10) == 0
    assert server.rows("SELECT count(*) FROM topics") == [(answered + 1,)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_server_whose_log_cannot_be_written_goes_on(tmp_path: Path) -> None:
    """As where the log stands on the disk that is full: what fails is logged, and those after it are saved, answered and shown all the same."""
    server = LiveServer(tmp_path)
    server.start(errors_to=Path("/dev/full"))
    try:
        server.write("ALTER TABLE waiting_guests RENAME TO gone")
        with pytest.raises((ConnectionError, TimeoutError)):
            body = {"guest_id": "nobody", "seat_id": "nowhere"}
            server.phone("tomas").ask("live:admit", {"command_id": str(uuid.uuid4()), "session_id": server.session_id, "body": body}, timeout=3)
        rosa = server.phone("rosa")
        assert rosa.ask("agenda:propose", propose(server.session_id, "After what failed"), timeout=5)["ok"]
        assert Browser(f"http://127.0.0.1:{server.port}", server.cookies["rosa"]).get(f"/sessions/{server.session_id}/snapshot?audience=patient")[0] == 200
    finally:
        server.close()


def test_the_kill_test_finds_a_server_that_acknowledges_before_it_commits(new_server: Callable[[str], LiveServer]) -> None:
    server = new_server("tests/live/ack_before_commit.py")
    assert lost(server, send_and_kill(server))
