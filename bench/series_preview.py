"""How long the preview of 24 dates takes in a clinic of 300 groups, to make them and to move them, and how long carrying it out takes.

    python -m bench.series_preview [sqlite|postgresql ...]

Promise: at most 300 ms of server time for a preview of 24 dates of a group with 12 members.
"""

import contextlib
import gc
import re
import statistics
import sys
import time

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from bench.pages import coordinator, counted, large_clinic
from bench.table import print_table
from groupvisits.core import clock, transaction
from groupvisits.extensions import db
from groupvisits.programmes.models import Group, Membership
from tests.postgresql import new_database, server

REQUESTS, PROMISED_MS, DATES, MEMBERS = 30, 300, 24, 12


def group_of_twelve(app: Flask) -> str:
    """A group with twelve members or a few more: the first of those with the fewest above."""
    with app.app_context():
        members = func.count(Membership.id)
        query = select(Membership.group_id).where(Membership.until.is_(None)).group_by(Membership.group_id).having(members >= MEMBERS)
        group_id = db.session.scalars(query.order_by(members, Membership.group_id)).first()
        db.session.rollback()
    assert group_id is not None
    return group_id


def sent(client: FlaskClient, address: str, data: dict[str, str]) -> str:
    answer = client.post(address, data=data)
    assert answer.status_code == 303, (address, answer.status_code, answer.text[-3000:])
    return answer.location


def measure(client: FlaskClient, address: str) -> tuple[float, float, int]:
    """(median, 95th of 100 in milliseconds, questions to the database)."""
    times, most = [], 0
    for number in range(REQUESTS + 2):
        with counted() as statements:
            begun = time.perf_counter()
            assert client.get(address).status_code == 200
            taken = (time.perf_counter() - begun) * 1000
        most = max(most, len(statements))
        if number >= 2:
            times.append(taken)
    return statistics.median(times), statistics.quantiles(times, n=20)[18], most


def carried_out(client: FlaskClient, address: str) -> tuple[float, int]:
    """(milliseconds, questions) of applying a plan, with the first of the choices where something is in the way."""
    page = client.get(address).text
    data = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)[1] for name in ("seen", "command_id")}  # type: ignore[index]
    for tag in re.findall(r"<input[^>]*type=\"radio\"[^>]*>", page):
        name, value = (re.search(rf'{key}="([^"]*)"', tag)[1] for key in ("name", "value"))  # type: ignore[index]
        data.setdefault(name, value)
    with counted() as statements:
        begun = time.perf_counter()
        sent(client, address, data)
        return (time.perf_counter() - begun) * 1000, len(statements)


def main(names: list[str]) -> bool:
    lines, kept = [], True
    for name in names:
        with contextlib.ExitStack() as stack:
            url = stack.enter_context(new_database(stack.enter_context(server()), "groupvisits_bench")) if name == "postgresql" else ""
            app = stack.enter_context(large_clinic(url))
            client, group_id = coordinator(app), group_of_twelve(app)
            gc.collect()
            make = sent(client, f"/groups/{group_id}/series-previews", {"count": str(DATES)})
            looks = {"Look at 24 dates to make": make}
            done = {}
            lines_of = []
            for what, address in looks.items():
                lines_of.append((what, *measure(client, address)))
            done["Make them"] = carried_out(client, make)
            with app.app_context(), transaction.write() as tx:
                weekday = (tx.get_one(Group, group_id).weekday + 1) % 5
                starts = f"{tx.get_one(Group, group_id).starts:%H:%M}"
            rule = {"rule": "monthly", "week": "2", "weekday": str(weekday), "every_weeks": "4", "starts": starts, "minutes": "120"}
            move = sent(client, f"/groups/{group_id}/rule-changes", rule)
            lines_of.append(("Look at their move", *measure(client, move)))
            done["Move them"] = carried_out(client, move)
            for what, median, p95, questions in lines_of:
                kept = kept and p95 <= PROMISED_MS
                lines.append([name, what, f"{median:.0f}", f"{p95:.0f}", str(questions)])
            lines += [[name, what, f"{taken:.0f}", "", str(questions)] for what, (taken, questions) in done.items()]
    print_table(["database", "what", "median ms", "95 of 100 ms", "questions"], lines)
    print(f"At most {PROMISED_MS} ms for a look at {DATES} dates: {'kept' if kept else 'NOT KEPT'}. {clock.now():%Y-%m-%d}")
    return kept


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:] or ["sqlite", "postgresql"]) else 1)
