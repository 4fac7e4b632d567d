"""The pages of the room for each audience, its snapshot, its closing, and the ways in."""

from io import BytesIO
from typing import Any

import segno
from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask import session as browser_session
from flask.typing import ResponseReturnValue

from groupvisits.agenda.rules import patterns_for_phones, takes_late_topics
from groupvisits.core import clock, ids
from groupvisits.core.errors import DomainError, Invalid, NotFound
from groupvisits.core.language import words
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor, wants_json
from groupvisits.extensions import db
from groupvisits.live import forms, joins, queries, rules, service
from groupvisits.sessions.queries import group_session_for
from groupvisits.sessions.service import close_session

bp = Blueprint("live", __name__)


@bp.get("/sessions/<session_id>/snapshot")
@access("live:subscribe")
def snapshot(session_id: str) -> ResponseReturnValue:
    return jsonify(queries.snapshot_for(db.session(), current_actor(), session_id, request.args.get("audience", "")))


@bp.get("/sessions/<session_id>/topics/<topic_id>/joins")
@access("agenda:merge")
def join_preview(session_id: str, topic_id: str) -> ResponseReturnValue:
    """What joining this topic to `?into=` would do, and the words that each phone would say."""
    return jsonify(joins.join_preview(db.session(), current_actor(), session_id, topic_id, request.args.get("into", "")[:36]))


@bp.get("/sessions/<session_id>/rooms/patient")
@access("live:take_part")
def patient_room(session_id: str) -> ResponseReturnValue:
    kept = {"kept_words": browser_session.pop("kept_words", ""), "kept_for": browser_session.pop("kept_for", "")}
    page = _room(session_id, "patient", "live/patient_room.html", personal=patterns_for_phones(), **kept)
    if browser_session.pop("admitted_to", ""):  # let in by staff: from here on with a secret that nobody else can have had
        browser_session.sign_in_as(patient_id=current_actor().id)  # type: ignore[attr-defined]
    return page


@bp.get("/sessions/<session_id>/rooms/facilitator")
@access("live:facilitate")
def facilitator_room(session_id: str) -> ResponseReturnValue:
    return _room(session_id, "facilitator", "live/facilitator_room.html")


@bp.get("/sessions/<session_id>/rooms/display")
@access("live:show")
def display_room(session_id: str) -> ResponseReturnValue:
    return _room(session_id, "display", "live/display_room.html")


def _room(session_id: str, audience: str, template: str, **more: Any) -> str:
    viewer = current_actor()
    snapshot = queries.snapshot_for(db.session(), viewer, session_id, audience)
    group_session = group_session_for(db.session(), viewer, session_id)
    takes_late = takes_late_topics(group_session.closed_at, clock.now())
    return render_template(template, group_session=group_session, snapshot=snapshot, takes_late=takes_late, **more)


@bp.get("/sessions/<session_id>/join-code.svg")
@access("live:show")
def join_code_svg(session_id: str) -> ResponseReturnValue:
    """The wall's QR: the address of this visit's door."""
    join_url = queries.snapshot_for(db.session(), current_actor(), session_id, "display")["run"]["join_url"]
    if join_url is None:  # not open, or over
        raise NotFound
    drawn = BytesIO()
    segno.make(join_url, error="m").save(drawn, kind="svg", border=2, omitsize=True)
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


@bp.post("/sessions/<session_id>/closings")
@access("live:close")
def close(session_id: str) -> ResponseReturnValue:
    viewer = current_actor()
    form = forms.CloseForm()
    if not form.validate():
        raise Invalid
    result = run(close_session, viewer, session_id, **form.body())
    if wants_json():
        account = queries.snapshot_for(db.session(), viewer, session_id, "facilitator")["account"]
        return jsonify(ok=True, result=result | {"account": account})
    return redirect(url_for("live.facilitator_room", session_id=session_id), 303)


@bp.get("/join")
@access("live:join")
def join() -> ResponseReturnValue:
    return _join_page(forms.JoinForm(formdata=None))


