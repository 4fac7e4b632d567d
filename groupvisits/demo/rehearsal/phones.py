"""A simulated phone (or console, or wall): a screen and a queue on a line of their own, kept up as docs/protocol.md says.

Three threads each, as a browser has three things going on: one hears, one fetches, one sends what the person did.
"""

import contextlib
import http.client
import json
import re
import threading
import time
from collections.abc import Callable, MutableSequence
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from groupvisits.demo.rehearsal.line import Line
from groupvisits.demo.rehearsal.rules import CommandQueue, Record, Screen, differences, shown_by

ACK_TIMEOUT = 5.0
FETCH_TIMEOUT = 8.0
SILENCE = 25.0
POLL = 10.0
RETRY_WHEN_OFFLINE = 5.0
CATCH_UP = 0.8  # an own command's delta normally overtakes this
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
JSON = {"Accept": "application/json", "X-Background": "1"}
CSRF = re.compile(r'name="csrf-token"\s+content="([^"]*)"|name="csrf_token"[^>]*\svalue="([^"]*)"')

Answer = tuple[Record, str, Any]


class Browser:
    """The little of a browser that a phone needs: one cookie, pages, forms, JSON."""

    def __init__(self, base: str, cookie: str = "") -> None:
        self.base, self.cookie = base, cookie

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, data: str, **headers: str) -> tuple[int, str]:
        return self._ask("POST", path, data, headers)

    def submit(self, path: str, **fields: str) -> str:
        """Open the page, tap its button; the address it leads to, or nothing."""
        _, page = self.get(path)
        status, where = self.post(path, urlencode(fields | {"csrf_token": token_in(page)}), **{"Content-Type": "application/x-www-form-urlencoded"})
        return where if status in (302, 303) else ""

    def _ask(self, method: str, path: str, data: str | None, headers: dict[str, str]) -> tuple[int, str]:
        where = urlsplit(self.base)
        connection = http.client.HTTPConnection(where.netloc, timeout=FETCH_TIMEOUT)
        try:
            connection.request(method, path, data, {"Cookie": f"groupvisits={self.cookie}", "Origin": self.base, "Referer": f"{self.base}{path}", **headers})
            answer = connection.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie" and (morsel := SimpleCookie(value).get("groupvisits")):
                    self.cookie = morsel.value
            text = answer.read().decode(errors="replace")
            return answer.status, (answer.getheader("Location") or "") if answer.status in (302, 303) else text
        except (http.client.HTTPException, OSError) as broken:
            raise ConnectionError(str(broken)) from broken
        finally:
            connection.close()


