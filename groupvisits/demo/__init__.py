"""A practice clinic of invented people to click through; imported by nobody."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Add `flask demo` and `flask rehearse`."""
    from groupvisits.demo import commands

    app.cli.add_command(commands.demo)
    app.cli.add_command(commands.rehearse)
