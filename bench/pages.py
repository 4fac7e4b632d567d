"""How long the coordinator's pages take in a clinic of 5,000 patients, on SQLite and on PostgreSQL: server time, through the whole application.

    python -m bench.pages [sqlite|postgresql ...]

Promise: at most 150 ms for 95 of 100 requests, with a number of questions to the database that does not grow with the clinic.
"""

import contextlib
import gc
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, func, select

from bench.table import print_table, quiet
from config import Config
from groupvisits import create_app
from groupvisits.accounts.models import StaffMember
from groupvisits.core import actor as actors
from groupvisits.core import clock, database
from groupvisits.extensions import db
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import GroupSession, Seat
from tests.cast import signed_in
from tests.postgresql import new_database, server

REQUESTS, PROMISED_MS = 60, 150


@contextlib.contextmanager
def large_clinic(database_url: str = "") -> Iterator[Flask]:
    """An application on a fresh large practice clinic."""
    folder = Path(tempfile.mkdtemp(prefix="groupvisits-bench-"))
    app = create_app(Config(secret_key="only for measuring " * 3, instance=folder, database_url=database_url, public_url="http://localhost", testing=True))
    quiet()
    app.config.update(PROPAGATE_EXCEPTIONS=True, WTF_CSRF_ENABLED=False)
    try:
        begun = time.perf_counter()
        made = app.test_cli_runner().invoke(args=["demo", "--json", "--size", "large"])
        assert made.exit_code == 0, made.output
        print(f"The large clinic was made in {time.perf_counter() - begun:.1f} s.")
        if database_url:
            with app.app_context(), database.writes().engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("ANALYZE")
        gc.collect()
        gc.freeze()  # as the server does
        yield app
    finally:
        with app.app_context():
            database.writes().engine.dispose()
            db.engine.dispose()
        shutil.rmtree(folder, ignore_errors=True)


def coordinator(app: Flask) -> FlaskClient:
    with app.app_context():
        joanne = db.session.scalars(select(StaffMember).where(StaffMember.email == "joanne.pike@example.org")).one()
        actor = actors.staff(joanne.id, joanne.clinic_id, {"coordinator"}, joanne.name)
        db.session.rollback()
    return signed_in(app, actor)


def pages(app: Flask) -> dict[str, list[tuple[str, dict[str, str] | None]]]:
    """The addresses to ask for, some of each kind, and what is sent along."""
    with app.app_context():
        soon = db.session.execute(
            select(GroupSession.id, func.count(Seat.id).label("seats"))
            .join(Seat, Seat.session_id == GroupSession.id)
            .where(GroupSession.state == "planned", GroupSession.starts_at > clock.now())
            .group_by(GroupSession.id)
            .order_by(func.count(Seat.id).desc(), GroupSession.id)
            .limit(10)
        ).all()
        people = db.session.scalars(select(Patient).order_by(Patient.id).limit(8)).all()
        words = [w for p in people for w in (p.family_name[:4], p.given_name, p.record_number or "", re.sub(r"\D", "", p.phone)[-7:]) if len(w) > 1]
        groups = list(db.session.scalars(select(GroupSession.group_id).where(GroupSession.id.in_([row.id for row in soon]))))
        db.session.rollback()
    month = clock.now().strftime("%Y-%m")
    return {
        "Home": [("/home", None)],
        "A date": [(f"/sessions/{row.id}", None) for row in soon],
        "Search": [("/home/searches", {"words": text}) for text in [*words, "a", "evening", "an", "ro"] if len(text) > 1],
        "Dates as a list": [("/sessions", None), (f"/sessions?group={groups[0]}", None)],
        "Dates as a month": [(f"/sessions?view=month&month={month}", None)],
        "Groups": [("/groups", None)],
        "A group": [(f"/groups/{group_id}", None) for group_id in groups[:5]],
        "Patients": [("/patients", None)],
    }


@contextlib.contextmanager
def counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip()[:6].upper() in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def measure(client: FlaskClient, addresses: list[tuple[str, dict[str, str] | None]]) -> tuple[float, float, float, int, int]:
    """(median, 95th of 100, 95th of 100 of this process's own processor time, most questions, bytes of the largest page), times in milliseconds."""
    times, own, most, size = [], [], 0, 0
    for number in range(REQUESTS + 3):
        address, data = addresses[number % len(addresses)]
        with counted() as statements:
            begun, busy = time.perf_counter(), time.process_time()
            answer = client.post(address, data=data) if data else client.get(address)
            taken, worked = (time.perf_counter() - begun) * 1000, (time.process_time() - busy) * 1000
        assert answer.status_code == 200, (address, answer.status_code)
        most, size = max(most, len(statements)), max(size, len(answer.data))
        if number >= 3:  # the first ones compile templates and statements
            times.append(taken)
            own.append(worked)
    return statistics.median(times), statistics.quantiles(times, n=20)[18], statistics.quantiles(own, n=20)[18], most, size


def main(names: list[str]) -> bool:
    lines, kept = [], True
    for name in names:
        with contextlib.ExitStack() as stack:
            url = stack.enter_context(new_database(stack.enter_context(server()), "groupvisits_bench")) if name == "postgresql" else ""
            app = stack.enter_context(large_clinic(url))
            client = coordinator(app)
            for page, addresses in pages(app).items():
                median, p95, own, questions, size = measure(client, addresses)
                kept = kept and p95 <= PROMISED_MS
                lines.append(
                    [name, page, f"{median:.0f}", f"{p95:.0f}", f"{own:.0f}", str(questions), f"{size / 1024:.0f}", "yes" if p95 <= PROMISED_MS else "NO"]
                )
    print_table(["Database", "Page", "Median, ms", "95 of 100, ms", "of it this process", "Questions", "KB", f"Within {PROMISED_MS} ms"], lines)
    return kept


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:] or ["sqlite", "postgresql"]) else 1)
