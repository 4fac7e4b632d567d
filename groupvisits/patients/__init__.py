"""The registry: identity, contact, language and needs, and the import of rosters."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Open this package's doors and register what it listens to."""
