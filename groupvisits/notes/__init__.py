"""Encounter notes: draft, sign, co-sign, add to."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Open this package's doors and let the board of one-on-ones show what has been written."""
    from groupvisits.notes import views

    app.register_blueprint(views.bp)
    app.extensions["slot_documents"] = views.documents
