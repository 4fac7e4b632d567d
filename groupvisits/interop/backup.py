"""Backups that are known to restore: `flask backup`, and `flask restore` with a drill that proves it.

A backup is one file and a small record beside it of what must come back: rows of every table and the last audit number of every chain.
Copying a SQLite file alone loses what still stands in its write-ahead log, so the database's own backup is used.
"""

import hashlib
import json
import shutil
import socket
import sqlite3
import subprocess  # pg_dump and pg_restore, without a shell
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import Connection, Engine, create_engine, delete, inspect, make_url, select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from config import Config
from groupvisits.accounts.models import BrowserSession
from groupvisits.audit import service as audit
from groupvisits.core import actor, clock, database, ids
from groupvisits.core.transaction import write
from groupvisits.extensions import db
from groupvisits.sessions.models import GroupSession

SQLITE_MAGIC = b"SQLite format 3\x00"


class CannotBackUp(click.ClickException):
    """Nothing was written."""


class CannotRestore(click.ClickException):
    """Nothing was changed."""


@dataclass(frozen=True)
class Record:
    """What must come back: rows of every table, last audit number and code of every chain."""

    rows: dict[str, int]
    chains: dict[str, tuple[int, str]]

    def differences(self, found: "Record") -> Iterator[str]:
        for table in sorted(self.rows.keys() | found.rows.keys()):
            if self.rows.get(table) != found.rows.get(table):
                yield f"table {table}: {self.rows.get(table, 'none')} rows were backed up, {found.rows.get(table, 'none')} came back"
        for chain in sorted(self.chains.keys() | found.chains.keys()):
            if self.chains.get(chain) != found.chains.get(chain):
                yield f"audit chain {chain}: it ended with number {self.chains.get(chain, (0,))[0]}, it ends now with {found.chains.get(chain, (0,))[0]}"


@click.command("backup")
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@with_appcontext
def backup_command(folder: Path | None) -> None:
    """Write the whole database into one dated file in FOLDER (default: backups, in the instance folder). The server may be running."""
    config: Config = current_app.extensions["config"]
    made = back_up(config, folder or config.instance / "backups", clock.now())
    click.echo(f"{made.name}: {made.stat().st_size // 1024} KB in {made.parent}")
    click.echo("Keep the secret key apart from the backup: without it the audit record cannot be verified.")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--drill", is_flag=True, help="Restore into a temporary database, compare, and leave everything as it is.")
@click.option("--yes", is_flag=True, help="Yes, replace the database of this installation.")
@with_appcontext
def restore_command(file: Path, drill: bool, yes: bool) -> None:
    """Bring FILE back as the database of this installation, or, with --drill, prove that it could be."""
    config: Config = current_app.extensions["config"]
    if drill:
        problems = run_drill(config, file, say=click.echo)
        if problems:
            raise SystemExit(1)
        click.echo("This backup restores.")
        return
    if not yes:
        raise CannotRestore("This replaces the whole database. Try --drill first; then say --yes.")
    check_server_is_down(config)
    if run_drill(config, file, say=click.echo):
        raise CannotRestore("This backup does not restore as it should. Nothing was changed.")
    restore(config, file, say=click.echo)
    click.echo("Restored. Everybody on the staff signs in again; open phones fetch the visit anew.")


def back_up(config: Config, folder: Path, now: datetime) -> Path:
    """The database in one file in `folder`, with its record beside it; readable by its owner only. Returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"groupvisits-{now:%Y-%m-%dT%H%M%S}Z{'.db' if config.is_sqlite else '.pgdump'}"
    if target.exists():
        raise CannotBackUp(f"{target.name} is already there.")
    part = target.with_name(target.name + ".part")
    part.touch(mode=0o600)
    try:
        record = _copy_sqlite(config, part) if config.is_sqlite else _dump_postgresql(config, part)
        _write_record(target, record, part)
        part.rename(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return target


def run_drill(config: Config, file: Path, *, say: Callable[[str], Any]) -> list[str]:
    """Restore into a temporary database and compare; return what is wrong."""
    with _temporary_database(config, file) as engine:
        return list(_examine(config, file, engine, say))


def restore(config: Config, file: Path, *, say: Callable[[str], Any]) -> None:
    """Replace the database. What was there is kept beside it; every session gets a new epoch, so that no screen mixes old and new."""
    _let_go()
    if config.is_sqlite:
        kept = _replace_sqlite(config, file)
        if kept:
            say(f"The database from before is kept as {kept.name}.")
    else:
        _replace_postgresql(config, file)
    anchors = config.instance / audit.ANCHOR_FILE
    if anchors.exists():
        # They name entries that the backup never had; kept for whoever wants to know what those were.
        anchors.rename(anchors.with_name(f"{anchors.stem}-before-restore-{clock.now():%Y%m%dT%H%M%S}{anchors.suffix}"))
    _let_go()
    with write() as tx:
        for session_id in tx.scalars(select(GroupSession.id)).all():
            tx.execute(update(GroupSession).where(GroupSession.id == session_id).values(epoch=ids.new_id()))
        # A staff member who had signed out since the backup stays signed out.
        tx.execute(delete(BrowserSession).where(BrowserSession.staff_member_id.is_not(None)))
        audit.record(tx, actor.system(), "installation:restored", file_sha256=_sha256(file))


def check_server_is_down(config: Config) -> None:
    """Refuse while anything answers at the server's address or has the database open."""
    host = "127.0.0.1" if config.host in ("0.0.0.0", "::") else config.host  # noqa: S104 - where to look, not where to listen
    with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.settimeout(1)
        if probe.connect_ex((host, config.port)) == 0:
            raise CannotRestore(f"Something answers at {host}:{config.port}. Stop the server first; nothing was changed.")
    if _has_others(config):
        raise CannotRestore("The database is in use by another process. Stop it first; nothing was changed.")


