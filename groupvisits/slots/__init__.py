"""The one-on-one timetable and board: call, acknowledge, start, finish."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Open this package's doors and register what it listens to."""
