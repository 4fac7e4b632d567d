"""Which rooms a person finds in the header: those of their roles, and only those that exist."""

from typing import Any

from flask import request

from groupvisits.core.actor import Actor
from groupvisits.core.language import lazy as _l
from groupvisits.core.pages import door
from groupvisits.core.web import current_actor

# (roles, text, endpoint, endpoints of the pages inside that room by their beginning)
ROOMS: tuple[tuple[tuple[str, ...], Any, str, tuple[str, ...]], ...] = (
    (("coordinator",), _l("Home"), "home.home", ("home.home",)),
    (("facilitator", "resident", "attending", "nurse", "interpreter"), _l("Today"), "home.today", ("home.today", "slots.", "live.facilitator")),
    (("coordinator",), _l("Programmes"), "programmes.programmes", ("programmes.programmes", "programmes.programme", "programmes.new_programme", "programmes.design", "programmes.change_programme", "patients.agreement", "patients.publish_agreement")),
    (("coordinator", "facilitator"), _l("Groups"), "programmes.groups", ("programmes.", "minutes.", "sessions.series_", "sessions.make_series", "sessions.change_series_rule", "sessions.closures", "sessions.enter_closure", "sessions.recruitment", "sessions.search_recruits", "sessions.add_recruits", "sessions.note_recruit_step")),
    (("coordinator",), _l("Sessions"), "sessions.sessions", ("sessions.", "interop.papers", "instead.")),
    (("coordinator", "nurse"), _l("Patients"), "patients.patients", ("patients.",)),
    (("coordinator",), _l("Messages"), "sessions.messages", ("sessions.messages", "sessions.call_list", "sessions.scheduler_changes")),
    (("coordinator",), _l("Find"), "home.find", ("home.find", "home.search")),
    (("resident",), _l("My notes"), "notes.notes", ("notes.",)),
    (("attending",), _l("To co-sign"), "notes.to_cosign", ("notes.to_cosign",)),
    (("reviewer",), _l("Results"), "feedback.results", ("feedback.",)),
    (("admin",), _l("Staff"), "accounts.staff_members", ("accounts.staff", "accounts.new_staff", "accounts.disable_staff", "accounts.enable_staff", "accounts.invite_again", "accounts.reset_second_factor")),
    (("admin",), _l("Settings"), "accounts.settings", ("accounts.settings", "accounts.change_alarm_phrases")),
    (("admin",), _l("Audit"), "audit.audit_entries", ("audit.",)),
    (("patient",), _l("My visits"), "my.visits", ("my.", "live.patient_room", "agenda.pre_visit_form", "agenda.fill_in")),
    (("patient",), _l("Agreement"), "patients.my_agreements", ("patients.my_agreement", "patients.sign_agreement")),
    (("admin",), _l("Agreements"), "patients.agreements", ("patients.agreement",)),
)  # fmt: skip

# Whoever has several roles starts where the day begins.
START_PAGES = (
    ("coordinator", "home.home"),
    ("facilitator", "home.today"),
    ("resident", "home.today"),
    ("attending", "home.today"),
    ("nurse", "home.today"),
    ("interpreter", "home.today"),
    ("reviewer", "feedback.results"),
    ("admin", "accounts.staff_members"),
    ("patient", "my.visits"),
)


def navigation_of(viewer: Actor) -> list[dict[str, Any]]:
    """[{text, href, current}] in the order of the day; empty for somebody who is not signed in."""
    rooms = [(text, href, endpoint, inside) for roles, text, endpoint, inside in ROOMS if viewer.has(*roles) and (href := door(endpoint))]
    here = _current([(endpoint, inside) for _, _, endpoint, inside in rooms])
    return [{"text": text, "href": href, "current": endpoint == here} for text, href, endpoint, _ in rooms]


def _current(rooms: list[tuple[str, tuple[str, ...]]]) -> str:
    """The room of this page: the one whose description fits it most closely."""
    page = request.endpoint or ""
    fits = [(page == endpoint, len(beginning), endpoint) for endpoint, inside in rooms for beginning in inside if page.startswith(beginning)]
    return max(fits)[2] if fits else ""


def start_page(viewer: Actor) -> str:
    """The address a person's day begins at; the sign-in for nobody and for those without a room."""
    for role, endpoint in START_PAGES:
        if viewer.has(role) and (href := door(endpoint)):
            return href
    return ""


def navigation_in_pages() -> dict[str, Any]:
    return {"navigation": navigation_of(current_actor())}
