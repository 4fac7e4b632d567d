"""Dated sessions of a group, their teams and seats."""

from typing import Any

from flask import Flask


def init_app(app: Flask) -> None:
    """Open this package's doors and register what it listens to.

    `check_in_facts` holds functions (db, viewer, place, seat_id) -> [{term, value}] for the person's screen at the door: packages
    above that know more, such as when the one-on-one is, add it without this package knowing them. `next_one_on_one` is
    (db, viewer, place) -> "Dr Farrow at 7:05pm" or "": when somebody who finds no chair would be seen.
    """
    from groupvisits.patients.events import ConsentsChanged, PatientChanged, PatientDeactivated
    from groupvisits.programmes.events import MemberAdded, MemberRemoved
    from groupvisits.sessions import commands, views
    from groupvisits.sessions.events import SeatArrived, SeatFreed, SessionCancelled, SessionClosed, SessionMoved
    from groupvisits.sessions.queries import participants
    from groupvisits.sessions.service import attendance, calendars, consents, messages, offers, series

    listeners = app.extensions["listeners"]
    listeners.within(MemberAdded, series.invite_new_member)
    listeners.within(MemberRemoved, series.free_seats_of_former_member)
    listeners.within(PatientDeactivated, series.free_seats_of_former_patient)
    listeners.within(SeatFreed, offers.on_seat_freed)
    listeners.within(SeatArrived, offers.on_arrival)
    listeners.within(SessionMoved, offers.on_session_moved)
    for changed in (SessionMoved, SessionCancelled):
        listeners.within(changed, calendars.on_date_changed)
    for over in (SessionCancelled, SessionClosed):
        listeners.within(over, offers.on_session_over)
    listeners.within(ConsentsChanged, consents.redraw_rooms)
    listeners.within(PatientChanged, consents.redraw_rooms)
    app.extensions["participants"] = participants  # for agreements, which lie below and ask about programmes and groups
    listeners.within(SessionClosed, attendance.tell_those_missed)
    app.extensions["check_in_facts"] = []
    app.extensions["next_one_on_one"] = None
    app.extensions["group_page"].append(_dates_of_group)
    app.extensions["patient_page"].append(_visits_of_patient)
    app.register_blueprint(views.bp)
    app.cli.add_command(commands.notices)
    app.extensions["ticks"] += [(300, messages.plan_ahead), (10, messages.word_due), (30, offers.lapse_offers), (300, offers.offer_what_is_free)]


def _dates_of_group(db: Any, viewer: Any, group: Any) -> dict[str, Any]:
    """What the page of a group says about its dates."""
    from datetime import timedelta

    from flask_babel import gettext

    from groupvisits.core import clock
    from groupvisits.core.pages import door
    from groupvisits.sessions import queries

    lines = queries.sessions_for(db, viewer, since=clock.now() - timedelta(hours=8), group_id=group.id, at_most=12)
    tags = {"open": ("green", gettext("Open now")), "closed": ("grey", gettext("Over")), "cancelled": ("grey", gettext("Cancelled"), "×")}
    return {
        "recruitment_href": door("sessions.recruitment", group_id=group.id),
        "series_href": door("sessions.series_preview", group_id=group.id),
        "move_href": door("sessions.series_rule", group_id=group.id),
        "next_dates": [
            {
                "starts_at": clock.local(line.group_session.starts_at, line.group_session.zone),
                "words": _answers_in_words(line.held, line.invited),
                "href": door("sessions.group_session", session_id=line.group_session.id),
                "tag": tags.get(line.group_session.state),
            }
            for line in lines
        ],
    }


def _answers_in_words(said_yes: int, not_answered: int) -> str:
    from flask_babel import gettext, ngettext

    if not said_yes and not not_answered:
        return gettext("Nobody is asked yet")
    yes = ngettext("%(num)s said yes", "%(num)s said yes", said_yes) if said_yes else gettext("Nobody has said yes")
    return f"{yes}, {ngettext('%(num)s has not answered', '%(num)s have not answered', not_answered)}" if not_answered else yes


def _visits_of_patient(db: Any, viewer: Any, patient: Any) -> dict[str, Any]:
    """What the page of a patient says about their next visits, for those who keep the lists."""
    from flask_babel import gettext

    from groupvisits.core import clock
    from groupvisits.core.pages import door, may
    from groupvisits.sessions import queries

    if not may("sessions:seat", patient):
        return {}
    from groupvisits.sessions.queries.calendar import has_calendar, is_left_behind

    tags = {
        "invited": ("grey", gettext("No answer"), "?"), "confirmed": ("green", gettext("Yes")), "declined": ("grey", gettext("No"), "×"),
        "waitlisted": ("tint", gettext("Waits for a place"), "…"), "offered": ("amber-dashed", gettext("Has an offer"), "?"),
        "arrived": ("green", gettext("Here")), "left_early": ("grey", gettext("Left early")),
    }  # fmt: skip
    return {
        "next_visits": [
            {
                "starts_at": clock.local(group_session.starts_at, group_session.zone), "group": group_session.group.name, "tag": tags.get(state, ("grey", state)),
                "href": door("sessions.group_session", session_id=group_session.id),
            }
            for group_session, state in queries.visits_to_come_of(db, viewer, patient)
        ],
        "calendar_left_behind": is_left_behind(db, viewer, patient),
        "stop_calendar": door("sessions.revoke_calendar_of", patient_id=patient.id) if has_calendar(db, viewer, patient) else "",
    }  # fmt: skip
