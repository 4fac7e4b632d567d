"""GET /healthz: whether the database answers and has the tables this version needs. For load balancers and for `make demo`."""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from groupvisits.core.web import PUBLIC, access
from groupvisits.extensions import db


def init_app(app: Flask) -> None:
    @app.get("/healthz", endpoint="healthz")
    @access(PUBLIC)
    def healthz() -> ResponseReturnValue:
        try:
            connection = db.session.connection()
            connection.execute(text("SELECT 1"))
            migrated = MigrationContext.configure(connection).get_current_revision()
        except Exception:
            return jsonify(status="database does not answer"), 503
        if migrated != newest_revision(app):
            return jsonify(status="database needs a migration: run `make migrate`"), 503
        return jsonify(status="ok")


def newest_revision(app: Flask) -> str | None:
    """The revision this version's code needs."""
    return ScriptDirectory(app.extensions["migrate"].directory).get_current_head()
