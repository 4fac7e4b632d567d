"""Every door says who may come in. Nothing is open because somebody forgot to close it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from flask import Flask

from groupvisits.accounts.models import Clinic
from groupvisits.core import database, transaction
from groupvisits.core.web import PUBLIC
from groupvisits.extensions import csrf, db
from tests.cast import arrange_cast

# Each of these would be found by everybody; the reason stands beside it.
WITHOUT_CSRF = {
    "groupvisits.feedback.views.send_answers",  # the token in its address is the authority, and a check would need a cookie
    # A text message gateway has no page of ours; the shared token in its header is the authority.
    "groupvisits.sessions.views.texts.take_report",
    "groupvisits.sessions.views.texts.take_text",
}


def _views(app: Flask) -> Iterator[tuple[str, str, object]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            yield rule.rule, rule.endpoint, app.view_functions[rule.endpoint]


def test_every_address_declares_its_access(app: Flask) -> None:
    silent = [f"{address} ({endpoint})" for address, endpoint, view in _views(app) if not hasattr(view, "access")]
    assert not silent, (
        f'These addresses do not say who may open them: {", ".join(silent)}. Put @access("package:action") directly under the route decorator, '
        "with an action that stands in the package's permissions.POLICY, or @access(PUBLIC) if really everybody may."
    )


def test_every_address_names_an_action_of_the_tables(app: Flask) -> None:
    policies = app.extensions["policies"]
    unknown = [
        f"{address}: {view.access}" for address, _, view in _views(app) if hasattr(view, "access") and view.access not in policies and view.access != PUBLIC
    ]  # type: ignore[attr-defined]
    assert not unknown, f"These actions stand in no permissions.POLICY: {', '.join(unknown)}. Add the action to the table of its package, or correct its name."


def test_every_socket_event_names_an_action_of_the_tables(app: Flask) -> None:
    policies = app.extensions["policies"]
    unknown = [f"{event}: {action}" for event, action in app.extensions["socket_door"].actions.items() if action not in policies]
    assert not unknown, f"These socket events name an action that stands in no permissions.POLICY: {', '.join(unknown)}."


def test_no_socket_event_goes_around_the_door(app: Flask) -> None:
    door = app.extensions["socket_door"]
    known = {*door.actions, "connect", "disconnect"}
    around = [event for handlers in door.server.handlers.values() for event in handlers if event not in known]
    assert not around, f"These socket events are registered past the door: {', '.join(around)}. Register them with SocketDoor.event or core.doors.live_command."


def test_every_action_names_a_role(app: Flask) -> None:
    for action, policy in app.extensions["policies"].items():
        assert policy[action].to, f"{action} is permitted to nobody. Name a role, or take the action out of the table."


def test_every_condition_of_the_tables_says_what_it_means(app: Flask) -> None:
    for action, policy in app.extensions["policies"].items():
        when = policy[action].when
        assert when is None or (when.__doc__ or "").strip(), f"The condition of {action} has no docstring; the permission matrix in docs/ is made of them."


def test_every_post_is_checked_for_forgery_but_the_anonymous_form() -> None:
    exempt = csrf._exempt_views | {blueprint.name for blueprint in csrf._exempt_blueprints}
    assert exempt == WITHOUT_CSRF, f"Exempt from the CSRF check are {sorted(exempt)}. If a view really must be, add it to WITHOUT_CSRF with the reason."


def test_a_view_without_a_declaration_is_no_page(app: Flask, tmp_path: Path) -> None:
    """The guard denies by default, even where this test was not run."""
    guarded = create_guarded_app(app, tmp_path)
    assert guarded.test_client().get("/forgotten").status_code == 404


def create_guarded_app(app: Flask, instance: Path) -> Flask:
    """With a database file of its own: a connection kept open here would spoil the one that is replaced for every test."""
    from groupvisits import create_app

    other = create_app(replace(app.extensions["config"], instance=instance, database_url=""))
    with other.app_context():
        db.metadata.create_all(database.writes().engine)
        if db.session.scalar(db.select(Clinic.id).limit(1)) is None:  # an empty installation leads everybody to its set-up
            db.session.rollback()
            with transaction.write() as tx:
                arrange_cast(tx)
    other.add_url_rule("/forgotten", "forgotten", lambda: "open to everybody")
    return other
