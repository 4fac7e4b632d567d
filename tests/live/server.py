"""A real server in a process of its own, with a fresh database, and phones that speak to it over real sockets.

Run as a script it makes the database of the instance folder and prints who may sign in, as JSON: the database and the
application's globals belong to that process, not to the one that runs the tests.
"""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

from groupvisits.demo.rehearsal.line import Line

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = ("rosa", "marcus", "gladys", "teo", "frank", "beatriz", "tomas", "osei", "sunny", "joanne")
START_SECONDS = 40.0


class LiveServer:
    """`start` and `kill` as often as needed: the instance folder stays."""

    def __init__(self, instance: Path, script: str = "run.py", **settings: str) -> None:
        self.instance, self.script, self.settings, self.port = instance, script, settings, free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.phones: list[Line] = []
        made = subprocess.run([sys.executable, "-m", "tests.live.server", str(instance)], cwd=ROOT, env=self.env, capture_output=True, check=False)
        if made.returncode:
            raise RuntimeError(made.stderr.decode()[-2000:])
        found = json.loads(made.stdout.decode().splitlines()[-1])
        self.session_id: str = found["session_id"]
        self.cookies: dict[str, str] = found["cookies"]

    @property
    def env(self) -> dict[str, str]:
        return settings_for(self.instance, self.port) | self.settings

    def beside(self) -> "LiveServer":
        """Another process of the same installation, not started yet."""
        other = copy(self)
        other.port, other.process, other.phones = free_port(), None, []
        return other

    def start(self, errors_to: Path | None = None) -> None:
        log = self.instance / "server.log"
        with log.open("ab") as out, (errors_to or log).open("ab") as errors:
            self.process = subprocess.Popen([sys.executable, self.script], cwd=ROOT, env=self.env, stdout=out, stderr=errors)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError((self.instance / "server.log").read_text()[-2000:])

    def kill(self) -> None:
        """As a power cut does it: no handler runs."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What is in the database, whether or not the server runs."""
        connection = sqlite3.connect(self.instance / "groupvisits.db", timeout=10)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def write(self, statement: str, *values: Any) -> None:
        connection = sqlite3.connect(self.instance / "groupvisits.db", timeout=10)
        with connection:
            connection.execute(statement, values)
        connection.close()

    def phone(self, who: str, origin: str | None = None) -> Line:
        return self.connect(self.cookies[who], origin)

    def connect(self, cookie: str, origin: str | None = None) -> Line:
        self.phones.append(Line(f"http://127.0.0.1:{self.port}", cookie, origin=origin))
        return self.phones[-1]

    def close(self) -> None:
        self.kill()
        for phone in self.phones:
            phone.cut()


def until(found: Callable[[], Any], seconds: float = 10) -> Any:
    """What is found, as soon as it is there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := found():
            return result
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def settings_for(instance: Path, port: int) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SECRET_KEY")}
    return kept | {"INSTANCE": str(instance), "PORT": str(port), "HOST": "127.0.0.1", "PYTHONPATH": str(ROOT)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_database(instance: Path) -> dict[str, Any]:
    from flask_migrate import upgrade

    from config import Config
    from groupvisits import create_app
    from groupvisits.core import database
    from groupvisits.core.transaction import run, write
    from groupvisits.extensions import db
    from groupvisits.sessions.service import open_session
    from tests.cast import arrange_cast, signed_in

    app = create_app(Config.from_environment())
    with app.app_context():
        if list((ROOT / "groupvisits" / "migrations" / "versions").glob("*.py")):
            upgrade()
        else:
            db.metadata.create_all(database.writes().engine)
        with write() as tx:
            cast = arrange_cast(tx)
        run(open_session, cast.tomas, cast.session_id)
    cookies = {}
    for who in PEOPLE:
        cookie = signed_in(app, getattr(cast, who)).get_cookie("groupvisits")
        assert cookie is not None
        cookies[who] = cookie.value
    return {"session_id": cast.session_id, "cookies": cookies}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(make_database(Path(sys.argv[1]))))
