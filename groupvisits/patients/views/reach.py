"""A patient's own page of how they hear from the clinic."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext

from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.patients import contacts, queries
from groupvisits.patients.forms import ReachForm
from groupvisits.patients.service import reach as service
from groupvisits.patients.views import bp


@bp.route("/my/reach", methods=["GET", "POST"])
@access("patients:choose_own_channel")
def my_reach() -> Any:
    own = queries.own_reach(db.session(), current_actor())
    form = ReachForm(data={"channel": own.channel, "agreed_to_texts": own.takes_texts})
    if form.validate_on_submit():
        try:
            run(service.choose_channel, current_actor(), channel=form.channel.data or "", agreed_to_texts=bool(form.agreed_to_texts.data))
        except (NotFound, NotAllowed):
            raise
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("Saved."), "success")
            return redirect(url_for("patients.my_reach"), 303)
    return render_template("patients/my_reach.html", form=form, own=own, phone=contacts.show_phone(own.phone)), 422 if form.errors else 200
