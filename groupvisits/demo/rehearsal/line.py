"""One line to a server: Socket.IO over one WebSocket, spoken by hand, so that it can be cut wherever somebody wants it to be cut."""

import contextlib
import json
import select
import socket
import threading
import time
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, RejectConnection, Request, TextMessage
from wsproto.utilities import ProtocolError

Heard = tuple[str, Any, Any]  # ("message", name, body) or ("answer", number, data)


class Line:
    """Connected when made. Raises PermissionError when the server does not want it, ConnectionError when it is or gets cut."""

    def __init__(self, base: str, cookie: str, *, origin: str | None = None, language: str = "en", timeout: float = 10) -> None:
        """`origin` is the page's address; an empty one sends none."""
        where = urlsplit(base)
        self._sending, self._numbers = threading.Lock(), 0
        self._ws, self._frames, self._part = WSConnection(ConnectionType.CLIENT), deque[str](), ""
        self.messages: list[tuple[str, Any]] = []  # what `answer` heard beside its answer
        self._socket = socket.create_connection((where.hostname, where.port or 80), timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.deaf = False  # a sleeping phone: what arrives is not looked at, and nothing is answered
        origin = base if origin is None else origin
        headers = [("Cookie", f"groupvisits={cookie}".encode())] + ([("Origin", origin.encode())] if origin else [])
        try:
            self._put(self._ws.send(Request(host=where.netloc, target="/socket.io/?EIO=4&transport=websocket", extra_headers=headers)))  # pyright: ignore[reportArgumentType]
            self._expect("0", timeout)
            self.send_frame(f"40{json.dumps({'language': language})}")
            self._expect("40", timeout)
        except BaseException:
            self.cut()
            raise

    def send(self, name: str, data: Any) -> int:
        """Emit an event; the number of the acknowledgement it asks for."""
        with self._sending:
            self._numbers += 1
            number = self._numbers
        self.send_frame(f"42{number}{json.dumps([name, data])}")
        return number

    def send_frame(self, frame: str | bytes) -> None:
        with self._sending:
            try:
                self._put(self._ws.send(TextMessage(data=frame) if isinstance(frame, str) else BytesMessage(data=frame)))
            except ProtocolError as closed:
                raise ConnectionError("closed") from closed

    def hear(self, timeout: float) -> Heard | None:
        """The next thing the server says; None if it says nothing for so long. Answers its pings."""
        deadline = time.monotonic() + timeout
        while (frame := self._frame(deadline)) is not None:
            if frame == "2":
                self.send_frame("3")
            elif frame.startswith("42"):
                name, body = json.loads(frame[2:])
                return "message", name, body
            elif frame.startswith("43"):
                bracket = frame.index("[")
                return "answer", int(frame[2:bracket]), json.loads(frame[bracket:])[0]
            elif frame.startswith(("41", "44", "1")):
                raise ConnectionError("the server ended it")
        return None

    def answer(self, number: int, timeout: float = 10) -> Any:
        """The acknowledgement of that number; what else arrives meanwhile is kept in `messages`."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            heard = self.hear(left)
            if heard is None:
                break
            kind, name, data = heard
            if kind == "answer" and name == number:
                return data
            if kind == "message":
                self.messages.append((name, data))
        raise TimeoutError("no acknowledgement")

    def ask(self, name: str, data: Any, timeout: float = 10) -> Any:
        return self.answer(self.send(name, data), timeout)

    def cut(self) -> None:
        """The network is gone: nothing is said to the server."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _expect(self, start: str, timeout: float) -> None:
        frame = self._frame(time.monotonic() + timeout)
        if frame is None:
            raise TimeoutError("no greeting")
        if not frame.startswith(start):
            raise PermissionError(frame)

    def _frame(self, deadline: float) -> str | None:
        while not self._frames or self.deaf:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            try:
                arrives = select.poll()
                arrives.register(self._socket, select.POLLIN)
                if not arrives.poll(left * 1000):
                    return None
                read = self._socket.recv(65536)
            except (OSError, ValueError) as gone:
                raise ConnectionError("cut") from gone
            if not read:
                raise ConnectionError("cut")
            try:
                self._ws.receive_data(read)
                self._take_in()
            except ProtocolError as nonsense:
                raise ConnectionError("not a websocket") from nonsense
        return self._frames.popleft()

    def _take_in(self) -> None:
        for event in self._ws.events():
            if isinstance(event, TextMessage):
                self._part += event.data
                if event.message_finished:
                    self._frames.append(self._part)
                    self._part = ""
            elif isinstance(event, Ping):
                with self._sending:
                    self._put(self._ws.send(event.response()))
            elif isinstance(event, RejectConnection):
                raise PermissionError(f"HTTP {event.status_code}")
            elif isinstance(event, CloseConnection):
                raise ConnectionError(event.reason or "closed")
            elif not isinstance(event, AcceptConnection | BytesMessage):
                continue

    def _put(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as gone:  # or stalled: half a frame is no frame
            self.cut()
            raise ConnectionError("cut") from gone
