"""A bad network in front of a good server: a small TCP proxy that delays, loses and cuts.

What passes is TCP, so nothing is ever missing in the middle of a line: a lost packet shows as a stall. Each piece that arrives is held
for half a round trip. With the probability `loss` it counts as lost and is held for a retransmission timeout more (a round trip and
200 ms, as Linux does; doubled each time it is lost again), and everything behind it waits, too. `cut_after` ends each connection without a word after
so many seconds on average, with whatever was on its way. `cut` does that now, to all of them; `freeze` lets nothing through.
"""

import asyncio
import contextlib
import random
import threading
from typing import Any


class Proxy:
    def __init__(self, port: int, *, round_trip: float = 0.3, loss: float = 0.05, cut_after: float = 0, seed: int = 1) -> None:
        self.upstream, self.round_trip, self.loss, self.cut_after = port, round_trip, loss, cut_after
        self.dice = random.Random(seed)
        self.pieces = self.stalls = self.cuts = 0
        self.port = 0
        self._lines: set[_Line] = set()
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self._ready.wait(10)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        self._loop.call_soon_threadsafe(self._cut)

    def freeze(self) -> None:
        self._loop.call_soon_threadsafe(self._flows.clear)

    def thaw(self) -> None:
        self._loop.call_soon_threadsafe(self._flows.set)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def hold(self) -> float:
        """How long the next piece is on its way."""
        self.pieces += 1
        seconds, again = self.round_trip / 2, self.round_trip + 0.2
        while self.dice.random() < self.loss:
            self.stalls += 1
            seconds, again = seconds + again, again * 2
        return seconds

    def _cut(self) -> None:
        for line in list(self._lines):
            line.cut()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._flows.set()
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._cut()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0))  # what was given up closes in the loop's next turn
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.sleep(self.hold())
            there = await asyncio.open_connection("127.0.0.1", self.upstream)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
            return
        line = _Line(self, (reader, writer), there)
        self._lines.add(line)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await line.carry()
        finally:
            self._lines.discard(line)


class _Line:
    def __init__(self, proxy: Proxy, here: Any, there: Any) -> None:
        self.proxy, self.here, self.there = proxy, here, there

    def cut(self) -> None:
        self.proxy.cuts += 1
        self._abort()

    def _abort(self) -> None:
        for _, writer in (self.here, self.there):
            writer.transport.abort()

    async def carry(self) -> None:
        loop = asyncio.get_running_loop()
        proxy = self.proxy
        ends = loop.call_later(proxy.dice.expovariate(1 / proxy.cut_after), self.cut) if proxy.cut_after else None
        try:
            await asyncio.gather(self._flow(self.here[0], self.there[1]), self._flow(self.there[0], self.here[1]))
        finally:
            if ends:
                ends.cancel()
            self._abort()

    async def _flow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pieces arrive in order: what was held back holds back what follows."""
        loop, waiting, before = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]](), 0.0

        async def read() -> None:
            nonlocal before
            with contextlib.suppress(OSError):
                while piece := await reader.read(65536):
                    before = max(before, loop.time() + self.proxy.hold())
                    waiting.put_nowait((before, piece))
            waiting.put_nowait((max(before, loop.time()), b""))

        reading = loop.create_task(read())
        try:
            while True:
                due, piece = await waiting.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                await self.proxy._flows.wait()
                if not piece:
                    with contextlib.suppress(OSError, RuntimeError):
                        writer.write_eof()
                    return
                writer.write(piece)
                with contextlib.suppress(OSError):
                    await writer.drain()
        finally:
            reading.cancel()
