"""The record shows whoever tampers with it."""

import ast
import contextlib
import json
import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from config import ROOT
from groupvisits.accounts import service as accounts
from groupvisits.audit import queries, service
from groupvisits.audit.words import ACTS
from groupvisits.core import database
from groupvisits.core.errors import Conflict, NotAllowed
from groupvisits.core.events import RequestRefused
from groupvisits.core.transaction import Transaction, run
from groupvisits.extensions import db
from tests.cast import Cast, signed_in

GUARDS = ("audit_entries_no_update", "audit_entries_no_delete", "audit_entries_no_replace")


@pytest.fixture
def five_entries(app: Flask, cast: Cast) -> None:
    def record(tx: Transaction, number: int) -> None:
        service.record(tx, cast.joanne, "test:act", session_id=cast.session_id, number=number)

    with app.app_context():
        for number in range(5):
            run(record, number)


def tamper(app: Flask, statement: str) -> None:
    """As somebody with the database's own password would."""
    with app.app_context(), database.writes().engine.begin() as connection:
        if database.writes().is_sqlite:
            for guard in GUARDS:
                connection.execute(text(f"DROP TRIGGER {guard}"))
        else:
            connection.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER ALL"))
        connection.execute(text(statement))
        if not database.writes().is_sqlite:
            connection.execute(text("ALTER TABLE audit_entries ENABLE TRIGGER ALL"))


def problems(app: Flask, instance: Path | None = None) -> list[str]:
    with app.app_context():
        return [problem.what for problem in service.verify(db.session(), instance)]


@pytest.mark.usefixtures("five_entries")
class TestVerify:
    def test_finds_nothing_where_nothing_was_done(self, app: Flask) -> None:
        assert problems(app) == []

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_entries SET action = 'test:other' WHERE number = 3",
            "UPDATE audit_entries SET actor_id = 'somebody' WHERE number = 1",
            "DELETE FROM audit_entries WHERE number = 2",
            "DELETE FROM audit_entries WHERE number = 5",
            "UPDATE audit_entries SET number = CASE number WHEN 2 THEN 33 WHEN 3 THEN 2 ELSE number END",
        ],
    )
    def test_finds_what_was_changed_removed_or_moved(self, app: Flask, statement: str) -> None:
        tamper(app, statement)
        assert problems(app)

    def test_finds_a_chain_that_was_cut_and_its_head_put_back(self, app: Flask, tmp_path: Path) -> None:
        with app.app_context():
            service.anchor(db.session(), tmp_path)
        tamper(app, "DELETE FROM audit_entries WHERE number = 5")
        with app.app_context(), database.writes().engine.begin() as connection:
            mac = connection.execute(text("SELECT mac FROM audit_entries WHERE number = 4")).scalar()
            connection.execute(text("UPDATE audit_chains SET last_number = 4, last_mac = :mac WHERE last_number = 5"), {"mac": mac})
        assert problems(app) == []
        assert problems(app, tmp_path) == ["this entry was anchored and is gone"]

    def test_anchors_only_what_has_grown(self, app: Flask, tmp_path: Path) -> None:
        with app.app_context():
            assert service.anchor(db.session(), tmp_path) == 1
            assert service.anchor(db.session(), tmp_path) == 0
        assert json.loads((tmp_path / service.ANCHOR_FILE).read_text())["number"] == 5

    @pytest.mark.parametrize("statement", ["UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries"])
    def test_the_database_itself_refuses(self, app: Flask, statement: str) -> None:
        with app.app_context(), pytest.raises(DBAPIError, match="append-only"), database.writes().engine.begin() as connection:
            connection.execute(text(statement))

    @pytest.mark.sqlite_only
    def test_replacing_is_refused_too(self, app: Flask) -> None:
        statement = "INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries"
        with app.app_context(), pytest.raises(DBAPIError, match="append-only"), database.writes().engine.begin() as connection:
            connection.execute(text(statement))

    def test_the_command_says_so_by_its_exit_code(self, app: Flask) -> None:
        assert app.test_cli_runner().invoke(args=["audit", "verify"]).exit_code == 0
        tamper(app, "DELETE FROM audit_entries WHERE number = 2")
        assert app.test_cli_runner().invoke(args=["audit", "verify"]).exit_code == 1


