"""Clinics, and who may act in them: staff who sign in, patients who follow a link or a slip, displays on a wall."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Open this package's doors and register what it listens to."""
