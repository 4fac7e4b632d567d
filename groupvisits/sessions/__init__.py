"""Dated sessions of a group, their teams and seats."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Open this package's doors and register what it listens to."""
    from groupvisits.programmes.events import MemberAdded, MemberRemoved
    from groupvisits.sessions.service import series

    listeners = app.extensions["listeners"]
    listeners.within(MemberAdded, series.invite_new_member)
    listeners.within(MemberRemoved, series.free_seats_of_former_member)