# ---------- examining ----------


def _examine(config: Config, file: Path, engine: Engine, say: Callable[[str], Any]) -> Iterator[str]:
    def wrong(what: str) -> str:
        say(f"WRONG  {what}")
        return what

    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            told = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
            if told != "ok":
                yield wrong(f"the database is damaged: {told}")
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
                yield wrong(f"{len(broken)} rows point to rows that are not there")
        found = _record_of(connection)
    if not found.rows.keys() >= set(db.metadata.tables):
        missing = sorted(set(db.metadata.tables) - found.rows.keys())
        yield wrong(f"tables are missing: {', '.join(missing)}")
        return
    for name in sorted(found.rows):
        say(f"{found.rows[name]:>8}  {name}")
    expected = _read_record(file)
    if expected is None:
        say("There is no record beside this backup: rows are counted, not compared.")
    else:
        for difference in expected.differences(found):
            yield wrong(difference)
    with Session(engine) as session:
        newer = 0
        for problem in audit.verify(session, config.instance):
            if problem.what == "this entry was anchored and is gone":
                newer += 1  # anchored after the backup was made
                continue
            yield wrong(f"audit chain {problem.chain_id} number {problem.number}: {problem.what}")
    say(f"{sum(number for number, _ in found.chains.values())} audit entries in {len(found.chains)} chains were verified.")
    if newer:
        say(f"{newer} chains have been anchored since: what was done after this backup is not in it.")


def _record_of(connection: Connection) -> Record:
    names = [name for name in inspect(connection).get_table_names() if not name.startswith("sqlite_")]
    quote = connection.dialect.identifier_preparer.quote
    rows = {name: connection.execute(text(f"SELECT count(*) FROM {quote(name)}")).scalar_one() for name in names}  # noqa: S608 - names of our own tables
    chains = {}
    if "audit_chains" in rows and "audit_entries" in rows:
        query = "SELECT c.id, c.last_mac, (SELECT max(number) FROM audit_entries e WHERE e.chain_id = c.id) FROM audit_chains c"
        chains = {id_: (number or 0, mac) for id_, mac, number in connection.execute(text(query))}
    return Record(rows, chains)


def _write_record(target: Path, record: Record, part: Path) -> None:
    beside = _record_path(target)
    beside.touch(mode=0o600)
    content = {"rows": record.rows, "chains": record.chains, "sha256": _sha256(part)}
    beside.write_text(json.dumps(content, indent=1, sort_keys=True))


def _read_record(file: Path) -> Record | None:
    beside = _record_path(file)
    if not beside.exists():
        return None
    content = json.loads(beside.read_text())
    if content["sha256"] != _sha256(file):
        raise CannotRestore("This file is not the one its record was written for: it was changed or damaged. Nothing was changed.")
    return Record(content["rows"], {chain: (number, mac) for chain, (number, mac) in content["chains"].items()})


def _record_path(file: Path) -> Path:
    return file.with_name(file.name + ".json")


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@contextmanager
def _temporary_database(config: Config, file: Path) -> Iterator[Engine]:
    if not config.is_sqlite:
        with _temporary_postgresql(config, file) as engine:
            yield engine
        return
    _check_is_sqlite(file)
    with tempfile.TemporaryDirectory(prefix="groupvisits-drill-") as folder:
        copy = Path(folder) / "drill.db"
        shutil.copyfile(file, copy)
        engine = create_engine(f"sqlite:///{copy}", poolclass=NullPool)
        try:
            yield engine
        finally:
            engine.dispose()


# ---------- SQLite ----------


def _sqlite_path(config: Config) -> Path:
    return Path(config.database_uri.removeprefix("sqlite:///"))


