"""Screens that combine capabilities."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Open the start pages and put each role's rooms into the header."""
    from groupvisits.home import door, views
    from groupvisits.home.my import views as my
    from groupvisits.home.navigation import navigation_in_pages

    app.register_blueprint(views.bp)
    app.register_blueprint(my.bp)
    app.context_processor(navigation_in_pages)
    app.extensions["check_in_facts"].append(door.one_on_one)
    app.extensions["next_one_on_one"] = door.next_one_on_one