@bp.get("/join/<code>")
@access("live:join")
def join_with_code(code: str) -> ResponseReturnValue:
    session_id = queries.own_room_with(db.session(), current_actor(), ids.tidy_code(code)[:20])
    if session_id:  # this phone is known here: the QR on the wall is all it needs
        return redirect(url_for("live.patient_room", session_id=session_id))
    return _join_page(forms.JoinForm(formdata=None, code=code[:20]))


@bp.post("/join")
@access("live:join")
def join_visit() -> ResponseReturnValue:
    form = forms.JoinForm()
    if not form.validate():
        return _join_page(form), 422
    if request.form.get("no_slip"):
        return _wait(form)
    try:
        if not form.slip.data:
            raise rules.SlipCodeMissing(field="slip")
        found = run(service.join_with_codes, current_actor(), code=form.code.data or "", slip=form.slip.data or "", **_who())
        if found is None:
            raise rules.WrongCode
    except DomainError as refusal:
        form.refuse(refusal)
        return _join_page(form), refusal.status
    return _come_in(found)


def _wait(form: forms.JoinForm) -> ResponseReturnValue:
    if current_actor().is_known:
        browser_session.sign_out()  # type: ignore[attr-defined]  # whoever is let in starts from nothing
    elif not browser_session.token or browser_session.new:  # type: ignore[attr-defined]
        browser_session.sign_in_as()  # type: ignore[attr-defined]  # a secret of its own for this browser, so that staff can let exactly it in
    try:
        waiting = run(service.wait_at_door, current_actor(), code=form.code.data or "", **_who())
        if waiting is None:
            raise rules.WrongCode
    except DomainError as refusal:
        form.refuse(refusal)
        return _join_page(form), refusal.status
    browser_session["waiting"] = waiting
    return redirect(url_for("live.waiting"), 303)


@bp.get("/join/waiting")
@access("live:join")
def waiting() -> ResponseReturnValue:
    """The page a waiting phone asks again and again; once it was let in, it leads to the room, and once the visit is over it says so."""
    admitted_to = browser_session.get("admitted_to")
    if current_actor().kind == "patient":
        address = url_for("live.patient_room", session_id=admitted_to) if admitted_to else url_for("my.visits")
        return jsonify(waiting=False, address=address) if wants_json() else redirect(address, 303)
    mine = browser_session.get("waiting")
    if not mine:
        return redirect(url_for("live.join"), 303)
    waits = queries.is_open(db.session(), mine["session_id"])
    if wants_json():
        return jsonify(waiting=True, number=mine["number"]) if waits else jsonify(waiting=False, address=url_for("live.waiting"))
    return render_template("live/waiting.html", number=mine["number"], waits=waits)


@bp.get("/slips/<slip>")
@access("live:join")
def slip(slip: str) -> ResponseReturnValue:
    return _slip_page(slip)


@bp.post("/slips/<slip>")
@access("live:join")
def use_slip(slip: str) -> ResponseReturnValue:
    session_id, _, code = slip.rpartition("-")
    try:
        found = run(service.join_with_slip, current_actor(), session_id=session_id[:36], slip=code[:20], **_who())
        if found is None:
            raise rules.SlipDoesNotWork
    except DomainError as refusal:
        return _slip_page(slip, words(refusal)), refusal.status
    return _come_in(found)


def _come_in(found: dict[str, Any]) -> ResponseReturnValue:
    chosen = browser_session.get("language")
    browser_session.clear()
    browser_session.sign_in_as(patient_id=found["patient_id"])  # type: ignore[attr-defined]
    browser_session.update(clinic_id=found["clinic_id"], name=found["name"], language=chosen or found["language"])
    return redirect(url_for("live.patient_room", session_id=found["session_id"]), 303)


def _who() -> dict[str, str]:
    return {"fingerprint": browser_session.fingerprint or ids.fingerprint("no cookie"), "address": request.remote_addr or ""}  # type: ignore[attr-defined]


def _join_page(form: forms.JoinForm) -> str:
    return render_template("live/join.html", form=form)


def _slip_page(slip: str, message: str = "") -> str:
    return render_template("live/slip.html", slip=slip, message=message)
