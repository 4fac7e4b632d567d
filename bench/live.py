"""What the live room carries, against the same room in memory on Node and against Flask-SocketIO as it is commonly written.

    python -m bench.live [--quick]

Fifteen phones, a console and a wall in each room; 40 in 100 events are proposals, the others "me too". Ours checks, numbers, audits and
saves each of them; Node keeps them in memory and checks nothing; the threading peer commits one row with SQLAlchemy and checks nothing. The
servers run on one core, one at a time, the phones on another, and the servers take turns, so that each figure is a pair from the same minute.

The most events a second is the highest rate tried at which nothing is lost and the 99th percentile of acknowledgements and of last recipients
is at most 100 ms: doubled until it fails, then halved in twice. A figure beside which the generator was late says so itself.
Each figure is printed as a line of JSON: {"figure", "ours", "peer", "peer_name", "ratio"}; where one is required, with "required" and "reached", and
the command ends with 1 if any was not reached. "aim" is the ratio that would be good; the others stand for comparison.
"""

import argparse
import contextlib
import gc
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.liveroom.phones import Crowd, Step, cpu_seconds, memory, ms
from bench.table import print_table

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "bench" / "liveroom"
SOCKET_IO = "socket.io@4.8.1"
MODULES = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "groupvisits-bench" / SOCKET_IO  # never in the checkout
ROOMS, VISITS = (10, 40), 24
SERVER_CORE, PHONES_CORE = 0, 1
FIRST_RATE = {"groupvisits": 400.0, "node": 1600.0, "threading": 100.0}
NAMES = {"node": "socket.io on Node, in memory", "threading": "Flask-SocketIO threading, one SQLAlchemy commit per event"}
AT_ONCE = 600
missed: list[str] = []  # the figures that were not reached


class Skipped(Exception):
    """Why there is nothing to measure here."""


