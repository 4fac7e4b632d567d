"""A real server with the cast in its database, and a real browser for everybody."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask_migrate import upgrade
from flask_security.utils import hash_password
from playwright.sync_api import Browser, BrowserContext, Page

from config import ROOT, Config
from groupvisits import create_app
from groupvisits.accounts.models import StaffMember
from groupvisits.core import database, transaction
from groupvisits.extensions import db
from tests.cast import PASSWORD, Cast, arrange_cast

PHONE = {"width": 360, "height": 740}
LAPTOP = {"width": 1440, "height": 900}
WALL = {"width": 1920, "height": 1080}
CHROMIUM_FLAGS = [
    "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic",
]  # fmt: skip


@dataclass
class Server:
    url: str
    cast: Cast
    folder: Path


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed; .ci/run installs it.")
        pytest.skip("Chromium is not installed, so the journeys cannot be walked.")
    return {"executable_path": path, "args": CHROMIUM_FLAGS + (["--no-sandbox"] if os.geteuid() == 0 else [])}


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of its own for each journey, with the cast and their passwords in its database."""
    folder = Path(tempfile.mkdtemp(prefix="groupvisits-journey-"))
    port = _free_port()
    config = Config(secret_key="not a secret, only for tests " * 2, instance=folder, public_url=f"http://127.0.0.1:{port}", port=port, testing=True)
    app = create_app(config)
    with app.app_context():
        upgrade()
        with transaction.write() as tx:
            cast = arrange_cast(tx)
            secret = hash_password(PASSWORD)
            for member in tx.query(StaffMember):
                member.password = secret
        database.writes().engine.dispose()
        db.engine.dispose()
    environment = {**os.environ, "INSTANCE": str(folder), "PORT": str(port), "HOST": "127.0.0.1", "SECRET_KEY": config.secret_key}
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen([sys.executable, str(ROOT / "run.py")], env=environment, stdout=log, stderr=log, cwd=ROOT)
    try:
        _wait_until_it_answers(config.public_url, process, folder / "server.log")
        yield Server(config.public_url, cast, folder)
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def person(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """`person(viewport)` opens a browser of that person's own."""
    contexts: list[BrowserContext] = []

    def open_browser(viewport: dict[str, int] = LAPTOP, **more: Any) -> Page:
        context = browser.new_context(viewport=viewport, base_url=server.url, reduced_motion="reduce", **more)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        return page

    yield open_browser
    close_all(contexts)


def close_all(contexts: list[BrowserContext]) -> None:
    """Also while a test stands between a page and its server: what a page asks at the end is nobody's failure."""
    for context in contexts:
        for door in (*context.pages, context):
            door.unroute_all(behavior="ignoreErrors")
        context.close()


def is_accessible(page: Page) -> None:
    """Fail with what axe finds on the page as it is now."""
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.goto("/sign-ins")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Continue").click()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"The server did not answer.\n{log.read_text()[-4000:]}")
