"""WebSockets of the running server, as Engine.IO wants them, and messages to a whole room at the price of one.

simple-websocket would work as well. It has a greenlet of its own for each socket and makes each frame anew for each recipient, which is
most of what a full clinic costs. The protocol itself is wsproto's here, too. What a server sends is not masked, so that the same bytes
are right for everybody: a room's message is made once and written to each socket whose queue is empty, without waking its greenlet.
Nothing is compressed, whatever a browser offers: messages are some hundred bytes, and a compressor for each phone costs 300 KiB.
See docs/decisions/017.
"""

import contextlib
import errno
import os
import random
import socket as sockets
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import gevent
from engineio import packet as engine
from gevent.queue import Full, Queue
from socketio import Manager, RedisManager
from socketio import packet as messages
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, generate_accept_token

from groupvisits.core import quick_json

CONNECTION = "groupvisits.connection"  # in the WSGI environment: the server's handler of this connection
GOODBYE = 5.0  # seconds a browser has to answer a close
AT_ONCE = 16 * 1024  # bytes read at a time
BACKLOG = 1000  # messages that wait for the queue between processes
QUEUE_AGAIN = 5.0  # seconds after it took nothing
TEXT, LAST = 0x1, 0x80
WORDS_OF_ENGINE_IO = frozenset(("1", "2", "3"))  # what a client says besides messages
UNREADABLE = "unreadable_message"


class WebSocket:
    """One browser's socket. Engine.IO makes it with what is to be done with it, calls it for the upgrade, and then waits, sends and closes."""

    def __init__(self, handler: Callable[["WebSocket"], Iterable[Any]], server: Any) -> None:
        self.handler, self.lines, self.most, self.refused = handler, server.lines, server.max_http_buffer_size, server.refused
        self.protocol = Connection(ConnectionType.SERVER)
        self.received: deque[str] = deque()
        self.parts: list[str] = []
        self.size = 0
        self.is_writing = self.is_over = False
        self.held: list[bytes] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[Any]:
        connection = environ[CONNECTION]
        self.socket: Any = connection.socket
        connection.close_connection = True  # what follows is no further request
        key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
        if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13" or not key.isascii():
            start_response("400 Bad Request", [("Sec-WebSocket-Version", "13"), ("Content-Length", "0")])
            return []
        accept = b"Sec-WebSocket-Accept: " + generate_accept_token(key.encode())
        self.socket.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + accept + b"\r\n\r\n")
        self.engine: Any = self.handler.__self__  # type: ignore[attr-defined]  # Engine.IO's own record of this browser
        self.lines[self.engine.sid] = self
        try:
            return self.handler(self)
        finally:
            self.lines.pop(self.engine.sid, None)

    def wait(self) -> str | None:
        """The next message, or None when there will be none any more."""
        if self.is_over:
            return None
        while not self.received:
            try:
                data = self.socket.recv(AT_ONCE)
                if not data:
                    return None
                self.protocol.receive_data(data)
                for event in self.protocol.events():
                    self._hear(event)
                if not self.received:
                    gevent.sleep(0)  # half a message, or none at all: whoever sends these without end does not keep others waiting
            except (OSError, LocalProtocolError):
                return None
            if self.protocol.state is not ConnectionState.OPEN and not self.received:
                return None
        return self.received.popleft()

    def send(self, message: str | bytes) -> None:
        """Returns when the system has taken it, waiting for a slow reader; raises OSError when nobody reads any more."""
        self._write(message if isinstance(message, _Rest) else frame_of(message))

    def push(self, frame: bytes) -> bool:
        """Write it now, never waiting. False, with nothing written, while anything else is on its way to this browser or nothing can be."""
        if not self.held:
            if not self._is_clear():
                return False
            if self.lines.holding is None:
                return self._write_at_once(frame)
            self.lines.holding.append(self)
        self.held.append(frame)
        return True

    def let_go(self) -> None:
        """Write what was held back; what cannot be written now, the queue has."""
        piece = self._held_back()
        if piece and not (self._is_clear() and self._write_at_once(piece)):
            self.engine.queue.put(_RestOfFrame(piece))

    def close(self) -> None:
        """Say goodbye; after a moment the connection ends whether the browser has answered or not."""
        with contextlib.suppress(OSError, LocalProtocolError):
            self._write(self.protocol.send(CloseConnection(CloseReason.NORMAL_CLOSURE)))
        gevent.spawn_later(GOODBYE, self._hang_up)

    def _hear(self, event: Any) -> None:
        if isinstance(event, TextMessage):
            self.parts.append(event.data)
            self.size += max(1, len(event.data))  # empty pieces fill the memory as well
            if self.size > self.most:
                self._refuse(CloseReason.MESSAGE_TOO_BIG, "message_too_big")
            if event.message_finished:
                said = "".join(self.parts)
                self.parts, self.size = [], 0
                if not (said in WORDS_OF_ENGINE_IO or (said[:1] == "4" and said[1:2].isdecimal())):  # Engine.IO would fail over it
                    self._refuse(CloseReason.INVALID_FRAME_PAYLOAD_DATA, UNREADABLE)
                self.received.append(said)
        elif isinstance(event, BytesMessage):  # none of ours sends any
            self._refuse(CloseReason.UNSUPPORTED_DATA, "binary_message")
        elif isinstance(event, CloseConnection):
            if self.protocol.state is not ConnectionState.REMOTE_CLOSING:  # wsproto's word for what is not the protocol
                self._reply(event)
                raise OSError(errno.EPROTO, event.reason)
            self._reply(event.response())
        elif isinstance(event, Ping):
            self._reply(event.response())

    def refuse(self, reason: CloseReason, code: str) -> None:
        """It is the end of this socket, and told to whoever keeps the record."""
        self.refused(self.engine.sid, code)
        self._reply(CloseConnection(reason))
        self.is_over = True

    def _refuse(self, reason: CloseReason, code: str) -> None:
        self.refuse(reason, code)
        raise OSError(errno.EMSGSIZE, code)

    def _reply(self, event: Any) -> None:
        """Left out behind a slow reader's half frame, where it would tear the frame apart."""
        if self._is_clear():
            self._write_at_once(self.protocol.send(event))

    def _is_clear(self) -> bool:
        return not self.is_writing and self.engine.queue.empty()

    def _write_at_once(self, frame: bytes) -> bool:
        try:
            written = os.write(self.socket.fileno(), frame)
        except OSError:  # a slow reader, or none: the queue's own greenlet waits, or finds out
            return False
        if written < len(frame):
            self.engine.queue.put(_RestOfFrame(frame[written:]))
        return True

    def _held_back(self) -> bytes:
        piece = b"".join(self.held)
        self.held.clear()
        return piece

    def _write(self, data: bytes) -> None:
        data = self._held_back() + data  # pushed before this was queued: behind something in the queue nothing is held
        self.is_writing = True
        try:
            self.socket.sendall(data)
        finally:
            self.is_writing = False

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(sockets.SHUT_RDWR)


