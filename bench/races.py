"""A thousand races for the last seat over HTTP, and a cancellation, an offer and a booking by hand at once: two real servers on one database.

    python -m bench.races [sqlite|postgresql ...] [--rounds 1000]

Promise: no date with more held places than it has, none with a place lost, and exactly one offer for each place given back. Two server
processes, so that no lock of one process saves us; each racer has a connection of their own and waits for the others before each round.
"""

import argparse
import contextlib
import http.client
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

from bench.table import print_table, quiet
from config import ROOT, Config
from groupvisits import create_app
from groupvisits.core import database
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import write
from groupvisits.extensions import db
from tests.cast import Cast, arrange_cast, signed_in
from tests.live.server import free_port
from tests.postgresql import new_database, server
from tests.sessions import races

SERVERS, START_SECONDS = 2, 60.0


class RealBrowser:
    """One signed-in person and one connection. Each request says another address, so that the limit for each address is none of ours."""

    def __init__(self, app: Flask, actor: Actor, port: int, first_page: str) -> None:
        cookie = signed_in(app, actor).get_cookie("groupvisits")
        assert cookie is not None
        self.cookie, self.port = f"groupvisits={cookie.value}", port
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        status, page = self._ask("GET", first_page)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert status == 200 and found, (status, first_page)
        self.token = found[1]

    def post(self, path: str, data: dict[str, str]) -> int:
        status, _ = self._ask("POST", path, urllib.parse.urlencode({**data, "csrf_token": self.token}))
        if status >= 500:
            raise RuntimeError(f"{status} {path}")
        return status

    def _ask(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        address = ".".join(str(secrets.randbelow(254) + 1) for _ in range(4))
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        self.connection.request(method, path, body or None, {"Cookie": self.cookie, "X-Forwarded-For": address, **kind})
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()


@contextlib.contextmanager
def clinic(database_url: str) -> Iterator[tuple[Flask, Cast, list[int]]]:
    """The cast in a fresh database, and two servers on it."""
    folder, ports = Path(tempfile.mkdtemp(prefix="groupvisits-races-")), [free_port() for _ in range(SERVERS)]
    config = Config(secret_key=secrets.token_hex(32), instance=folder, database_url=database_url, public_url=f"http://127.0.0.1:{ports[0]}", testing=True)
    app = create_app(config)
    quiet()
    running: list[subprocess.Popen[bytes]] = []
    try:
        with app.app_context():
            upgrade()
            with write() as tx:
                cast = arrange_cast(tx)
        running += [_start(folder, config, port) for port in ports]
        for process, port in zip(running, ports, strict=True):
            _wait(process, port)
        yield app, cast, ports
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(20)
        with app.app_context():
            database.writes().engine.dispose()
            db.engine.dispose()
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, config: Config, port: int) -> subprocess.Popen[bytes]:
    kept = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SECRET_KEY")}
    chosen = {"INSTANCE": str(folder), "PORT": str(port), "HOST": "127.0.0.1", "SECRET_KEY": config.secret_key, "PROXIES": "1", "PUBLIC_URL": config.public_url}
    with (folder / f"server-{port}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, str(ROOT / "run.py")],
            cwd=ROOT,
            env=kept | chosen | ({"DATABASE_URL": config.database_url} if config.database_url else {}),
            stdout=log,
            stderr=log,
        )


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        with contextlib.suppress(OSError):
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise SystemExit("A server did not start.")


def last_seat(app: Flask, cast: Cast, ports: list[int], rounds: int) -> tuple[races.Outcome, int]:
    dates = races.arrange(app, cast, rounds, years=2, says=["invited"] * races.RACERS, maximum=1)
    phones = [RealBrowser(app, person, ports[number % SERVERS], f"/my/visits/{dates.ids[0]}") for number, person in enumerate(dates.people)]
    problems = races.run_races(races.all_say_yes(dates, phones), rounds, context=contextlib.nullcontext)
    return races.outcome(app, dates, maximum=1, freed=0), len(problems)


def all_at_once(app: Flask, cast: Cast, ports: list[int], rounds: int) -> tuple[races.Outcome, int]:
    dates = races.arrange(app, cast, rounds, years=12, says=races.SAYS, maximum=2)
    phones = [RealBrowser(app, person, ports[number % SERVERS], f"/my/visits/{dates.ids[0]}") for number, person in enumerate(dates.people)]
    desks = [RealBrowser(app, cast.joanne, port, f"/sessions/{dates.ids[0]}") for port in ports]
    problems = races.run_races(races.all_at_once(dates, phones, desks), rounds, context=contextlib.nullcontext)
    return races.outcome(app, dates, maximum=2, freed=1), len(problems)


def measure(name: str, database_url: str, rounds: int) -> list[list[str]]:
    lines = []
    with clinic(database_url) as (app, cast, ports):
        for what, race in (("the last seat", last_seat), ("cancel, offer and book", all_at_once)):
            begun = time.perf_counter()
            found, problems = race(app, cast, ports, rounds)
            took = time.perf_counter() - begun
            counts = [str(number) for number in (found.rounds, found.overbooked, found.empty, found.offers_wrong, problems)]
            lines.append([f"{name}: {what}", *counts, f"{took:.0f} s"])
    return lines


def main() -> int:
    reading = argparse.ArgumentParser()
    reading.add_argument("databases", nargs="*", default=["sqlite", "postgresql"])
    reading.add_argument("--rounds", type=int, default=1000)
    chosen = reading.parse_args()
    lines = []
    if "sqlite" in chosen.databases:
        lines += measure("SQLite", "", chosen.rounds)
    if "postgresql" in chosen.databases:
        with server() as url, new_database(url, "groupvisits_races") as made:
            lines += measure("PostgreSQL", made, chosen.rounds)
    print_table(["race", "rounds", "overbooked", "places lost", "offers wrong", "failed requests", "took"], lines)
    return int(any(cell != "0" for line in lines for cell in line[2:6]))


if __name__ == "__main__":
    sys.exit(main())
