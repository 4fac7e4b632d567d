"""The minute book at /groups/<id>/minute-book, and as a file."""

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from groupvisits.core import clock
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import run
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db
from groupvisits.home.minutes import service
from groupvisits.home.minutes.queries import MinuteBook, minute_book_for
from groupvisits.interop import pdf

bp = Blueprint("minutes", __name__)


@bp.get("/groups/<group_id>/minute-book")
@access("home:minute_book")
def minute_book(group_id: str) -> str:
    book = _book(group_id)
    return render_template("home/minutes/minute_book.html", book=book, offers_pdf=pdf.is_available(), export=url_for("minutes.export", group_id=group_id))


@bp.post("/groups/<group_id>/minute-book/exports")
@access("home:minute_book")
def export(group_id: str) -> ResponseReturnValue:
    """The whole book as a file. By POST, because taking it out is an act on record. Not found where no PDF can be made."""
    kind = request.form.get("kind", "")
    if kind not in ("text", "pdf") or (kind == "pdf" and not pdf.is_available()):
        raise NotFound
    run(service.note_minute_book, current_actor(), group_id, kind=kind)
    book = _book(group_id)
    headers = {"Content-Disposition": f'attachment; filename="{clock.now():%Y-%m-%d}-minute-book.{"txt" if kind == "text" else "pdf"}"'}
    if kind == "text":
        return Response(render_template("home/minutes/minute_book.txt", book=book), mimetype="text/plain", headers=headers)
    html = render_template("home/minutes/minute_book_paper.html", book=book)
    return Response(pdf.made_of(html, book.paper), mimetype="application/pdf", headers=headers)


def _book(group_id: str) -> MinuteBook:
    return minute_book_for(db.session(), current_actor(), group_id)
