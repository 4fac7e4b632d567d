"""The door of the text message gateway: what patients answered, and what became of our texts. The shared token is the authority."""

import hmac
from typing import Any

from flask import current_app, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from groupvisits.core.errors import Invalid, NotFound, SignInNeeded
from groupvisits.core.forms import tidy
from groupvisits.core.transaction import run
from groupvisits.core.web import PUBLIC, access
from groupvisits.extensions import csrf, limiter
from groupvisits.sessions.service import texts as service
from groupvisits.sessions.views import bp

MOST_BYTES = 16 * 1024


@bp.post("/texts")
@access(PUBLIC)
@csrf.exempt
@limiter.limit("300 per minute")
def take_text() -> Any:
    """{"id", "from", "text"} with the gateway's bearer token. Answered 200 once it is kept; the same id again changes nothing."""
    sent = _sent("id", "from", "text")
    run(service.take_text, gateway_id=sent["id"], sender=_number(sent["from"]), words=sent["text"])
    return jsonify(ok=True)


@bp.post("/text-reports")
@access(PUBLIC)
@csrf.exempt
@limiter.limit("600 per minute")
def take_report() -> Any:
    """{"id", "state"}: "delivered" or "failed", with the id the gateway gave when it took the text."""
    sent = _sent("id", "state")
    if sent["state"] in ("delivered", "failed"):
        run(service.note_report, gateway_id=sent["id"], arrived=sent["state"] == "delivered")
    return jsonify(ok=True)


def _sent(*names: str) -> dict[str, str]:
    """The named texts of the body. Without a gateway there is no such door; without its token nothing is read."""
    token = current_app.extensions["config"].sms_token
    if not token:
        raise NotFound
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise SignInNeeded
    if len(request.get_data()) > MOST_BYTES:
        raise RequestEntityTooLarge
    try:
        body = request.get_json()
    except RecursionError:
        raise Invalid from None
    if not isinstance(body, dict) or not all(isinstance(body.get(name), str) for name in names):
        raise Invalid
    sent = {name: tidy(body[name]) for name in names}  # gateways cut texts, and an emoji in two
    if not all(sent[name] for name in names if name != "text"):
        raise Invalid
    return sent


def _number(sender: str) -> str:
    """As numbers are stored; what is none, such as a short code with letters, is kept as it came."""
    plain = "".join(c for c in sender if c.isdigit() or c == "+")[:32]
    return plain if plain.startswith("+") else f"+{plain}" if len(plain) > 7 else sender[:32]
