"""Makes the pictures in docs/pictures from a fresh practice clinic, so that they stay true. `make screenshots`."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
PHONE, LAPTOP, WALL = {"width": 360, "height": 780}, {"width": 1440, "height": 900}, {"width": 1920, "height": 1080}
ZONES = (
    "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York", "America/Halifax", "America/Sao_Paulo",
    "Atlantic/South_Georgia", "Atlantic/Azores", "Europe/London", "Europe/Madrid", "Europe/Athens", "Africa/Nairobi", "Asia/Dubai", "Asia/Karachi", "Asia/Dhaka",
    "Asia/Bangkok", "Asia/Manila", "Asia/Tokyo", "Australia/Brisbane", "Pacific/Guadalcanal", "Pacific/Auckland", "Pacific/Pago_Pago",
)  # fmt: skip
SILENT = 33  # seconds until a screen that hears nothing says so
SEND = """async ([address, body]) => {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token };
  return (await fetch(address, { method: "POST", headers, body: JSON.stringify(body) })).json();
}"""
FLAGS = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic"]


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("Chromium is not installed.")
    folder = Path(tempfile.mkdtemp(prefix="groupvisits-pictures-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "INSTANCE": str(folder), "PORT": str(port), "HOST": "127.0.0.1"}
    made = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "groupvisits", "demo", "--json", "--zone", _zone_of_the_evening()],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    demo = json.loads(made.stdout)
    server = subprocess.Popen([sys.executable, "run.py"], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}"
        _wait(base)
        PICTURES.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS + (["--no-sandbox"] if os.geteuid() == 0 else []))
            Photographer(browser, base, demo).take_all()
            browser.close()
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


class Photographer:
    def __init__(self, browser: Browser, base: str, demo: dict[str, Any]) -> None:
        self.browser, self.base, self.demo = browser, base, demo
        self.live = demo["live_session_id"]
        self.phones: dict[int, BrowserContext] = {}  # a patient's link opens once

    def take_all(self) -> None:
        phone, spanish = self.phone(7), self.phone(1)
        wall, console = self.context(WALL), self.staff("facilitator", LAPTOP)
        self.shoot(phone, f"/sessions/{self.live}/rooms/patient", "phone", full=True)
        self.shoot(spanish, f"/sessions/{self.live}/rooms/patient?lang=es", "phone-spanish", full=True)
        self.shoot(phone, "/my/visits", "my-visits", full=True)
        visits = [visit for visit in self.links(phone, "/my/visits", "/my/visits/") if self.live not in visit]
        self.shoot(phone, visits[0] if visits else "/my/visits", "my-visit", full=True)
        self.shoot(console, f"/sessions/{self.live}/rooms/facilitator", "console")
        self.shoot(wall, self.demo["display_url"], "wall")
        self.collage()
        resident = self.staff("resident")
        self.shoot(resident, f"/sessions/{self.live}/slots", "board")
        self.shoot(resident, self.first_link(resident, "/notes", "/notes/"), "note", full=True)
        attending = self.staff("attending")
        self.shoot(attending, self.first_link(attending, "/notes/to-co-sign", "/notes/"), "co-sign", full=True)
        coordinator = self.staff("coordinator")
        self.shoot(coordinator, "/home", "home", full=True)
        self.shoot(coordinator, self.first_link(coordinator, "/groups", "/groups/"), "group", full=True)
        self.shoot(coordinator, "/sessions?view=month", "month", full=True)
        dates = [date for date in self.links(coordinator, "/sessions", "/sessions/") if self.live not in date]
        self.shoot(coordinator, dates[1], "session", full=True)
        self.shoot(coordinator, dates[0], "waiting-list", full=True)
        self.preview_of_series(coordinator)
        self.shoot(coordinator, self.first_link(coordinator, "/groups", "/groups/") + "/recruitment", "recruitment", full=True)
        self.shoot(coordinator, "/messages", "messages", full=True)
        self.shoot(coordinator, "/imports", "import")
        self.shoot(coordinator, f"/sessions/{self.live}/papers/door-list", "door-list", full=True)
        self.shoot(self.staff("nurse", {"width": 1024, "height": 768}), f"/sessions/{self.live}/check-ins", "check-in")
        self.shoot(self.staff("reviewer"), "/results", "results", full=True)
        admin = self.staff("admin")
        self.shoot(admin, "/staff-members", "staff")
        self.shoot(admin, "/audit-entries", "audit")
        self.shoot(self.context(PHONE), "/join", "join")
        self.shoot(self.context(PHONE), self.demo["patients"][9]["url"], "link")
        self.states()

    def states(self) -> None:
        """The live room when something is the matter, one after the other; the last closes the visit."""
        wall = self.page(self.context(WALL), self.demo["display_url"])
        krista, carolyn = (self.page(self.phone(number), self.room("patient")) for number in (7, 4))
        tomas, lena = (self.page(self.staff(role), self.room("facilitator")) for role in ("facilitator", "facilitator2"))
        self.do(tomas, "live:take_over")
        self.do(krista, "agenda:propose", words="My chest hurts since this morning", route="group")
        self.keep(tomas, "console-alarm")
        alarm = next(alarm for alarm in self.told(tomas, "facilitator", "alarms") if not alarm["taken_by"])
        self.do(tomas, "live:end_alarm", alarm_id=alarm["id"], reason="Dr Adler has looked: a strained muscle")
        tomas.get_by_role("button", name="Show everything").click()
        tomas.get_by_role("button", name="More for: Rice again").click()
        self.dialog(tomas, "open-join", "console-join", choose="Cooking for a family")
        self.dialog(tomas, "open-ask", "console-ask")
        self.dialog(tomas, "open-close", "console-close")
        self.do(tomas, "live:curtain", on=True)
        self.keep(wall, "wall-curtain")
        self.do(tomas, "live:curtain", on=False)
        self.conflict(tomas, lena)
        self.conflicts_of_the_visit(tomas, lena)
        self.call(carolyn)
        self.silence(krista, tomas, wall)
        self.gather(lena, wall)
        self.close(lena, krista)

    def conflict(self, tomas: Page, lena: Page) -> None:
        """Tomas's act is still on its way when Lena's arrives."""
        words = "Which shoes do you all wear?"
        topic = next(topic for topic in self.told(lena, "facilitator", "topics") if topic.get("words") == words)
        tomas.context.set_offline(True)
        tomas.get_by_role("button", name=f"Put on agenda: {words}").click()
        self.do(lena, "agenda:park", topic_id=topic["id"], reason="fits_later")
        tomas.context.set_offline(False)
        self.keep_conflict(tomas, "console-conflict")

    def conflicts_of_the_visit(self, tomas: Page, lena: Page) -> None:
        """Both order the agenda, and both write for the part that is on and give it to somebody."""
        tomas.context.set_offline(True)
        tomas.locator("[data-planned]").first.get_by_role("button", name="Move down").click()
        planned = sorted((topic for topic in self.told(lena, "facilitator", "topics") if topic["state"] == "planned"), key=lambda topic: topic["rank"])
        self.do(lena, "agenda:order", topic_ids=[topic["id"] for topic in reversed(planned)])
        tomas.context.set_offline(False)
        self.keep_conflict(tomas, "console-conflict-order")
        tomas.context.set_offline(True)
        tomas.get_by_role("button", name="Change this").click()
        tomas.get_by_label("You could say").fill("Who has found something that helped, even a little?")
        tomas.get_by_label("Who leads it?").select_option(label="the patients")
        tomas.get_by_role("button", name="Save").click()
        phase = self.told(lena, "facilitator", "run")["phase"]
        self.do(lena, "live:prompt", phase=phase, prompt="Who would like to begin?", watch="People who look down.")
        self.do(lena, "live:phase_owner", phase=phase, owner="Clinicians")
        tomas.context.set_offline(False)
        self.keep_conflict(tomas, "console-conflict-part")

    def keep_conflict(self, page: Page, name: str) -> None:
        page.get_by_role("heading", name="has just changed this too").first.wait_for(timeout=30_000)
        self.keep(page, name)
        while (kept := page.get_by_role("button", name="Keep what")).count():
            kept.first.click()

    def call(self, phone: Page) -> None:
        """This person's resident finishes with somebody and calls them."""
        mine = self.told(phone, "patient", "me")["slot"]["id"]
        board = self.page(self.staff("resident"), f"/sessions/{self.live}/slots")
        slots = {slot["id"]: slot for slot in self.told(board, "clinician", "slots")}
        before = [slot["id"] for slot in slots.values() if slot["state"] == "started" and slot["provider_id"] == slots[mine]["provider_id"]]
        self.do(board, "slots:call_next", slot_id=mine, finish_slot_id=before[0])
        self.keep(phone, "phone-called")

    def silence(self, phone: Page, console: Page, wall: Page) -> None:
        """What was written without a network waits on the phone; an old console or wall says that it is old."""
        for page in (phone, console, wall):
            page.context.set_offline(True)
        phone.get_by_label("What do you want us to talk about?").fill("Does bread from the oven count?")
        phone.get_by_role("button", name="Save for the group").click()
        wall.wait_for_timeout(SILENT * 1000)
        phone.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
        self.keep(phone, "phone-offline")
        self.keep(console, "console-stale")
        self.keep(wall, "wall-stale")
        for page in (phone, console, wall):
            page.context.set_offline(False)

    def gather(self, console: Page, wall: Page) -> None:
        topic = self.told(console, "facilitator", "run")["current_topic_id"]
        self.do(console, "agenda:finish", topic_id=topic, outcome="The pharmacy on Mill Street has them for less. Ask for the store brand.")
        self.do(console, "live:gather", minutes=10)
        wall.get_by_role("heading", name="What do you want us to talk about?").wait_for(timeout=60_000)  # it comes back by itself
        self.keep(wall, "wall-join")

    def close(self, console: Page, phone: Page) -> None:
        here = [person["seat_id"] for person in self.told(console, "facilitator", "people")]
        self.do(console, "live:close", unseen=here, because=["call_tomorrow"] * len(here))
        phone.reload()  # without what it said about the connection
        phone.get_by_role("heading", name="Thank you for coming").wait_for(timeout=60_000)
        self.keep(phone, "phone-after", full=True)

    def room(self, audience: str) -> str:
        return f"/sessions/{self.live}/rooms/{audience}"

    def page(self, context: BrowserContext, path: str) -> Page:
        page = context.new_page()
        page.goto(path)
        page.wait_for_timeout(700)
        return page

    def do(self, page: Page, name: str, **body: Any) -> None:
        """Whoever looks at this page does that."""
        answer = page.evaluate(SEND, [f"/sessions/{self.live}/commands/{name}", {"command_id": str(uuid.uuid4()), "body": body}])
        if not answer["ok"]:
            raise SystemExit(f"{name}: {answer['error']}")

    def told(self, page: Page, audience: str, part: str) -> Any:
        address = f"/sessions/{self.live}/snapshot?audience={audience}"
        return page.evaluate("address => fetch(address, { headers: { Accept: 'application/json' } }).then((answer) => answer.json())", address)[part]

    def dialog(self, page: Page, act: str, name: str, *, choose: str = "") -> None:
        page.locator(f'[data-do="{act}"]').locator("visible=true").first.click()
        if choose:
            options = page.locator("dialog[open] select")
            options.select_option(options.locator("option", has_text=choose).get_attribute("value"))
        self.keep(page, name)
        page.keyboard.press("Escape")
        page.mouse.move(0, 0)

    def keep(self, page: Page, name: str, *, full: bool = False) -> None:
        page.wait_for_timeout(1500)
        page.screenshot(path=PICTURES / f"{name}.png", full_page=full)
        print(f"200 {name}")

    def context(self, viewport: dict[str, int] = LAPTOP) -> BrowserContext:
        return self.browser.new_context(viewport=viewport, base_url=self.base, reduced_motion="reduce")  # type: ignore[arg-type]

    def phone(self, number: int) -> BrowserContext:
        if number in self.phones:
            return self.phones[number]
        self.phones[number] = context = self.context(PHONE)
        page = context.new_page()
        page.goto(self.demo["patients"][number]["url"])
        with page.expect_navigation():  # signed in before the page goes
            page.locator("main form button").first.click()
        page.close()
        return context

    def staff(self, role: str, viewport: dict[str, int] = LAPTOP) -> BrowserContext:
        context = self.context(viewport)
        page = context.new_page()
        page.goto("/sign-ins")
        page.get_by_label("E-mail address").fill(self.demo["people"][role]["email"])
        page.get_by_role("textbox", name="Password").fill(self.demo["people"][role]["password"])
        page.get_by_role("button", name="Continue").click()
        page.wait_for_load_state()
        page.close()
        return context

    def shoot(self, context: BrowserContext, path: str, name: str, *, full: bool = False) -> None:
        page = context.new_page()
        answer = page.goto(path)
        page.wait_for_timeout(700)
        page.screenshot(path=PICTURES / f"{name}.png", full_page=full)
        print(f"{answer.status if answer else '?'} {name}")
        page.close()

    def first_link(self, context: BrowserContext, path: str, prefix: str) -> str:
        return next(iter(self.links(context, path, prefix)), path)

    def links(self, context: BrowserContext, path: str, prefix: str) -> list[str]:
        """The addresses on a page that are `prefix` and an id."""
        page = context.new_page()
        page.goto(path)
        links = page.locator(f'main a[href^="{prefix}"]')
        found = [links.nth(i).get_attribute("href") or "" for i in range(links.count())]
        page.close()
        return list(dict.fromkeys(href.partition("#")[0] for href in found if len(href.removeprefix(prefix).partition("#")[0]) == 32))

    def preview_of_series(self, context: BrowserContext) -> None:
        """Another weekday for a group: looked at, not carried out."""
        page = context.new_page()
        page.goto(self.first_link(context, "/groups", "/groups/") + "/rule-changes")
        weekday = page.locator('select[name="weekday"]')
        weekday.select_option(str((int(weekday.input_value()) + 1) % 7))
        page.locator("main form button").last.click()
        page.wait_for_load_state()
        page.screenshot(path=PICTURES / "series-preview.png", full_page=True)
        print("200 series-preview")
        page.close()

    def collage(self) -> None:
        """The picture of the README: the three screens of the room side by side."""
        page = self.context({"width": 1600, "height": 1275}).new_page()
        pictures = {name: (PICTURES / f"{name}.png").as_uri() for name in ("phone", "console", "wall")}
        html = (
            "<style>body{margin:24px;background:#e8e5dc;display:grid;grid-template-columns:300px 1fr;gap:24px;align-items:start}"
            "img{width:100%;box-sizing:border-box;border-radius:10px;border:1px solid #cfcabd}div{display:grid;gap:24px}.phone{height:1227px;object-fit:cover;object-position:top}.wall{width:63%}</style>"
            f'<img class="phone" src="{pictures["phone"]}"><div><img src="{pictures["console"]}"><img class="wall" src="{pictures["wall"]}"></div>'
        )
        folder = Path(tempfile.mkdtemp())
        (folder / "room.html").write_text(html)
        page.goto((folder / "room.html").as_uri())
        page.screenshot(path=PICTURES / "live-room.png")
        shutil.rmtree(folder)


def _zone_of_the_evening() -> str:
    """Where it is a little after six in the evening now, so that no picture shows a visit at night."""
    return min(ZONES, key=lambda zone: abs(datetime.now(ZoneInfo(zone)).hour - 18))


def _wait(base: str) -> None:
    for _ in range(150):
        try:
            with urllib.request.urlopen(f"{base}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("The server did not answer.")


if __name__ == "__main__":
    main()
