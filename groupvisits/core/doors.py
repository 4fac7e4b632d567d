"""One registration opens both doors of a live command: its socket event and its POST address, with one form and one verb."""

from typing import Any

from flask import Flask

from groupvisits.core import web
from groupvisits.core.forms import BaseForm


def live_command(app: Flask, name: str, *, form: type[BaseForm], verb: Any, action: str | None = None) -> None:
    """Let `name` ("agenda:propose") be sent by socket or by POST; `verb(tx, actor, session_id, **body)` returns a JSON object."""
    action = action or name
    app.extensions["socket_door"].command(name, action=action, form=form, verb=verb)
    web.command_url(app, name, action=action, form=form, verb=verb)
