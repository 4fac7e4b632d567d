"""A patient at home, with an old phone: answers no, skips a month, tells what matters, signs and withdraws; once in Spanish, once without script."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from config import Config
from groupvisits import create_app
from groupvisits.agenda.models import PreVisitForm, Topic
from groupvisits.core import clock, database
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.patients import service as patients
from groupvisits.patients.models import AgreementSignature
from groupvisits.sessions.models import GroupSession, Seat
from tests.journeys.conftest import LAPTOP, PHONE, Server, is_accessible, sign_in

pytestmark = pytest.mark.browser


@contextmanager
def database_of(server: Server) -> Iterator[None]:
    app = create_app(Config(secret_key="not a secret, only for tests " * 2, instance=server.folder, public_url=server.url, testing=True))
    with app.app_context():
        yield
        db.session.remove()
        database.writes().engine.dispose()
        db.engine.dispose()


def given_a_visit_in_three_days(server: Server) -> str:
    """Rosa has been asked and has a link; there is an agreement to sign. Returns the link."""
    cast = server.cast
    with database_of(server):
        with write() as tx:
            visit = tx.get_one(GroupSession, cast.session_id)
            visit.starts_at, visit.ends_at = clock.now() + timedelta(days=3), clock.now() + timedelta(days=3, hours=2)
            seat = tx.get_one(Seat, cast.seats["rosa"])
            seat.state, seat.seat_no = "invited", None
        words = {"en": "We listen to each other.\nWhat we hear here stays here.", "es": "Nos escuchamos.\nLo que oímos aquí se queda aquí."}
        consents = ["name_on_screens", "contact_by_peers"]
        run(patients.publish_text, cast.joanne, cast.programme_id, texts=words, consents=consents, valid_months=12, seen=0)
        return run(patients.make_link, cast.joanne, cast.rosa.id)


def come_in(phone: Page, link: str, language: str = "en") -> None:
    phone.goto(f"{link}?lang={language}")
    phone.locator("main form button").first.click()
    phone.wait_for_url("**/my/visits")


def fits(phone: Page) -> None:
    """Accessible, and nothing to push sideways."""
    is_accessible(phone)
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), phone.url


def test_a_patient_looks_after_their_visits_from_home(server: Server, person: Callable[..., Page]) -> None:
    phone = person(PHONE)
    come_in(phone, given_a_visit_in_three_days(server), "en")

    # one tap says no, and the page says what was received
    expect(phone.get_by_text("We wait for your answer")).to_be_visible()
    fits(phone)
    phone.get_by_role("button", name="No, not this time").click()
    expect(phone.get_by_text("The clinic has your no.")).to_be_visible()
    fits(phone)

    # it was this month only: skip; then come after all, with a daughter
    phone.get_by_role("button", name="Skip this month").click()
    expect(phone.locator("main .gv-tag", has_text="You skip this one")).to_be_visible()
    phone.get_by_label("How many people come with you?").fill("7")
    phone.get_by_role("button", name="Yes, I will come").click()
    expect(phone.locator("#companions-error")).to_contain_text("Enter a number from 0 to 4")
    fits(phone)
    phone.get_by_label("How many people come with you?").fill("1")
    phone.get_by_role("button", name="Yes, I will come").click()
    expect(phone.get_by_text("The clinic has your yes.")).to_be_visible()

    # the form: a missing choice is asked for, and nothing typed is lost
    phone.get_by_role("link", name="Tell us what matters to you").click()
    expect(phone.get_by_text("Not for emergencies")).to_have_count(5)
    fits(phone)
    phone.get_by_label("What matters to you?").fill("To dance at the wedding")
    phone.get_by_label("First thing").fill("My feet at night")
    phone.get_by_label("Second thing").fill("Something about my son")
    phone.get_by_role("group", name="Where would you like to talk about it?").nth(1).get_by_label("Only in my one-on-one").check()
    phone.get_by_label("One goal until we meet again").fill("Walk to church")
    phone.get_by_role("button", name="Send to the clinic").click()
    expect(phone.locator("#route_1-error")).to_contain_text("Choose who this is for")
    fits(phone)
    expect(phone.get_by_label("Second thing")).to_have_value("Something about my son")
    phone.get_by_role("group", name="Where would you like to talk about it?").first.get_by_label("In the group").check()
    phone.get_by_role("button", name="Send to the clinic").click()
    expect(phone.get_by_text("The clinic has received it.")).to_be_visible()

    # the facilitator has the one for the group, and no word of the others
    console = person(LAPTOP)
    sign_in(console, "tomas.reyes@example.org")
    console.wait_for_url("**/today")
    console.goto(f"/sessions/{server.cast.session_id}/rooms/facilitator")
    expect(console.get_by_text("My feet at night").first).to_be_visible()
    assert "my son" not in console.content() and "wedding" not in console.content() and "church" not in console.content()

    # the agreement: each question has its own answer, none chosen
    phone.goto("/my/visits")
    phone.get_by_role("link", name="There is something to read and sign").click()
    phone.get_by_role("link", name="Read and sign").click()
    fits(phone)
    assert phone.locator("input[type=radio]:checked").count() == 0
    phone.get_by_label("Your name, as your signature").fill("Rosa Delgado")
    phone.get_by_label("Yes").first.check()
    phone.get_by_role("button", name="Sign", exact=True).click()
    expect(phone.locator("#contact_by_peers-error")).to_contain_text("Choose yes or no")
    fits(phone)
    phone.get_by_label("No").last.check()
    phone.get_by_role("button", name="Sign", exact=True).click()
    expect(phone.get_by_text("The clinic has your signature.")).to_be_visible()
    fits(phone)
    with database_of(server):
        signature = db.session.scalars(db.select(AgreementSignature)).one()
        assert (signature.consents, signature.way) == ({"name_on_screens": True, "contact_by_peers": False}, "phone")

    # and takes it back: open screens stop showing the name
    expect(console.get_by_text("Rosa").first).to_be_attached()
    phone.get_by_role("link", name="Read, change or withdraw").click()
    phone.get_by_role("button", name="Take my signature back").click()
    expect(phone.get_by_text("Withdrawn, from this moment on.")).to_be_visible()
    expect(console.get_by_text("Rosa")).to_have_count(0)


def test_in_spanish_and_without_script(server: Server, person: Callable[..., Page]) -> None:
    phone = person(PHONE, java_script_enabled=False)
    come_in(phone, given_a_visit_in_three_days(server), "es")
    expect(phone.locator("html")).to_have_attribute("lang", "es")
    phone.get_by_role("button", name="Sí, vendré").click()
    expect(phone.get_by_text("La clínica tiene su sí.")).to_be_visible()
    phone.get_by_role("link", name="Díganos qué es importante para usted").click()
    expect(phone.get_by_text("No es para emergencias")).to_have_count(5)
    phone.get_by_label("¿Qué es importante para usted?").fill("Bailar en la boda de mi hija")
    phone.get_by_label("Primera cosa").fill("¿Por qué me duelen los pies?")
    phone.get_by_role("group", name="¿Dónde quiere hablar de esto?").first.get_by_label("En el grupo").check()
    phone.get_by_role("button", name="Enviar a la clínica").click()
    expect(phone.get_by_text("La clínica lo ha recibido.")).to_be_visible()
    phone.goto("/my/agreements")
    phone.get_by_role("link", name="Leer y firmar").click()
    expect(phone.get_by_text("Nos escuchamos.")).to_be_visible()
    with database_of(server):
        topic, form = db.session.scalars(db.select(Topic)).one(), db.session.scalars(db.select(PreVisitForm)).one()
        assert (topic.words, topic.route, topic.pre_visit, topic.language) == ("¿Por qué me duelen los pies?", "group", True, "es")
        assert form.matters == "Bailar en la boda de mi hija"
