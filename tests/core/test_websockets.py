"""The server's WebSockets over a real pair of sockets: order, whole frames, and what is refused."""

import os
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gevent
import gevent.socket
import pytest
import socketio
from engineio.packet import MESSAGE, Packet
from engineio.socket import Socket
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from groupvisits.core import websockets

UPGRADE = {
    "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==", "HTTP_SEC_WEBSOCKET_VERSION": "13", "HTTP_SEC_WEBSOCKET_EXTENSIONS": "permessage-deflate",
}  # fmt: skip


def narrow_line() -> tuple[Any, Any]:
    """Both ends of a connection that takes some kilobytes and no more until somebody reads."""
    with gevent.socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # whoever is accepted has it, too
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        here = gevent.socket.socket()
        here.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        here.connect(listener.getsockname())
        here.settimeout(10)
        return here, listener.accept()[0]


class Browser:
    """The other end: a slow one, with little room for what it has not read."""

    def __init__(self, server: socketio.Server, environ: dict[str, Any]) -> None:
        self.here, there = narrow_line()
        self.connection, self.answers = SimpleNamespace(socket=there, close_connection=False), []
        self.engine = Socket(server.eio, "browser")
        server.eio.sockets["browser"] = self.engine
        self.websocket = websockets.WebSocket(self.engine._websocket_handler, server.eio)
        self.serving = gevent.spawn(self._serve, environ | {websockets.CONNECTION: self.connection})
        self.protocol = Connection(ConnectionType.CLIENT)
        self.head = b""
        if environ is UPGRADE:
            while not self.head.endswith(b"\r\n\r\n"):
                self.head += self.here.recv(1)

    def _serve(self, environ: dict[str, Any]) -> None:
        self.websocket(environ, lambda status, headers: self.answers.append(status))
        self.connection.socket.close()

    def events(self) -> Iterator[Any]:
        """What arrives, until the server hangs up."""
        while data := self.here.recv(4096):
            self.protocol.receive_data(data)
            yield from self.protocol.events()

    def messages(self, count: int) -> list[str]:
        found: list[str] = []
        parts: list[str] = []
        for event in self.events():
            assert isinstance(event, TextMessage), event
            parts.append(event.data)
            if event.message_finished:
                found.append("".join(parts))
                parts = []
            if len(found) == count:
                break
        return found

    def send(self, event: Any) -> None:
        self.here.sendall(self.protocol.send(event))

    def closed_with(self) -> int:
        return next(event.code for event in self.events() if isinstance(event, CloseConnection))


refused: list[tuple[str, str]] = []


@pytest.fixture
def server() -> Iterator[socketio.Server]:
    refused.clear()
    made = socketio.Server(async_mode="gevent", client_manager=websockets.Rooms(), max_http_buffer_size=1024, ping_interval=60)
    websockets.use(made.eio, lambda engine_id, code: refused.append((engine_id, code)))
    made.manager.initialize()
    made.environ["browser"] = {}
    made.manager.enter_room(made.manager.connect("browser", "/"), "/", "room")
    yield made
    made.shutdown()


@pytest.fixture
def browser(server: socketio.Server) -> Iterator[Browser]:
    made = Browser(server, UPGRADE)
    yield made
    made.here.close()
    made.serving.join(5)


def test_what_is_pushed_and_what_is_queued_arrives_whole_and_in_its_order(server: socketio.Server, browser: Browser) -> None:
    sent = []
    slow = gevent.spawn(browser.messages, 1200)
    for number in range(300):
        words = str(number) * (1 + number * 37 % 400) * (30 if number % 5 == 0 else 1)  # some are more than the line takes at once
        server.manager.emit("told", {"words": words}, "/", room="room")
        browser.engine.send(Packet(MESSAGE, f"queued {number}"))
        server.eio.send("browser", f"answer {number}")
        server.manager.emit("told", {"words": number}, "/", room="room")
        sent += [f'42["told",{{"words":"{words}"}}]', f"4queued {number}", f"4answer {number}", f'42["told",{{"words":{number}}}]']
        while number % 3 == 0 and not browser.engine.queue.empty():
            gevent.sleep(0)  # the last one is on its way, perhaps the first half of it
        while number % 7 == 0 and browser.websocket.is_writing:
            gevent.sleep(0)  # nothing is on its way
    assert slow.get(timeout=10) == sent


