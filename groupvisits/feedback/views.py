"""The anonymous form's pages, the button that hands it out, and the reviewers' page of results."""

from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from groupvisits.core.errors import Invalid, NotFound, Refused
from groupvisits.core.language import LANGUAGES, words
from groupvisits.core.transaction import run
from groupvisits.core.web import PUBLIC, access, current_actor
from groupvisits.extensions import csrf, db
from groupvisits.feedback import queries, rules, service
from groupvisits.feedback.forms import answers_form

bp = Blueprint("feedback", __name__)


@bp.get("/feedback-forms/<token>")
@access(PUBLIC)
def feedback_form(token: str) -> ResponseReturnValue:
    try:
        opened = queries.form_by_token(db.session(), token)
    except NotFound:
        return _nobodys("feedback/unknown.html"), 404
    if opened is None:
        return _nobodys("feedback/thanks.html")
    if opened.problem:
        return _nobodys("feedback/not_now.html", opened, message=words(opened.problem)), opened.problem.status
    return _nobodys("feedback/feedback_form.html", opened, form=answers_form(opened.items))


@bp.post("/feedback-forms/<token>")
@access(PUBLIC)
@csrf.exempt
def send_answers(token: str) -> ResponseReturnValue:
    try:
        opened = queries.form_by_token(db.session(), token)
    except NotFound:
        return _nobodys("feedback/unknown.html"), 404
    if opened is None:
        return redirect(_here(token), 303)
    form = answers_form(opened.items)
    if not form.validate():
        return _nobodys("feedback/feedback_form.html", opened, form=form), 422
    try:
        run(service.send_answers, token, form.body())
    except rules.NothingAnswered as refusal:
        form.refuse(refusal)
        return _nobodys("feedback/feedback_form.html", opened, form=form), refusal.status
    except (Invalid, Refused):
        pass  # the page we return to says why
    return redirect(_here(token), 303)


@bp.post("/sessions/<session_id>/feedback-handouts")
@access("feedback:hand_out")
def hand_out(session_id: str) -> ResponseReturnValue:
    g.unlogged = True  # when a phone got its form is nobody's business
    try:
        token = run(service.hand_out, current_actor(), session_id)
    except (rules.AlreadyHandedOut, rules.NotOpenYet, rules.FormClosed, rules.DidNotCome) as refusal:
        return render_template("feedback/handed_out.html", message=words(refusal), handed_out=isinstance(refusal, rules.AlreadyHandedOut)), refusal.status
    return redirect(url_for("feedback.feedback_form", token=token), 303)


@bp.get("/results")
@access("feedback:read_results")
def results() -> str:
    group_id = request.args.get("group", "")
    groups = queries.results_for(db.session(), current_actor(), group_id=group_id or None)
    return render_template("feedback/results.html", groups=groups, one_group=bool(group_id), fewest=rules.FEWEST)


def _nobodys(template: str, opened: queries.OpenForm | None = None, **values: Any) -> str:
    """A page for whoever holds the token: no one is signed in on it, whatever the browser is signed in as elsewhere."""
    clinic = opened.clinic if opened else None
    languages = [(code, LANGUAGES[code]) for code in clinic.languages if code in LANGUAGES] if clinic else list(LANGUAGES.items())
    return render_template(
        template, opened=opened, clinic=clinic, languages=languages if len(languages) > 1 else [], actor=None, navigation=None, show_flashes=False, **values
    )


def _here(token: str) -> str:
    """The same page in the same language: the choice of language is kept in the address, not in the browser session."""
    return url_for("feedback.feedback_form", token=token, lang=request.args.get("lang") if request.args.get("lang") in LANGUAGES else None)
