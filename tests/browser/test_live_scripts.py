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
