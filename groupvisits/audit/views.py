"""The administrator's page of the record, and the command line that verifies and anchors it."""

import click
from flask import Blueprint, current_app, render_template, request

from groupvisits.audit import queries, service
from groupvisits.audit.words import ACTS, SUBJECTS
from groupvisits.core.web import access, current_actor
from groupvisits.extensions import db

bp = Blueprint("audit", __name__)
MOST_PAGES = 10**9  # whatever somebody types into the address: no database counts without end
bp.cli.help = "Verify the audit record and anchor it outside the database."


@bp.get("/audit-entries")
@access("audit:read")
def audit_entries() -> str:
    page = min(max(request.args.get("page", 1, type=int), 1), MOST_PAGES)
    entries = queries.entries_for(db.session(), current_actor(), page=page)
    shown = entries[: queries.PAGE]
    names = current_app.extensions["staff_names"](current_actor())  # accounts, which lies above, knows who they are
    return render_template(
        "audit/audit_entries.html", entries=shown, names=names, acts=ACTS, subjects=SUBJECTS, page=page, has_older=len(entries) > queries.PAGE
    )


@bp.cli.command("verify")
def verify_command() -> None:
    """Check every chain; exit with 1 if any entry was changed or is missing."""
    problems = list(service.verify(db.session(), current_app.extensions["config"].instance))
    for problem in problems:
        click.echo(f"{problem.chain_id} number {problem.number}: {problem.what}")
    if problems:
        raise SystemExit(1)
    click.echo("The audit record is whole.")


@bp.cli.command("anchor")
def anchor_command() -> None:
    """Write the head of every chain to a file beside the database. Keep a copy elsewhere."""
    click.echo(f"{service.anchor(db.session(), current_app.extensions['config'].instance)} chains anchored.")
