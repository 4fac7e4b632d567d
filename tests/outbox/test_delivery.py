"""Messages leave once they are due, one bad address never stops the rest, and a dead worker gives its messages back."""

import ssl
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from groupvisits.core import clock
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db
from groupvisits.outbox import rules, service
from groupvisits.outbox.models import OutboxMessage
from groupvisits.outbox.transports import FileTransport
from tests.cast import Cast
from tests.mailbox import listening

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def mailbox():
    with listening() as found:
        yield found


def certificate(folder: Path, host: str) -> tuple[Path, ssl.SSLContext]:
    """(its file, what a server needs) of a certificate that stands for itself."""
    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.now()
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, secret = folder / "certificate.pem", folder / "key.pem"
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, secret)
    return file, context


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


def test_mail_to_another_machine_travels_in_secret_where_it_offers_that(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, context = certificate(tmp_path, "127.0.0.2")  # an address that is none of OWN_NAMES
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    run(queue, cast, "a@example.org")
    with listening("127.0.0.2", tls_context=context) as (box, transport):
        assert service.deliver_due(transport) == (1, 0)
    assert box.in_secret == [True]


def test_a_server_with_a_certificate_of_nobody_is_not_trusted_unless_it_is_this_machine(cast: Cast, tmp_path: Path) -> None:
    run(queue, cast, "a@example.org")
    with listening("127.0.0.2", tls_context=certificate(tmp_path, "127.0.0.2")[1]) as (box, transport):
        assert service.deliver_due(transport) == (0, 1)
    assert box.received == [] and db.session.scalar(select(OutboxMessage.problem)) == "SSLCertVerificationError"
    run(queue, cast, "b@example.org")
    with listening("127.0.0.1", tls_context=certificate(tmp_path, "127.0.0.1")[1]) as (box, transport):
        assert service.deliver_due(transport) == (1, 0)
    assert box.in_secret == [False]


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
