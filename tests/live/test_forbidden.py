"""What nobody may do, over a real socket: refused, on record, and nobody else notices."""

import json
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from itertools import cycle
from typing import Any

import pytest

from tests.live.server import LiveServer, until

pytestmark = pytest.mark.sqlite_only


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    made = LiveServer(tmp_path_factory.mktemp("forbidden"))
    made.start()
    yield made
    made.close()


def command(server: LiveServer, **body: Any) -> dict[str, Any]:
    return {"command_id": str(uuid.uuid4()), "session_id": server.session_id, "body": body}


def refusals(server: LiveServer, asked: str, code: str = "") -> int:
    rows = [json.loads(details) for (details,) in server.rows("SELECT details FROM audit_entries WHERE action = 'request:refused'")]
    return sum(row["asked"] == asked and code in ("", row["code"]) for row in rows)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("agenda:plan", {"topic_id": "x"}),
        ("agenda:start", {"topic_id": "x", "minutes": 5}),
        ("agenda:propose_for", {"seat_id": "x", "words": "As another", "route": "group"}),
        ("live:close", {"unseen": [], "because": []}),
        ("live:curtain", {"on": True}),
        ("slots:call", {"slot_id": "x"}),
        ("slots:plan", {}),
    ],
)
def test_a_patient_is_no_facilitator_and_no_resident_and_the_try_is_on_record(server: LiveServer, name: str, body: dict[str, Any]) -> None:
    assert server.phone("rosa").ask(name, command(server, **body))["error"]["code"] == "not_allowed"
    assert refusals(server, name) == 1


@pytest.mark.parametrize("audience", ["facilitator", "clinician", "display"])
def test_a_patient_hears_no_other_audience_and_the_try_is_on_record(server: LiveServer, audience: str) -> None:
    phone = server.phone("marcus")
    assert phone.ask("live:subscribe", {"session_id": server.session_id, "audience": audience})["error"]["code"] == "not_allowed"
    server.phone("rosa").ask("agenda:propose", command(server, words=f"Not for {audience}", route="group"))
    assert phone.ask("live:subscribe", {"session_id": server.session_id, "audience": audience})["error"]["code"] == "not_allowed"
    assert phone.messages == []  # what it was told would have come before this answer
    assert refusals(server, "live:subscribe") >= 1


def test_a_stranger_finds_no_room_and_the_try_is_on_record(server: LiveServer) -> None:
    phone = server.phone("sunny")
    assert phone.ask("agenda:propose", command(server, words="Not here", route="group"))["error"]["code"] == "not_found"
    assert refusals(server, "agenda:propose") >= 1
    assert server.rows("SELECT count(*) FROM topics WHERE words = 'Not here'") == [(0,)]


def test_another_patients_topic_is_not_taken_back_and_a_role_in_the_body_is_none(server: LiveServer) -> None:
    made = server.phone("gladys").ask("agenda:propose", command(server, words="Mine", route="group"))["result"]["topic_id"]
    alone = server.phone("gladys").ask("agenda:propose", command(server, words="Mine alone", route="one_on_one"))["result"]["topic_id"]
    phone = server.phone("teo")
    assert phone.ask("agenda:take_back", command(server, topic_id=made))["error"]["code"] == "not_found"
    assert phone.ask("agenda:support", command(server, topic_id=alone, on=True))["error"]["code"] == "not_found"
    for forged in ({"roles": ["facilitator"]}, {"patient_id": "x"}, {"seat_id": "x"}):
        answer = phone.ask("agenda:propose", command(server, words="Forged", route="group", **forged))
        assert answer["error"]["code"] == "unknown_field"
    assert refusals(server, "agenda:propose", "unknown_field") == 3
    assert refusals(server, "agenda:take_back", "not_found") == refusals(server, "agenda:support", "not_found") == 1
    assert server.rows("SELECT count(*) FROM topics WHERE words = 'Forged'") == [(0,)]
    assert server.rows("SELECT state FROM topics WHERE id = ?", made) == [("new",)]


@pytest.mark.parametrize("name", ["no:such", "*", "", "message"])
def test_an_event_that_does_not_exist_is_not_answered_and_on_record(server: LiveServer, name: str) -> None:
    phone, before = server.phone("frank"), refusals(server, "socket", "unknown_event")
    unheard = phone.send(name, {"words": "In private"})
    assert phone.ask("live:subscribe", {"session_id": server.session_id, "audience": "patient"})["ok"]  # the line goes on
    with pytest.raises(TimeoutError):
        phone.answer(unheard, timeout=0.1)
    assert refusals(server, "socket", "unknown_event") == before + 1
    assert "In private" not in json.dumps(server.rows("SELECT details FROM audit_entries"))


