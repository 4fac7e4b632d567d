"""The scripts of the live pages as files: they can be read, and every sentence they ask for is there."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from flask import Flask

from config import ROOT

SCRIPTS = sorted((ROOT / "static" / "live").rglob("*.js"))
PAGES = {
    "patient_strings": ("patient.js", "phone/*.js", "words.js"),
    "facilitator_strings": ("facilitator.js", "console/*.js", "words.js"),
    "display_strings": ("display.js", "words.js"),
}
STAFF = {"facilitator_strings": "console_strings"}  # in a file of their own: patients never read them
SHARED = {"weekdays", "months", "day", "talking_now", "signed_out_title", "signed_out", "gone_title", "gone", "open_again", "try_now"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_script_can_be_read(script: Path, tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("Without node only the browser tests read the scripts.")
    as_module = tmp_path / "script.mjs"
    as_module.write_text(script.read_text(encoding="utf-8"), encoding="utf-8")
    checked = subprocess.run(["node", "--check", str(as_module)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def _sentences(app: Flask, macro: str) -> dict[str, str | list[str]]:
    with app.test_request_context("/"):
        made = getattr(app.jinja_env.get_template(f"live/{STAFF.get(macro, 'strings')}.html").make_module({}), macro)()
    return json.loads(str(made))


def _text(names: tuple[str, ...]) -> str:
    scripts = [path for name in names for path in sorted((ROOT / "static" / "live").glob(name))]
    return "\n".join(path.read_text(encoding="utf-8") for path in scripts)


@pytest.mark.parametrize("macro", PAGES)
def test_every_sentence_that_a_script_asks_for_is_there(app: Flask, macro: str) -> None:
    text, there = _text(PAGES[macro]), set(_sentences(app, macro))
    asked = set(re.findall(r"""\bsay\(\s*"(\w+)\"""", text))
    counted = {f"{key}_{number}" for key in re.findall(r"""\bcount\(\s*"(\w+)\"""", text) for number in ("one", "many")}
    missing = sorted((asked | counted) - there)
    assert not missing, f"Add these to {macro} in templates/live: {missing}."


@pytest.mark.parametrize("macro", PAGES)
def test_no_sentence_is_kept_that_no_script_shows(app: Flask, macro: str) -> None:
    words = set(re.findall(r"\w+", _text(PAGES[macro])))
    unused = sorted(key for key in _sentences(app, macro) if key not in words | SHARED and re.sub(r"_(?:one|many|\d|title|which|note)$", "", key) not in words)
    assert not unused, f"No script shows {unused}: remove them from templates/live."


@pytest.mark.parametrize("macro", PAGES)
def test_every_place_in_a_sentence_is_one_a_script_can_fill(app: Flask, macro: str) -> None:
    wrong = {key: text for key, text in _sentences(app, macro).items() if isinstance(text, str) and "%" in text}
    assert not wrong, f"A place was not handed over as its own name ({{n}}): {wrong}"


VOICE = """
import { announcer } from "./live/dom.js";
import { announce } from "./live/console/announce.js";
import { wordsOf } from "./live/words.js";
import { readFileSync } from "node:fs";

const { strings, minutes, more, at } = JSON.parse(readFileSync(0, "utf8"));
let due = null;
globalThis.window = { setTimeout: (speak) => { due = speak; }, clearTimeout: () => { due = null; } };

// The polite region: all that is written into it, and when. The same words once more are read out once more.
const heard = [];
const region = { set textContent(words) { heard.push([second, words]); } };

let second = 0;
const run = { state: "open", current_topic_id: "t1", topic_ends_at: new Date(minutes * 60000), phases: [{ minutes: 20, ends_at: new Date(20 * 60000) }], phase: 0 };
const room = { run, version: 1, topics: new Map(), guests: new Map(), now: () => new Date(second * 1000) };
const ui = { order: null, knownNew: null, knownGuests: new Set(), lines: new Map(), minutesLeft: null };
const kit = { room, ui, text: wordsOf({ strings, language: "en", zone: "UTC" }), stale: () => false, voice: announcer(region, {}) };
for (; second < (minutes + more + 3) * 60; second += 1) {
  if (second === at) run.topic_ends_at = new Date((minutes + more) * 60000);
  announce(kit);
  due?.();
  due = null;
}
console.log(JSON.stringify(heard));
"""


LATE = """
import { takesLate } from "./live/late.js";
const until = Date.parse("2026-03-05T00:00:00Z");
const at = (state, now, says) => takesLate({ run: { state, takes_topics_until: says }, now: () => now });
console.log(JSON.stringify([at("closed", until, "2026-03-05T00:00:00Z"), at("closed", until + 1, "2026-03-05T00:00:00Z"), at("open", until, null), at("closed", until, null)]));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_after_the_close_topics_are_taken_for_as_long_as_the_server_says(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "static" / "live", tmp_path / "live")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (tmp_path / "late.js").write_text(LATE, encoding="utf-8")
    done = subprocess.run(["node", "late.js"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert json.loads(done.stdout) == [True, False, False, False], done.stderr


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_a_screen_reader_is_told_the_time_at_five_and_at_one_minute_and_never_counted_down_to(app: Flask, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "static" / "live", tmp_path / "live")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (tmp_path / "voice.js").write_text(VOICE, encoding="utf-8")

    def heard(*, minutes: int, more: int = 0, at: int = -1) -> list[list[object]]:
        given = json.dumps({"strings": _sentences(app, "facilitator_strings"), "minutes": minutes, "more": more, "at": at})
        done = subprocess.run(["node", "voice.js"], input=given, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return [[second // 60, words] for second, words in json.loads(done.stdout)]

    assert heard(minutes=12) == [[7, "5 minutes left"], [11, "1 minute left"], [12, "Time is up"]]
    assert heard(minutes=4) == [[3, "1 minute left"], [4, "Time is up"]]
    # Five more minutes are not told; what is left of them is, at the same two moments.
    assert heard(minutes=12, more=5, at=8 * 60) == [[7, "5 minutes left"], [12, "5 minutes left"], [16, "1 minute left"], [17, "Time is up"]]


def test_nothing_else_on_the_console_speaks_by_itself() -> None:
    page = (ROOT / "templates" / "live" / "facilitator_room.html").read_text(encoding="utf-8")
    speaking = r"""aria-live|\brole\W+(?:status|alert|timer|log|marquee)\b"""
    assert re.findall(rf'id="([\w-]+)"[^>]*(?:{speaking})', page) == ["voice", "voice-urgent", "close-first"]
    for name in ("agenda", "current", "gather", "header", "people", "runsheet"):  # what shows the time as it goes
        assert not re.search(speaking, (ROOT / "static" / "live" / "console" / f"{name}.js").read_text(encoding="utf-8")), name


def test_every_page_with_a_token_for_commands_says_whose_it_is() -> None:
    """static/live/protocol.js fetches a fresh token from it, and must not take somebody else's."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "templates").rglob("*.html")}
    assert [name for name, text in pages.items() if re.search(r'<meta name="csrf-token"(?![^\n]*data-owner)', text)] == []
