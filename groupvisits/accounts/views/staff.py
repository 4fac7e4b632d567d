"""The administrator's pages of staff accounts."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from groupvisits.accounts import queries, service
from groupvisits.accounts.forms import ROLES, InviteForm, RolesForm
from groupvisits.accounts.views import bp
from groupvisits.core.commands import make_once
from groupvisits.core.errors import DomainError
from groupvisits.core.pages import say_made
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor, lacks_its_id
from groupvisits.extensions import db

HINTS = {key: words[1] for key, words in ROLES.items()}


@bp.get("/staff-members")
@access("accounts:manage_staff")
def staff_members() -> str:
    return render_template("accounts/staff_members.html", members=queries.staff_of(db.session(), current_actor()), words=ROLES, words_hints=HINTS)


@bp.route("/staff-members/new", methods=["GET", "POST"])
@access("accounts:manage_staff")
def new_staff() -> Any:
    if request.method == "GET" and (first := lacks_its_id()):
        return first
    form = InviteForm()
    if form.validate_on_submit():
        try:
            made, is_new = make_once(service.invite, current_actor(), form.making("accounts:invite"), **form.body())
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            say_made(_("%(name)s will get an e-mail with a link to choose a password.", name=form.name.data), is_new=is_new)
            return redirect(url_for("accounts.staff_members") if is_new else url_for("accounts.staff", **made), 303)
    return render_template("accounts/new_staff.html", form=form, words=ROLES, words_hints=HINTS), 422 if form.errors else 200


@bp.route("/staff-members/<staff_member_id>", methods=["GET", "POST"])
@access("accounts:manage_staff")
def staff(staff_member_id: str) -> Any:
    member = queries.staff_member_for(db.session(), current_actor(), staff_member_id)
    form = RolesForm(data={"roles": [role.name for role in member.roles]})
    if form.validate_on_submit():
        try:
            run(service.change_roles, current_actor(), staff_member_id, roles=form.roles.data or [])
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(_("Saved. %(name)s signs in again with these roles.", name=member.name), "success")
            return redirect(url_for("accounts.staff_members"), 303)
    return render_template("accounts/staff.html", form=form, member=member, words=ROLES, words_hints=HINTS), 422 if form.errors else 200


def _act(verb: Any, staff_member_id: str, said: str) -> Any:
    member = queries.staff_member_for(db.session(), current_actor(), staff_member_id)
    try:
        run(verb, current_actor(), staff_member_id)
    except DomainError as refusal:
        form = RolesForm(formdata=None, data={"roles": [role.name for role in member.roles]})
        form.refuse(refusal)
        return render_template("accounts/staff.html", form=form, member=member, words=ROLES, words_hints=HINTS), refusal.status
    flash(said % {"name": member.name}, "success")
    return redirect(url_for("accounts.staff", staff_member_id=staff_member_id), 303)


@bp.post("/staff-members/<staff_member_id>/disablings")
@access("accounts:manage_staff")
def disable_staff(staff_member_id: str) -> Any:
    return _act(service.disable, staff_member_id, _("%(name)s can no longer sign in. What they wrote stays.", name="%(name)s"))


@bp.post("/staff-members/<staff_member_id>/enablings")
@access("accounts:manage_staff")
def enable_staff(staff_member_id: str) -> Any:
    return _act(service.enable, staff_member_id, _("%(name)s can sign in again.", name="%(name)s"))


@bp.post("/staff-members/<staff_member_id>/invitations")
@access("accounts:manage_staff")
def invite_again(staff_member_id: str) -> Any:
    return _act(service.send_invitation_again, staff_member_id, _("A new link is on its way to %(name)s.", name="%(name)s"))


@bp.post("/staff-members/<staff_member_id>/second-factor-resets")
@access("accounts:manage_staff")
def reset_second_factor(staff_member_id: str) -> Any:
    return _act(service.reset_second_factor, staff_member_id, _("%(name)s sets the second factor up at the next sign-in.", name="%(name)s"))
