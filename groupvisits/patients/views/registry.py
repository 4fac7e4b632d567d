"""The list of patients, one patient's page, and their way in."""

import secrets
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from groupvisits.core import clock
from groupvisits.core.commands import make_once
from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.pages import say_made
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor, lacks_its_id
from groupvisits.extensions import db
from groupvisits.patients import contacts, queries, service
from groupvisits.patients.company_forms import CarePartnerForm, OtherSearchForm
from groupvisits.patients.forms import PatientForm, SearchForm
from groupvisits.patients.rules.languages import NAMES as LANGUAGES
from groupvisits.patients.service.registry import EDITED, Details, version_of
from groupvisits.patients.views import bp

SEARCHES_KEPT = 8


@bp.get("/patients")
@access("patients:list")
def patients() -> str:
    key = request.args.get("search", "")
    # The address holds a random key, never a name: addresses stay behind in histories and logs.
    text = browser_session.get("patient_searches", {}).get(key, "")
    page = queries.patients_for(db.session(), current_actor(), search=text, page=request.args.get("page", 1, type=int))
    form = SearchForm(formdata=None, search=text)
    return render_template(
        "patients/patients.html", page=page, form=form, search=text, key=key if text else None, phone=contacts.show_phone, languages_known=LANGUAGES
    )


@bp.post("/patients/searches")
@access("patients:list")
def search() -> ResponseReturnValue:
    form = SearchForm()
    text = (form.search.data or "")[:100]
    if not text:
        return redirect(url_for(".patients"), 303)
    key = secrets.token_urlsafe(6)
    kept = list(browser_session.get("patient_searches", {}).items())[1 - SEARCHES_KEPT :]
    browser_session["patient_searches"] = dict([*kept, (key, text)])
    return redirect(url_for(".patients", search=key), 303)


@bp.route("/patients/new", methods=["GET", "POST"])
@access("patients:add")
def new_patient() -> ResponseReturnValue:
    if request.method == "GET" and (first := lacks_its_id()):
        return first
    form, asks_about_twin = _patient_form(), False
    if form.validate_on_submit():
        try:
            details, another = Details(**form.details()), form.is_another_person.data
            made, is_new = make_once(service.add_patient, current_actor(), form.making("patients:add"), details, is_another_person=another)
        except (NotFound, NotAllowed):
            raise
        except DomainError as refusal:
            db.session.rollback()
            form.refuse(refusal)
            asks_about_twin = refusal.field == "is_another_person"
        else:
            say_made(_("The patient is in the list."), is_new=is_new)
            return redirect(url_for(".patient", patient_id=made["patient_id"]), 303)
    return render_template("patients/patient_form.html", form=form, patient=None, asks_about_twin=asks_about_twin or form.is_another_person.data)


@bp.get("/patients/<patient_id>")
@access("patients:read")
def patient(patient_id: str) -> str:
    return patient_page(patient_id)


@bp.route("/patients/<patient_id>/edits", methods=["GET", "POST"])
@access("patients:edit")
def edit_patient(patient_id: str) -> ResponseReturnValue:
    found = queries.patient_for(db.session(), current_actor(), patient_id, action="patients:edit")
    form = _patient_form(found)
    if form.validate_on_submit():
        try:
            run(service.edit_patient, current_actor(), patient_id, Details(**form.details()), seen=form.seen.data or "")
        except (NotFound, NotAllowed):
            raise
        except DomainError as refusal:
            form.refuse(refusal)
            db.session.rollback()
            found = queries.patient_for(db.session(), current_actor(), patient_id)
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".patient", patient_id=patient_id), 303)
    return render_template("patients/patient_form.html", form=form, patient=found, asks_about_twin=False)


@bp.post("/patients/<patient_id>/links")
@access("patients:send_link")
def send_link(patient_id: str) -> ResponseReturnValue:
    run(service.send_link, current_actor(), patient_id)
    flash(_("A link is on its way. It works once."), "success")
    return redirect(url_for(".patient", patient_id=patient_id), 303)


@bp.post("/patients/<patient_id>/shown-links")
@access("patients:send_link")
def show_link(patient_id: str) -> str:
    return patient_page(patient_id, link=run(service.make_link, current_actor(), patient_id))


@bp.post("/patients/<patient_id>/deactivations")
@access("patients:deactivate")
def deactivate(patient_id: str) -> ResponseReturnValue:
    run(service.deactivate_patient, current_actor(), patient_id)
    flash(_("This patient is not active any more. Links and phones have stopped working, and their places are free for others."), "success")
    return redirect(url_for(".patient", patient_id=patient_id), 303)


@bp.post("/patients/<patient_id>/activations")
@access("patients:deactivate")
def activate(patient_id: str) -> ResponseReturnValue:
    run(service.activate_patient, current_actor(), patient_id)
    flash(_("This patient is active again. Add them to their group, and send a new link if they need one."), "success")
    return redirect(url_for(".patient", patient_id=patient_id), 303)


def patient_page(patient_id: str, link: str = "", *, wrong: str = "", other_search: Any = None, others: Any = None, care_partner_form: Any = None) -> str:
    """The page of a patient, with what was refused or searched for on it."""
    found = queries.patient_for(db.session(), current_actor(), patient_id)
    more: dict[str, Any] = {}
    for addition in current_app.extensions["patient_page"]:
        more.update(addition(db.session(), current_actor(), found))
    language = LANGUAGES.get(found.language, found.language)
    return render_template(
        "patients/patient.html", patient=found, link=link, phone=contacts.show_phone(found.phone), language=language, wrong=wrong,
        company=queries.company_of(db.session(), current_actor(), found), other_search=other_search or OtherSearchForm(formdata=None), others=others,
        care_partner_form=care_partner_form or CarePartnerForm(formdata=None, data={"usually_comes": True}), **more,
    )  # fmt: skip


def _patient_form(found: Any = None) -> PatientForm:
    clinic = queries.clinic_of(db.session(), current_actor())
    values: dict[str, Any] = {"language": clinic.languages[0] if clinic.languages else "en"}
    if found is not None:
        born = found.birth_date
        values = {name: getattr(found, name) for name in EDITED} | {
            "phone": contacts.show_phone(found.phone),
            "birth_date": {"day": str(born.day), "month": str(born.month), "year": str(born.year)} if born else {},
            "agreed_to_texts": found.text_consent_at is not None,
            "seen": version_of(found),
        }
    return PatientForm(data=values, languages=clinic.languages, today=clock.today(clinic.zone))
