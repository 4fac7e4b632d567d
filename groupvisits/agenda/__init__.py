"""Topics: proposed, supported, ordered, timed, parked; each with what became of it."""

from flask import Flask


def init_app(app: Flask) -> None:
    from groupvisits.agenda import listeners, sockets, views

    sockets.init_app(app)
    listeners.init_app(app)
    app.register_blueprint(views.bp)
