"""Clinics, and who may act in them: staff who sign in, patients who follow a link or a slip, displays on a wall."""

from typing import Any

import click
from flask import Flask, g, redirect, request, url_for


def init_app(app: Flask) -> None:
    """Open this package's doors, lead first visitors and newcomers to what comes first, and say whose clinic a page belongs to."""
    from groupvisits.accounts import passwords, queries, service, views
    from groupvisits.core.language import LANGUAGES
    from groupvisits.core.transaction import run
    from groupvisits.core.web import current_actor, leaves_no_trace
    from groupvisits.extensions import db

    config = app.extensions["config"]
    passwords.init_app(app, config.secret_key, testing=config.testing)
    app.register_blueprint(views.bp)
    app.extensions["ticks"].append((3600, lambda: run(service.forget_what_has_ended)))

    def first_things_first() -> Any:
        if request.method != "GET" or request.endpoint in (None, "static", "healthz") or leaves_no_trace(request.path):
            return None
        if current_actor().has("newcomer") and request.endpoint not in ("accounts.second_factor", "accounts.second_factor_code"):
            return redirect(url_for("accounts.second_factor"))
        if not current_actor().is_known and request.endpoint != "accounts.set_up" and not queries.has_clinic(db.session()):
            return redirect(url_for("accounts.set_up"))
        return None

    app.extensions["before_the_guard"].append(first_things_first)

    def clinic() -> Any:
        if "clinic" not in g:
            g.clinic = queries.shown_clinic(db.session(), current_actor())
        return g.clinic

    def offered() -> list[str]:
        if "offered_languages" not in g:
            g.offered_languages = clinic().languages if current_actor().clinic_id and clinic() else queries.offered_languages(db.session())
        return g.offered_languages

    app.extensions["offered_languages"] = offered
    app.extensions["staff_names"] = lambda viewer: queries.staff_names(db.session(), viewer)

    @app.context_processor
    def whose_page() -> dict[str, Any]:
        return {"clinic": clinic(), "languages": [(code, LANGUAGES[code]) for code in LANGUAGES if code in offered()] if len(offered()) > 1 else []}

    @app.cli.command("set-up-code")
    def set_up_code() -> None:
        """Print a fresh one-time code for the first visitor of an empty installation."""
        code = run(service.ensure_setup_code)
        click.echo(f"Open {config.public_url}/set-up and type this code: {code}" if code else "This installation already has a clinic.")
