"""Messages leave once they are due, one bad address never stops the rest, and a dead worker gives its messages back."""

from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from groupvisits.core import clock
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db
from groupvisits.outbox import rules, service
from groupvisits.outbox.models import OutboxMessage
from groupvisits.outbox.transports import FileTransport, SmtpTransport
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")


class Mailbox:
    """Keeps what arrives and refuses one address."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address.startswith("nobody@"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.received.append(envelope.content)
        return "250 OK"


@pytest.fixture
def mailbox():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, SmtpTransport(f"smtp://127.0.0.1:{port}", "clinic@example.org")
    controller.stop()


def queue(tx: Transaction, cast: Cast, address: str, **more: object) -> str:
    return service.queue(tx, kind="test", clinic_id=cast.clinic_id, address=address, subject="A message for you", text="Bonjou, kijan ou ye?", **more)  # type: ignore[arg-type]


def states() -> dict[str, str]:
    return {m.address: m.state for m in db.session.scalars(select(OutboxMessage))}


def test_a_bad_address_never_stops_the_rest(cast: Cast, mailbox) -> None:
    box, transport = mailbox
    for address in ("a@example.org", "nobody@example.org", "b@example.org\nBcc: x@example.org", "c@example.org"):
        run(queue, cast, address)
    assert service.deliver_due(transport) == (2, 2)
    assert len(box.received) == 2
    assert states()["nobody@example.org"] == "failed"
    assert states()["b@example.org\nBcc: x@example.org"] == "waiting"


def test_nothing_leaves_before_it_is_due(cast: Cast, mailbox) -> None:
    _box, transport = mailbox
    run(queue, cast, "a@example.org", due_at=clock.now() + timedelta(hours=1))
    assert service.deliver_due(transport) == (0, 0)


def test_twice_delivers_once(cast: Cast, mailbox) -> None:
    _box, transport = mailbox
    run(queue, cast, "a@example.org")
    assert (service.deliver_due(transport), service.deliver_due(transport)) == ((1, 0), (0, 0))


def test_a_dead_worker_gives_its_messages_back(cast: Cast, mailbox) -> None:
    _box, transport = mailbox
    run(queue, cast, "a@example.org")
    run(service._claim, 10)
    assert service.deliver_due(transport) == (0, 0)

    def age(tx: Transaction) -> None:
        for message in tx.scalars(select(OutboxMessage)):
            message.claimed_at = clock.now() - rules.CLAIM_LASTS - timedelta(seconds=1)

    run(age)
    assert service.deliver_due(transport) == (1, 0)


def test_a_rolled_back_act_sends_nothing(cast: Cast) -> None:
    def queues_then_fails(tx: Transaction) -> None:
        queue(tx, cast, "a@example.org")
        raise ValueError

    with pytest.raises(ValueError):
        run(queues_then_fails)
    assert states() == {}


def test_without_a_server_messages_become_files(cast: Cast, tmp_path) -> None:
    run(queue, cast, "a@example.org")
    assert service.deliver_due(FileTransport(tmp_path, "clinic@example.org")) == (1, 0)
    (file,) = tmp_path.glob("*.eml")
    assert b"A message for you" in file.read_bytes()


def test_attempts_grow_apart_and_end() -> None:
    now = clock.now()
    waits = [rules.next_attempt(attempt, now) for attempt in range(1, 7)]
    assert [round((moment - now).total_seconds() / 60) for moment in waits if moment] == [1, 4, 16, 64, 256]
    assert waits[-1] is None
