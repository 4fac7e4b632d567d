"""Statements for the few acts that happen many times a second: written with SQLAlchemy Core, compiled once, run on the driver's cursor.

What SQLAlchemy does for each execution costs ten times what SQLite does. A statement of this module still says what it means in
Core and speaks both databases; values pass through the types of its columns, in and out. It knows nothing of the ORM: what the ORM
holds back is not seen, and what it remembers is not changed (the writer forgets it between commands).

    TOPIC = Statement(select(*columns(Topic)).where(Topic.id == bindparam("topic_id")))
    TOPIC.one(tx, topic_id=...)          a row with the names of the columns, or None
    Added(Support).do(tx, topic_id=..., patient_id=..., at=...)
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Dialect, Insert, bindparam, insert
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from groupvisits.core.transaction import Transaction

Convert = Callable[[Any], Any]


def table_of(model: Any) -> Any:
    """The model's table, which knows nothing of the ORM."""
    return model.__table__


def columns(model: Any, *names: str) -> list[ColumnElement[Any]]:
    """The model's columns, or those named, without the ORM."""
    table = table_of(model)
    return [table.c[name] for name in names] if names else list(table.c)


class Statement:
    """A Core statement with named parameters. It has no lists whose length varies."""

    def __init__(self, core: Any) -> None:
        self.core = core
        self._compiled: dict[str, _Compiled] = {}

    def one(self, db: Session, **values: Any) -> Any:
        """The row, or None."""
        compiled, cursor = self._run(db, values)
        row = cursor.fetchone()
        return None if row is None else compiled.row(row)

    def all(self, db: Session, **values: Any) -> list[Any]:
        compiled, cursor = self._run(db, values)
        return [compiled.row(row) for row in cursor.fetchall()]

    def value(self, db: Session, **values: Any) -> Any:
        """The first column of the row, or None."""
        row = self.one(db, **values)
        return None if row is None else row[0]

    def do(self, tx: Transaction, **values: Any) -> int:
        """Carry it out; how many rows it changed."""
        _, cursor = self._run(tx, values)
        return cursor.rowcount

    def _run(self, db: Session, values: dict[str, Any]) -> "tuple[_Compiled, Any]":
        if isinstance(db, Transaction):
            dialect, cursor = db.dialect, db.cursor
        else:
            dialect, cursor = db.get_bind().dialect, db.connection().connection.cursor()
        compiled = self._compiled.get(dialect.name) or self._compile(dialect)
        cursor.execute(compiled.sql, compiled.parameters(values))
        return compiled, cursor

    def _compile(self, dialect: Dialect) -> "_Compiled":
        made = self._compiled[dialect.name] = _Compiled(self.core, dialect)
        return made


class Added(Statement):
    """A new row of a table: every column is written, with the model's default where nothing is said."""

    def __init__(self, model: Any) -> None:
        table = table_of(model)
        core: Insert = insert(table).values({column.name: bindparam(column.name, type_=column.type) for column in table.c})
        super().__init__(core)
        self.fixed: dict[str, Any] = {column.name: None if column.default is None else column.default.arg for column in table.c}
        self.made: dict[str, Callable[[Any], Any]] = {name: default for name, default in self.fixed.items() if callable(default)}

    def do(self, tx: Transaction, **values: Any) -> int:
        _, cursor = self._run(tx, self._row(values))
        return cursor.rowcount

    def do_all(self, tx: Transaction, rows: Iterable[dict[str, Any]]) -> None:
        """The same for several."""
        compiled = self._compiled.get(tx.dialect.name) or self._compile(tx.dialect)
        tx.cursor.executemany(compiled.sql, [compiled.parameters(self._row(values)) for values in rows])

    def _row(self, values: dict[str, Any]) -> dict[str, Any]:
        row = self.fixed | values
        for name, made in self.made.items():
            if name not in values:
                row[name] = made(None)
        return row


class _Compiled:
    """One statement in one database's words."""

    def __init__(self, core: Any, dialect: Dialect) -> None:
        compiled = core.compile(dialect=dialect)
        self.sql = str(compiled)
        self.fixed = {name: value for name, value in compiled.params.items() if value is not None}
        types = {name: bind.type for bind, name in compiled.bind_names.items()}
        order: Sequence[str] | None = getattr(compiled, "positiontup", None)
        self.names = list(order or types)
        self.is_positional = order is not None
        self.takes: list[tuple[int, Convert]] = [
            (place, convert) for place, name in enumerate(self.names) if (convert := types[name].dialect_impl(dialect).bind_processor(dialect))
        ]
        returned = list(getattr(core, "selected_columns", None) or getattr(core, "exported_columns", ()))
        fields = [column.key for column in returned]
        row: Any = namedtuple("Row", fields) if fields else tuple
        self.row_of = partial(tuple.__new__, row)
        self.converts: list[tuple[int, Convert]] = [
            (place, convert) for place, column in enumerate(returned) if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def parameters(self, values: dict[str, Any]) -> Any:
        given = {**self.fixed, **values} if self.fixed else values
        ready = [given[name] for name in self.names]
        for place, convert in self.takes:
            ready[place] = convert(ready[place])
        return ready if self.is_positional else dict(zip(self.names, ready, strict=True))

    def row(self, found: Sequence[Any]) -> Any:
        if not self.converts:
            return self.row_of(found)
        values = list(found)
        for place, convert in self.converts:
            values[place] = convert(values[place])
        return self.row_of(values)
