"""Encounter notes: draft, sign, co-sign, add to."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Open this package's doors and register what it listens to."""
