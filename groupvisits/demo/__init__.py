"""A practice clinic of invented people to click through; imported by nobody."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Open this package's doors and register what it listens to."""
