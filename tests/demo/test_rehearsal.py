"""`flask rehearse`: refuses what is no practice clinic, types given questions, and plays a whole visit against a real server."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from groupvisits.agenda.models import Topic
from groupvisits.demo.rehearsal import visit
from groupvisits.demo.rehearsal.phones import wait_for_server
from groupvisits.extensions import db
from groupvisits.sessions.models import GroupSession
from tests.cast import Cast
from tests.live.server import ROOT, free_port, settings_for


def test_refuses_a_clinic_that_is_no_demo(app: Flask, cast: Cast) -> None:
    with app.app_context():
        before = db.session.get_one(GroupSession, cast.session_id).version
    told = app.test_cli_runner().invoke(args=["rehearse", "--session", cast.session_id])
    assert told.exit_code == 1 and "no practice clinic" in told.output
    with app.app_context():
        assert db.session.get_one(GroupSession, cast.session_id).version == before
        assert not db.session.query(Topic).count()


@pytest.mark.parametrize("wrong", [["--minutes", "0"], ["--speed", "-1"], ["--people", "0"]])
def test_refuses_what_cannot_be_played(app: Flask, cast: Cast, wrong: list[str]) -> None:
    told = app.test_cli_runner().invoke(args=["rehearse", *wrong])
    assert told.exit_code == 1 and "more than nothing" in told.output


@pytest.mark.parametrize(
    ("name", "text", "column", "found"),
    [
        ("q.txt", "One?\n\n  Two  words? \nOne?\n", "", ["One?", "Two words?"]),
        ("q.csv", 'question,kind\n"One, two?",a\nThree?,b\n', "", ["One, two?", "Three?"]),
        ("q.csv", "kind,question\na,One?\n", "question", ["One?"]),
        ("q.txt", "x" * 400, "", ["x" * 300]),
    ],
)
def test_questions_come_from_a_file(tmp_path: Path, name: str, text: str, column: str, found: list[str]) -> None:
    (tmp_path / name).write_text(text)
    assert visit.words_from(tmp_path / name, column) == found


@pytest.mark.parametrize(("name", "text", "column"), [("q.txt", " \n", ""), ("q.csv", "a,b\n1,2\n", "c")])
def test_a_file_without_questions_is_refused(tmp_path: Path, name: str, text: str, column: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(visit.CannotRehearse):
        visit.words_from(tmp_path / name, column)


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A practice clinic and its server; the settings for commands beside it."""
    env = settings_for(tmp_path, free_port())
    made = subprocess.run([sys.executable, "-m", "flask", "--app", "groupvisits", "demo", "--json"], cwd=ROOT, env=env, capture_output=True)
    assert made.returncode == 0, made.stderr.decode()[-2000:]
    assert json.loads(made.stdout)["live_session_id"]
    with (tmp_path / "server.log").open("ab") as log:
        server = subprocess.Popen([sys.executable, "run.py"], cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        assert wait_for_server(f"http://127.0.0.1:{env['PORT']}")
        yield env
    finally:
        server.kill()
        server.wait(10)


@pytest.mark.sqlite_only
def test_a_visit_is_played_and_every_screen_is_true_at_its_end(practice: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("\n".join(f"Question number {number}?" for number in range(60)))
    played = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "groupvisits", "rehearse", "--minutes", "2", "--speed", "20", "--lead", "--questions", str(tmp_path / "mine.txt")],
        cwd=ROOT, env=practice, capture_output=True, timeout=100,
    )  # fmt: skip
    told = played.stdout.decode()
    assert played.returncode == 0, told[-3000:] + played.stderr.decode()[-2000:]
    assert "Every screen shows what the server says" in told
    for happened in (
        "comes in with the code on the slip",
        "falls asleep",
        "looks at the phone again",
        "line breaks",
        "has no phone",
        "asks",
        "says me too",
        "The facilitator",
    ):
        assert happened in told, happened
    with sqlite3.connect(Path(practice["INSTANCE"]) / "groupvisits.db") as connection:
        typed = connection.execute("SELECT words, count(*) FROM topics WHERE words LIKE 'Question number%' GROUP BY words").fetchall()
        cards = connection.execute("SELECT count(*) FROM topics WHERE words LIKE 'Question number%' AND entered_by IS NOT NULL").fetchone()[0]
    connection.close()
    assert typed and all(times == 1 for _, times in typed)
    assert cards == 1
