"""Programmes, run sheets, groups and their members."""

from typing import Any

from flask import Flask


def init_app(app: Flask) -> None:
    """Open this package's doors.

    `group_page` holds functions (db, viewer, group) -> values for the group's page: packages above that know more about a group,
    such as its dates, add what they know without this package knowing them.
    """
    from groupvisits.patients.events import PatientDeactivated
    from groupvisits.programmes import service, views

    app.extensions["group_page"] = []
    app.extensions["patient_page"].append(_groups_of_patient)
    app.register_blueprint(views.bp)
    app.extensions["listeners"].within(PatientDeactivated, service.end_memberships)


def _groups_of_patient(db: Any, viewer: Any, patient: Any) -> dict[str, Any]:
    """What the page of a patient says about their groups, for those who choose members."""
    from groupvisits.core.pages import door, may
    from groupvisits.programmes import queries

    if not may("programmes:choose_members", patient):
        return {}
    lines = queries.groups_of_patient(db, viewer, patient)
    return {"stands_in": [{"name": line.group.name, "since": line.since, "href": door("programmes.group", group_id=line.group.id)} for line in lines]}
