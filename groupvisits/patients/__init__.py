"""The registry: identity, contact, language and needs, and the import of rosters."""

from flask import Flask


def init_app(app: Flask) -> None:
    from groupvisits.patients import views

    app.register_blueprint(views.bp)