class Servers:
    """The servers, each started afresh for each measurement with the same people."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        made = subprocess.run(
            [sys.executable, "-m", "bench.liveroom.rooms", str(max(ROOMS)), str(VISITS)],
            cwd=ROOT,
            env=self._env(folder / "made", 5000),
            capture_output=True,
            check=False,
        )
        if made.returncode:
            raise RuntimeError(made.stderr.decode()[-2000:])
        self.people: list[dict[str, Any]] = json.loads(made.stdout.decode().splitlines()[-1])

    @contextlib.contextmanager
    def crowd(self, name: str, rooms: int) -> Iterator[Crowd]:
        """This server, running on its own core, with nobody connected yet."""
        port, place = free_port(), self.folder / "running"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.folder / "made", place) if name == "groupvisits" else place.mkdir()
        command = {
            "groupvisits": [sys.executable, "-m", "bench.liveroom.server"],
            "node": ["node", str(HERE / "node.js"), str(port), str(MODULES)],
            "threading": [sys.executable, "-m", "bench.liveroom.threaded", str(port), str(place)],
        }[name]
        with (place / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=self._env(place, port), stdout=log, stderr=log)
        os.sched_setaffinity(process.pid, {SERVER_CORE})
        try:
            wait_for(port, process, place / "log")
            crowd = Crowd(port, process.pid, [room | {"sessions": list(room["sessions"])} for room in self.people[:rooms]])
            yield crowd
            crowd.leave()
        except Exception as failed:
            failed.add_note(f"{name} at {rooms} rooms; its log: {(place / 'log').read_text()[-1000:]}")
            raise
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def _env(self, instance: Path, port: int) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SECRET_KEY")}
        return kept | {"INSTANCE": str(instance), "PORT": str(port), "HOST": "127.0.0.1", "PYTHONPATH": str(ROOT), "SECRET_KEY": "only for measuring " * 4}


def most(crowd: Crowd, first: float, say: Callable[[Step], None]) -> Step | None:
    """The step at the highest rate that holds: doubled until one does not, twice (a stall of the machine is no limit), then halved in twice."""
    best, rate = None, first
    while True:
        step = tried(crowd, rate, say)
        if not step.holds:
            break
        best, rate = step, rate * 2
    low, high = (best.rate if best else 0.0), rate
    for _ in range(2):
        step = tried(crowd, (low + high) / 2, say)
        if step.holds:
            best, low = step, step.rate
        else:
            high = step.rate
    return best


def tried(crowd: Crowd, rate: float, say: Callable[[Step], None]) -> Step:
    try:
        step = crowd.step(rate)
    except TimeoutError:  # somebody's answer never came
        crowd.leave()
        crowd.come_in()
        step = Step(rate, *[float("inf")] * 3, lost=1, refused=0, gaps=0, lag_p99=0, lag_max=0, server_load=0, generator_load=0)
    say(step)
    if not step.holds and step.lag_max > 50 and step.server_load < 0.7:  # the machine stood still, not the server
        step = crowd.step(rate)
        say(step)
    return step


def sustained(servers: Servers, rooms: int, peers: dict[str, float], passes: int) -> None:
    """The most events a second, in pairs of the same minute; for each peer, the share of its own that is required."""
    found: dict[str, list[Step | None]] = {name: [] for name in ("groupvisits", *peers)}
    tables = []
    for turn in range(passes):
        for name in found if turn % 2 == 0 else reversed(found):
            with servers.crowd(name, rooms) as crowd:
                crowd.come_in()
                steps: list[Step] = []
                found[name].append(most(crowd, FIRST_RATE[name], steps.append))
                tables += [[f"{name} {turn + 1}", *line(step)] for step in steps]
    print_table(
        ["server", "events/s", "holds", "ack p50", "ack p99", "last p99", "lost", "gaps", "server load", "generator load", "lag p99", "lag max"], tables
    )
    for peer, required in peers.items():
        pairs = [(ours.rate, theirs.rate) for ours, theirs in zip(found["groupvisits"], found[peer], strict=True) if ours and theirs]
        if not pairs:
            print(f"No pair to compare with {peer}: no rate held.")
            missed.append(f"sustained events/s at {rooms} rooms beside {peer}")
            continue
        figure(f"sustained events/s at {rooms} rooms", [ours for ours, _ in pairs], [theirs for _, theirs in pairs], NAMES[peer], at_least=required,
               lag_p99_ms=max(step.lag_p99 for each in found.values() for step in each if step), server_load=[step.server_load for step in found["groupvisits"] if step])  # fmt: skip


def quiet_room(servers: Servers, passes: int, seconds: float) -> None:
    """How long until the last of a room has what somebody said, when 40 rooms say 50 things a second."""
    found: dict[str, list[Step]] = {"groupvisits": [], "node": []}
    for _ in range(passes):
        for name, steps in found.items():
            with servers.crowd(name, 40) as crowd:
                crowd.come_in()
                crowd.step(50, 2)
                steps.append(crowd.step(50, seconds))
    print_table(["server", "events/s", "holds", "ack p50", "ack p99", "last p99", "lost", "gaps", "server load", "generator load", "lag p99", "lag max"],
                [[name, *line(step)] for name, steps in found.items() for step in steps])  # fmt: skip
    for label, of, required in (
        ("last recipient p99 ms", "last_p99", 25.0),
        ("acknowledgement p99 ms", "ack_p99", None),
        ("acknowledgement p50 ms", "ack_p50", None),
    ):
        ours, theirs = ([asdict(step)[of] for step in found[name]] for name in ("groupvisits", "node"))
        figure(f"{label} at 40 rooms and 50 events/s", ours, theirs, NAMES["node"], at_most=required,
               lag_p99_ms=max(step.lag_p99 for each in found.values() for step in each), server_load=[step.server_load for step in found["groupvisits"]])  # fmt: skip


def coming_back(servers: Servers, passes: int) -> None:
    """600 sockets that connect and subscribe at once, and what each of them costs in memory."""
    rooms = -(-AT_ONCE // 17)
    seconds: dict[str, list[float]] = {"groupvisits": [], "node": []}
    bytes_each: dict[str, list[float]] = {"groupvisits": [], "node": []}
    loads: dict[str, list[float]] = {"groupvisits": [], "node": []}
    lags: list[float] = []
    for _ in range(passes):
        for name in seconds:
            with servers.crowd(name, rooms) as crowd:
                before = memory(crowd.pid)
                crowd.come_in()
                bytes_each[name].append(round((memory(crowd.pid) - before) / len(crowd.clients) / 1024, 1))
                crowd.leave()
                time.sleep(1)
                used = cpu_seconds(crowd.pid)
                seconds[name].append(round(took := crowd.come_in(), 2))
                loads[name].append(round((cpu_seconds(crowd.pid) - used) / took, 2))
                lags += crowd.lags
    beside: dict[str, Any] = {"lag_max_ms": ms(lags, 1), "server_load": loads["groupvisits"], "server_load_peer": loads["node"]}
    figure(f"seconds until {rooms * 17} reconnecting sockets are subscribed", seconds["groupvisits"], seconds["node"], NAMES["node"], aim=1.2, **beside)
    figure("KiB of memory for each connection", bytes_each["groupvisits"], bytes_each["node"], NAMES["node"], aim=2, **beside)


def figure(
    name: str, ours: list[float], peer: list[float], peer_name: str, *, at_most: float | None = None, at_least: float | None = None, **beside: Any
) -> None:
    """Medians, and the ratio of each pair's median; every repeat stands beside it. `at_most` is required of ours, `at_least` of the ratio."""
    middle, theirs = statistics.median(ours), statistics.median(peer)
    ratio = round(statistics.median(mine / other for mine, other in zip(ours, peer, strict=True)), 3)
    said: dict[str, Any] = {"figure": name, "ours": middle, "peer": theirs, "peer_name": peer_name, "ratio": ratio}
    if at_most is not None:
        said |= {"required": f"ours at most {at_most:g}", "reached": middle <= at_most}
    if at_least is not None:
        said |= {"required": f"ratio at least {at_least:g}", "reached": ratio >= at_least}
    if not said.get("reached", True):
        missed.append(name)
    print(json.dumps(said | {"repeats": len(ours), "all_ours": ours, "all_peer": peer} | beside), flush=True)


