"""An append-only record of who did or saw what, written in the transaction of the act itself."""

from flask import Flask


def init_app(app: Flask) -> None:
    from groupvisits.audit import listeners, views

    app.register_blueprint(views.bp)
    listeners.init_app(app)
