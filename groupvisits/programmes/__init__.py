"""Programmes, run sheets, groups and their members."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Open this package's doors.

    `group_page` holds functions (db, viewer, group) -> values for the group's page: packages above that know more about a group,
    such as its dates, add what they know without this package knowing them.
    """
    from groupvisits.patients.events import PatientDeactivated
    from groupvisits.programmes import service, views

    app.extensions["group_page"] = []
    app.register_blueprint(views.bp)
    app.extensions["listeners"].within(PatientDeactivated, service.end_memberships)
