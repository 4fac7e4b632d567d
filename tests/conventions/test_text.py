"""Texts that people read, and what no file of ours may hold."""

import json
import re
import shutil
import subprocess

import pytest

from config import ROOT
from groupvisits.feedback import items

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
CODE = sorted((ROOT / "groupvisits").rglob("*.py"))
SENTENCE = re.compile(r"""\b(?:_|_l|gettext|ngettext|mark)\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""", re.DOTALL)
# Written in pieces, so that this file does not hold what it looks for.
MACHINE = re.compile("|".join(("/wo" + "rk/", "/ro" + "ot/", "/Use" + "rs/", "/ho" + r"me/[a-z_-]+/", "C:" + r"\\\\", "/tm" + "p/[a-z]")))
REGISTRY = re.compile("|".join(("pypi" + r"\.org", "python" + r"hosted\.org", "npmjs" + r"\.(?:org|com)", "/si" + "mple/", "--index" + "-url")))


def _sentences() -> list[tuple[str, str]]:
    return [
        (str(path.relative_to(ROOT)), _unquoted(found))
        for path in (*TEMPLATES, *CODE)
        for found in SENTENCE.findall(path.read_text(encoding="utf-8"))
    ]  # fmt: skip


def _unquoted(literal: str) -> str:
    return literal[1:-1]


def test_no_sentence_shows_a_percentage() -> None:
    wrong = [f"{place}: {text}" for place, text in _sentences() if re.search(r"%(?!\(\w+\)[sd])", text) or re.search(r"\bper ?cent", text, re.IGNORECASE)]
    assert not wrong, f"Say it in people (“5 of 11”), and write placeholders as %(name)s: {wrong}."


def test_no_sentence_is_put_together_from_pieces() -> None:
    wrong = [f"{place}: {text}" for place, text in _sentences() if re.search(r"\{\{|\{%|(?<!%)\{\w+\}", text)]
    assert not wrong, f"Translators need whole sentences with %(name)s in them: {wrong}."


def test_translations_are_not_computed_from_formatted_text() -> None:
    wrong = [str(path.relative_to(ROOT)) for path in CODE if re.search(r"""\b(?:_l|gettext|mark)\(\s*f["']""", path.read_text(encoding="utf-8"))]
    assert not wrong, f"An f-string cannot be translated; use %(name)s placeholders: {wrong}."


def _tracked() -> list[str]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("Only a checkout knows which files are kept.")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for name in _tracked():
        if name.startswith(("static/vendor/", "tests/vendor/")) or name.endswith((".png", ".mo", ".ico", ".woff2", ".pdf")):
            continue
        text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        found += [f"{name}:{number}" for number, line in enumerate(text.splitlines(), start=1) if pattern.search(line)]
    return found


def test_no_file_holds_a_path_of_one_machine() -> None:
    found = _lines_with(MACHINE)
    assert not found, f"Paths of one machine mean nothing on the next: {', '.join(found)}."


def test_no_file_holds_the_address_of_a_package_registry() -> None:
    found = _lines_with(REGISTRY)
    assert not found, f"Where packages come from is each machine's own business: {', '.join(found)}."


def test_locks_hold_no_address() -> None:
    for lock in ROOT.glob("*.lock"):
        assert "://" not in lock.read_text(), f"{lock.name} holds an address."


# The questions of the feedback form are data; these tests keep the data right.


def test_every_question_has_all_its_texts() -> None:
    for item in items.ITEMS.values():
        assert item.question.strip()
        assert item.result.strip()
        assert len(item.words) >= 5 or item.kind == "text"


def test_every_text_of_the_questions_reaches_the_translators() -> None:
    with items.DATA.open("rb") as file:
        found = {text for _, _, text, _ in items.extract(file, None, None, None)}
    data = json.loads(items.DATA.read_text(encoding="utf-8"))
    assert {word["text"] for word in data["words"]} <= found
    assert {item["question"] for item in data["items"]} <= found