class Lines(dict[str, WebSocket]):
    """The WebSockets that are open, by Engine.IO's id."""

    holding: list[WebSocket] | None = None  # those that hold something back, while everything is

    @contextlib.contextmanager
    def in_one_piece(self) -> Iterator[None]:
        """What is pushed to a browser in here is written to it once, at the end: a write costs more than making the message."""
        self.holding = []
        try:
            yield
        finally:
            holding, self.holding = self.holding, None
            for line in holding:
                line.let_go()


class _Rest(bytes):
    """The end of a frame that could not be written whole."""


class _RestOfFrame(engine.Packet):
    """It stands in the queue before everything else."""

    def __init__(self, rest: bytes) -> None:
        super().__init__(engine.MESSAGE, "")
        self.rest = _Rest(rest)

    def encode(self, b64: bool = False) -> bytes:
        return self.rest


class Unreadable(ValueError):
    """What no program sends that speaks Socket.IO with us."""


class TextPacket(messages.Packet):
    """None of ours holds bytes, so none is searched for them."""

    uses_binary_events = False

    def decode(self, encoded_packet: str) -> Any:
        """Refuses with Unreadable what is no JSON, and everything but a connection, its end, and events: we ask browsers nothing they could answer."""
        try:
            attachments = super().decode(encoded_packet)
        except (ValueError, TypeError, RecursionError):
            raise Unreadable from None
        is_event = self.packet_type == messages.EVENT and isinstance(self.data, list) and self.data and isinstance(self.data[0], str)
        if not is_event and self.packet_type not in (messages.CONNECT, messages.DISCONNECT):
            raise Unreadable
        return attachments


