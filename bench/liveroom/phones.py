"""The generator: phones, consoles and walls over real WebSockets, driven by one loop, sending at a given rate whatever the answers do.

Frames are read by hand: one core must take in a hundred thousand of them a second.
"""

import json
import os
import random
import select
import socket
import time
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

CHANGED, ACK, OPENED, CONNECTED, PING = b'42["session:changed"', b"43", b"0{", b"40", b"2"
ROUND = 1.8  # seconds of one step
PATIENCE = 60.0  # seconds for everybody to come in, on however busy a machine
SETTLE = 2.0  # seconds to wait for what is late
PROPOSALS = 0.4  # of the events; the others are "me too"
now = time.perf_counter


@dataclass
class Visit:
    """What the generator knows of one room in one step."""

    id: str
    base: int = 0
    sent: dict[int, float] = field(default_factory=dict)  # version -> when its command was due
    last: dict[int, float] = field(default_factory=dict)  # version -> when its last recipient had it
    reached: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    topics: list[tuple[str, "Client"]] = field(default_factory=list)
    gaps: int = 0


@dataclass
class Step:
    """One step at one rate. Times in milliseconds."""

    rate: float
    ack_p50: float
    ack_p99: float
    last_p99: float
    lost: int
    refused: int
    gaps: int
    lag_p99: float
    lag_max: float
    server_load: float
    generator_load: float

    @property
    def holds(self) -> bool:
        return self.lost == 0 and self.refused == 0 and self.ack_p99 <= 100 and self.last_p99 <= 100


