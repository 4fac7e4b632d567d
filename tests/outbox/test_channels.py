"""Texts leave by a real HTTP gateway, messages of one thread leave in order, and a calendar part is the last alternative of an e-mail."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select

from groupvisits.core import clock
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db
from groupvisits.outbox import service
from groupvisits.outbox.models import OutboxMessage
from groupvisits.outbox.transports import Channels, FileTransport, TextTransport, as_email
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")
TOKEN = "a token that the gateway and the program share"


@dataclass
class Gateway:
    """A text message gateway of its own: what it is to answer, and what it was sent."""

    url: str = ""
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    received: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    made = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.received.append((dict(self.headers), body))
            status, answer = made.answers.pop(0) if made.answers else (201, json.dumps({"id": f"gw-{len(made.received)}"}).encode())
            self.send_response(status)
            if status == 302:
                self.send_header("Location", made.url.replace("/messages", "/elsewhere"))
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}/messages"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def transport(gateway: Gateway, tmp_path: Any) -> Channels:
    return Channels(email=FileTransport(tmp_path, "clinic@example.org"), text=TextTransport(gateway.url, TOKEN, "+15550100"))


def queue(tx: Transaction, cast: Cast, address: str, **more: Any) -> str:
    return service.queue(tx, kind="test", clinic_id=cast.clinic_id, address=address, subject="A visit", text="Bonjou, kijan ou ye?", **more)


def found(message_id: str) -> OutboxMessage:
    db.session.expire_all()
    return db.session.get_one(OutboxMessage, message_id)


def test_a_text_leaves_with_the_token_and_keeps_the_gateways_id(cast: Cast, gateway: Gateway, tmp_path: Any) -> None:
    message_id = run(queue, cast, "+16175550101", channel="text")
    assert service.deliver_due(transport(gateway, tmp_path)) == (1, 0)
    headers, body = gateway.received[0]
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert body == {"to": "+16175550101", "from": "+15550100", "text": "Bonjou, kijan ou ye?", "reference": message_id}
    message = found(message_id)
    assert (message.state, message.gateway_id, message.delivered_at) == ("sent", "gw-1", None)


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_an_unknown_number_came_back_and_is_not_tried_again(cast: Cast, gateway: Gateway, tmp_path: Any, status: int) -> None:
    gateway.answers = [(status, b"no such number")]
    message_id = run(queue, cast, "+1", channel="text")
    assert service.deliver_due(transport(gateway, tmp_path)) == (0, 1)
    assert found(message_id).state == "failed"


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503, 302])
def test_a_gateway_in_trouble_is_tried_again_later_and_never_followed_elsewhere(cast: Cast, gateway: Gateway, tmp_path: Any, status: int) -> None:
    gateway.answers = [(status, b"")]
    message_id = run(queue, cast, "+16175550101", channel="text")
    assert service.deliver_due(transport(gateway, tmp_path)) == (0, 1)
    message = found(message_id)
    assert message.state == "waiting" and message.due_at > clock.now() and message.problem == "GatewayRefused"
    assert len(gateway.received) == 1


def test_a_gateway_that_is_not_there_stops_no_mail(cast: Cast, tmp_path: Any) -> None:
    run(queue, cast, "+16175550101", channel="text")
    mail = run(queue, cast, "a@example.org")
    nowhere = Channels(email=FileTransport(tmp_path, "clinic@example.org"), text=TextTransport("http://127.0.0.1:9/", TOKEN, ""))
    assert service.deliver_due(nowhere) == (1, 1)
    assert found(mail).state == "sent"


@pytest.mark.parametrize(
    "answer", [b"", b"accepted", b"[]", b'{"id": {}}', b"\xff\xfe", b'{"id": "\\u0000"}', b'{"id": "\\ud83d"}', b'{"id": ""}', b"[" * 60_000]
)
def test_a_gateway_that_answers_without_an_id_has_taken_the_text(cast: Cast, gateway: Gateway, tmp_path: Any, answer: bytes) -> None:
    gateway.answers = [(200, answer)]
    message_id = run(queue, cast, "+16175550101", channel="text")
    assert service.deliver_due(transport(gateway, tmp_path)) == (1, 0)
    assert (found(message_id).state, found(message_id).gateway_id) == ("sent", None)


def test_what_the_gateway_reports_later_is_noted_once(cast: Cast, gateway: Gateway, tmp_path: Any) -> None:
    first, second = run(queue, cast, "+16175550101", channel="text"), run(queue, cast, "+16175550102", channel="text")
    service.deliver_due(transport(gateway, tmp_path))
    ids = [found(first).gateway_id, found(second).gateway_id]
    assert run(service.note_report, str(ids[0]), arrived=True) and run(service.note_report, str(ids[1]), arrived=False)
    arrived = found(first).delivered_at
    assert arrived is not None and found(second).state == "failed"
    run(service.note_report, str(ids[0]), arrived=True)
    run(service.note_report, str(ids[0]), arrived=False)  # late and wrong: it had arrived
    assert (found(first).delivered_at, found(first).state) == (arrived, "sent")
    assert run(service.note_report, "unknown", arrived=True) is False


def test_a_call_is_sent_by_nobody(cast: Cast, tmp_path: Any) -> None:
    message_id = run(queue, cast, "", channel="call")
    assert service.deliver_due(FileTransport(tmp_path, "clinic@example.org")) == (0, 0)
    assert found(message_id).state == "waiting"


def test_a_cancellation_never_overtakes_its_invitation(cast: Cast, tmp_path: Any) -> None:
    """Whatever is due first: the invitation waits for another try, and what follows in its thread waits with it."""
    later = clock.now() + timedelta(minutes=4)
    invitation = run(queue, cast, "a@example.org", thread="t", due_at=later)
    cancellation, other = run(queue, cast, "a@example.org", thread="t"), run(queue, cast, "b@example.org", thread="u")
    assert [found(one).number for one in (invitation, cancellation, other)] == [1, 2, 1]
    mail = FileTransport(tmp_path, "clinic@example.org")
    assert service.deliver_due(mail) == (1, 0)
    assert (found(cancellation).state, found(other).state) == ("waiting", "sent")

    def due(tx: Transaction) -> None:
        tx.get_one(OutboxMessage, invitation).due_at = clock.now()

    run(due)
    assert service.deliver_due(mail) == (1, 0)
    assert (found(invitation).state, found(cancellation).state) == ("sent", "waiting")
    assert service.deliver_due(mail) == (1, 0)
    assert found(cancellation).state == "sent"


@pytest.mark.parametrize("state", ["failed", "withdrawn", "sent"])
def test_what_came_back_holds_nothing_up(cast: Cast, tmp_path: Any, state: str) -> None:
    first, second = run(queue, cast, "a@example.org", thread="t"), run(queue, cast, "a@example.org", thread="t")

    def end(tx: Transaction) -> None:
        tx.get_one(OutboxMessage, first).state = state

    run(end)
    assert service.deliver_due(FileTransport(tmp_path, "clinic@example.org")) == (1, 0)
    assert found(second).state == "sent"


def test_a_call_that_waits_holds_no_mail_of_its_thread_up(cast: Cast, tmp_path: Any) -> None:
    run(queue, cast, "+1", thread="t", channel="call")
    mail = run(queue, cast, "a@example.org", thread="t")
    assert service.deliver_due(FileTransport(tmp_path, "clinic@example.org")) == (1, 0)
    assert found(mail).state == "sent"


def test_the_calendar_part_comes_last_with_its_method_in_the_header(cast: Cast) -> None:
    part = "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nX-WORDS:Eskò Kreyòl\r\nEND:VCALENDAR\r\n"
    message = db.session.get_one(OutboxMessage, run(queue, cast, "a@example.org", calendar=part, language="ht"))
    email = as_email(message, "Clinic <clinic@example.org>")
    assert email.get_content_type() == "multipart/alternative"
    read = message_from_bytes(bytes(email), _class=EmailMessage)
    kinds = [one.get_content_type() for one in read.iter_parts()] if isinstance(read, EmailMessage) else []
    assert kinds == ["text/plain", "text/calendar"]
    last = list(email.iter_parts())[-1]
    assert (last["Content-Type"].params["method"], last["Content-Type"].params["charset"]) == ("CANCEL", "utf-8")
    assert last.get_content().replace("\n", "\r\n") == part
    assert email["To"] == "a@example.org" and email["Cc"] is None and email["Bcc"] is None


def test_two_of_one_thread_are_numbered(cast: Cast) -> None:
    for _ in range(3):
        run(queue, cast, "a@example.org", thread="t")
    assert sorted(db.session.scalars(select(OutboxMessage.number).where(OutboxMessage.thread == "t"))) == [1, 2, 3]
