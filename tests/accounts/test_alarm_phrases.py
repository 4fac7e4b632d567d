"""The lists of phrases on the settings page: the product's and the clinic's own, and what no list may hold."""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from groupvisits.accounts import alarm_phrases, rules, service
from groupvisits.accounts.models import Clinic
from groupvisits.audit.models import AuditEntry
from groupvisits.core import transaction
from groupvisits.core.errors import NotAllowed
from groupvisits.core.transaction import run
from groupvisits.extensions import db
from tests.cast import Cast, signed_in

ENGLISH = "\n".join(alarm_phrases.shipped()["en"].phrases)


def own(app: Flask, cast: Cast) -> Any:
    with app.app_context():
        return db.session.get_one(Clinic, cast.clinic_id).alarm_phrases


def english_only(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction.write() as tx:
        tx.get_one(Clinic, cast.clinic_id).languages = ["en"]


def lists(**changes: str) -> dict[str, str]:
    return {"phrases_en": ENGLISH, "phrases_es": "", "phrases_pt": "", "phrases_ht": ""} | changes


def test_an_administrator_writes_the_clinics_own_list_and_goes_back(app: Flask, cast: Cast) -> None:
    english_only(app, cast)
    admin = signed_in(app, cast.ada)
    page = admin.get("/settings").text
    assert "chest pain" in page and "The list that comes with groupvisits." in page and "Back to the lists" not in page
    assert (
        admin.post("/settings/alarm-phrases", data=lists(phrases_en=" Purple \t elephant \r\n\r\npurple ELEPHANT\nmy chest", phrases_ht="mwen mal")).status_code
        == 303
    )
    assert own(app, cast) == {"en": ["Purple elephant", "my chest"], "ht": ["mwen mal"]}
    page = admin.get("/settings").text
    assert "Purple elephant\nmy chest" in page and "Your own list." in page
    assert admin.post("/settings/alarm-phrase-resets").status_code == 303
    assert own(app, cast) is None
    with app.app_context():
        entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "accounts:change_alarm_phrases")).all()
        assert sorted(json.dumps(entry.details["own"]) for entry in entries) == ['{"en": 2, "ht": 1}', "{}"] and "elephant" not in str(
            [e.details for e in entries]
        )


def test_a_list_left_as_it_is_stays_the_products(app: Flask, cast: Cast) -> None:
    english_only(app, cast)
    signed_in(app, cast.ada).post("/settings/alarm-phrases", data=lists(phrases_es="me duele"))
    assert own(app, cast) == {"es": ["me duele"]}
    signed_in(app, cast.ada).post("/settings/alarm-phrases", data=lists())
    assert own(app, cast) is None


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "Enter at least one phrase"),
        (" \n\u200b\n", "Enter at least one phrase"),
        ("chest pain\na", "is too short"),
        ("---", "is too short"),
        ("x" * 81, "Line 1 is too long"),
        ("\n".join(f"phrase {n}" for n in range(301)), "keep the list to 300"),
        ("x" * 30_001, "This is too long"),
        ("<script>alert(1)</script>\nok", "is too short"),
    ],
)
def test_what_no_list_may_hold_is_answered_beside_its_box_and_nothing_is_lost(app: Flask, cast: Cast, written: str, message: str) -> None:
    english_only(app, cast)
    refused = signed_in(app, cast.ada).post("/settings/alarm-phrases", data=lists(phrases_en=written, phrases_es="me duele"))
    assert refused.status_code == 422 and message in refused.text
    assert 'id="phrases_en-error"' in refused.text and "me duele" in refused.text and "<script>alert" not in refused.text
    assert own(app, cast) is None


def test_a_language_that_patients_can_choose_needs_a_list(app: Flask, cast: Cast) -> None:
    refused = signed_in(app, cast.ada).post("/settings/alarm-phrases", data=lists())  # the cast's clinic offers four
    assert refused.status_code == 422 and 'id="phrases_es-error"' in refused.text


def test_nobody_else_writes_it(app: Flask, cast: Cast) -> None:
    for who in (cast.joanne, cast.tomas, cast.rosa):
        assert signed_in(app, who).post("/settings/alarm-phrases", data=lists()).status_code in (403, 404)
        assert signed_in(app, who).post("/settings/alarm-phrase-resets").status_code in (403, 404)
    with app.app_context(), pytest.raises(NotAllowed):
        run(service.change_alarm_phrases, cast.joanne, written={"en": "my chest"})
    signed_in(app, cast.sol).post("/settings/alarm-phrases", data=lists(phrases_en="my chest"))
    assert own(app, cast) is None  # another clinic's list is another clinic's


def test_the_wall_calls_numbers_only_where_the_clinic_wants_it(app: Flask, cast: Cast) -> None:
    admin = signed_in(app, cast.ada)
    form = {"name": "Millbrook", "zone": "America/Chicago", "country": "US", "phone": "555 0111", "emergency_number": "911", "paper": "a4"}
    for sent, kept in (({"wall_calls": "y"}, True), ({}, False)):
        assert admin.post("/settings", data=form | sent).status_code == 303
        with app.app_context():
            assert db.session.get_one(Clinic, cast.clinic_id).wall_calls is kept


@pytest.mark.parametrize("line", ["a b", "¡!", "12"])
def test_fewer_than_three_letters_or_digits_would_be_found_everywhere(line: str) -> None:
    with pytest.raises(rules.PhraseTooShort):
        rules.read_phrases(line, "phrases_en", is_needed=False)
