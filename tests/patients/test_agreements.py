"""Agreements on the real database: versions, signatures, withdrawal, and the pages of staff and patients."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.patients import service
from groupvisits.patients.models import AgreementSignature, AgreementText, CarePartner
from groupvisits.patients.queries import agreements as queries
from groupvisits.patients.rules import agreements as rules
from groupvisits.programmes.models import Membership
from groupvisits.sessions.models import Seat
from groupvisits.sessions.queries import participants
from tests.cast import Cast, signed_in
from tests.sessions.test_locks import holds_rows, waits_for_us

JSON = {"Accept": "application/json", "X-Background": "1"}
ALL = list(rules.CONSENTS)
YES = dict.fromkeys(ALL, "yes")


def publish(cast: Cast, seen: int = 0, who: Actor | None = None, **more: Any) -> str:
    values: dict[str, Any] = {"texts": {"en": "We keep what we hear.", "es": "Guardamos lo que oímos."}, "consents": ALL, "valid_months": 12, "seen": seen}
    return run(service.publish_text, who or cast.joanne, cast.programme_id, **(values | more))["text_id"]


def sign(cast: Cast, text_id: str, who: Actor | None = None, **answers: str) -> str:
    actor = who or cast.rosa
    given = {"text_id": text_id, "language": "es", "signer_name": actor.name or "Rosa", "answers": YES | answers}
    return run(service.sign, actor, cast.programme_id, **given)["signature_id"]


def state(cast: Cast, who: Actor | None = None) -> str:
    found = queries.my_agreement(db.session(), who or cast.rosa, cast.programme_id).state
    db.session.rollback()
    return found


@pytest.mark.usefixtures("context")
class TestTheVerbs:
    def test_a_new_version_leaves_the_old_one_as_it_was_and_asks_again(self, cast: Cast) -> None:
        first = publish(cast)
        sign(cast, first)
        assert state(cast) == "signed"
        publish(cast, seen=1, texts={"en": "New words"})
        texts = {text.version: text.words for text in db.session.scalars(select(AgreementText))}
        assert texts == {1: {"en": "We keep what we hear.", "es": "Guardamos lo que oímos."}, 2: {"en": "New words"}}
        assert state(cast) == "newer"

    def test_who_published_each_version_stands_with_it(self, cast: Cast) -> None:
        publish(cast)
        publish(cast, seen=1, who=cast.ada, valid_months=6)
        programme = queries.programme_for(db.session(), cast.joanne, cast.programme_id)
        versions = queries.versions_of(db.session(), cast.joanne, programme)
        named = queries.publishers_of(db.session(), cast.joanne, versions)
        assert [named[version.id] for version in versions] == [cast.ada.name, cast.joanne.name]
        with pytest.raises(NotAllowed):
            queries.publishers_of(db.session(), cast.tomas, versions)
        assert queries.publishers_of(db.session(), cast.sol, versions) == {}  # of another clinic: no names

    def test_two_people_who_publish_at_once_do_not_overwrite_each_other(self, cast: Cast) -> None:
        publish(cast)
        with pytest.raises(rules.PublishedMeanwhile):
            publish(cast, seen=0, who=cast.ada, valid_months=6)

    def test_the_text_in_force_sent_again_asks_nobody_again(self, cast: Cast) -> None:
        first = publish(cast)
        sign(cast, first)
        assert publish(cast, seen=0) == publish(cast, seen=1) == first
        assert state(cast) == "signed"
        assert publish(cast, seen=1, valid_months=6) != first

    def test_only_languages_the_clinic_offers(self, cast: Cast) -> None:
        with pytest.raises(rules.LanguageNotOffered):
            publish(cast, texts={"en": "a", "fr": "b"})

    def test_signing_twice_is_once_and_other_answers_replace(self, cast: Cast) -> None:
        text = publish(cast)
        assert sign(cast, text) == sign(cast, text)
        sign(cast, text, results_on_board="no")
        rows = db.session.scalars(select(AgreementSignature).order_by(AgreementSignature.signed_at)).all()
        assert [(row.ended_because, row.consents["results_on_board"]) for row in rows] == [("replaced", True), ("", False)]
        assert {row.language for row in rows} == {"es"}

    def test_nobody_sees_or_ends_the_signature_of_another(self, cast: Cast) -> None:
        text = publish(cast)
        sign(cast, text, who=cast.marcus)
        assert state(cast) == "none"
        run(service.withdraw, cast.rosa, cast.programme_id)
        assert state(cast, cast.marcus) == "signed"

    def test_an_old_page_signs_nothing(self, cast: Cast) -> None:
        first = publish(cast)
        publish(cast, seen=1, valid_months=6)
        with pytest.raises(rules.NewerText):
            sign(cast, first)

    def test_withdrawal_ends_it_at_once_and_twice_is_once(self, cast: Cast) -> None:
        sign(cast, publish(cast))
        for _ in range(2):
            run(service.withdraw, cast.rosa, cast.programme_id)
        assert state(cast) == "withdrawn"
        acts = db.session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("patients:%agreement"))).all()
        assert sorted(acts) == ["patients:publish_agreement", "patients:sign_agreement", "patients:withdraw_agreement"]

    def test_a_signature_ends_with_its_months(self, cast: Cast) -> None:
        signature = sign(cast, publish(cast, valid_months=1))
        assert state(cast) in ("expires", "signed")  # a month is 28 to 31 days
        with write() as tx:
            tx.get_one(AgreementSignature, signature).valid_until = clock.now() - timedelta(seconds=1)
        assert state(cast) == "expired"

    def test_staff_enter_what_members_care_partners_and_observers_signed(self, cast: Cast) -> None:
        text = publish(cast)
        with write() as tx:
            partner = CarePartner(id=ids.new_id(), clinic_id=cast.clinic_id, patient_id=cast.rosa.id, name="Luz", relation="daughter", created_at=clock.now())
            tx.add(partner)
        whom = [f"patient:{cast.marcus.id}", f"care_partner:{partner.id}", "observer"]
        for who in whom:
            run(
                service.enter_signature, cast.joanne, cast.group_id, text_id=text, who=who, way="paper", language="en",
                signer_name="Eve Low" if who == "observer" else "", answers=YES,
            )  # fmt: skip
        found = queries.agreements_of_group(db.session(), cast.joanne, cast.group_id)
        signed = {line.name: line.state for line in found.lines}
        assert signed["Marcus Bell"] == signed["Luz"] == "signed" and signed["Rosa Delgado"] == "none"
        assert [each.signer_name for each in found.observers] == ["Eve Low"]
        assert {row.way for row in db.session.scalars(select(AgreementSignature))} == {"paper"}
        run(service.enter_withdrawal, cast.joanne, cast.group_id, found.observers[0].id)
        run(service.enter_withdrawal, cast.joanne, cast.group_id, found.observers[0].id)
        assert queries.agreements_of_group(db.session(), cast.joanne, cast.group_id).observers == []

    @pytest.mark.parametrize("whose", ["marcus", "observer"])
    def test_the_same_paper_is_entered_once_until_it_is_withdrawn_or_runs_out(self, cast: Cast, whose: str) -> None:
        text = publish(cast)

        def enter() -> tuple[str, bool]:
            done = run(
                service.enter_signature, cast.joanne, cast.group_id, text_id=text, who="observer" if whose == "observer" else f"patient:{cast.marcus.id}",
                way="paper", language="en", signer_name="Eve Low", answers=YES,
            )  # fmt: skip
            return done["signature_id"], done.get("already", False)

        first, _ = enter()
        assert enter() == (first, True)
        run(service.enter_withdrawal, cast.joanne, cast.group_id, first)
        second, is_there = enter()
        assert second != first and not is_there
        with write() as tx:
            tx.get_one(AgreementSignature, second).valid_until = clock.now() - timedelta(seconds=1)
        third, is_there = enter()
        assert third not in (first, second) and not is_there

    @pytest.mark.parametrize("who", ["patient:nobody", "care_partner:x", "", "walter", "sunny"])
    def test_staff_cannot_sign_for_people_outside_the_group(self, cast: Cast, who: str) -> None:
        text = publish(cast)
        named = f"patient:{getattr(cast, who).id}" if hasattr(cast, who) else who
        with pytest.raises(rules.SignerNeeded):
            run(service.enter_signature, cast.joanne, cast.group_id, text_id=text, who=named, way="paper", language="en", signer_name="X", answers=YES)

    @pytest.mark.parametrize(("who", "error"), [("sol", NotFound), ("tomas", NotAllowed), ("rosa", NotAllowed), ("quinn", NotAllowed)])
    def test_publishing_refuses_a_stranger_and_the_wrong_role(self, cast: Cast, who: str, error: type[Exception]) -> None:
        with pytest.raises(error):
            publish(cast, who=getattr(cast, who))

    @pytest.mark.parametrize(("who", "error"), [("sunny", NotFound), ("walter", NotFound), ("joanne", NotAllowed), ("tomas", NotAllowed)])
    def test_signing_refuses_a_stranger_who_takes_no_part_and_staff(self, cast: Cast, who: str, error: type[Exception]) -> None:
        text = publish(cast)
        with pytest.raises(error):
            sign(cast, text, who=getattr(cast, who))

    @pytest.mark.parametrize(("who", "error"), [("sol", NotFound), ("tomas", NotAllowed), ("ada", NotAllowed), ("rosa", NotAllowed)])
    def test_the_list_of_a_group_refuses_others(self, cast: Cast, who: str, error: type[Exception]) -> None:
        publish(cast)
        with pytest.raises(error):
            queries.agreements_of_group(db.session(), getattr(cast, who), cast.group_id)

    def test_nobody_withdraws_a_signature_of_another_programme_or_clinic(self, cast: Cast) -> None:
        sign(cast, publish(cast))
        with pytest.raises(NotFound):
            run(service.enter_withdrawal, cast.sol, cast.group_id, db.session.scalars(select(AgreementSignature.id)).one())
        with pytest.raises(NotFound):
            run(service.enter_withdrawal, cast.joanne, cast.group_id, "no such signature")


def text_form(**more: str) -> dict[str, str]:
    return {"text_en": "Be kind.", "text_es": "Sea amable.", "ask_name_on_screens": "y", "ask_contact_by_peers": "y", "valid_months": "12", "seen": "0", **more}


@pytest.fixture
def published(app: Flask, cast: Cast) -> str:
    with app.app_context():
        return publish(cast)


@pytest.mark.parametrize("who", ["joanne", "ada"])
def test_a_coordinator_or_administrator_writes_it_per_language(app: Flask, cast: Cast, who: str) -> None:
    browser, address = signed_in(app, getattr(cast, who)), f"/programmes/{cast.programme_id}/agreement"
    empty = browser.get(address)
    assert empty.status_code == 200 and empty.text.count("<textarea") == 4
    assert "Living well together" in browser.get("/agreements").text
    assert browser.post(f"{address}-texts", data=text_form()).status_code == 303
    again = browser.get(address).text
    assert "Be kind." in again and "Sea amable." in again and "Version 1" in again
    assert browser.get(f"/programmes/{cast.programme_id}/agreement", headers=JSON).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text_en": "", "text_es": ""}, "text_en"),
        ({"text_es": "x" * 10_000}, "text_es"),
        ({"valid_months": ""}, "valid_months"),
        ({"valid_months": "0"}, "valid_months"),
        ({"valid_months": "12.5"}, "valid_months"),
        ({"valid_months": "9" * 400}, "valid_months"),
        ({"seen": "٣"}, ""),
        ({"seen": "1"}, ""),
    ],
)
def test_a_text_that_cannot_be_published_is_kept_on_the_page(app: Flask, cast: Cast, change: dict[str, str], field: str) -> None:
    sent = text_form(**change)
    answer = signed_in(app, cast.joanne).post(f"/programmes/{cast.programme_id}/agreement-texts", data=sent)
    if change == {"seen": "٣"}:
        assert answer.status_code == 303  # no number: the page showed no version
        return
    assert answer.status_code == 422
    assert not field or f'id="{field}-error"' in answer.text
    assert sent["text_en"] in answer.text and sent["text_es"] in answer.text
    with app.app_context():
        assert db.session.scalars(select(AgreementText)).all() == []


def test_a_patient_reads_signs_changes_and_withdraws(app: Flask, cast: Cast, published: str) -> None:
    rosa, address = signed_in(app, cast.rosa), f"/my/agreements/{cast.programme_id}"
    assert "Not signed yet" in rosa.get("/my/agreements").text
    page = rosa.get(address).text
    assert "We keep what we hear." in page and "checked" not in page
    sent = rosa.post(f"{address}/signatures", data={"text_id": published, "language": "en", "signer_name": "Rosa Delgado", **YES})
    assert (sent.status_code, sent.location) == (303, "/my/agreements")
    assert "Thank you. The clinic has your signature." in rosa.get("/my/agreements").text
    assert rosa.post(f"{address}/withdrawals").status_code == 303
    assert "from this moment on" in rosa.get("/my/agreements").text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"signer_name": ""}, "signer_name"),
        ({"signer_name": "n" * 10_000}, "signer_name"),
        ({"contact_by_peers": ""}, "contact_by_peers"),
        ({"name_on_screens": "perhaps"}, "name_on_screens"),
    ],
)
def test_an_incomplete_signature_is_answered_beside_its_question(app: Flask, cast: Cast, published: str, change: dict[str, str], field: str) -> None:
    sent = {"text_id": published, "language": "en", "signer_name": "علي 🙂 Rosa", **YES} | change
    answer = signed_in(app, cast.rosa).post(f"/my/agreements/{cast.programme_id}/signatures", data=sent)
    assert answer.status_code == 422 and f'id="{field}-error"' in answer.text and sent["signer_name"] in answer.text
    with app.app_context():
        assert db.session.scalars(select(AgreementSignature)).all() == []


def test_all_that_is_missing_from_a_signature_is_said_at_once(app: Flask, cast: Cast, published: str) -> None:
    sent = {"text_id": published, "language": "en", "results_on_board": "no"}
    page = signed_in(app, cast.rosa).post(f"/my/agreements/{cast.programme_id}/signatures", data=sent).text
    assert all(f'id="{field}-error"' in page for field in ("name_on_screens", "contact_by_peers", "signer_name")) and 'id="results_on_board-error"' not in page


def test_a_page_older_than_the_text_shows_the_new_one(app: Flask, cast: Cast, published: str) -> None:
    with app.app_context():
        publish(cast, seen=1, texts={"en": "Quite new words"})
    answer = signed_in(app, cast.rosa).post(f"/my/agreements/{cast.programme_id}/signatures", data={"text_id": published, "signer_name": "Rosa", **YES})
    assert answer.status_code == 422 and "Quite new words" in answer.text and "Nothing was signed" in answer.text


def test_staff_enter_a_paper_by_the_page_of_the_group(app: Flask, cast: Cast, published: str) -> None:
    joanne, address = signed_in(app, cast.joanne), f"/groups/{cast.group_id}/agreements"
    assert joanne.get(address).text.count("Not signed") >= 6
    sent = {"text_id": published, "who": f"patient:{cast.marcus.id}", "signer_name": "", "way": "paper", "language": "en", **YES, "results_on_board": "no"}
    refused = joanne.post(f"/groups/{cast.group_id}/agreement-signatures", data={**sent, "who": "", "name_on_screens": ""})
    assert refused.status_code == 422 and 'id="who-error"' in refused.text
    assert joanne.post(f"/groups/{cast.group_id}/agreement-signatures", data=sent).status_code == 303
    page = joanne.get(address).text
    assert "Results on a board: no" in page and "The signature is on record" in page
    with app.app_context():
        signature = db.session.scalars(select(AgreementSignature.id)).one()
    joanne.post(f"/groups/{cast.group_id}/agreement-withdrawals", data={"signature_id": signature})
    assert "Withdrawn" in joanne.get(address).text


@pytest.mark.parametrize(
    ("who", "address", "status"),
    [
        ("sunny", "/my/agreements/{programme}", 404), ("walter", "/my/agreements/{programme}", 404), ("joanne", "/my/agreements", 403),
        ("sol", "/programmes/{programme}/agreement", 404), ("sol", "/groups/{group}/agreements", 404), ("tomas", "/groups/{group}/agreements", 403),
        ("ada", "/groups/{group}/agreements", 403), ("rosa", "/agreements", 403), ("quinn", "/agreements", 403),
    ],
)  # fmt: skip
def test_others_do_not_get_in(app: Flask, cast: Cast, published: str, who: str, address: str, status: int) -> None:
    address = address.format(programme=cast.programme_id, group=cast.group_id)
    assert signed_in(app, getattr(cast, who)).get(address, headers=JSON).status_code == status


def test_without_a_text_there_is_nothing_to_sign(app: Flask, cast: Cast) -> None:
    assert "There is nothing to sign." in signed_in(app, cast.rosa).get("/my/agreements").text
    assert "no agreement text yet" in signed_in(app, cast.joanne).get(f"/groups/{cast.group_id}/agreements").text


@pytest.mark.usefixtures("context")
def test_whose_last_day_in_a_group_it_is_takes_part_until_the_clinics_day_is_over(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """At three in the morning in Greenwich it is still the evening before in Millbrook."""
    with write() as tx:
        tx.execute(delete(Seat).where(Seat.patient_id == cast.teo.id))
        tx.execute(update(Membership).where(Membership.patient_id == cast.teo.id).values(until=date(2026, 12, 1)))
    for moment, count in ((datetime(2026, 12, 1, 3, tzinfo=UTC), 1), (datetime(2026, 12, 1, 6, tzinfo=UTC), 0)):
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        assert len(participants.programmes_of(db.session(), cast.teo.id)) == count


@pytest.mark.parametrize("other", ["phone", "desk", "withdrawal"])
def test_of_two_signatures_at_once_one_is_in_force(app: Flask, cast: Cast, other: str) -> None:
    """The second one has begun before the first is saved: it must not go by what it could read then. (SQLite has one writer at a time.)"""
    if not holds_rows(app):
        return
    with app.app_context():
        text_id = publish(cast)
        sign(cast, text_id)
    answers = dict.fromkeys(ALL, "no")

    def second() -> None:
        with app.app_context():
            if other == "phone":
                run(service.sign, cast.rosa, cast.programme_id, text_id=text_id, language="en", signer_name="R. Delgado", answers=answers)
            elif other == "desk":
                run(service.enter_signature, cast.joanne, cast.group_id, text_id=text_id, who=f"patient:{cast.rosa.id}", way="paper", language="en",
                    signer_name="Rosa on paper", answers=answers)  # fmt: skip
            else:
                run(service.withdraw, cast.rosa, cast.programme_id)

    waits = threading.Thread(target=second)
    with app.app_context():
        with write() as tx:
            service.sign(tx, cast.rosa, cast.programme_id, text_id=text_id, language="es", signer_name="Rosa", answers=YES | {ALL[0]: "no"})
            waits.start()
            assert waits_for_us(tx)
        waits.join(30)
        rows = db.session.scalars(select(AgreementSignature).where(AgreementSignature.patient_id == cast.rosa.id)).all()
        in_force = [row for row in rows if row.ended_at is None]
        assert len(in_force) == (0 if other == "withdrawal" else 1)
        assert not in_force or in_force[0].signer_name != "Rosa"
