"""`flask demo` makes the practice clinic, `flask bots` brings it to life."""

import json
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

from config import Config
from groupvisits.accounts.models import Clinic, Installation
from groupvisits.core import clock, database
from groupvisits.core.transaction import Transaction, run
from groupvisits.demo.bots import play
from groupvisits.demo.build import ZONE, Demo, build
from groupvisits.demo.large import enlarge
from groupvisits.extensions import db

START_PAGES = {
    "coordinator": "/home",
    "facilitator": "/sessions/{live}/rooms/facilitator",
    "resident": "/sessions/{live}/slots",
    "attending": "/notes/to-co-sign",
    "reviewer": "/results",
    "admin": "/staff-members",
    "nurse": "/sessions/{live}/check-ins",
    "interpreter": "/today",
    "stranger": "/home",
}


@click.command("demo")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with the address and sign-in of every person.")
@click.option("--size", type=click.Choice(["normal", "large"]), default="normal", help="Large: 5,000 patients, 300 groups, 3,600 dates.")
@click.option("--zone", default=ZONE, show_default=True, help="The clinic's time zone. The live visit runs now, whatever hour that is there.")
@with_appcontext
def demo(as_json: bool, size: str, zone: str) -> None:
    """Make a fresh practice clinic of invented people. Refuses any database that was not made as a demo."""
    _empty_demo_database()
    made = run(_made, size, zone)
    told = contract(made)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        _tell(told, current_app.extensions["config"])


@click.command("bots")
@click.option("--minutes", default=20, show_default=True, help="How long they stay.")
@with_appcontext
def bots(minutes: int) -> None:
    """Simulated participants propose and support topics in the live visit of the demo, over real sockets."""
    play(current_app.extensions["config"].public_url, minutes)


def _made(tx: Transaction, size: str, zone: str) -> Demo:
    now = clock.now()
    made = build(tx, now, zone)
    if size == "large":
        enlarge(tx, made, now)
    return made


def contract(made: Demo) -> dict[str, Any]:
    """What outside tools may rely on; all addresses are relative to the site."""
    live = made.live
    assert live is not None
    return {
        "clinic": made.clinic.name,
        "people": {key: {"email": made.staff[key].email, "password": made.password, "url": page.format(live=live.id)} for key, page in START_PAGES.items()},
        "patients": [{"display_name": name, "url": f"/links/{token}"} for name, token in made.links],
        "join_url": f"/join/{live.join_code}",
        "join_code": live.join_code,
        "slip_codes": made.slip_codes,
        "slip_urls": [f"/slips/{live.id}-{code}" for code in made.slip_codes],
        "display_url": f"/displays/{made.display_token}",
        "live_session_id": live.id,
    }


def _empty_demo_database() -> None:
    """Bring the tables up to date; empty them if, and only if, they hold nothing or a demo."""
    tables = inspect(database.writes().engine).get_table_names()
    if "installation" in tables:
        installation = db.session.get(Installation, 1)
        in_use = db.session.query(Clinic.id).first() is not None
        is_demo = installation is not None and installation.is_demo
        db.session.remove()
        if in_use and not is_demo:
            raise click.ClickException("This database holds a real clinic. The demo never touches it: set INSTANCE or DATABASE_URL to another place.")
        if in_use:
            downgrade(revision="base")
    upgrade()


def _tell(told: dict[str, Any], config: Config) -> None:
    base = config.public_url
    click.echo(f"\n{told['clinic']}: a practice clinic. All people are invented.\n")
    click.echo(f"Staff sign in at {base}/sign-ins, password for everybody: {told['people']['coordinator']['password']}")
    for role, person in told["people"].items():
        click.echo(f"  {role:<12} {person['email']:<30} {base}{person['url']}")
    click.echo("\nPatients' phones (each link works once):")
    for patient in told["patients"]:
        click.echo(f"  {patient['display_name']:<12} {base}{patient['url']}")
    click.echo(f"\nWall display   {base}{told['display_url']}")
    click.echo(f"Join by code   {base}{told['join_url']}  with a slip code: {', '.join(told['slip_codes'])}\n")
