"""The room while it runs: opening and closing, joining, snapshots and deltas for each audience."""

from flask import Flask


def init_app(app: Flask) -> None:
    from groupvisits.live import listeners, sockets, views
    from groupvisits.live.presence import Presence
    from groupvisits.live.talk import kept_talks

    app.extensions["presence"] = Presence()
    app.extensions["talk_figures"] = kept_talks  # for those who review a visit's feedback
    app.register_blueprint(views.bp)
    sockets.init_app(app)
    listeners.init_app(app)
