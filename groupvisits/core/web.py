"""The HTTP door: who is asking, may they ask this at all, errors as pages, and the headers that keep patient data out of caches.

Views parse, call a verb and answer. They hold no rule, no permission and no commit.
"""

import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog
from flask import Flask, Response, current_app, flash, g, jsonify, make_response, redirect, render_template, request, url_for
from flask import session as browser_session
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge

from groupvisits.core import ids, language
from groupvisits.core.actor import ANYONE, Actor
from groupvisits.core.commands import Command, is_id, run_live_command, was_carried_out
from groupvisits.core.errors import DomainError, Invalid, NotAllowed, NotFound, SignInNeeded, mark
from groupvisits.core.events import RequestRefused
from groupvisits.core.forms import MAX_TEXT, PAGE, BaseForm, command_of_page, parse_body
from groupvisits.core.logs import without_token
from groupvisits.extensions import db

log = structlog.get_logger("web")
PUBLIC = "public"
# The anonymous form: no browser session is read or set on these addresses, nothing is logged or audited. The token is the authority.
TRACELESS = "/feedback-forms/"
MAX_JSON = 256 * 1024


class TooMuch(Invalid):
    code = "too_much"
    status = 413
    is_on_record = True
    message = mark("This is more than we can take at once. Please send less.")


def access(action: str) -> Callable[[Any], Any]:
    """Declare which action of the policy tables this view is a door to; PUBLIC for those without any. No declaration, no page."""

    def declare(view: Any) -> Any:
        view.access = action
        return view

    return declare


def lacks_its_id() -> Any:
    """For the page of a MakingForm: where to go first, so that its address holds an id and Back leads to this form, not to a fresh one.

    None where it has one already; then the page says whether something was made by it before.
    """
    if not is_id(request.args.get(PAGE)):
        return redirect(_address(**{PAGE: ids.new_id()}))
    if was_carried_out(db.session(), command_of_page()):
        g.begin_anew = _address()
    return None


def _address(**more: str) -> str:
    """Of this page, without the id of its form."""
    asked = [(name, words) for name, words in request.args.items(multi=True) if name != PAGE]
    return request.path + "?" + urlencode([*asked, *more.items()])


def leaves_no_trace(path: str) -> bool:
    return path.startswith(TRACELESS)


def current_actor() -> Actor:
    return getattr(g, "actor", ANYONE)


def wants_json() -> bool:
    return request.is_json or request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def sent_json() -> Any:
    """What a script of ours sent. Refuses what is larger, or nested deeper, than anything they send."""
    if (request.content_length or 0) > MAX_JSON:  # its form may have been looked for already, under the limit of uploads
        raise TooMuch
    try:
        return request.get_json()
    except (RecursionError, BadRequest):
        raise Invalid from None


def accept_command(name: str, form_class: type[BaseForm], verb: Any, session_id: str) -> Any:
    """Carry out a live command that came by POST: from a script as {command_id, body}, or from a plain form without script.

    JSON is answered with {"ok": true, "result": ...} or an error object; a form with a redirect to its `back_to` path, which after
    a refusal says why and has the words again. The same command sent by socket first and by POST afterwards is one command.
    """
    try:
        current_app.extensions["pace"].check(browser_session.fingerprint)  # type: ignore[attr-defined]
        result = _carry_out(name, form_class, verb, session_id)
    except DomainError as refusal:
        if request.is_json or refusal.status in (401, 403, 404):
            raise
        _put_on_record(refusal)
        flash(language.words(refusal), "error")
        browser_session["kept_words"] = request.form.get("words", "")[:MAX_TEXT]
        browser_session["kept_for"] = request.form.get("box", "")[:60]
    else:
        if request.is_json:
            return jsonify(ok=True, result=result)
    return redirect(safe_next(request.form.get("back_to"), f"/sessions/{session_id}/rooms/patient"), 303)


def _carry_out(name: str, form_class: type[BaseForm], verb: Any, session_id: str) -> dict[str, Any]:
    if request.is_json:
        sent = sent_json()
        if not isinstance(sent, dict) or not is_id(sent.get("command_id")):
            raise Invalid
        body = sent.get("body", {})
        entered, command_id = parse_body(form_class, body), sent["command_id"]
    else:
        form = form_class()
        if not form.validate():
            raise Invalid(str(next(iter(next(iter(form.errors.values()))))))
        body = entered = form.body()
        command_id = request.form.get("command_id", "")
        command_id = command_id if is_id(command_id) else ids.new_id()
    actor, command = current_actor(), Command(command_id, name, {"session_id": session_id, **body})
    return run_live_command(current_app, verb, lambda tx: actor, command, session_id, **entered)


def command_url(app: Flask, name: str, *, action: str, form: type[BaseForm], verb: Any) -> None:
    """Open POST /sessions/<session_id>/commands/<name> for a live command: the door for when the socket is down."""

    @access(action)
    def view(session_id: str) -> Any:
        return accept_command(name, form, verb, session_id)

    app.add_url_rule(f"/sessions/<session_id>/commands/{name}", f"commands.{name}", view, methods=["POST"])


