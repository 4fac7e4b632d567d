"""The name that the room sees, chosen by whom it belongs to: no staff, no other patient, and on open screens at once."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from markupsafe import escape
from sqlalchemy import select

from groupvisits.audit.models import AuditEntry
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.patients import service
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import GroupSession
from tests.cast import Cast, signed_in
from tests.live.conftest import opened, phone  # noqa: F401 - fixtures


def shown(app: Flask, cast: Cast) -> str:
    with app.app_context():
        return db.session.get_one(Patient, cast.rosa.id).display_name


def acts_of(app: Flask) -> list[AuditEntry]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry).where(AuditEntry.action == "patients:choose_name")))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("Rosie", "Rosie"), ("  La  Flaca ", "La Flaca"), ("", "Rosa"), ("\u202eevil", "evil"), ("<b>Rosa</b>", "<b>Rosa</b>"), ("R" * 40, "R" * 40)],
)
def test_a_patient_is_called_as_they_choose_and_by_the_first_name_without_a_choice(app: Flask, cast: Cast, typed: str, kept: str) -> None:
    client = signed_in(app, cast.rosa)
    client.post("/my/name", data={"display_name": "Somebody else"})
    assert client.post("/my/name", data={"display_name": typed}).status_code == 303
    assert shown(app, cast) == kept
    page = client.get("/my/name").text
    assert f'value="{escape(kept)}"' in page


def test_a_name_that_is_too_long_is_refused_beside_its_box(app: Flask, cast: Cast) -> None:
    answer = signed_in(app, cast.rosa).post("/my/name?lang=en", data={"display_name": "R" * 41})
    assert answer.status_code == 422 and "This is too long." in answer.text and "R" * 41 in answer.text
    assert shown(app, cast) == "Rosa"


def test_the_choice_is_recorded_once_and_without_the_name(app: Flask, cast: Cast) -> None:
    client = signed_in(app, cast.rosa)
    for _ in range(2):
        client.post("/my/name", data={"display_name": "Rosie"})
    (entry,) = acts_of(app)
    assert cast.rosa.id in str(vars(entry)) and "Ros" not in str(entry.details)


def test_nobody_but_the_patient_chooses_it(app: Flask, cast: Cast) -> None:
    with app.app_context():
        for actor in (cast.joanne, cast.tomas, cast.osei, cast.ada):
            with pytest.raises(NotAllowed):
                run(service.choose_name, actor, display_name="Rosie")
        with write() as tx:
            tx.get_one(Patient, cast.rosa.id).is_active = False
        with pytest.raises(NotFound):
            run(service.choose_name, cast.rosa, display_name="Rosie")
    assert shown(app, cast) == "Rosa"


def test_open_screens_show_the_new_name_at_once(app: Flask, cast: Cast, opened: str, phone: Callable[..., Any]) -> None:  # noqa: F811
    rosa, marcus, tomas, osei = (phone(actor) for actor in (cast.rosa, cast.marcus, cast.tomas, cast.osei))
    assert rosa.send(opened, "agenda:propose", words="What helps at night?", route="group", shows_name=True)["ok"]
    audiences = {rosa: "patient", marcus: "patient", tomas: "facilitator", osei: "clinician"}
    for each, audience in audiences.items():
        assert each.subscribe(opened, audience)["ok"]
    assert rosa.browser.post("/my/name", data={"display_name": "La Flaca"}).status_code == 303
    for each, audience in audiences.items():
        assert [message["snapshot"] for message in each.messages("session:changed")] == [True]
        text = each.snapshot(opened, audience).text
        assert "La Flaca" in text and "Rosa" not in text
    with app.app_context():
        version = db.session.get_one(GroupSession, opened).version
    rosa.browser.post("/my/name", data={"display_name": "La Flaca"})
    with app.app_context():
        assert db.session.get_one(GroupSession, opened).version == version
