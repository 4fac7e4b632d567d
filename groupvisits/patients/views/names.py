"""A patient's own page of the name that the room sees."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask import session as browser_session
from flask_babel import gettext

from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.patients import queries, service
from groupvisits.patients.forms import NameForm
from groupvisits.patients.views import bp


@bp.route("/my/name", methods=["GET", "POST"])
@access("patients:choose_own_name")
def my_name() -> Any:
    form = NameForm(data={"display_name": queries.own_name(db.session(), current_actor())})
    if form.validate_on_submit():
        browser_session["name"] = run(service.choose_name, current_actor(), display_name=form.display_name.data or "")
        flash(gettext("Saved. Your name in the room: %(name)s", name=browser_session["name"]), "success")
        return redirect(url_for("patients.my_name"), 303)
    return render_template("patients/my_name.html", form=form), 422 if form.errors else 200
