"""The first visit of an empty installation, and the clinic's settings."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from groupvisits.accounts import passwords, queries, rules, service
from groupvisits.accounts.forms import PhrasesForm, SettingsForm, SetUpForm
from groupvisits.accounts.views import bp
from groupvisits.core.errors import DomainError
from groupvisits.core.transaction import run
from groupvisits.core.web import PUBLIC, access, current_actor
from groupvisits.extensions import db


@bp.route("/set-up", methods=["GET", "POST"])
@access(PUBLIC)
def set_up() -> Any:
    if queries.has_clinic(db.session()):
        return redirect(url_for("accounts.sign_in"))
    form = SetUpForm()
    if form.validate_on_submit():
        try:
            attempts = run(service.count_attempt, "set-up", request.remote_addr or "")
            queries.check_setup_code(db.session(), form.code.data or "")  # before the hashing, which is slow
            run(service.forgive_attempt, attempts)
            rules.check_password(form.password.data or "", email=form.email.data or "", name=form.your_name.data or "")
            entered = form.body()
            password = entered.pop("password")
            run(
                service.set_up, clinic_name=entered.pop("name"), name=entered.pop("your_name"), phone=entered.pop("phone") or "", hashed_password=passwords.hashed(password), **entered
            )  # fmt: skip
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(_("Your clinic is ready. Sign in with the password you have just chosen."), "success")
            return redirect(url_for("accounts.sign_in"), 303)
    return render_template("accounts/set_up.html", form=form, shortest=rules.SHORTEST), 422 if form.errors else 200


@bp.route("/settings", methods=["GET", "POST"])
@access("accounts:change_settings")
def settings() -> Any:
    clinic = queries.clinic_of(db.session(), current_actor())
    form = SettingsForm(obj=clinic)
    if form.validate_on_submit():
        try:
            run(service.change_settings, current_actor(), **{**form.body(), "phone": form.phone.data or "", "languages": form.languages.data or []})
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(_("Saved."), "success")
            return redirect(url_for("accounts.settings"), 303)
    return _settings_page(form), 422 if form.errors else 200


@bp.post("/settings/alarm-phrases")
@access("accounts:change_settings")
def change_alarm_phrases() -> Any:
    form = PhrasesForm()
    if form.validate():
        try:
            run(service.change_alarm_phrases, current_actor(), written=form.written())
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(_("Saved. From now on these phrases tell the team."), "success")
            return redirect(url_for("accounts.settings"), 303)
    return _settings_page(phrases=form), 422


@bp.post("/settings/alarm-phrase-resets")
@access("accounts:change_settings")
def restore_alarm_phrases() -> Any:
    run(service.restore_alarm_phrases, current_actor())
    flash(_("The lists that come with groupvisits are used again."), "success")
    return redirect(url_for("accounts.settings"), 303)


def _settings_page(form: SettingsForm | None = None, phrases: PhrasesForm | None = None) -> str:
    clinic = queries.clinic_of(db.session(), current_actor())
    lists = queries.alarm_lists_of(clinic)
    as_saved = {f"phrases_{each.language}": "\n".join(each.phrases) for each in lists}
    return render_template(
        "accounts/settings.html", form=form or SettingsForm(formdata=None, obj=clinic), phrases=phrases or PhrasesForm(formdata=None, data=as_saved), lists=lists,
        has_own_lists=clinic.alarm_phrases is not None, is_demo=clinic.is_demo, two_factor_required=clinic.two_factor_required,
    )  # fmt: skip
