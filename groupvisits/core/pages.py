"""What every template may use."""

import hashlib
import uuid
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, flash, url_for
from flask_babel import gettext
from flask_wtf.csrf import generate_csrf

from groupvisits.core import clock, language
from groupvisits.core.web import PUBLIC, current_actor


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(day=language.day, month_year=language.month, clock_time=language.time, local=clock.local)
    app.jinja_env.globals.update(asset=asset, csrf_token=generate_csrf, may=may, door=door, new_command_id=new_command_id)

    @app.context_processor
    def common() -> dict[str, Any]:
        code = language.current_language()
        return {"actor": current_actor(), "current_language": code, "text_direction": "ltr", "now": clock.now()}


def asset(path: str) -> str:
    """The address of a static file, different for each content, so that browsers may keep it."""
    return url_for("static", filename=path, v=_fingerprint(str(Path(current_app.static_folder or "") / path)))


def may(action: str, subject: Any = None) -> bool:
    """Whether the person reading this page may do `action`: hides buttons that would only be refused."""
    return current_app.extensions["policies"][action].permits(current_actor(), action, subject)


def door(endpoint: str, **values: Any) -> str:
    """The address of a page if there is such a page and its reader might open it, else nothing: for links into other packages."""
    view = current_app.view_functions.get(endpoint)
    action = getattr(view, "access", "")
    if not action or not (action == PUBLIC or current_app.extensions["policies"][action].could(current_actor(), action)):
        return ""
    return url_for(endpoint, **values)


def offer_undo(text: str, action: str, **fields: str) -> None:
    """Say on the next page what was done, with a button that posts `fields` to `action` and so takes it back."""
    flash({"text": text, "action": action, "fields": fields}, "undo")  # type: ignore[arg-type]


def say_made(text: str, *, is_new: bool) -> None:
    """Say on the next page that it is made; to whom it was shown before (see make_once), that there is still only one."""
    if is_new:
        flash(text, "success")
    else:
        flash(gettext("This was saved before, and nothing was made a second time. Here it is. What you changed since then is not saved."), "info")


def say_kept(text: str, result: dict[str, Any]) -> None:
    """The same for a verb that makes nothing where the very same is there already, and says so with "already" in its result."""
    flash(gettext("The same is here already, so nothing was made a second time."), "info") if result.get("already") else flash(text, "success")


def new_command_id() -> str:
    """For a plain form that sends a live command: sent twice, it is carried out once."""
    return str(uuid.uuid4())


@cache
def _fingerprint(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:10] if Path(path).exists() else ""