class Client:
    """One socket of one person."""

    def __init__(self, crowd: "Crowd", cookie: str, audience: str) -> None:
        self.crowd, self.cookie, self.audience = crowd, cookie, audience
        self.rest = b""
        self.state = "new"
        self.number, self.version = 0, 0
        self.pending: dict[int, tuple[float, str, Visit]] = {}
        self.stands: set[str] = set()
        self.visit: Visit | None = None

    def connect(self) -> None:
        self.rest, self.state, self.pending = b"", "upgrading", {}
        self.socket = socket.create_connection(("127.0.0.1", self.crowd.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.crowd.register(self)
        host = f"127.0.0.1:{self.crowd.port}"
        self.socket.send(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nCookie: groupvisits={self.cookie}\r\n\r\n".encode()
        )

    def close(self) -> None:
        self.crowd.forget(self)
        self.socket.close()
        self.state = "closed"

    def put(self, text: str) -> None:
        """A masked frame, as a client must send it; with a mask of zeros, which changes nothing."""
        payload = text.encode()
        size = len(payload)
        self.socket.send((b"\x81" + bytes([0x80 | size]) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")) + b"\0\0\0\0" + payload)

    def emit(self, name: str, data: dict[str, Any], due: float, visit: Visit) -> None:
        self.number += 1
        self.pending[self.number] = (due, name, visit)
        self.put(f"42{self.number}{json.dumps([name, data])}")

    def subscribe(self, visit: Visit) -> None:
        self.emit("live:subscribe", {"session_id": visit.id, "audience": self.audience}, now(), visit)

    def feed(self, data: bytes, at: float) -> None:
        if self.rest:
            data = self.rest + data
        here, size = 0, len(data)
        if self.state == "upgrading":
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self.rest = data
                return
            if b" 101 " not in data[:20]:
                raise RuntimeError(data[:200])
            here, self.state = end + 4, "opening"
        while size - here >= 2:
            length, start = data[here + 1], here + 2
            if length == 126:
                if size - here < 4:
                    break
                length, start = data[here + 2] << 8 | data[here + 3], here + 4
            elif length == 127:
                if size - here < 10:
                    break
                length, start = int.from_bytes(data[here + 2 : here + 10], "big"), here + 10
            end = start + length
            if end > size:
                break
            if data.startswith(CHANGED, start):
                self._changed(data, start, end, at)
            elif data[here] & 15 == 1:
                self._hear(data, start, end, at)
            elif data[here] & 15 == 8:
                self.state = "closed"
            here = end
        self.rest = data[here:]

    def _changed(self, data: bytes, start: int, end: int, at: float) -> None:
        begin = data.find(b'"version":', start) + 10
        version = int(data[begin : data.find(b",", begin)])
        begin = data.rfind(b'"since":', start, end) + 8
        after = data.find(b",", begin, end)
        since = int(data[begin : after if after > 0 else end - 2])
        visit = self.visit
        assert visit is not None
        if since == version:
            return  # whose phone is live: no version of its own
        visit.gaps += since != self.version
        for each in range(since + 1, version + 1):  # what was committed together is told at once
            visit.last[each] = at
            visit.reached[each] += 1
        self.version = max(version, self.version)

    def _hear(self, data: bytes, start: int, end: int, at: float) -> None:
        if data.startswith(ACK, start):
            self._answered(data[start:end], at)
        elif data.startswith(OPENED, start):
            self.put('40{"language":"en"}')
        elif data.startswith(CONNECTED, start):
            self.state = "connected"
            self.crowd.connected += 1
        elif data[start:end] == PING:
            self.put("3")

    def _answered(self, text: bytes, at: float) -> None:
        bracket = text.index(b"[")
        due, name, visit = self.pending.pop(int(text[2:bracket]))
        (answer,) = json.loads(text[bracket:])
        if not answer["ok"]:
            self.crowd.refused.append((name, answer))
        elif name == "live:subscribe":
            self.visit, self.stands, self.version = visit, set(), answer["result"]["version"]
            visit.base = max(visit.base, self.version)
            self.crowd.subscribed += 1
        else:
            self.crowd.acks.append(at - due)
            visit.sent[answer["result"]["version"]] = due
            if name == "agenda:propose":
                visit.topics.append((answer["result"]["topic_id"], self))

    def say_something(self, due: float) -> None:
        visit = self.visit
        assert visit is not None
        others = [topic_id for topic_id, author in visit.topics[-20:] if author is not self]
        common = {"command_id": str(uuid.uuid4()), "session_id": visit.id}
        if not others or random.random() < PROPOSALS:
            self.emit(
                "agenda:propose",
                common | {"body": {"words": f"What do test strips cost, and who pays for them? {self.number}", "route": "group", "shows_name": False}},
                due,
                visit,
            )
        else:
            topic_id = random.choice(others)
            on = topic_id not in self.stands
            self.stands.symmetric_difference_update({topic_id})
            self.emit("agenda:support", common | {"body": {"topic_id": topic_id, "on": on}}, due, visit)


class Crowd:
    """All sockets of one measurement and the loop that drives them."""

    def __init__(self, port: int, pid: int, people: list[dict[str, Any]]) -> None:
        self.port, self.pid = port, pid
        self.poll = select.epoll()
        self.by_file: dict[int, Client] = {}
        self.rooms = [
            [Client(self, cookie, "patient") for cookie in room["phones"]] + [Client(self, room["leader"], audience) for audience in ("facilitator", "display")]
            for room in people
        ]
        self.visits_left = [list(room["sessions"]) for room in people]
        self.connected = self.subscribed = 0
        self.acks: list[float] = []
        self.lags: list[float] = []  # while coming in: how long the loop was busy, so that what had arrived waited for it
        self.refused: list[Any] = []

    @property
    def clients(self) -> list[Client]:
        return [client for room in self.rooms for client in room]

    def register(self, client: Client) -> None:
        self.by_file[client.socket.fileno()] = client
        self.poll.register(client.socket.fileno(), select.EPOLLIN)

    def forget(self, client: Client) -> None:
        if self.by_file.pop(client.socket.fileno(), None):
            self.poll.unregister(client.socket.fileno())

    def listen(self, timeout: float) -> float:
        """Takes in what is there; how long that took."""
        ready, began = self.poll.poll(max(0.0, timeout)), now()
        for file, _ in ready:
            client = self.by_file[file]
            try:
                data = client.socket.recv(262_144)
            except BlockingIOError:
                continue
            if not data:
                raise ConnectionError(f"the server ended a {client.audience}'s connection")
            client.feed(data, now())
        return now() - began

    def until(self, reached: Any, seconds: float) -> None:
        deadline = now() + seconds
        while not reached():
            if now() > deadline:
                raise TimeoutError(f"{self.connected} connected, {self.subscribed} subscribed, {self.refused[:1]}")
            self.lags.append(self.listen(0.05))

    def come_in(self) -> float:
        """Everybody connects at once; how many seconds until all are subscribed."""
        self.connected = self.subscribed = 0
        began, everybody = now(), self.clients
        for client in everybody:
            client.connect()
        self.lags = [now() - began]
        self.until(lambda: self.connected == len(everybody), PATIENCE)
        self.next_visit()
        return now() - began

    def next_visit(self) -> list[Visit]:
        """Everybody goes on to a visit that nobody has spoken in yet."""
        self.subscribed = 0
        visits = [Visit(left.pop()) for left in self.visits_left]
        for room, visit in zip(self.rooms, visits, strict=True):
            for client in room:
                client.subscribe(visit)
        self.until(lambda: self.subscribed == len(self.clients), PATIENCE)
        return visits

    def leave(self) -> None:
        for client in self.clients:
            if client.state != "closed":
                client.close()

    def step(self, rate: float, seconds: float = ROUND) -> Step:
        """Send at this rate for so long, wait for what is late, and say how it went."""
        visits = self.next_visit()
        self.listen(0.2)
        self.acks, self.refused, lags = [], [], []
        count, every = int(rate * seconds), 1 / rate
        used, own, began = cpu_seconds(self.pid), time.process_time(), now()
        senders = [random.choice(self.rooms[number % len(self.rooms)][:-2]) for number in range(count)]
        for number, sender in enumerate(senders):
            due = began + number * every
            while (wait := due - now()) > 0:
                self.listen(wait)
            lags.append(now() - due)
            sender.say_something(due)
            if number % 8 == 0:
                self.listen(0)
        spent = now() - began
        server_load, generator_load = (cpu_seconds(self.pid) - used) / spent, (time.process_time() - own) / spent
        deadline = now() + SETTLE
        size = len(self.rooms[0])

        def lost() -> int:
            missing = sum(size - visit.reached[version] for visit in visits for version in visit.sent)
            return missing + count - len(self.acks) - len(self.refused)

        while lost() and now() < deadline:
            self.listen(0.02)
        missing = lost()
        late = [visit.last[version] - due for visit in visits for version, due in visit.sent.items() if version in visit.last]
        step = Step(
            rate=rate, ack_p50=ms(self.acks, 0.5), ack_p99=ms(self.acks, 0.99), last_p99=ms(late, 0.99), lost=missing, refused=len(self.refused),
            gaps=sum(visit.gaps for visit in visits), lag_p99=ms(lags, 0.99), lag_max=ms(lags, 1), server_load=round(server_load, 2), generator_load=round(generator_load, 2),
        )  # fmt: skip
        until = now() + PATIENCE
        while any(client.pending for client in self.clients) and now() < until:  # the next step begins with nothing in the queue
            self.listen(0.05)
        return step


def ms(values: list[float], share: float) -> float:
    """A percentile in milliseconds; nothing measured is as bad as can be."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 1) if ordered else float("inf")


def cpu_seconds(pid: int) -> float:
    """What the server has used so far, with the threads that wait for the disk."""
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()  # noqa: SIM115, PTH123
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> int:
    """Bytes of main memory in use."""
    return int(open(f"/proc/{pid}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")  # noqa: PTH123
