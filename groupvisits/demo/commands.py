"""`flask demo` makes the practice clinic, `flask rehearse` brings it to life."""

import json
from pathlib import Path
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
from groupvisits.demo import content
from groupvisits.demo.build import ZONE, Demo, build
from groupvisits.demo.large import enlarge
from groupvisits.demo.rehearsal import visit
from groupvisits.demo.rehearsal.phones import wait_for_server
from groupvisits.extensions import db

START_PAGES = {
    "coordinator": "/home",
    "facilitator": "/sessions/{live}/rooms/facilitator",
    "facilitator2": "/sessions/{live}/rooms/facilitator",
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


@click.command("rehearse")
@click.option("--session", "session_id", default="", help="Another open visit than the demo's live one.")
@click.option("--minutes", default=10.0, show_default=True, help="How long the visit goes on, on its own clock.")
@click.option("--speed", default=1.0, show_default=True, help="How much faster than life its clock goes.")
@click.option("--people", default=12, show_default=True, help="How many at most.")
@click.option("--lead", is_flag=True, help="A simulated facilitator leads, too. Without it, that is you.")
@click.option("--questions", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="What people ask: one question a line, or a CSV file.")
@click.option("--column", default="", help="The column of the CSV file. [default: the first]")
@click.option("--seed", default=1, show_default=True, help="Another number, another visit.")
@with_appcontext
def rehearse(session_id: str, minutes: float, speed: float, people: int, *, lead: bool, questions: Path | None, column: str, seed: int) -> None:
    """Simulated people play a visit against the running server: by slip, over real sockets, with phones that sleep and lines that break.

    At the end every screen is compared with what the server says. For training and for tests; refuses any database that is not a demo.
    """
    base = current_app.extensions["config"].public_url
    try:
        if minutes <= 0 or speed <= 0 or people < 1:
            raise visit.CannotRehearse("Minutes, speed and people are more than nothing.")
        words = visit.words_from(questions, column) if questions else content.REHEARSAL_TOPICS
        cast = run(visit.prepare, session_id, people)
    except visit.CannotRehearse as why:
        raise click.ClickException(str(why)) from None
    if not wait_for_server(base):
        raise click.ClickException(f"No server answers at {base}.")
    click.echo(
        f"{cast.title}: {len(cast.people)} people come, {minutes:g} minutes at {speed:g} times the speed. {'A facilitator leads.' if lead else 'You lead.'}"
    )
    wrong = visit.Rehearsal(base, cast, words, minutes=minutes, speed=speed, leads=lead, seed=seed, say=click.echo).play()
    for each in wrong:
        click.echo(f"WRONG  {each}")
    if wrong:
        raise click.ClickException(f"{len(wrong)} things are not as they should be.")
    click.echo("Every screen shows what the server says, and nothing that was received is missing.")


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