def test_what_is_said_together_is_written_in_one_piece_and_its_order(server: socketio.Server, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    really = os.write
    monkeypatch.setattr(os, "write", lambda file, data: written.append(data) or really(file, data))
    with server.eio.lines.in_one_piece():
        server.manager.emit("told", 1, "/", room="room")
        server.eio.send("browser", "answer 2")
        server.manager.emit("told", 3, "/", room="room")
        assert written == []
    assert len(written) == 1
    server.manager.emit("told", 4, "/", room="room")
    assert browser.messages(4) == ['42["told",1]', "4answer 2", '42["told",3]', '42["told",4]']


def test_what_is_held_back_goes_before_what_is_queued_meanwhile(server: socketio.Server, browser: Browser) -> None:
    with server.eio.lines.in_one_piece():
        server.manager.emit("told", 1, "/", room="room")
        browser.engine.send(Packet(MESSAGE, "queued 2"))
        server.manager.emit("told", 3, "/", room="room")
        while not browser.engine.queue.empty():
            gevent.sleep(0)
        server.manager.emit("told", 4, "/", room="room")
    assert browser.messages(4) == ['42["told",1]', '42["told",3]', "4queued 2", '42["told",4]']


def test_what_is_held_back_from_a_slow_reader_waits_in_the_queue(server: socketio.Server, browser: Browser) -> None:
    sent = []
    for number in range(300):
        with server.eio.lines.in_one_piece():
            for part in range(3):
                server.manager.emit("told", {"words": "x" * 300, "number": f"{number}.{part}"}, "/", room="room")
                sent.append(f"{number}.{part}")
        gevent.sleep(0)
    assert [text.split('"')[-2] for text in browser.messages(900)] == sent


def test_a_goodbye_comes_after_what_was_held_back(server: socketio.Server, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websockets, "GOODBYE", 0.05)
    with server.eio.lines.in_one_piece():
        server.manager.emit("told", "last words", "/", room="room")
        browser.websocket.close()
    heard = [event.data if isinstance(event, TextMessage) else type(event) for event in browser.events()]
    assert heard == ['42["told","last words"]', CloseConnection]


def test_nothing_gets_into_the_middle_of_a_message(browser: Browser) -> None:
    browser.engine.send(Packet(MESSAGE, "x" * 500_000))
    while not browser.websocket.is_writing:
        gevent.sleep(0)
    for _ in range(50):  # now there is room again, and its own greenlet has not had its turn yet
        browser.here.recv(4096)
    assert browser.engine.queue.empty()
    assert not browser.websocket.push(websockets.frame_of("4now"))


def test_somebody_who_does_not_read_holds_nobody_up(server: socketio.Server, browser: Browser) -> None:
    with gevent.Timeout(5):
        for number in range(200):
            server.manager.emit("told", {"words": "x" * 500, "number": number}, "/", room="room")
            gevent.sleep(0)
        assert browser.websocket.is_writing
    told = browser.messages(200)
    assert [f'"number":{number}}}' in text for number, text in enumerate(told)] == [True] * 200


def test_what_the_browser_says_in_pieces_is_one_message(browser: Browser) -> None:
    said: list[str] = []
    browser.engine.receive = lambda pkt: said.append(pkt.data)
    browser.send(TextMessage("42one, ", message_finished=False))
    browser.send(TextMessage("two and three"))
    browser.send(Ping(b"still there?"))
    assert next(browser.events()) == Pong(b"still there?")
    assert said == ["2one, two and three"]


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_message_that_is_too_long_ends_the_connection(browser: Browser, pieces: int) -> None:
    for piece in range(pieces):
        browser.send(TextMessage("x" * (1500 // pieces), message_finished=piece == pieces - 1))
    assert browser.closed_with() == 1009
    browser.serving.join(5)
    assert browser.serving.ready() and not browser.websocket.lines
    assert refused == [("browser", "message_too_big")]


def test_bytes_end_the_connection_before_they_are_whole(browser: Browser) -> None:
    browser.send(BytesMessage(b"x", message_finished=False))
    assert browser.closed_with() == 1003
    browser.serving.join(5)
    assert browser.serving.ready() and refused == [("browser", "binary_message")]


def test_empty_pieces_count_as_well(browser: Browser) -> None:
    """Otherwise a message without an end fills the memory at six bytes a piece."""
    nothing = bytes((0x80, 0, 0, 0, 0))
    browser.here.sendall(bytes((0x01,)) + nothing + (bytes((0x00,)) + nothing) * 1100)
    assert browser.closed_with() == 1009
    browser.serving.join(5)
    assert browser.serving.ready()


@pytest.mark.parametrize("wrong", [b"\x83\x80\x00\x00\x00\x00", b"\x81\x02hi"], ids=["unknown kind", "not masked"])
def test_what_is_not_the_protocol_ends_the_connection(browser: Browser, wrong: bytes) -> None:
    browser.here.sendall(wrong)
    assert browser.closed_with() == 1002
    browser.serving.join(5)
    assert browser.serving.ready() and not browser.websocket.lines


def test_what_is_not_the_protocol_ends_it_too_where_no_answer_can_be_given(browser: Browser) -> None:
    browser.websocket.is_writing = True  # a slow reader has half a frame
    browser.here.sendall(b"\x81\x02hi")
    browser.serving.join(5)
    assert browser.serving.ready()


def test_somebody_who_never_says_a_whole_word_keeps_nobody_waiting(browser: Browser) -> None:
    heard: list[int] = []
    real = browser.websocket.socket

    class Endless(SimpleNamespace):
        """There is always more to read, so that the system makes nobody wait."""

        def recv(self, _most: int) -> bytes:
            return b"" if len(heard) == 3 else bytes((0x8A, 0x80, 0, 0, 0, 0))

    def others() -> None:
        while len(heard) < 3:
            heard.append(1)
            gevent.sleep(0)

    browser.websocket.socket = Endless(fileno=real.fileno, sendall=real.sendall, shutdown=real.shutdown)
    beside = gevent.spawn(others)
    assert browser.websocket.wait() is None
    beside.join(5)
    assert len(heard) == 3


def test_a_goodbye_is_answered(browser: Browser) -> None:
    browser.send(CloseConnection(1001))
    assert browser.closed_with() == 1001


def test_who_never_answers_a_goodbye_is_hung_up(server: socketio.Server, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websockets, "GOODBYE", 0.05)
    browser.engine.close(wait=False)
    assert browser.closed_with() == 1000
    browser.serving.join(5)
    assert browser.serving.ready()


def test_nothing_is_said_after_the_goodbye(server: socketio.Server, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websockets, "GOODBYE", 0.05)
    browser.engine.close(wait=False)
    gevent.sleep(0.01)
    server.manager.emit("told", {"words": "too late"}, "/", room="room")
    heard = b""
    while data := browser.here.recv(4096):
        heard += data
    assert b"too late" not in heard


def test_phones_that_came_together_are_not_asked_together(server: socketio.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(gevent, "sleep", slept.append)
    for _ in range(50):
        server.eio.sleep(10)
    assert 7.5 <= min(slept) < max(slept) <= 10


def test_nothing_is_compressed_though_the_browser_offers_it(browser: Browser) -> None:
    assert b" 101 " in browser.head and b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in browser.head  # RFC 6455, 1.3
    assert b"extensions" not in browser.head.lower()


@pytest.mark.parametrize("wrong", [{"HTTP_SEC_WEBSOCKET_VERSION": "8"}, {"HTTP_SEC_WEBSOCKET_KEY": "ключ"}])
def test_another_version_of_the_protocol_is_refused(server: socketio.Server, wrong: dict[str, str]) -> None:
    refused = Browser(server, UPGRADE | wrong)
    refused.serving.join(5)
    assert refused.answers == ["400 Bad Request"] and refused.connection.close_connection
    refused.here.close()


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
@pytest.mark.parametrize("kind", [str, bytes])
def test_frames_are_as_the_protocol_library_reads_them(size: int, kind: type) -> None:
    message = "x" * size if kind is str else b"x" * size
    reader = Connection(ConnectionType.CLIENT)
    reader.receive_data(websockets.frame_of(message))
    assert [vars(event)["data"] for event in reader.events()] == [message]