@pytest.mark.parametrize(
    ("frame", "code"),
    [(b"\x00\x01\x02", "binary_message"), (b"\xff" * 1000, "binary_message"), ("42" + json.dumps(["agenda:propose", "x" * 16 * 1024]), "message_too_big")],
)
def test_binary_frames_and_long_ones_end_the_line_and_are_on_record(server: LiveServer, frame: str | bytes, code: str) -> None:
    phone, other, before = server.phone("frank"), server.phone("beatriz"), refusals(server, "socket", code)
    phone.send_frame(frame)
    with pytest.raises(ConnectionError):
        phone.hear(10)
    assert refusals(server, "socket", code) == before + 1
    assert other.ask("agenda:propose", command(server, words="Still heard", route="group"))["ok"]
    assert server.phone("frank").ask("agenda:propose", command(server, words="Welcome again", route="group"))["ok"]


UNREADABLE = (
    "", "z", "4", "9", "hello", "4[" + "[" * 5000, "2[" + "[" * 5000, "42[[[", "42{", "42{}", "42[]", "42[5,{}]", "42[null]", "43[1]", "430[{}]", "44{}", "49",
    '451-["agenda:propose",{"_placeholder":true,"num":0}]', "42" + "9" * 300 + '["no:such"]', "420" + "[" * 5000 + "]" * 5000,
)  # fmt: skip


# Several people: the record takes twenty a minute of each.
@pytest.mark.parametrize(("frame", "who"), list(zip(UNREADABLE, cycle(("marcus", "beatriz", "frank", "gladys")))), ids=lambda value: value[:20] or "empty")
def test_what_is_no_socket_io_ends_the_line_is_on_record_and_fills_no_log(server: LiveServer, frame: str, who: str) -> None:
    phone, before, log = server.phone(who), refusals(server, "socket", "unreadable_message"), server.instance / "server.log"
    written = log.stat().st_size
    with suppress(ConnectionError):
        for _ in range(50):
            phone.send_frame(frame)
    with pytest.raises(ConnectionError):
        phone.hear(10)
    until(lambda: refusals(server, "socket", "unreadable_message") == before + 1)
    assert b"Traceback" not in log.read_bytes()[written:]
    assert server.phone(who).ask("live:subscribe", {"session_id": server.session_id, "audience": "patient"})["ok"]


def test_an_event_with_more_than_its_data_is_invalid(server: LiveServer) -> None:
    phone = server.phone("marcus")
    phone.send_frame('427["live:subscribe",{"session_id":"%s","audience":"patient"},1,2]' % server.session_id)  # noqa: UP031
    assert phone.answer(7)["error"]["code"] == "invalid"


@pytest.mark.parametrize(("method", "query", "body"), [("GET", "", b""), ("POST", "&sid=x", b"4" + b"x" * 20_000), ("POST", "", b"42[]")])
def test_sockets_are_websockets_alone_and_what_asks_otherwise_is_on_record(server: LiveServer, method: str, query: str, body: bytes) -> None:
    before = refusals(server, "socket", "not_a_websocket")
    headers = {"Cookie": f"groupvisits={server.cookies['gladys']}", "Origin": f"http://127.0.0.1:{server.port}"}
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=10)) as line:
        line.request(method, f"/socket.io/?EIO=4&transport=polling{query}", body, headers)
        assert line.getresponse().status == 400
    until(lambda: refusals(server, "socket", "not_a_websocket") == before + 1)


def test_frames_without_sense_do_nothing(server: LiveServer) -> None:
    phone, other = server.phone("frank"), server.phone("beatriz")
    for frame in (
        '451-["agenda:propose",{"_placeholder":true,"num":0}]',
        '42["connect",{}]',
        '42["disconnect",{}]',
        "42{",
        "4",
        "9",
    ):
        try:
            phone.send_frame(frame)
        except ConnectionError:
            phone = server.phone("frank")
    with suppress(ConnectionError):  # whether it goes on with this line or ends it: by then it has read all of that
        phone.ask("live:subscribe", {"session_id": server.session_id, "audience": "patient"})
    assert other.ask("agenda:propose", command(server, words="Still heard", route="group"))["ok"]
    assert server.phone("frank").ask("agenda:propose", command(server, words="Welcome again", route="group"))["ok"]


def test_a_flood_is_answered_with_too_fast_and_the_others_go_on(server: LiveServer) -> None:
    pest, other = server.phone("teo"), server.phone("beatriz")
    numbers = [pest.send("agenda:propose", command(server, words=f"Flood {number}", route="group")) for number in range(80)]
    assert other.ask("agenda:propose", command(server, words="Beside a flood", route="group"))["ok"]
    answers = [pest.answer(number) for number in numbers]
    assert answers[-1]["error"]["code"] == "too_fast"
    assert server.rows("SELECT count(*) FROM topics WHERE words LIKE 'Flood %'")[0][0] == sum(answer["ok"] for answer in answers) <= 60
    assert refusals(server, "agenda:propose", "too_fast") == 1  # not one for each of them


def test_a_flood_of_events_that_do_not_exist_does_not_fill_the_record(server: LiveServer) -> None:
    pest, before = server.phone("gladys"), refusals(server, "socket")
    for _ in range(100):
        pest.send("no:such", {})
    with suppress(TimeoutError):
        pest.ask("live:subscribe", {"session_id": server.session_id, "audience": "patient"}, timeout=5)
    assert 1 < refusals(server, "socket") - before <= 20
