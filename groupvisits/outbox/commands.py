"""The outbox from the command line, for installations that send by cron, and for trying the mail settings."""

import click
from flask import current_app
from flask.cli import AppGroup

from groupvisits.outbox import service
from groupvisits.outbox.transports import transport_for

outbox = AppGroup("outbox", help="Messages that wait to be sent.")


@outbox.command("deliver")
def deliver() -> None:
    """Send everything that is due, once."""
    sent, failed = service.deliver_due(transport_for(current_app.extensions["config"]))
    click.echo(f"{sent} sent, {failed} not sent.")
