"""The pages of accounts, by noun."""

from flask import Blueprint

bp = Blueprint("accounts", __name__)

from groupvisits.accounts.views import clinics, links, sign_in, staff  # noqa: E402, F401  # each adds its pages to bp