def _copy_sqlite(config: Config, target: Path) -> Record:
    """Copy and count in one read transaction: the record tells exactly what the copy holds."""
    if not _sqlite_path(config).exists():
        raise CannotBackUp("There is no database yet.")
    engine = create_engine(config.database_uri, poolclass=NullPool)
    with engine.connect() as connection, closing(sqlite3.connect(target)) as copy:
        source: Any = connection.connection.driver_connection
        source.isolation_level = None
        source.execute("PRAGMA busy_timeout=10000")
        source.execute("BEGIN")
        record = _record_of(connection)
        source.backup(copy)
        source.execute("COMMIT")
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, complete by itself
        if copy.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise CannotBackUp("The copy is damaged. Check the disk.")
    return record


def _check_is_sqlite(file: Path) -> None:
    with file.open("rb") as opened:
        if opened.read(len(SQLITE_MAGIC)) != SQLITE_MAGIC:
            raise CannotRestore(f"{file.name} is no backup of a SQLite database.")


def _replace_sqlite(config: Config, file: Path) -> Path | None:
    path = _sqlite_path(config)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".restoring")
    shutil.copyfile(file, fresh)
    fresh.chmod(0o600)
    kept = None
    if path.exists():
        kept = path.with_name(f"{path.stem}-before-restore-{clock.now():%Y%m%dT%H%M%S}{path.suffix}")
        with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(kept)) as copy:
            old.backup(copy)
        kept.chmod(0o600)
    fresh.replace(path)
    for leftover in ("-wal", "-shm"):
        path.with_name(path.name + leftover).unlink(missing_ok=True)
    return kept


def _let_go() -> None:
    """Close every connection of our own: SQLite must not be replaced under one."""
    db.session.remove()
    db.engine.dispose()
    database.writes().engine.dispose()


def _has_others(config: Config) -> bool:
    _let_go()
    if not config.is_sqlite:
        with _postgresql_engine(config).connect() as connection:
            others = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
            for _ in range(20):  # a connection that was just closed is seen for a moment longer
                if not connection.execute(others).scalar():
                    return False
                connection.rollback()  # the activity a transaction sees does not change
                time.sleep(0.1)
            return True
    path = _sqlite_path(config)
    if not path.exists():
        return False
    with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as connection:
        try:
            # Only the last connection to a database in WAL mode can leave that mode.
            return connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete"
        except sqlite3.OperationalError:
            return True


# ---------- PostgreSQL ----------


def _dump_postgresql(config: Config, target: Path) -> Record:
    engine = _postgresql_engine(config)
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            # The dump sees exactly the snapshot that the record is counted in.
            snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            record = _record_of(connection)
            _tool("pg_dump", config, "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={target}", error=CannotBackUp)
        return record
    finally:
        engine.dispose()


def _replace_postgresql(config: Config, file: Path) -> None:
    _tool("pg_restore", config, "--clean", "--if-exists", "--single-transaction", "--no-owner", "--no-privileges", str(file), error=CannotRestore)


@contextmanager
def _temporary_postgresql(config: Config, file: Path) -> Iterator[Engine]:
    name = f"groupvisits_drill_{ids.new_id()[:12]}"
    admin = create_engine(config.database_uri, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine = create_engine(make_url(config.database_uri).set(database=name), poolclass=NullPool, connect_args={"options": "-c timezone=UTC"})
    try:
        _tool("pg_restore", config, "--exit-on-error", "--no-owner", "--no-privileges", str(file), database_name=name, error=CannotRestore)
        yield engine
    finally:
        engine.dispose()
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def _postgresql_engine(config: Config) -> Engine:
    return create_engine(config.database_uri, poolclass=NullPool, connect_args={"options": "-c timezone=UTC"})


def _tool(name: str, config: Config, *arguments: str, error: type[click.ClickException], database_name: str = "") -> None:
    """Run PostgreSQL's own tool. The password goes through a file, because command lines can be read by everybody on the machine."""
    found = shutil.which(name)
    if found is None:
        raise error(f"{name} is not installed here. Install PostgreSQL's client programs in the server's version, then try again.")
    url = make_url(config.database_uri)
    parts = {"host": url.host or url.query.get("host", ""), "port": url.port or "", "user": url.username or "", "dbname": database_name or url.database or ""}
    with tempfile.TemporaryDirectory(prefix="groupvisits-pg-") as folder:
        if url.password:
            secret = Path(folder) / "password"
            secret.touch(mode=0o600)
            secret.write_text(f"*:*:*:*:{str(url.password).replace(chr(92), chr(92) * 2).replace(':', chr(92) + ':')}\n")
            parts["passfile"] = str(secret)
        target = " ".join(f"{key}='{str(value).replace(chr(92), chr(92) * 2).replace(chr(39), chr(92) + chr(39))}'" for key, value in parts.items() if value)
        ran = subprocess.run([found, f"--dbname={target}", *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    if ran.returncode:
        raise error(f"{name} could not do it: {ran.stderr.strip()[:500]}")
