"""Notices from the command line, for installations that work by cron and without a background worker."""

import click
from flask.cli import AppGroup

from groupvisits.sessions.service import messages

notices = AppGroup("notices", help="What patients are to be told.")


@notices.command("send")
def send() -> None:
    """Plan and word everything that is due, once; `flask outbox deliver` sends it."""
    planned = messages.plan_ahead()
    worded = messages.word_due()
    click.echo(f"{planned} planned, {worded} looked at.")
