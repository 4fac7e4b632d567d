"""The anonymous form after a session and the safe release of its results."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Open this package's doors and register what it listens to."""
    from groupvisits.core.transaction import run
    from groupvisits.feedback import service, views
    from groupvisits.sessions.events import SessionClosed

    # What a higher package kept of how the talk was shared: (db, session ids) -> {session id: live.rules.talk_figures}.
    app.extensions["talk_figures"] = None
    app.register_blueprint(views.bp)
    app.extensions["listeners"].within(SessionClosed, service.on_session_closed)
    app.extensions["ticks"].append((300, lambda: run(service.close_due)))
