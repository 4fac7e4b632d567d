"""Screens that combine capabilities."""

from typing import Any

from flask import Flask


def init_app(app: Flask) -> None:
    """Open the start pages and put each role's rooms into the header."""
    from groupvisits.home import door, views
    from groupvisits.home.minutes import views as minutes
    from groupvisits.home.my import views as my
    from groupvisits.home.navigation import navigation_in_pages

    app.register_blueprint(views.bp)
    app.register_blueprint(my.bp)
    app.register_blueprint(minutes.bp)
    app.extensions["group_page"].append(_minute_book_of_group)
    app.context_processor(navigation_in_pages)
    app.context_processor(views.alarms_in_pages)
    app.extensions["check_in_facts"].append(door.one_on_one)
    app.extensions["next_one_on_one"] = door.next_one_on_one


def _minute_book_of_group(_db: Any, _viewer: Any, group: Any) -> dict[str, Any]:
    """Where the page of a group leads to its minute book."""
    from groupvisits.core.pages import door

    return {"minute_book_href": door("minutes.minute_book", group_id=group.id)}
