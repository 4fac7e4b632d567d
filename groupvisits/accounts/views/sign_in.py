"""Signing in, the second factor, a forgotten password, signing out."""

import io
import time
from typing import Any

import segno
from flask import current_app, flash, redirect, render_template, request, url_for
from flask import session as browser_session
from flask_babel import gettext as _
from flask_security.utils import login_user, logout_user

from groupvisits.accounts import passwords, queries, rules, service
from groupvisits.accounts.forms import AskForPasswordForm, CodeForm, FirstCodeForm, NewPasswordForm, RecoveryCodeForm, SignInForm
from groupvisits.accounts.views import bp
from groupvisits.core import actor as actors
from groupvisits.core import ids
from groupvisits.core.errors import DomainError
from groupvisits.core.transaction import run
from groupvisits.core.web import PUBLIC, access, current_actor, safe_next
from groupvisits.extensions import db, security


@bp.route("/sign-ins", methods=["GET", "POST"])
@access(PUBLIC)
def sign_in() -> Any:
    target = safe_next(request.args.get("next"), "/")
    if request.method == "GET" and current_actor().kind == "staff":
        return redirect(target)
    form = SignInForm()
    if form.validate_on_submit():
        try:
            member = _member_for(form.email.data or "", form.password.data or "")
        except DomainError as refusal:
            form.refuse(refusal)
            return _sign_in_page(form, target), refusal.status
        if member is None:
            form.password.errors = [_("The e-mail address or the password is not right.")]
        elif member.tf_totp_secret:
            browser_session["pending"] = {"staff_member_id": member.id, "at": time.time()}
            return redirect(url_for("accounts.sign_in_code", next=target))
        else:
            return _complete(member, target, with_second_factor=False)
    return _sign_in_page(form, target), 422 if form.errors else 200


@bp.route("/sign-ins/code", methods=["GET", "POST"])
@access(PUBLIC)
def sign_in_code() -> Any:
    target, member = safe_next(request.args.get("next"), "/"), _pending()
    if member is None:
        return redirect(url_for("accounts.sign_in", next=target))
    with_recovery = "recovery" in request.args
    form = RecoveryCodeForm() if with_recovery else CodeForm()
    if form.validate_on_submit():
        actor = actors.staff(member.id, member.clinic_id, set(), member.name)
        try:
            attempts = run(service.count_attempt, member.email, _network())
            left = run(service.accept_recovery_code, actor, form.code.data or "") if with_recovery else run(service.accept_code, actor, form.code.data or "")
            run(service.forgive_attempt, attempts)
        except rules.WrongCode as refusal:
            run(service.note_failed_sign_in, member.email)
            form.refuse(refusal)
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            if with_recovery:
                flash(_("You have %(left)s recovery codes left.", left=left), "warning")
            return _complete(member, target, with_second_factor=True)
    return render_template("accounts/sign_in_code.html", form=form, with_recovery=with_recovery, target=target), 422 if form.errors else 200


@bp.post("/sign-outs")
@access(PUBLIC)
def sign_out() -> Any:
    actor = current_actor()
    if actor.is_known:
        run(service.note_sign_out, actor)
    logout_user()
    browser_session.sign_out()  # type: ignore[attr-defined]
    flash(_("You are signed out."), "success")
    return redirect(url_for("accounts.sign_in") if actor.kind == "staff" else "/join", 303)


@bp.route("/sign-ins/help", methods=["GET", "POST"])
@access(PUBLIC)
def cannot_sign_in() -> Any:
    form = AskForPasswordForm()
    if form.validate_on_submit():
        run(service.ask_for_new_password, form.email.data or "")
        return render_template("accounts/help_sent.html")
    return render_template("accounts/help.html", form=form), 422 if form.errors else 200


@bp.route("/invitations/<token>", methods=["GET", "POST"])
@access(PUBLIC)
def invitation(token: str) -> Any:
    try:
        _row, member = queries.open_invitation(db.session(), token)
    except rules.LinkUsed:
        return render_template("accounts/invitation_used.html"), 410
    form = NewPasswordForm()
    if form.validate_on_submit():
        try:
            rules.check_password(form.password.data or "", email=member.email, name=member.name)
            run(service.choose_password, token, passwords.hashed(form.password.data or ""))
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(_("Your password is set. Sign in with it now."), "success")
            return redirect(url_for("accounts.sign_in"), 303)
    return render_template("accounts/invitation.html", form=form, member=member, shortest=rules.SHORTEST), 422 if form.errors else 200