class Phone:
    """`start` it once. `do` what a person does; `sleep`, `wake` and `cut` are what phones and networks do."""

    def __init__(
        self,
        browser: Browser,
        session_id: str,
        audience: str = "patient",
        *,
        name: str = "",
        store: MutableSequence[Record] | None = None,
        language: str = "en",
    ) -> None:
        self.browser, self.session_id, self.audience, self.name, self.language = browser, session_id, audience, name, language
        self.screen, self.queue = Screen(), CommandQueue(store)
        self.answers: list[Answer] = []  # every final one, in order
        self.ended = 0  # the HTTP status that showed this phone out
        self.fetches = self.lines = 0
        self.on_change: list[Callable[[str, dict[str, Any]], None]] = []  # (message or "snapshot", body)
        self._line: Line | None = None
        self._waiting: dict[int, Any] = {}  # acknowledgements: number -> answer, None while it is awaited
        self._csrf = ""
        self._failures = 0
        self._tried_at = self._heard_at = time.monotonic()
        self._flush_at = 0.0
        self._wakes = 0
        self._subscribed = self._asleep = self._closed = False
        self._changed = threading.Condition(threading.RLock())

    # ---------- what a person, a pocket and a network do ----------

    def start(self) -> "Phone":
        for work in (self._hear, self._fetch, self._flush):
            threading.Thread(target=self._keep_on, args=(work,), daemon=True, name=f"{self.name} {work.__name__}").start()
        return self

    def do(self, name: str, **body: Any) -> Record:
        """Kept from now on, sent as soon as possible."""
        with self._changed:
            record = self.queue.add(Record(name, self.session_id, body))
            self._tell()
        return record

    def sleep(self) -> None:
        """The screen goes dark: nothing is read, nothing is sent, the line dies without a word."""
        with self._changed:
            self._asleep = True
            if self._line:
                self._line.deaf = True

    def wake(self) -> None:
        """Somebody looks at it again."""
        with self._changed:
            self._asleep, self._failures, self._flush_at, self.queue.held = False, 0, 0.0, False
            self._wakes += 1
            if self._line and self._line.deaf:
                self._line.cut()
            self.screen.want()
            self._tell()

    def cut(self) -> None:
        """The network is gone for a moment; it comes back by itself."""
        with self._changed:
            if self._line:
                self._line.cut()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            if self._line:
                self._line.cut()
            self._tell()

    # ---------- what can be seen ----------

    def until(self, true: Callable[["Phone"], Any], seconds: float) -> Any:
        """What `true(self)` says once it says something; None when the time is over."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not (found := true(self)) and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(min(left, 0.25))
            return found or None

    def answer_to(self, record: Record, seconds: float = 20) -> Any:
        """The clinic's final answer, or None if none came in time."""
        found = self.until(lambda phone: [answer for kept, _, answer in phone.answers if kept is record], seconds)
        return found[0] if found else None

    @property
    def is_idle(self) -> bool:
        """Everything a person did here has its answer, and nothing is being fetched."""
        with self._changed:
            return not self.queue.store and not self.screen.wants and not self.screen.fetching

    @property
    def is_live(self) -> bool:
        return self._subscribed

    def snapshot(self) -> tuple[int, dict[str, Any] | None]:
        status, text = self.browser.get(f"/sessions/{self.session_id}/snapshot?audience={self.audience}", **JSON)
        return status, json.loads(text) if status == 200 else None

    def untrue(self) -> list[str]:
        """Where this screen differs from what the server's projection says now."""
        _, true = self.snapshot()
        with self._changed:
            return differences(self.screen.shows(), shown_by(true)) if true else ["the snapshot is not given"]

    # ---------- how it is kept up ----------

    def _keep_on(self, work: Callable[[], None]) -> None:
        while not self._closed and not self.ended:
            with contextlib.suppress(ConnectionError, TimeoutError):
                work()

    def _hear(self) -> None:
        """Connect, subscribe, then listen until the line is gone; the next one a little later."""
        if self._asleep:
            self._rest(0.05)
            return
        line = None
        try:
            line = Line(self.browser.base, self.browser.cookie, language=self.language, timeout=FETCH_TIMEOUT)
            with self._changed:
                self._line = line
                self.lines += 1
            number = line.send("live:subscribe", {"session_id": self.session_id, "audience": self.audience})
            self._await(number)
            while not self._closed:
                heard = line.hear(SILENCE)
                if heard is None:
                    raise ConnectionError("silence")
                self._take(number, *heard)
        except PermissionError:
            with self._changed:
                self.screen.want()  # its status tells whether this phone is still known
        except (ConnectionError, TimeoutError, OSError):
            pass
        finally:
            with self._changed:
                self._line, self._subscribed = None, False
                self._waiting.clear()
                if not self._asleep:
                    self.screen.want()
                self._tell()
            if line:
                line.cut()
        self._rest(min(5.0, PAUSES[min(self._failures, len(PAUSES) - 1)]))

    def _take(self, subscribing: int, kind: str, name: Any, data: Any) -> None:
        with self._changed:
            self._heard_at = time.monotonic()
            if kind == "answer" and name == subscribing:
                self._subscribed = bool(data.get("ok"))
                self._failures, self._flush_at, self.queue.held = 0, 0.0, False
                self.screen.want()
            elif kind == "answer":
                if name in self._waiting:
                    self._waiting[name] = data
            else:
                self.screen.hear(name, data)
                for listener in self.on_change:
                    listener(name, data)
            self._tell()

    def _fetch(self) -> None:
        with self._changed:
            since = time.monotonic() - self._tried_at
            silent = time.monotonic() - self._heard_at > SILENCE and since > SILENCE / 2
            alone = not self._subscribed and since > (RETRY_WHEN_OFFLINE if self._failures else POLL)
            if silent or alone:
                self.screen.want()
            if self._asleep or not self.screen.wants:
                self._changed.wait(0.25)
                return
            self.screen.asks()
            self._tried_at = time.monotonic()
            self.fetches += 1
        found = None
        try:
            status, found = self.snapshot()
            if status in (401, 403, 404):
                self.ended = status
        finally:
            with self._changed:
                self.screen.answered(found)
                if found:
                    self._heard_at = time.monotonic()
                    for listener in self.on_change:
                        listener("snapshot", found)
                self._tell()
        if found is None:
            self._rest(0.5)
            with self._changed:
                self._failures += 1
                self.screen.want()

    def _flush(self) -> None:
        """One command at a time, in the order in which they were made."""
        with self._changed:
            record = self.queue.next()
            if record is None or self._asleep or time.monotonic() < self._flush_at:
                self._changed.wait(0.1 if record else 0.25)
                return
        answer = self._sent(record)
        with self._changed:
            kind = self.queue.answered(record, answer)
            if kind == "retry":
                self._flush_at = time.monotonic() + PAUSES[min(self._failures, len(PAUSES) - 1)]
                self._failures += 1
            elif kind in ("done", "refused"):
                self.answers.append((record, kind, answer))
                if kind == "done" and answer["result"].get("version", 0) > self.screen.version:
                    threading.Timer(CATCH_UP, self._catch_up, (answer["result"]["version"],)).start()
            self._tell()

    def _sent(self, record: Record) -> Any:
        line = self._line if self._subscribed else None
        if line is not None:
            with contextlib.suppress(ConnectionError, TimeoutError):
                with self._changed:
                    number = line.send(record.name, record.by_socket)
                    self._await(number)
                self.until(lambda phone: phone._waiting.get(number, "gone"), ACK_TIMEOUT)
                with self._changed:
                    answer = self._waiting.pop(number, None)
                if answer is not None:
                    return answer
        if self._asleep:
            return None
        # No acknowledgement: perhaps carried out, perhaps not. The same id by the other door is the same command.
        with contextlib.suppress(ConnectionError, ValueError):
            return self._posted(record)
        return None

    def _posted(self, record: Record) -> Any:
        for _ in range(2):
            if not self._csrf:
                self._csrf = token_in(self.browser.get(f"/sessions/{self.session_id}/rooms/{self.audience}", **{"X-Background": "1"})[1])
            status, text = self.browser.post(
                f"/sessions/{self.session_id}/commands/{record.name}",
                json.dumps(record.by_post),
                **{"Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": self._csrf},
            )
            if status >= 500 or status == 429:
                return None
            answer = json.loads(text)
            if (answer.get("error") or {}).get("code") != "csrf":
                return answer
            self._csrf = ""
        return None

    def _await(self, number: int) -> None:
        self._waiting.setdefault(number, None)

    def _catch_up(self, version: int) -> None:
        with self._changed:
            if self.screen.version < version:
                self.screen.want()
                self._tell()

    def _rest(self, seconds: float) -> None:
        """A pause between two tries; somebody who looks at the phone ends it."""
        deadline = time.monotonic() + seconds
        with self._changed:
            wakes = self._wakes
            while not self._closed and wakes == self._wakes and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)

    def _tell(self) -> None:
        self._changed.notify_all()


def token_in(page: str) -> str:
    found = CSRF.search(page)
    return (found.group(1) or found.group(2)) if found else ""


def wait_for_server(base: str, seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(ConnectionError):
            if Browser(base).get("/healthz")[0] == 200:
                return True
        time.sleep(0.3)
    return False
