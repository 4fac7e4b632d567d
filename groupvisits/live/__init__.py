"""The room while it runs: opening and closing, joining, snapshots and deltas for each audience."""

from flask import Flask


def init_app(app: Flask) -> None:
    from groupvisits.live import listeners, sockets, views
    from groupvisits.live.presence import Presence

    app.extensions["presence"] = Presence()
    app.register_blueprint(views.bp)
    sockets.init_app(app)
    listeners.init_app(app)
