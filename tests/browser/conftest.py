"""Browsers at a real server, each signed in as somebody of the cast."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, WebSocket

from tests.journeys.conftest import LAPTOP, browser_type_launch_args, close_all  # noqa: F401 - a fixture
from tests.live.server import LiveServer


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """An open visit of the cast."""
    server = LiveServer(tmp_path_factory.mktemp("room"))
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def enter(browser: Browser, room: LiveServer) -> Iterator[Callable[..., Page]]:
    """`enter("rosa", "patient")` opens that room in a browser of that person's own.

    A script that fails, fails the test, and so does a page that asks another host for anything: the clinic may have no Internet.
    """
    contexts: list[BrowserContext] = []
    broken: list[str] = []
    elsewhere: list[str] = []

    def note(asked: Request | WebSocket) -> None:
        if urlsplit(asked.url).scheme not in ("data", "blob") and urlsplit(asked.url).netloc != f"127.0.0.1:{room.port}":
            elsewhere.append(asked.url)

    def open_room(who: str, audience: str, viewport: dict[str, int] = LAPTOP, **more: Any) -> Page:
        url = f"http://127.0.0.1:{room.port}"
        context = browser.new_context(viewport=viewport, base_url=url, locale="en-US", **more)  # type: ignore[arg-type]
        contexts.append(context)
        context.add_cookies([{"name": "groupvisits", "value": room.cookies[who], "url": url}])
        context.on("request", note)
        page = context.new_page()
        page.on("websocket", note)
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(f"/sessions/{room.session_id}/rooms/{audience}?lang=en")
        return page

    yield open_room
    close_all(contexts)
    assert not broken, f"A script failed: {broken}"
    assert not elsewhere, f"Another host was asked: {elsewhere}"
