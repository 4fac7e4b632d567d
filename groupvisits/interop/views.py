"""Papers at /sessions/<id>/papers/<kind>. What holds no secret is shown at once; cards with codes are made by a POST."""

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from markupsafe import Markup

from groupvisits.core import clock
from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.language import LANGUAGES, words
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.feedback import service as feedback
from groupvisits.feedback.rules import MAX_CARDS
from groupvisits.interop import queries, rules, service
from groupvisits.interop.forms import FeedbackCardsForm
from groupvisits.interop.queries import Paper
from groupvisits.sessions.views.qr import qr_code

bp = Blueprint("interop", __name__)


@bp.get("/sessions/<session_id>/papers/<kind>")
@access("interop:print")
def papers(session_id: str, kind: str) -> str:
    paper = _paper(session_id, kind)
    if kind in (rules.SLIP_CARDS, rules.FEEDBACK_CARDS):
        return _before(kind, paper)
    guests = queries.guests_for(db.session(), current_actor(), paper)
    if kind == rules.NAME_TAGS:
        return render_template("interop/name_tags.html", kind=kind, kinds=rules.KINDS, paper=paper, guests=guests)
    return render_template(
        "interop/door_list.html",
        kind=kind,
        kinds=rules.KINDS,
        paper=paper,
        guests=guests,
        languages_known=LANGUAGES,
        printed_at=clock.now(),
        printed_by=current_actor().name,
    )


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


def _slip_cards(paper: Paper) -> ResponseReturnValue:
    try:
        slips = run(service.print_slips, current_actor(), paper.group_session.id)
    except (NotFound, NotAllowed):
        raise
    except DomainError as refusal:
        return _before(rules.SLIP_CARDS, paper, message=words(refusal)), refusal.status
    paper = _paper(paper.group_session.id, rules.SLIP_CARDS)
    return render_template("interop/slip_cards.html", kind=rules.SLIP_CARDS, kinds=rules.KINDS, paper=paper, cards=[_card(paper, slip) for slip in slips])


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
    return render_template("interop/feedback_cards.html", kind=rules.FEEDBACK_CARDS, kinds=rules.KINDS, paper=paper, cards=cards, questions=queries.questions())


def _paper(session_id: str, kind: str) -> Paper:
    return queries.paper_for(db.session(), current_actor(), session_id, kind)


def _before(kind: str, paper: Paper, *, message: str = "", form: FeedbackCardsForm | None = None) -> str:
    """The page with the button that makes cards, and what making them does."""
    coming, cards = len(queries.guests_for(db.session(), current_actor(), paper)), queries.cards_to_make(db.session(), current_actor(), paper)
    form = form or FeedbackCardsForm(formdata=None, count=min(coming + rules.SPARE_CARDS, MAX_CARDS))
    return render_template("interop/make_cards.html", kind=kind, kinds=rules.KINDS, paper=paper, coming=coming, cards=cards, message=message, form=form)


def _card(paper: Paper, slip: service.Slip) -> Markup:
    """The card in the language of the one who holds it, where the clinic offers that language."""
    language = slip.language if slip.language in LANGUAGES and slip.language in paper.clinic.languages else "en"
    with force_locale(language):
        return Markup(render_template("interop/_slip_card.html", paper=paper, slip=slip, qr=qr_code(slip.address), card_language=language))  # noqa: S704 - an autoescaped template
