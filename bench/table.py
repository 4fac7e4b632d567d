"""One way to print what was measured."""

from collections.abc import Sequence


def print_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell; numbers to the right."""
    widths = [max(len(row[column]) for row in (head, *lines)) for column in range(len(head))]
    print()
    for row in (head, *lines):
        print("  ".join(cell.rjust(width) if cell[:1].isdigit() else cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print()
