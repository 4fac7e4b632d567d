"""The HTTP door of the registry and of rosters."""

from flask import Blueprint

bp = Blueprint("patients", __name__)

from groupvisits.patients.views import agreements, company, names, reach, registry, roster  # noqa: E402, F401
