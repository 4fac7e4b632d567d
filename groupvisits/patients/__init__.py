"""The registry: identity, contact, language and needs, and the import of rosters."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Open this package's doors.

    `patient_page` holds functions (db, viewer, patient) -> values for the patient's page: packages above that know more about a
    patient, such as their groups and visits, add what they know without this package knowing them.
    """
    from groupvisits.accounts.events import PatientLinkAskedFor
    from groupvisits.extensions import db
    from groupvisits.patients import queries, service, views

    app.extensions["patient_page"] = []
    app.register_blueprint(views.bp)
    app.extensions["listeners"].within(PatientLinkAskedFor, service.send_asked_link)
    # For accounts, which lies below and greets whoever comes by a link.
    app.extensions["patient_profile"] = lambda patient_id: queries.own_profile(db.session(), patient_id)
