"""The anonymous form after a session and the safe release of its results."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Open this package's doors and register what it listens to."""