class Rooms(Manager):
    """Socket.IO's rooms in this process. A message is encoded once; whoever cannot take it at once gets it through their queue."""

    def emit(self, event: str, data: Any, namespace: str, room: Any = None, skip_sid: Any = None, callback: Any = None, to: Any = None, **more: Any) -> None:
        server: Any = self.server
        lines = getattr(server.eio, "lines", None)
        if callback or skip_sid or lines is None or namespace != "/" or namespace not in self.rooms:
            super().emit(event, data, namespace, room=room, skip_sid=skip_sid, callback=callback, to=to, **more)
            return
        queued = engine.Packet(engine.MESSAGE, f"{messages.EVENT}{quick_json.dumps([event, data])}")
        frame = frame_of(str(queued.encode()))
        for _sid, engine_id in self.get_participants(namespace, to or room):
            line = lines.get(engine_id)
            if line is None or not line.push(frame):
                server.eio.send_packet(engine_id, queued)


class SharedRooms(RedisManager, Rooms):
    """Rooms of several processes, with a queue between them (`url`, redis://).

    A greenlet of its own hands over what is said here: whoever did something never waits for a queue that is slow or gone. What it
    does not take is dropped; a tick of the other process tells the browsers there to ask.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._waiting: Queue[Any] = Queue(BACKLOG)

    def initialize(self) -> None:
        super().initialize()
        gevent.spawn(self._hand_over)

    def _publish(self, data: Any) -> None:
        with contextlib.suppress(Full):
            self._waiting.put_nowait(data)

    def _hand_over(self) -> None:
        while True:
            if super()._publish(self._waiting.get()) is None:  # it has said so in the log
                gevent.sleep(QUEUE_AGAIN)
                while not self._waiting.empty():
                    self._waiting.get()


def frame_of(message: str | bytes) -> bytes:
    """One unmasked frame (RFC 6455, 5.2)."""
    data, kind = (message.encode(), TEXT) if isinstance(message, str) else (message, 0x2)
    size = len(data)
    if size < 126:
        head = bytes((LAST | kind, size))
    elif size < 65536:
        head = bytes((LAST | kind, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((LAST | kind, 127)) + size.to_bytes(8, "big")
    return head + data


def use(engine_server: Any, refused: Callable[[str, str], None], plain_request: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
    """This server's WebSockets are ours from now on; `lines` are those open, by Engine.IO's id.

    `refused(engine_id, code)` is told whose socket ends because of what came over it: Socket.IO itself would write each such message's
    traceback into the log, and go on reading. `plain_request(environ)` is told of a request that wants to be no WebSocket.
    """
    engine_server.lines, engine_server.refused = Lines(), refused
    engine_server._async = {**engine_server._async, "websocket": WebSocket, "sleep": sleep_unevenly}
    through_the_queue = engine_server.send_packet

    def send_packet(engine_id: str, packet: Any) -> None:
        """What is sent to one browser, such as the answer to its command, takes the same short way as what is sent to its room."""
        line = engine_server.lines.get(engine_id)
        if line is None or not line.push(frame_of(packet.encode())):
            through_the_queue(engine_id, packet)

    engine_server.send_packet = send_packet
    read = engine_server.handlers["message"]

    def hear(engine_id: str, message: Any) -> None:
        try:
            read(engine_id, message)
        except Unreadable:
            if line := engine_server.lines.get(engine_id):
                line.refuse(CloseReason.INVALID_FRAME_PAYLOAD_DATA, UNREADABLE)

    engine_server.on("message", hear)
    handle_request = engine_server.handle_request

    def meet(environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("HTTP_UPGRADE", "").lower() != "websocket":
            plain_request(environ)
        return handle_request(environ, start_response)

    engine_server.handle_request = meet


def sleep_unevenly(seconds: float) -> None:
    """Up to a quarter less, differently each time: phones that came back together after a restart are not asked together whether they are there."""
    gevent.sleep(seconds * random.uniform(0.75, 1))  # noqa: S311