def safe_next(target: str | None, default: str) -> str:
    """Where to go after sign-in: only a path of our own. Browsers read a backslash as a slash and leave control characters out."""
    if not target or not target.isprintable() or "\\" in target:
        return default
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith("//") else default


def init_app(app: Flask, *, policies: dict[str, Any], resolve_actor: Callable[[], Actor]) -> None:
    """Put the guards in front of every view. `policies` maps an action to its table, `resolve_actor` says who is asking."""
    app.extensions["policies"] = policies
    app.extensions["before_the_guard"] = []

    @app.before_request
    def begin() -> None:
        g.started, g.reference = time.perf_counter(), _reference()
        g.nonpublic, g.unlogged = True, leaves_no_trace(request.path)
        if request.endpoint == "static":
            g.nonpublic = False
            return
        g.actor = resolve_actor()

    @app.before_request
    def guard() -> Any:
        if request.endpoint is None and request.method == "POST" and "/commands/" in request.path:
            raise NotFound  # no command of ours: on record, like an unknown event
        if request.endpoint is None or request.endpoint == "static":
            return None
        if any("\x00" in text for text in (request.path, *request.args.values())):
            raise NotFound  # no id of ours holds one, and PostgreSQL fails over it
        for leads_elsewhere in app.extensions["before_the_guard"]:  # to where the guard would only refuse: set-up, a second factor
            if (answer := leads_elsewhere()) is not None:
                return answer
        action = getattr(app.view_functions[request.endpoint], "access", None)
        if action == PUBLIC:
            return None
        if action is None:  # deny by default, even where the convention test was not run
            raise NotFound
        actor = current_actor()
        if not policies[action].could(actor, action):
            raise NotAllowed if actor.is_known else SignInNeeded
        return None

    @app.after_request
    def finish(response: Response) -> Response:
        headers = response.headers
        host = request.host
        headers.setdefault(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; manifest-src 'self'; "
            f"connect-src 'self' ws://{host} wss://{host}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        )
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if app.config["SESSION_COOKIE_SECURE"]:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if getattr(g, "nonpublic", True):
            headers.setdefault("Cache-Control", "no-store")
        elif "v" in request.args:  # an address with a content hash; scripts that import each other have none and are asked for anew
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        if request.endpoint != "static" and not getattr(g, "unlogged", False):
            log.info(
                "request", method=request.method, path=without_token(request.path), status=response.status_code,
                ms=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1), reference=g.get("reference"),
            )  # fmt: skip
        return response

    @app.errorhandler(DomainError)
    def refused(error: DomainError) -> Any:
        db.session.rollback()
        _put_on_record(error)
        if wants_json():
            return jsonify(ok=False, error={"code": error.code, "message": language.words(error), "field": error.field, **error.told}), error.status
        if isinstance(error, SignInNeeded):
            target = request.full_path.rstrip("?") if request.method == "GET" else ""
            return redirect(url_for("accounts.sign_in", next=target or None))
        return error_page(error.status, language.words(error))

    @app.errorhandler(CSRFError)
    def forged(error: CSRFError) -> Any:
        return _plain_refusal(400, "csrf")

    @app.errorhandler(RequestEntityTooLarge)
    def too_large(error: RequestEntityTooLarge) -> Any:
        """Larger than any file we take: the same refusal as of what is larger than any message."""
        if wants_json():
            return refused(TooMuch())
        _put_on_record(TooMuch())
        return error_page(413)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Any:
        if error.code is None or error.code < 400:
            return error
        return _plain_refusal(error.code, error.name.lower().replace(" ", "_"))

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Any:
        db.session.rollback()
        log.exception("request_failed", path=without_token(request.path), reference=g.get("reference"))
        if current_app.testing and current_app.config.get("PROPAGATE_EXCEPTIONS"):
            raise error
        return _plain_refusal(500, "broken")


def _put_on_record(error: DomainError) -> None:
    actor = current_actor()
    if error.is_on_record and actor.is_known:
        current_app.extensions["listeners"].tell_after(RequestRefused(actor, request.endpoint or "commands", error.code))


def _plain_refusal(status: int, code: str) -> Any:
    if wants_json():
        return jsonify(ok=False, error={"code": code, "message": language.gettext("This did not work. Nothing was changed."), "field": None}), status
    return error_page(status)


def error_page(status: int, message: str = "") -> Response:
    """What happened, what is safe, what to do next, and a number to tell the clinic. Missing and forbidden look alike."""
    shown = 404 if status == 403 else status
    return make_response(render_template("core/error.html", status=shown, message="" if shown == 404 else message, reference=g.get("reference", "")), status)


def _reference() -> str:
    letters = ids.CODE_LETTERS
    return "".join(secrets.choice(letters) for _ in range(3)) + "-" + "".join(secrets.choice(letters) for _ in range(2))
