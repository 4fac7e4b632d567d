"""Where a day begins: the coordinator's home, the team's today, and the way there."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from groupvisits.core.errors import NotFound
from groupvisits.core.language import LANGUAGES
from groupvisits.core.web import PUBLIC, access, current_actor
from groupvisits.extensions import db
from groupvisits.home import forms, queries
from groupvisits.home.navigation import start_page
from groupvisits.interop.rules import KINDS
from groupvisits.programmes import queries as programmes

bp = Blueprint("home", __name__)
# A page shows what fits into one look; the rest is a tap away, however large the clinic is.
MOST_LINES, MOST_TODAY = 20, 4


@bp.get("/")
@access(PUBLIC)
def start() -> Any:
    viewer = current_actor()
    if not viewer.is_known:
        return redirect(url_for("accounts.sign_in"))
    if viewer.kind == "display":
        return redirect(url_for("live.display_room", session_id=viewer.session_id))
    if not (target := start_page(viewer)):
        raise NotFound
    return redirect(target)


@bp.get("/home")
@access("home:coordinate")
def home() -> Any:
    return _home_page(forms.SearchForm(formdata=None))


@bp.get("/home/searches")
@access("home:coordinate")
def find() -> Any:
    return render_template("home/search.html", form=forms.SearchForm(formdata=None), found=None)


@bp.post("/home/searches")
@access("home:coordinate")
def search() -> Any:
    form = forms.SearchForm()
    if not form.validate():
        return render_template("home/search.html", form=form, found=None), 400
    return render_template("home/search.html", form=form, found=queries.found_for(db.session(), current_actor(), form.words.data or ""))


def _home_page(form: forms.SearchForm) -> str:
    viewer = current_actor()
    steps = queries.steps_for(db.session(), viewer)
    if not steps.groups:
        return render_template("home/empty_clinic.html", steps=steps, own_clinic=programmes.clinic_of(db.session(), viewer))
    return render_template(
        "home/home.html", form=form, day=queries.day_for(db.session(), viewer), most_lines=MOST_LINES, most_today=MOST_TODAY,
        language_names=LANGUAGES, papers=KINDS,
    )  # fmt: skip


@bp.get("/today")
@access("home:today")
def today() -> Any:
    lines = queries.my_dates(db.session(), current_actor())
    return render_template("home/today.html", lines=lines, own_clinic=programmes.clinic_of(db.session(), current_actor()))


@bp.get("/standing-alarms")
@access("home:see_alarms")
def standing_alarms() -> Any:
    """A part of a page: its pages ask for it again and again (static/home/alarms.js)."""
    lines = queries.alarms_for(db.session(), current_actor(), request.args.get("besides", ""))
    return render_template("core/_alarms.html", lines=lines, at_the_door="at_the_door" in request.args)


def alarms_in_pages() -> dict[str, Any]:
    return {"alarms_for_me": lambda besides: queries.alarms_for(db.session(), current_actor(), besides)}
