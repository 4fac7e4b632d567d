"""The room while it runs: opening and closing, joining, snapshots and deltas for each audience."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Open this package's doors and register what it listens to."""