@pytest.mark.usefixtures("context")
def test_acts_of_one_transaction_follow_each_other_in_their_chains(app: Flask, cast: Cast) -> None:
    def acts(tx: Transaction) -> None:
        for number in range(4):
            service.record(tx, cast.joanne, f"test:{number}", session_id=cast.session_id if number % 2 else "")

    run(acts)
    query = "SELECT action, number FROM audit_entries WHERE action LIKE 'test:%' ORDER BY chain_id, number"
    found = db.session.execute(text(query)).all()
    assert [action for action, _ in found] == ["test:0", "test:2", "test:1", "test:3"]
    assert found[1].number == found[0].number + 1 and found[3].number == found[2].number + 1
    assert problems(app) == []


@pytest.mark.usefixtures("context")
def test_what_was_refused_is_not_on_record(app: Flask, cast: Cast) -> None:
    """Neither where the whole act was refused, nor a part of it that the act went on without."""

    def refused(tx: Transaction) -> None:
        service.record(tx, cast.joanne, "test:refused", session_id=cast.session_id)
        raise Conflict

    def goes_on(tx: Transaction) -> None:
        service.record(tx, cast.joanne, "test:before", session_id=cast.session_id)
        with contextlib.suppress(Conflict), tx.tried():
            refused(tx)
        service.record(tx, cast.joanne, "test:after", session_id=cast.session_id)

    with pytest.raises(Conflict):
        run(refused)
    run(goes_on)
    assert db.session.scalars(text("SELECT action FROM audit_entries WHERE action LIKE 'test:%' ORDER BY number")).all() == ["test:before", "test:after"]
    assert problems(app) == []


def test_a_refusal_is_recorded_but_not_endlessly(app: Flask, cast: Cast) -> None:
    with app.app_context():
        for _ in range(30):
            app.extensions["listeners"].tell_after(RequestRefused(cast.frank, "notes:read", "not_found"))
        assert db.session.execute(text("SELECT count(*) FROM audit_entries WHERE action = 'request:refused'")).scalar() == 20


def test_the_administrator_reads_it_and_nobody_else(app: Flask, cast: Cast, five_entries: None) -> None:
    page = signed_in(app, cast.ada).get("/audit-entries")
    assert page.status_code == 200
    assert "test:act" in page.text
    assert "Joanne Pike" in page.text
    assert "test:act" not in signed_in(app, cast.sol).get("/audit-entries").text
    with app.app_context(), pytest.raises(NotAllowed):
        queries.entries_for(db.session(), cast.joanne)
    for who in (cast.joanne, cast.tomas, cast.osei, cast.rosa):
        assert signed_in(app, who).get("/audit-entries").status_code == 403


def test_the_page_says_in_plain_words_what_was_done_and_to_whom(app: Flask, cast: Cast) -> None:
    with app.app_context():
        run(accounts.disable, cast.ada, cast.tomas.id)
    page = signed_in(app, cast.ada).get("/audit-entries").text
    assert "Disabled an account" in page
    assert "Ada Moss" in page
    assert "Tomas Reyes" in page
    assert "accounts:disable" not in page


def test_the_page_has_pages(app: Flask, cast: Cast, five_entries: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 3)
    ada = signed_in(app, cast.ada)
    newest, older, nothing = (ada.get(f"/audit-entries?page={page}").text for page in (1, 2, 3))
    assert (newest.count("test:act"), older.count("test:act")) == (3, 2)
    assert "page=2" in newest and "page=1" in older
    assert "page=3" not in older
    assert "There is nothing older" in nothing


def test_the_page_of_a_new_clinic_says_that_nothing_happened_yet(app: Flask, cast: Cast) -> None:
    assert "Nothing has been recorded yet" in signed_in(app, cast.ada).get("/audit-entries").text


def test_every_act_that_is_recorded_has_plain_words() -> None:
    acts = {act for path in (ROOT / "groupvisits").rglob("*.py") for act in _acts_of(ast.parse(path.read_text(encoding="utf-8")))}
    assert len(acts) > 50
    assert not acts - set(ACTS), "Say in groupvisits/audit/words.py what these acts are."


def _acts_of(tree: ast.Module) -> set[str]:
    """What calls with an open transaction name: record(tx, actor, "sessions:open", ...) and the helpers around it."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Name) and node.args[0].id == "tx"]
    texts = {argument.value for call in calls for argument in call.args if isinstance(argument, ast.Constant) and isinstance(argument.value, str)}
    return {text for text in texts if re.fullmatch("[a-z]+:[a-z_]+", text)}
