"""A patient's single-use link and a wall display's address."""

from typing import Any

from flask import current_app, redirect, render_template, url_for
from flask import session as browser_session

from groupvisits.accounts import queries, rules, service
from groupvisits.accounts.views import bp
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import run
from groupvisits.core.web import PUBLIC, access, current_actor
from groupvisits.extensions import db


@bp.get("/links/<token>")
@access(PUBLIC)
def link(token: str) -> Any:
    """Ask first: scanners of mail open links too, and this phone may be somebody else's. Nothing is shown or used before the tap."""
    found = queries.patient_link(db.session(), token)
    if found is None:
        return render_template("accounts/link_used.html", clinic=None, token=token), 410
    _link, clinic, is_usable = found
    if not is_usable:
        return render_template("accounts/link_used.html", clinic=clinic, token=token), 410
    return render_template("accounts/link.html", clinic=clinic, token=token)


@bp.post("/links/<token>")
@access(PUBLIC)
def use_link(token: str) -> Any:
    try:
        used = run(service.use_patient_link, token)
    except rules.LinkUsed:
        found = queries.patient_link(db.session(), token)
        return render_template("accounts/link_used.html", clinic=found[1] if found else None, token=token), 410
    name, language = current_app.extensions["patient_profile"](used.patient_id)
    browser_session.begin_anew(patient_id=used.patient_id)  # type: ignore[attr-defined]
    browser_session["clinic_id"], browser_session["name"] = used.clinic_id, name
    browser_session.setdefault("language", language)
    return redirect(url_for("my.visits"), 303)


@bp.post("/links/<token>/refusals")
@access(PUBLIC)
def refuse_link(token: str) -> Any:
    found = queries.patient_link(db.session(), token)
    run(service.not_for_me, token)
    return render_template("accounts/link_refused.html", clinic=found[1] if found else None)


@bp.post("/links/<token>/renewals")
@access(PUBLIC)
def renew_link(token: str) -> Any:
    found = queries.patient_link(db.session(), token)
    run(service.ask_for_new_link, token)
    return render_template("accounts/link_asked.html", clinic=found[1] if found else None)


@bp.get("/displays/<token>")
@access(PUBLIC)
def display(token: str) -> Any:
    """Makes this browser the wall display of one session. A facilitator who only looks keeps their own sign-in."""
    found = queries.display_by_token(db.session(), token)
    if found is None:
        raise NotFound
    if current_actor().kind != "staff":
        browser_session.begin_anew(display_id=found.id)  # type: ignore[attr-defined]
    return redirect(url_for("live.display_room", session_id=found.session_id))
