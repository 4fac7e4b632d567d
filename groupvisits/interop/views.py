"""Papers at /sessions/<id>/papers/<kind>, files at /groups/<id>/exports/<kind>. What holds no secret is shown at once; cards with codes are
made by a POST."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext
from markupsafe import Markup

from groupvisits.core import clock
from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.language import LANGUAGES, current_language, day, words
from groupvisits.core.spreadsheets import as_csv
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.feedback import service as feedback
from groupvisits.feedback.rules import MAX_CARDS
from groupvisits.interop import pdf, queries, rules, service
from groupvisits.interop.forms import FeedbackCardsForm
from groupvisits.interop.queries import Paper
from groupvisits.patients.contacts import show_phone
from groupvisits.patients.rules.languages import NAMES
from groupvisits.sessions.queries.recruitment import Recruitment, recruitment_for
from groupvisits.sessions.rules.recruitment import STEPS
from groupvisits.sessions.views.qr import qr_code

bp = Blueprint("interop", __name__)


@bp.get("/sessions/<session_id>/papers/<kind>")
@access("interop:print")
def papers(session_id: str, kind: str) -> str:
    paper = _paper(session_id, kind)
    if kind in rules.CARDS:
        return _before(kind, paper)
    return _sheet(kind, paper)


@bp.get("/sessions/<session_id>/papers/<kind>/pdf")
@access("interop:print")
def paper_as_pdf(session_id: str, kind: str) -> ResponseReturnValue:
    """Not found where no PDF can be made, and for cards, which are made by a POST."""
    paper = _paper(session_id, kind)
    if kind in rules.CARDS or not pdf.is_available():
        raise NotFound
    return _as_pdf(kind, paper, _sheet(kind, paper, as_pdf=True))


@bp.post("/sessions/<session_id>/papers/<kind>")
@access("interop:print")
def make_papers(session_id: str, kind: str) -> ResponseReturnValue:
    """The cards stand in this answer and nowhere else; sending the form again makes new ones."""
    paper = _paper(session_id, kind)
    if kind == rules.SLIP_CARDS:
        return _slip_cards(paper)
    if kind == rules.FEEDBACK_CARDS:
        return _feedback_cards(paper)
    raise NotFound


def _sheet(kind: str, paper: Paper, *, as_pdf: bool = False) -> str:
    template, told = SHEETS[kind](paper)
    return _render(template, kind, paper, as_pdf=as_pdf, **told)


def _door_list(paper: Paper) -> tuple[str, dict[str, Any]]:
    return "interop/door_list.html", {"guests": queries.guests_for(db.session(), current_actor(), paper), "languages_known": LANGUAGES}


def _name_tags(paper: Paper) -> tuple[str, dict[str, Any]]:
    return "interop/name_tags.html", {"guests": queries.guests_for(db.session(), current_actor(), paper)}


def _running_order(paper: Paper) -> tuple[str, dict[str, Any]]:
    return "interop/running_order.html", {"order": queries.running_order_for(db.session(), current_actor(), paper)}


def _call_list(paper: Paper) -> tuple[str, dict[str, Any]]:
    calls = queries.calls_for(db.session(), current_actor(), paper)
    return "interop/call_list.html", {"calls": calls, "phone": show_phone, "languages_known": NAMES, "reader": current_language()}


def _meals(paper: Paper) -> tuple[str, dict[str, Any]]:
    return "interop/meals.html", {"meals": queries.meals_for(db.session(), current_actor(), paper)}


def _topic_cards(paper: Paper) -> tuple[str, dict[str, Any]]:
    """A sheet in each language of the clinic, to print as often as it takes."""
    offered = [language for language in LANGUAGES if language in paper.clinic.languages]
    return "interop/topic_cards.html", {"sheets": [(language, _topic_card(paper, language)) for language in offered or ["en"]], "languages_known": LANGUAGES}


def _topic_card(paper: Paper, language: str) -> Markup:
    with force_locale(language):
        return Markup(render_template("interop/_topic_card.html", paper=paper, card_language=language))  # noqa: S704 - an autoescaped template


SHEETS: dict[str, Callable[[Paper], tuple[str, dict[str, Any]]]] = {
    rules.DOOR_LIST: _door_list, rules.NAME_TAGS: _name_tags, rules.RUNNING_ORDER: _running_order, rules.CALL_LIST: _call_list, rules.MEALS: _meals,
    rules.TOPIC_CARDS: _topic_cards,
}  # fmt: skip


def _slip_cards(paper: Paper) -> ResponseReturnValue:
    try:
        slips = run(service.print_slips, current_actor(), paper.group_session.id)
    except (NotFound, NotAllowed):
        raise
    except DomainError as refusal:
        return _before(rules.SLIP_CARDS, paper, message=words(refusal)), refusal.status
    paper = _paper(paper.group_session.id, rules.SLIP_CARDS)
    return _made("interop/slip_cards.html", rules.SLIP_CARDS, paper, cards=[_card(paper, slip) for slip in slips])


def _feedback_cards(paper: Paper) -> ResponseReturnValue:
    form = FeedbackCardsForm()
    if not form.validate():
        return _before(rules.FEEDBACK_CARDS, paper, form=form), 422
    try:
        tokens = run(feedback.print_cards, current_actor(), paper.group_session.id, form.count.data or 0)
    except (NotFound, NotAllowed):
        raise
    except DomainError as refusal:
        form.refuse(refusal)
        return _before(rules.FEEDBACK_CARDS, paper, form=form), refusal.status
    paper = _paper(paper.group_session.id, rules.FEEDBACK_CARDS)
    public_url = current_app.extensions["config"].public_url
    cards = [qr_code(f"{public_url}/feedback-forms/{token}") for token in tokens]
    return _made("interop/feedback_cards.html", rules.FEEDBACK_CARDS, paper, cards=cards, questions=queries.questions())


def _made(template: str, kind: str, paper: Paper, **told: Any) -> ResponseReturnValue:
    """Cards that have just been made, as the page or as the file that was asked for."""
    if "as_pdf" in request.form and pdf.is_available():
        return _as_pdf(kind, paper, _render(template, kind, paper, as_pdf=True, **told))
    return _render(template, kind, paper, **told)


def _render(template: str, kind: str, paper: Paper, *, as_pdf: bool = False, **told: Any) -> str:
    offers_pdf = pdf.is_available() and kind not in rules.CARDS
    now = clock.now()
    local, zone = clock.local, paper.group_session.zone
    return render_template(
        template, kind=kind, kinds=rules.KINDS, paper=paper, as_pdf=as_pdf, printed_at=now, printed_by=current_actor().name,
        pdf_href=url_for("interop.paper_as_pdf", session_id=paper.group_session.id, kind=kind) if offers_pdf else "",
        day_of_visit=_day(paper, local(paper.group_session.starts_at, zone)), day_of_printing=_day(paper, local(now, zone)), **told,
    )  # fmt: skip


def _day(paper: Paper, moment: Any) -> str:
    language = current_language()
    # Babel writes the dates of Haitian Creole in French.
    return day(moment, language, year=True) if language == "ht" else rules.paper_day(moment, language, paper.clinic.country)


def _as_pdf(kind: str, paper: Paper, html: str) -> Response:
    """The file's name says the day and the kind of paper, and nobody's name."""
    on = clock.local(paper.group_session.starts_at, paper.group_session.zone)
    made = pdf.made_of(html, paper.clinic.paper)
    return Response(made, mimetype="application/pdf", headers={"Content-Disposition": f'attachment; filename="{on:%Y-%m-%d}-{kind}.pdf"'})


def _paper(session_id: str, kind: str) -> Paper:
    return queries.paper_for(db.session(), current_actor(), session_id, kind)


def _before(kind: str, paper: Paper, *, message: str = "", form: FeedbackCardsForm | None = None) -> str:
    """The page with the button that makes cards, and what making them does."""
    coming, cards = len(queries.guests_for(db.session(), current_actor(), paper)), queries.cards_to_make(db.session(), current_actor(), paper)
    form = form or FeedbackCardsForm(formdata=None, count=min(coming + rules.SPARE_CARDS, MAX_CARDS))
    return render_template(
        "interop/make_cards.html",
        kind=kind,
        kinds=rules.KINDS,
        paper=paper,
        coming=coming,
        cards=cards,
        message=message,
        form=form,
        offers_pdf=pdf.is_available(),
    )


def _card(paper: Paper, slip: service.Slip) -> Markup:
    """The card in the language of the one who holds it, where the clinic offers that language."""
    language = paper.clinic.language_for(slip.language)
    with force_locale(language):
        return Markup(render_template("interop/_slip_card.html", paper=paper, slip=slip, qr=qr_code(slip.address), card_language=language))  # noqa: S704 - an autoescaped template


@bp.post("/groups/<group_id>/exports/<kind>")
@access("interop:export")
def export(group_id: str, kind: str) -> Response:
    """A file of who is on the way into a group, or of how its dates were attended. By POST, because taking it out is an act on record."""
    if kind not in FILES:
        raise NotFound
    run(service.note_export, current_actor(), group_id, kind)
    header, rows = FILES[kind](recruitment_for(db.session(), current_actor(), group_id))
    headers = {"Content-Disposition": f'attachment; filename="{clock.now():%Y-%m-%d}-{kind}.csv"'}
    return Response(as_csv(header, rows), mimetype="text/csv", headers=headers)


def _people_file(told: Recruitment) -> tuple[list[str], list[list[Any]]]:
    header = [
        gettext("Record number"), gettext("Name"), gettext("Language"), gettext("Contacted"), gettext("Agreed"), gettext("Said no"), gettext("Member since"),
        gettext("Dates asked to"), gettext("Dates come to"), gettext("Comes regularly"), gettext("Agreed and never came"),
    ]  # fmt: skip
    never = {person.patient_id for person in told.at("never")}
    yes, no = gettext("Yes"), gettext("No")
    rows = [
        [
            person.record_number, person.name, NAMES.get(person.language, person.language),
            *(f"{at:%Y-%m-%d}" if at else "" for at in (person.way.contacted_at, person.way.agreed_at, person.way.declined_at)),
            person.member_since or "", len(person.way.asked_to), len(person.way.came_to),
            yes if STEPS[-1] in person.steps else no, yes if person.patient_id in never else no,
        ]
        for person in told.people
    ]  # fmt: skip
    return header, rows


def _dates_file(told: Recruitment) -> tuple[list[str], list[list[Any]]]:
    header = [
        gettext("Group"), gettext("Date"), gettext("Time"), gettext("Expected"), gettext("Came"), gettext("Left early"), gettext("Did not come"),
        gettext("Cancelled beforehand"), gettext("Never answered"), gettext("Came along"), gettext("No chair, seen one-on-one"),
    ]  # fmt: skip
    rows = []
    for line in told.dates:
        at = clock.local(line.group_session.starts_at, line.group_session.zone)
        counted = [line.counted.get(state, 0) for state in ("left_early", "no_show", "declined", "invited")]
        rows.append([told.group.name, f"{at:%Y-%m-%d}", f"{at:%H:%M}", line.planned, line.came, *counted, line.companions, line.seen_alone])
    return header, rows


FILES: dict[str, Callable[[Recruitment], tuple[list[str], list[list[Any]]]]] = {"recruitment": _people_file, "attendance": _dates_file}
