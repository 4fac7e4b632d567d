"""The board of one-on-ones. Its buttons are live commands, which also work as plain forms (core.doors)."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, render_template, request, url_for

from groupvisits.core import clock, ids
from groupvisits.core.language import lazy as _l
from groupvisits.core.web import access, current_actor, safe_next
from groupvisits.extensions import db
from groupvisits.slots import queries

bp = Blueprint("slots", __name__)
UNSEEN = {"call_tomorrow": _l("They had to go. We call them tomorrow"), "not_wanted": _l("They did not want a one-on-one today")}


@dataclass(frozen=True)
class Document:
    """What the viewer has written about a one-on-one."""

    url: str
    words: str  # "Note not signed"


@bp.get("/sessions/<session_id>/slots")
@access("slots:see_board")
def board(session_id: str) -> str:
    """The whole page, or with `part=order` only the running order, for pages that show it beside something else and keep it fresh."""
    template = "slots/_order.html" if request.args.get("part") == "order" else "slots/board.html"
    return render_template(template, **order_context(session_id, safe_next(request.args.get("back_to"), url_for("slots.board", session_id=session_id))))


def order_context(session_id: str, back_to: str) -> dict[str, Any]:
    """What slots/_order.html needs; `back_to` is the page its buttons lead back to."""
    found = queries.board_for(db.session(), current_actor(), session_id, clock.now())
    documents = current_app.extensions["slot_documents"]
    return {
        "board": found,
        "group_session": found.place.group_session,
        "zone": found.place.group_session.zone,
        "documents": documents(db.session(), current_actor(), session_id) if documents else {},
        "back_to": back_to,
        "new_command_id": ids.new_id,
        "unseen_words": UNSEEN,
        "matters": queries.matters_on(db.session(), current_actor(), found),
    }
