"""How many will come, and how many to invite so that they are neither too few nor too many. Arithmetic on counts, no framework.

Each person's chance to come is their own attendance, shrunk towards their group's; the group's is shrunk towards that of the
programme's other groups, and theirs towards a stated default (a beta prior at each step). The number who come is then a sum of
independent yes-or-no events with different chances (Poisson-binomial), worked out exactly.

Two rates are kept, because a yes says more than an invitation:

- asked: of the dates that took place and that somebody was on the list of, how many they came to. A no, an answer that never came
  and a yes that was not kept all count as not come. It is the chance of who has not answered.
- yes: of those dates on which they held a place at the end (came, or had said yes and stayed away), how many they came to.

A date counts once it is closed; who was taken off the list by staff was not asked. Not in the model: weather, a strike, anything that
keeps many away on the same day, and that no answer two days before means less than no answer a month before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Of those enrolled, 40 to 75 in 100 are reported to come to a given monthly visit in person. The middle for who has not answered, the
# upper end for who said yes (a real outpatient set of 2016 had 72 in 100 of those booked ahead come).
USUALLY_LOW, USUALLY_HIGH = 0.40, 0.75
DEFAULT_ASKED, DEFAULT_YES = (USUALLY_LOW + USUALLY_HIGH) / 2, USUALLY_HIGH
# How many observations each prior is worth. A person: half a year of monthly visits (by the method of moments the same real set gives 6.6,
# and the error is least at 6 to 8; see bench/over_invite.py). A group: two visits of ten. The default: as much.
PERSON_STRENGTH, GROUP_STRENGTH, PROGRAMME_STRENGTH = 6.0, 20.0, 20.0
LIKELY = 0.80  # of a hundred such dates, eighty lie within the range that is called most likely
MOST_INVITED = 200  # nobody invites more to one room; an end for the search


@dataclass(frozen=True)
class Record:
    """What became of the places of a person, a group or a programme: on how many lists, how many places held, how often somebody came."""

    asked: int = 0
    held: int = 0
    came: int = 0

    def __add__(self, other: "Record") -> "Record":
        return Record(self.asked + other.asked, self.held + other.held, self.came + other.came)

    def __sub__(self, other: "Record") -> "Record":
        return Record(self.asked - other.asked, self.held - other.held, self.came - other.came)


@dataclass(frozen=True)
class Rates:
    """The chance that somebody comes who has not answered (`asked`), and who said yes (`yes`); each between 0 and 1."""

    asked: float
    yes: float


DEFAULT = Rates(DEFAULT_ASKED, DEFAULT_YES)


def shrunk(came: int, of: int, towards: float, strength: float) -> float:
    """The mean of a beta posterior: `came` of `of`, with a prior of mean `towards` that is worth `strength` observations."""
    return (came + strength * towards) / (of + strength)


def _shrunk(record: Record, towards: Rates, strength: float) -> Rates:
    return Rates(shrunk(record.came, record.asked, towards.asked, strength), shrunk(record.came, record.held, towards.yes, strength))


def rates_of_group(group: Record, other_groups: Record) -> Rates:
    """What to expect of somebody of this group about whom nothing else is known; `other_groups`: the rest of the programme."""
    return _shrunk(group, _shrunk(other_groups, DEFAULT, PROGRAMME_STRENGTH), GROUP_STRENGTH)


def rates_of_person(own: Record, group: Rates) -> Rates:
    return _shrunk(own, group, PERSON_STRENGTH)


def chance(state: str, rates: Rates) -> float:
    """How likely it is that the person of a seat in `state` comes. Who said no, or was taken off, does not."""
    if state in ("arrived", "attended", "left_early"):
        return 1.0
    if state == "confirmed":
        return rates.yes
    return rates.asked if state in ("invited", "offered") else 0.0


def census(chances: Iterable[float]) -> list[float]:
    """The chance of exactly 0, 1, 2, ... people, of independent people who come with these chances. Exact, by convolution."""
    distribution = [1.0]
    for come in chances:
        distribution = _and_one_more(distribution, come)
    return distribution


def _and_one_more(distribution: Sequence[float], come: float) -> list[float]:
    stay = 1.0 - come
    return [distribution[0] * stay, *(distribution[n] * stay + distribution[n - 1] * come for n in range(1, len(distribution))), distribution[-1] * come]


def fewer_than(distribution: Sequence[float], number: int) -> float:
    return min(sum(distribution[: max(number, 0)]), 1.0)


def more_than(distribution: Sequence[float], number: int) -> float:
    return min(sum(distribution[max(number + 1, 0) :]), 1.0)


def likely_range(distribution: Sequence[float], share: float = LIKELY) -> tuple[int, int]:
    """The middle of the distribution: at most half of the rest lies below the first number, and at most half above the second."""
    tail, low, high = (1.0 - share) / 2, 0, len(distribution) - 1
    below = distribution[0]
    while below <= tail and low < high:
        low += 1
        below += distribution[low]
    above = distribution[high]
    while above <= tail and high > low:
        high -= 1
        above += distribution[high]
    return low, high


def most_invited(known: Sequence[float], further: float, *, most: int, too_many: float) -> int:
    """The largest number of people, those with `known` chances and then others with the chance `further`, of whom more than `most` come

    with a chance of at most `too_many`. Never fewer than `most`: of so many there cannot be more. Where already the known are too many,
    it is the number of them, in their order, that would not be.
    """
    distribution, number = [1.0], 0
    for come in (*known, *(further for _ in range(MOST_INVITED))):
        if number >= MOST_INVITED:
            break
        distribution = _and_one_more(distribution, come)
        if number >= most and more_than(distribution, most) > too_many:
            break
        number += 1
    return number


@dataclass(frozen=True)
class Expected:
    """What is likely for one date: people, a range that holds eighty in a hundred such dates, two chances (0 to 1), and how many to invite."""

    expected: int
    low: int
    high: int
    too_few: float
    too_many: float
    advised: int


def outlook(chances: Sequence[float], further: float, *, minimum: int, most: int, too_many: float) -> Expected:
    """`chances`: of everybody who is invited and has not said no; `most`: how many the room and the one-on-one time have place for."""
    distribution = census(chances)
    low, high = likely_range(distribution)
    return Expected(
        expected=round_half_up(sum(chances)),
        low=low,
        high=high,
        too_few=fewer_than(distribution, minimum),
        too_many=more_than(distribution, most),
        advised=most_invited(sorted(chances, reverse=True), further, most=most, too_many=too_many),
    )


def round_half_up(number: float) -> int:
    return int(number + 0.5)


def room_for(maximum: int, one_on_ones: int) -> int:
    """How many can come and all be seen one-on-one. Where there is no such time at all, or nobody who gives it, the chairs decide."""
    return min(maximum, one_on_ones) if one_on_ones > 0 else maximum


def off_by(new_chances: Sequence[float], invited: int, visits: int) -> int:
    """By how many the expected number can be off for want of history.

    With visits behind it: as many as if none, or all, of the new people came. Without any: as if the whole group came as seldom or as
    often as programmes of this kind report (40 to 75 in 100).
    """
    if not visits:
        return max(1, round_half_up(invited * (USUALLY_HIGH - USUALLY_LOW) / 2)) if invited else 0
    come = sum(new_chances)
    return max(round_half_up(come), round_half_up(len(new_chances) - come))


def in_a_hundred(chance_of_it: float) -> int:
    """A chance as a whole number of a hundred; -1: less than one, but possible; 101: more than 99, but not certain."""
    if chance_of_it <= 1e-12:
        return 0
    if chance_of_it >= 1 - 1e-12:
        return 100
    number = round_half_up(100 * chance_of_it)
    return -1 if number == 0 else 101 if number == 100 else number
