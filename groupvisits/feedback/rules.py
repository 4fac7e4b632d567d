"""When answers are released, and how much a count may say. Decisions on values alone.

Release: nothing below five answers. The first five are shown as soon as they are there; those that come later are shown together
when the form closes, if there are at least five of them. Whatever two looks at the results differ by is five people or more.

Counts: a reader never learns a number from which one person's answer follows, not even with the help of one person who knows their
own. For each number of answers the possible counts are split into cells (0 to 4 together, 7 to 11 of 11 together, between them each
count alone; below ten answers two halves), and only the cell is told. A second release refines what the first told: its cells are
chosen from what a reader already knows, never from the answers themselves, and joined until none of them gives a person away.
docs/decisions/007-feedback-is-released-by-five.md tells why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from groupvisits.core.errors import Conflict, Invalid, Refused, mark
from groupvisits.sessions.rules.states import HERE

FEWEST = 5
TAKES_ANSWERS_FOR = timedelta(days=14)
MAX_CARDS = 40

World = tuple[int, ...]  # how many said yes in each release: one way it may have been


class NotOpenYet(Refused):
    status = 409
    message = mark("This form opens when the visit is over.")


class FormClosed(Refused):
    status = 409
    message = mark("This form is closed. Answers were taken for 14 days after the visit.")


class NothingAnswered(Invalid):
    status = 422
    message = mark("Answer at least one question, then send. You may skip all the others.")


class AlreadyHandedOut(Conflict):
    message = mark("Each person gets one form on the phone. If yours is gone, ask any member of staff for a paper card.")


class DidNotCome(Refused):
    message = mark("Feedback is for the people who were at this visit.")


class WrongNumberOfCards(Invalid):
    status = 422
    message = mark("Print between 1 and %(most)s cards at a time.")


def check_takes_answers(session_state: str, form_state: str, closes_at: datetime, now: datetime) -> None:
    """Refuse before the visit is over and after the form's time."""
    if session_state != "closed":
        raise NotOpenYet
    if form_state != "open" or now >= closes_at:
        raise FormClosed


def check_came(seat_state: str) -> None:
    if seat_state not in HERE:
        raise DidNotCome


def check_cards(count: int) -> None:
    if not 1 <= count <= MAX_CARDS:
        raise WrongNumberOfCards(field="count", most=MAX_CARDS)


def answered(answers: Mapping[str, Any], asked: Sequence[str]) -> dict[str, str]:
    """What was answered of what was asked; refuses with NothingAnswered when that is nothing."""
    kept = {key: str(answers[key]) for key in asked if answers.get(key)}
    if not kept:
        raise NothingAnswered
    return kept


def may_release(waiting: int, released: int, *, is_closing: bool) -> bool:
    """Whether all waiting answers are shown now: never fewer than five, and after the first time only once more, at the end."""
    return waiting >= FEWEST and (released == 0 or is_closing)


@dataclass(frozen=True)
class Count:
    """What may be told: at least `lowest` and at most `highest` of `of` people said yes."""

    lowest: int
    highest: int
    of: int

    @property
    def needs_a_look(self) -> bool:
        """Fewer than half said yes, whatever the true number is."""
        return self.highest * 2 < self.of


def tellable(batches: Sequence[tuple[int, int]]) -> Count | None:
    """What may be told of one question after these releases, each (how many said yes, how many answered it); None for nothing.

    Answers of a release in which fewer than five answered this question wait for those of the next.
    """
    worlds: set[World] = {()}
    sizes: list[int] = []
    yes = waiting_yes = waiting = 0
    told: Count | None = None
    for batch_yes, batch_of in batches:
        waiting_yes, waiting = waiting_yes + batch_yes, waiting + batch_of
        if waiting < FEWEST:
            continue
        worlds = {(*world, n) for world in worlds for n in range(waiting + 1)}
        sizes.append(waiting)
        yes, waiting_yes, waiting = yes + waiting_yes, 0, 0
        cell = next(cell for cell in _cells(worlds, sizes) if yes in cell)
        worlds = {world for world in worlds if sum(world) in cell}
        told = Count(cell[0], cell[-1], sum(sizes))
    return told


def _cells(worlds: set[World], sizes: Sequence[int]) -> list[list[int]]:
    """The possible totals, split as finely as is safe. Depends only on what readers know, so that the split itself tells nothing."""
    possible = {sum(world) for world in worlds}
    cells = [kept for cell in _cells_of(sum(sizes)) if (kept := [total for total in cell if total in possible])]
    while len(cells) > 1 and (unsafe := [i for i, cell in enumerate(cells) if _gives_away({w for w in worlds if sum(w) in cell}, sizes)]):
        first = min(unsafe[0], len(cells) - 2)
        cells[first : first + 2] = [cells[first] + cells[first + 1]]
    return cells


def _cells_of(of: int) -> list[range]:
    if of < 2 * FEWEST:
        return [range(of // 2 + 1), range(of // 2 + 1, of + 1)]
    return [range(FEWEST), *(range(n, n + 1) for n in range(FEWEST, of - FEWEST + 1)), range(of - FEWEST + 1, of + 1)]


def _gives_away(worlds: set[World], sizes: Sequence[int]) -> bool:
    """Whether somebody who knows their own answer would know that all others of one release answered alike."""
    for mine in range(len(sizes)):
        for own in (0, 1):
            others = {tuple(n - own if i == mine else n for i, n in enumerate(world)) for world in worlds}
            tops = [size - 1 if i == mine else size for i, size in enumerate(sizes)]
            others = {world for world in others if 0 <= world[mine] <= tops[mine]}
            for i, top in enumerate(tops):
                if {world[i] for world in others} in ({0}, {top}):
                    return True
    return False
