"""Agreements: their texts for coordinators and administrators, who has signed in a group, and a patient's own."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from groupvisits.core.commands import run_command
from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.pages import say_kept
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.patients import service
from groupvisits.patients.agreement_forms import CONSENT_WORDS, AgreementTextForm, EnteredSignatureForm, SignatureForm, WithdrawalForm
from groupvisits.patients.queries import agreements as queries
from groupvisits.patients.rules.agreements import CONSENTS
from groupvisits.patients.views import bp


@bp.get("/agreements")
@access("patients:write_agreement")
def agreements() -> str:
    return render_template("patients/agreements.html", programmes=queries.programmes_with_texts(db.session(), current_actor()))


@bp.get("/programmes/<programme_id>/agreement")
@access("patients:write_agreement")
def agreement_text(programme_id: str) -> str:
    found = _programme(programme_id)
    text = found.text
    data: dict[str, Any] = {"consents": list(CONSENTS), "valid_months": 12, "seen": "0"}
    if text is not None:
        data = {f"text_{code}": words for code, words in text.words.items()} | {
            "consents": text.consents,
            "valid_months": text.valid_months,
            "seen": str(text.version),
        }
    return _text_page(found, AgreementTextForm.of(_languages(), formdata=None, data=data))


@bp.post("/programmes/<programme_id>/agreement-texts")
@access("patients:write_agreement")
def publish_agreement(programme_id: str) -> ResponseReturnValue:
    _programme(programme_id)
    form = AgreementTextForm.of(_languages())
    if form.validate():
        try:
            made = run_command(service.publish_text, current_actor(), form.command("patients:publish_agreement"), programme_id, **form.written())
        except (NotFound, NotAllowed):
            raise
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            say_kept(gettext("Published. Everybody who takes part is asked to read and sign it."), made)
            return redirect(url_for(".agreement_text", programme_id=programme_id), 303)
    return _text_page(_programme(programme_id), form), 422


@bp.get("/groups/<group_id>/agreements")
@access("patients:enter_signatures")
def agreements_of_group(group_id: str) -> str:
    found = _of_group(group_id)
    return _group_page(found, _entry_form(found, formdata=None))


@bp.post("/groups/<group_id>/agreement-signatures")
@access("patients:enter_signatures")
def enter_signature(group_id: str) -> ResponseReturnValue:
    found = _of_group(group_id)
    form = _entry_form(found)
    if form.validate():
        try:
            made = run_command(service.enter_signature, current_actor(), form.command("patients:enter_signature"), group_id, **form.signed())
        except (NotFound, NotAllowed):
            raise
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            say_kept(gettext("The signature is on record."), made)
            return redirect(url_for(".agreements_of_group", group_id=group_id), 303)
    return _group_page(found, form), 422


@bp.post("/groups/<group_id>/agreement-withdrawals")
@access("patients:enter_signatures")
def enter_withdrawal(group_id: str) -> ResponseReturnValue:
    form = WithdrawalForm()
    _of_group(group_id)
    if form.validate():
        run(service.enter_withdrawal, current_actor(), group_id, form.signature_id.data or "")
        flash(gettext("Withdrawn. Screens stop showing the name at once."), "success")
    return redirect(url_for(".agreements_of_group", group_id=group_id), 303)


@bp.get("/my/agreements")
@access("patients:sign")
def my_agreements() -> str:
    return render_template("patients/agreements_mine.html", mine=queries.my_agreements(db.session(), current_actor()))


@bp.get("/my/agreements/<programme_id>")
@access("patients:sign")
def my_agreement(programme_id: str) -> str:
    mine = queries.my_agreement(db.session(), current_actor(), programme_id)
    return _my_page(mine, SignatureForm.of(mine.text.consents, formdata=None, data={"text_id": mine.text.id, "language": mine.language}))


@bp.post("/my/agreements/<programme_id>/signatures")
@access("patients:sign")
def sign_agreement(programme_id: str) -> ResponseReturnValue:
    mine = queries.my_agreement(db.session(), current_actor(), programme_id)
    form = SignatureForm.of(mine.text.consents)
    if form.validate():
        try:
            run(service.sign, current_actor(), programme_id, **form.signed())
        except (NotFound, NotAllowed):
            raise
        except DomainError as refusal:
            form.refuse(refusal)
            form.text_id.data = mine.text.id  # the text that is shown now, and no other, is what the next tap signs
        else:
            flash(gettext("Thank you. The clinic has your signature. You can change or withdraw it here at any time."), "success")
            return redirect(url_for(".my_agreements"), 303)
    return _my_page(mine, form), 422


@bp.post("/my/agreements/<programme_id>/withdrawals")
@access("patients:sign")
def withdraw_agreement(programme_id: str) -> ResponseReturnValue:
    run(service.withdraw, current_actor(), programme_id)
    flash(gettext("Withdrawn, from this moment on. You can still come to your visits. Screens say “Guest” instead of your name."), "success")
    return redirect(url_for(".my_agreements"), 303)


def _programme(programme_id: str) -> queries.Programme:
    return queries.programme_for(db.session(), current_actor(), programme_id)


def _languages() -> dict[str, str]:
    return queries.offered_languages(db.session(), current_actor())


def _of_group(group_id: str) -> queries.OfGroup:
    return queries.agreements_of_group(db.session(), current_actor(), group_id)


def _entry_form(found: queries.OfGroup, **kwargs: Any) -> EnteredSignatureForm:
    text = found.programme.text
    if kwargs and text:
        kwargs["data"] = {"text_id": text.id}
    return EnteredSignatureForm.of_group(found, **kwargs)


def _text_page(found: queries.Programme, form: AgreementTextForm) -> str:
    versions = queries.versions_of(db.session(), current_actor(), found)
    return render_template(
        "patients/agreement_text.html",
        form=form,
        programme=found,
        versions=versions,
        publishers=queries.publishers_of(db.session(), current_actor(), versions),
        text_languages=_languages(),
        consent_words=CONSENT_WORDS,
    )


def _group_page(found: queries.OfGroup, form: EnteredSignatureForm) -> str:
    return render_template("patients/agreements_of_group.html", form=form, found=found, consent_words=CONSENT_WORDS)


def _my_page(mine: queries.Mine, form: SignatureForm) -> str:
    return render_template("patients/agreement_mine.html", form=form, mine=mine, consent_words=CONSENT_WORDS)
