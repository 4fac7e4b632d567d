"""A patient's link works once, only by a tap, and tells nobody anything before."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from groupvisits.accounts import service
from groupvisits.accounts.models import PatientLink
from groupvisits.core import transaction
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db
from groupvisits.outbox.models import OutboxMessage
from groupvisits.patients.models import Patient
from tests.cast import Cast, signed_in


def make(tx: Transaction, cast: Cast, actor=None) -> str:
    return service.make_patient_link(tx, actor or cast.joanne, tx.get_one(Patient, cast.rosa.id))


@pytest.fixture
def token(app: Flask, cast: Cast) -> str:
    with app.app_context():
        return run(make, cast)


def test_opening_it_uses_nothing_and_shows_no_name(app: Flask, token: str) -> None:
    client = app.test_client()
    for _ in range(2):
        page = client.get(f"/links/{token}")
        assert page.status_code == 200
        assert "Rosa" not in page.text
        assert "Delgado" not in page.text
        assert "Tuesday" not in page.text


def test_a_tap_signs_this_phone_in_once(app: Flask, token: str) -> None:
    phone, other = app.test_client(), app.test_client()
    assert phone.post(f"/links/{token}").headers["Location"] == "/my/visits"
    assert phone.get("/my/visits").status_code == 200
    assert other.post(f"/links/{token}").status_code == 410
    assert other.get("/my/visits").status_code == 302


def test_the_phone_speaks_the_patients_language(app: Flask, token: str) -> None:
    phone = app.test_client()
    phone.post(f"/links/{token}")
    assert 'lang="es"' in phone.get("/my/visits").text


def test_not_for_me_ends_it_and_tells_the_clinic_once(app: Flask, cast: Cast, token: str) -> None:
    client = app.test_client()
    for _ in range(2):
        assert client.post(f"/links/{token}/refusals").status_code == 200
    assert client.post(f"/links/{token}").status_code == 410
    with app.app_context():
        (message,) = db.session.scalars(select(OutboxMessage)).all()
        assert message.kind == "link_not_theirs"
        assert "Rosa" not in message.text
    address = next(word for word in message.text.split() if "/patients/" in word).removeprefix("http://localhost")
    assert "Rosa" in signed_in(app, cast.joanne).get(address).text
    assert "patient" in signed_in(app, cast.ada).get("/audit-entries").text
    assert cast.rosa.id[:8] in signed_in(app, cast.ada).get("/audit-entries").text


def test_an_old_link_does_not_work(app: Flask, token: str) -> None:
    with app.app_context(), transaction.write() as tx:
        for link in tx.scalars(select(PatientLink)):
            link.ends_at = link.made_at - timedelta(seconds=1)
    assert app.test_client().get(f"/links/{token}").status_code == 410
    assert app.test_client().post(f"/links/{token}").status_code == 410


def test_an_unknown_token_looks_like_a_used_one(app: Flask, cast: Cast) -> None:
    assert app.test_client().get("/links/never-made").status_code == 410
    assert app.test_client().post("/links/never-made").status_code == 410
    assert app.test_client().post("/links/never-made/refusals").status_code == 404


@pytest.mark.usefixtures("context")
class TestMaking:
    def test_refuses_a_stranger(self, cast: Cast) -> None:
        with pytest.raises(NotFound):
            run(make, cast, cast.sol)

    @pytest.mark.parametrize("who", ["osei", "adler", "quinn", "ada", "rosa"])
    def test_refuses_the_wrong_role(self, cast: Cast, who: str) -> None:
        with pytest.raises(NotAllowed):
            run(make, cast, getattr(cast, who))


class TestDisplay:
    @pytest.mark.usefixtures("context")
    def test_refuses_a_stranger_and_the_wrong_role(self, cast: Cast) -> None:
        with pytest.raises(NotFound):
            run(service.make_room_display, cast.sol, cast.clinic_id, cast.session_id)
        for who in (cast.ada, cast.quinn, cast.rosa):
            with pytest.raises(NotAllowed):
                run(service.make_room_display, who, cast.clinic_id, cast.session_id)

    def test_its_address_shows_one_session_and_nothing_else(self, app: Flask, cast: Cast) -> None:
        with app.app_context():
            token = run(service.make_room_display, cast.tomas, cast.clinic_id, cast.session_id)
        wall = app.test_client()
        assert wall.get(f"/displays/{token}").headers["Location"] == f"/sessions/{cast.session_id}/rooms/display"
        assert wall.get(f"/sessions/{cast.session_id}/rooms/display").status_code == 200
        assert wall.get(f"/sessions/{cast.session_id}/rooms/patient").status_code in (403, 404)
        assert wall.get("/patients").status_code in (403, 404)

    def test_a_facilitator_who_looks_keeps_their_sign_in(self, app: Flask, cast: Cast) -> None:
        with app.app_context():
            token = run(service.make_room_display, cast.tomas, cast.clinic_id, cast.session_id)
        tomas = signed_in(app, cast.tomas)
        tomas.get(f"/displays/{token}")
        assert tomas.get("/today").status_code == 200

    def test_a_made_up_address_opens_nothing(self, app: Flask, cast: Cast) -> None:
        assert app.test_client().get("/displays/never-made").status_code == 404


class TestAskingForANewOne:
    def messages(self, app: Flask) -> list[OutboxMessage]:
        with app.app_context():
            return list(db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "patient_link")))

    def test_it_goes_to_the_address_the_clinic_has_and_to_no_other(self, app: Flask, token: str) -> None:
        phone = app.test_client()
        phone.post(f"/links/{token}")
        assert "Send me a new link" in app.test_client().get(f"/links/{token}").text
        answer = app.test_client().post(f"/links/{token}/renewals")
        assert "Rosa" not in answer.text
        (message,) = self.messages(app)
        assert message.address == "rosa@example.org"
        assert token not in message.text

    def test_a_made_up_token_gets_the_same_answer_and_brings_nothing(self, app: Flask, token: str) -> None:
        real = app.test_client().post(f"/links/{token}/renewals").status_code
        assert app.test_client().post("/links/never-made/renewals").status_code == real
        assert len(self.messages(app)) == 1

    def test_three_times_at_most(self, app: Flask, token: str) -> None:
        for _ in range(5):
            app.test_client().post(f"/links/{token}/renewals")
        assert len(self.messages(app)) == 3

    def test_a_link_that_reached_the_wrong_person_brings_nothing(self, app: Flask, token: str) -> None:
        app.test_client().post(f"/links/{token}/refusals")
        app.test_client().post(f"/links/{token}/renewals")
        assert self.messages(app) == []

    def test_the_answer_does_not_say_whether_anything_was_sent(self, app: Flask, token: str) -> None:
        """Whoever holds somebody else's used link does not learn from it whether the clinic has an address."""
        sent = app.test_client().post(f"/links/{token}/renewals?lang=en").text
        with app.app_context(), transaction.write() as tx:
            patient = tx.scalars(select(Patient).where(Patient.email == "rosa@example.org")).one()
            patient.email = ""
        assert self.without_reference(app.test_client().post(f"/links/{token}/renewals?lang=en").text) == self.without_reference(sent)
        assert len(self.messages(app)) == 1

    def without_reference(self, page: str) -> str:
        return re.sub(r"csrf-token\" content=\"[^\"]*|name=\"csrf_token\"[^>]*", "", page)