def line(step: Step) -> list[str]:
    return [f"{step.rate:.0f}", "yes" if step.holds else "no", *(f"{value}" for value in (step.ack_p50, step.ack_p99, step.last_p99, step.lost, step.gaps, step.server_load, step.generator_load, step.lag_p99, step.lag_max))]  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    raise RuntimeError(log.read_text()[-2000:])


def prepare() -> None:
    """The peer's packages, fetched once by npm from wherever it is told to fetch."""
    if len(os.sched_getaffinity(0)) < 2:
        raise Skipped("the server and its phones need a core each")
    if shutil.which("node") is None:
        raise Skipped("the peer needs Node")
    if not (MODULES / "node_modules" / "socket.io").exists():
        if shutil.which("npm") is None:
            raise Skipped("fetching the peer's packages needs npm")
        MODULES.mkdir(parents=True, exist_ok=True)
        fetched = subprocess.run(
            ["npm", "install", "--silent", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(MODULES), SOCKET_IO],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        if fetched.returncode:
            raise Skipped(f"npm could not fetch {SOCKET_IO}: {fetched.stderr.strip()[-200:]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="each figure once: about four minutes instead of nine")
    parser.add_argument("--only", choices=["quiet", "sustained", "back"], help="one kind of figure")
    chosen = parser.parse_args()
    try:
        prepare()
    except Skipped as why:
        print(f"Skipped: {why}.")
        return 0
    passes = 1 if chosen.quick else 2
    folder = Path(tempfile.mkdtemp(prefix="groupvisits-bench-"))  # on a disk: what is acknowledged must be there
    try:
        servers = Servers(folder)
        os.sched_setaffinity(0, {PHONES_CORE})
        gc.disable()
        if chosen.only in (None, "quiet"):
            quiet_room(servers, passes, 8 if chosen.quick else 15)
        if chosen.only in (None, "sustained"):
            sustained(servers, 10, {"node": 0.22, "threading": 5.0}, passes)
            sustained(servers, 40, {"node": 0.28}, passes)
        if chosen.only in (None, "back"):
            coming_back(servers, passes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if missed:
        print(f"Not reached: {'; '.join(missed)}.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
