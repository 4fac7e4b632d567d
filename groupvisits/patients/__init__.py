"""The registry: identity, contact, language and needs, and the import of rosters."""

from flask import Flask


def init_app(app: Flask) -> None:
    from groupvisits.extensions import db
    from groupvisits.patients import queries, views

    app.register_blueprint(views.bp)
    # For accounts, which lies below and greets whoever comes by a link.
    app.extensions["patient_profile"] = lambda patient_id: queries.own_profile(db.session(), patient_id)
