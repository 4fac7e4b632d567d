"""Who a patient comes together with, and who comes along: on the patient's page."""

from typing import Any

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from groupvisits.core.commands import run_command
from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.language import words
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.patients import queries, service
from groupvisits.patients.company_forms import CarePartnerForm, OtherSearchForm, PairForm
from groupvisits.patients.views import bp
from groupvisits.patients.views.registry import patient_page

AT_MOST = 20


@bp.post("/patients/<patient_id>/pair-searches")
@access("patients:keep_company")
def search_other(patient_id: str) -> ResponseReturnValue:
    form = OtherSearchForm()
    if not form.validate():
        return patient_page(patient_id, other_search=form), 400
    found = queries.patients_for(db.session(), current_actor(), search=form.words.data or "").patients
    return patient_page(patient_id, other_search=form, others=[each for each in found if each.id != patient_id][:AT_MOST])


@bp.post("/patients/<patient_id>/pairs")
@access("patients:keep_company")
def pair(patient_id: str) -> ResponseReturnValue:
    form = PairForm()
    if not form.validate():
        return patient_page(patient_id, wrong=_("Choose a patient.")), 400
    try:
        run_command(service.pair, current_actor(), form.command("patients:pair"), patient_id, other_id=form.other_id.data or "")
    except (NotFound, NotAllowed):
        raise
    except DomainError as refusal:
        db.session.rollback()
        return patient_page(patient_id, wrong=words(refusal)), refusal.status
    flash(_("They come together from now on. Dates they were asked to one by one stay as they are."), "success")
    return _back(patient_id)


@bp.post("/patients/<patient_id>/pair-removals")
@access("patients:keep_company")
def unpair(patient_id: str) -> ResponseReturnValue:
    run(service.unpair, current_actor(), patient_id)
    flash(_("Each comes by themself from now on. Places and waiting lists stay as they are."), "success")
    return _back(patient_id)


@bp.post("/patients/<patient_id>/care-partners")
@access("patients:keep_company")
def add_care_partner(patient_id: str) -> ResponseReturnValue:
    form = CarePartnerForm()
    if form.validate():
        try:
            run_command(service.add_care_partner, current_actor(), form.command("patients:add_care_partner"), patient_id, **_entered(form))
        except (NotFound, NotAllowed):
            raise
        except DomainError as refusal:
            db.session.rollback()
            form.refuse(refusal)
        else:
            return _back(patient_id)
    return patient_page(patient_id, care_partner_form=form), 400


@bp.post("/patients/<patient_id>/care-partners/<care_partner_id>/endings")
@access("patients:keep_company")
def end_care_partner(patient_id: str, care_partner_id: str) -> ResponseReturnValue:
    run(service.end_care_partner, current_actor(), patient_id, care_partner_id)
    return _back(patient_id)


def _entered(form: CarePartnerForm) -> dict[str, Any]:
    return {"name": form.name.data or "", "relation": form.relation.data or "", "usually_comes": bool(form.usually_comes.data)}


def _back(patient_id: str) -> ResponseReturnValue:
    return redirect(url_for(".patient", patient_id=patient_id, _anchor="company"), 303)
