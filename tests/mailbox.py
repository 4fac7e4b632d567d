"""A real mail server on the loopback that keeps what arrives and refuses the people it is told to."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from groupvisits.outbox.transports import SmtpTransport


class Mailbox:
    def __init__(self, refused: str) -> None:
        self.refused = refused
        self.received: list[bytes] = []
        self.in_secret: list[bool] = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address.startswith(self.refused):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.received.append(envelope.content)
        self.in_secret.append(session.ssl is not None)
        return "250 OK"


class _Server(Controller):
    """Ends with every connection closed: the library stops its loop while a caller is still hanging up."""

    def __init__(self, handler: Mailbox, **more: Any) -> None:
        super().__init__(handler, **more)
        self.lines: list[SMTP] = []

    def factory(self) -> SMTP:
        self.lines.append(super().factory())
        return self.lines[-1]

    def cancel_tasks(self, stop_loop: bool = True) -> None:
        async def hang_up() -> None:
            for line in self.lines:
                if line.transport is not None:
                    line.transport.abort()
            while any(line.transport is not None for line in self.lines):
                await asyncio.sleep(0.01)
            super(_Server, self).cancel_tasks(stop_loop)

        self.loop.create_task(hang_up())


@contextmanager
def listening(host: str = "127.0.0.1", *, refused: str = "nobody@", **more: Any) -> Iterator[tuple[Mailbox, SmtpTransport]]:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port = probe.getsockname()[1]
    box = Mailbox(refused)
    server = _Server(box, hostname=host, port=port, **more)
    server.start()
    try:
        yield box, SmtpTransport(f"smtp://{host}:{port}", "groupvisits@example.org")
    finally:
        server.stop()