@bp.route("/second-factor", methods=["GET", "POST"])
@access("accounts:use_own_account")
def second_factor() -> Any:
    """Set up the authenticator app: scan, type one code, keep the recovery codes."""
    member = queries.own_account(db.session(), current_actor())
    if member.tf_totp_secret:
        return render_template("accounts/second_factor_done.html", codes=None, left=len(member.mf_recovery_codes or []))
    secret = browser_session.get("totp_secret") or security.totp_factory.generate_totp_secret()
    browser_session["totp_secret"] = secret
    form = CodeForm() if current_actor().has("newcomer") else FirstCodeForm()
    if form.validate_on_submit():
        try:
            if isinstance(form, FirstCodeForm) and not service.verify_code_or_password(current_actor(), form.password.data or ""):
                raise rules.WrongPassword(field="password")
            codes = run(service.confirm_second_factor, current_actor(), secret, form.code.data or "")
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            browser_session.pop("totp_secret", None)
            browser_session.pop("needs_second_factor", None)
            return render_template("accounts/second_factor_done.html", codes=codes, left=len(codes))
    return render_template("accounts/second_factor.html", form=form, key=security.totp_factory.get_totp_pretty_key(secret)), 422 if form.errors else 200


@bp.get("/second-factor/code.svg")
@access("accounts:use_own_account")
def second_factor_code() -> Any:
    secret = browser_session.get("totp_secret")
    member = queries.own_account(db.session(), current_actor())
    picture = io.BytesIO()
    segno.make(security.totp_factory.get_totp_uri(member.email, secret) if secret else "", micro=False).save(picture, kind="svg", scale=5, border=3)
    return picture.getvalue(), 200, {"Content-Type": "image/svg+xml"}


def _sign_in_page(form: SignInForm, target: str) -> str:
    return render_template("accounts/sign_in.html", form=form, was_idle=_was_idle(), target=target, asks_for_code=queries.asks_for_codes(db.session()))


def _member_for(email: str, password: str) -> Any:
    """Who signs in with these, slowed down before any hashing; None when they are not right."""
    attempts = run(service.count_attempt, email, _network())
    member = queries.by_email(db.session(), email)
    if passwords.is_right(password, member):
        run(service.forgive_attempt, attempts)
        return member
    run(service.note_failed_sign_in, email)
    return None


def _complete(member: Any, target: str, *, with_second_factor: bool) -> Any:
    browser_session.begin_anew(staff_member_id=member.id)  # type: ignore[attr-defined]
    login_user(member, authn_via=["password", "authenticator"] if with_second_factor else ["password"])
    roles = {role.name for role in member.roles}
    run(service.note_sign_in, actors.staff(member.id, member.clinic_id, roles, member.name), with_second_factor=with_second_factor)
    clinic = queries.shown_clinic(db.session(), actors.staff(member.id, member.clinic_id, roles))
    if clinic is not None and clinic.two_factor_required and not member.tf_totp_secret:
        browser_session["needs_second_factor"] = True
        return redirect(url_for("accounts.second_factor"), 303)
    return redirect(target, 303)


def _pending() -> Any:
    pending = browser_session.get("pending")
    if not pending or time.time() - pending["at"] > rules.CODE_LASTS.total_seconds():
        return None
    return queries.active_member(db.session(), pending["staff_member_id"])


def _was_idle() -> bool:
    """Whether this browser's sign-in ended by itself; kept, because the page itself begins a new browser session."""
    token = request.cookies.get(current_app.config["SESSION_COOKIE_NAME"], "")
    if token and not current_actor().is_known and queries.ended_by_idling(db.session(), ids.fingerprint(token)):
        browser_session["was_idle"] = True
    return "was_idle" in browser_session


def _network() -> str:
    return request.remote_addr or ""
