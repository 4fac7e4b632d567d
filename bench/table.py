"""One way to print what was measured, and no log lines in between."""

from collections.abc import Sequence
from typing import Any

import structlog


def print_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell; numbers to the right."""
    widths = [max(len(row[column]) for row in (head, *lines)) for column in range(len(head))]
    print()
    for row in (head, *lines):
        print("  ".join(cell.rjust(width) if cell[:1].isdigit() else cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print()


def quiet() -> None:
    """Log lines go nowhere from here on. To be called after an application was made."""
    structlog.configure(processors=[_drop], cache_logger_on_first_use=False)


def _drop(_logger: Any, _name: str, _entry: Any) -> Any:
    raise structlog.DropEvent
