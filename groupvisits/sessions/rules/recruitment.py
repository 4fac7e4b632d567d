"""The way into a group as counts: how many people stand at each step, and which counts by language can be shown without pointing at anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

# Each step holds the next: who attends regularly has attended first, agreed, was contacted and was eligible.
STEPS = ("eligible", "contacted", "agreed", "attended", "regular")
LAST_DATES, OF_THEM = 4, 3  # "attends regularly": came to at least 3 of the group's last 4 dates
SMALL = 5  # counts below are not shown by language
FEWER, NOT_SHOWN = "fewer", "not_shown"
Cell = int | str


@dataclass(frozen=True)
class Way:
    """What is known of one person: dates noted on the way in, membership, and the group's dates they came to, newest first."""

    contacted_at: datetime | None
    agreed_at: datetime | None
    declined_at: datetime | None
    was_member: bool
    came_to: frozenset[str]
    asked_to: frozenset[str]  # dates that are over and had them on the list


def is_regular(came_to: frozenset[str], dates: Sequence[str]) -> bool:
    """`dates`: the group's dates that are over, newest first."""
    return len(came_to & set(dates[:LAST_DATES])) >= OF_THEM


def steps_of(way: Way, dates: Sequence[str]) -> tuple[str, ...]:
    """Every step somebody has reached, in order. A later one implies those before it, however it was noted."""
    attended = bool(way.came_to)
    agreed = attended or way.was_member or way.agreed_at is not None
    contacted = agreed or way.contacted_at is not None or way.declined_at is not None
    reached = (True, contacted, agreed, attended, attended and is_regular(way.came_to, dates))
    return tuple(step for step, so in zip(STEPS, reached, strict=True) if so)


def never_came(way: Way) -> bool:
    """Enrolled, asked to at least one date that is over, and never there."""
    return (way.was_member or way.agreed_at is not None) and bool(way.asked_to) and not way.came_to


def said_no(way: Way) -> bool:
    return way.declined_at is not None and not way.was_member


def shown(table: Mapping[str, Sequence[int]]) -> dict[str, list[Cell]]:
    """Counts by language, one column for each of STEPS, without those that could point at somebody.

    A count below 5 reads "fewer"; and as the sum of each column is known, more are left out ("not_shown") until no hidden count can
    be worked out from what is shown: from the sum, and from each step holding the next.
    """
    cells = [[FEWER if count < SMALL else count for count in table[key]] for key in table]
    sums = [sum(column) for column in zip(*table.values(), strict=True)]
    if len(cells) < 2:  # one language: its counts are the sums
        return {key: [NOT_SHOWN] * len(row) for key, row in table.items()}
    while (column := _betrayed(cells, sums)) is not None:
        _hide_one_more(cells, list(table.values()), column)
    return dict(zip(table, cells, strict=True))


def _betrayed(cells: list[list[Cell]], sums: list[int]) -> int | None:
    """The first column in which a hidden count has only one possible value left, unless nothing is left to hide there."""
    low, high = _possible(cells, sums)
    for column in range(len(sums)):
        if all(row[column] == NOT_SHOWN for row in cells):
            continue
        if any(isinstance(row[column], str) and low[i][column] == high[i][column] for i, row in enumerate(cells)):
            return column
    return None


def _hide_one_more(cells: list[list[Cell]], table: Sequence[Sequence[int]], column: int) -> None:
    """The smallest count still shown; when none is, the whole column, and no longer which of its counts are small."""
    left = [i for i, row in enumerate(cells) if isinstance(row[column], int)]
    if left:
        cells[min(left, key=lambda i: table[i][column])][column] = NOT_SHOWN
    else:
        for row in cells:
            row[column] = NOT_SHOWN


def _possible(cells: list[list[Cell]], sums: list[int]) -> tuple[list[list[int]], list[list[int]]]:
    """The least and the most each count can be for somebody who reads the table: narrowed until nothing changes."""
    low = [[cell if isinstance(cell, int) else 0 for cell in row] for row in cells]
    high = [[cell if isinstance(cell, int) else SMALL - 1 if cell == FEWER else sums[j] for j, cell in enumerate(row)] for row in cells]
    _at_least(cells, low)
    changed = True
    while changed:
        changed = False
        for j, total in enumerate(sums):
            lows, highs = sum(row[j] for row in low), sum(row[j] for row in high)
            for i in range(len(cells)):
                least = max(low[i][j], total - (highs - high[i][j]), low[i][j + 1] if j + 1 < len(sums) else 0)
                most = min(high[i][j], total - (lows - low[i][j]), high[i][j - 1] if j else total)
                if (least, most) != (low[i][j], high[i][j]):
                    low[i][j], high[i][j], changed = least, most, True
                    lows, highs = sum(row[j] for row in low), sum(row[j] for row in high)
    return low, high


def _at_least(cells: list[list[Cell]], low: list[list[int]]) -> None:
    """Beside counts that read "fewer", one that is not shown is known to be no small one."""
    for j in range(len(cells[0])):
        if any(row[j] == FEWER or isinstance(row[j], int) for row in cells):
            for i, row in enumerate(cells):
                if row[j] == NOT_SHOWN:
                    low[i][j] = SMALL
