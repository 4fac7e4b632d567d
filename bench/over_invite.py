"""The over-invite advice on real appointments: fitted on those before 14 May 2016, tried on those after it.

    python -m bench.over_invite [folder or file]        or the environment variable NOSHOW_DATA

The data (a public set of outpatient appointments with their outcome) is no part of the project; without it the script says so and ends well.

What is compared: for synthetic groups, how often the census lands between 8 and 15 when the number of invited people is chosen by our
advice (each person's own record, shrunk towards their neighbourhood's and that towards all others'), by a fixed 12, and by the one rate
of everybody; and what chance our arithmetic gave to that beforehand. Everybody in it had an appointment made on an earlier day, which
is nearest to having said yes. A group is 24 people drawn from the appointments of one neighbourhood on one day; each rule invites the
first so many of the same 24. Each neighbourhood and day is drawn from several times, so the groups overlap.
"""

import csv
import io
import os
import random
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from bench.table import print_table
from groupvisits.sessions.rules import advice
from groupvisits.sessions.rules.advice import Rates, Record

MINIMUM, MAXIMUM, TOO_MANY = 8, 15, 0.10
SPLIT = date(2016, 5, 14)
POOL, DRAWS, SEED = 24, 20, 20160514


@dataclass(frozen=True)
class Visit:
    patient: int
    day: date
    place: str
    came: bool


def read(path: Path) -> Iterator[dict[str, str]]:
    files = [path] if path.is_file() else sorted([*path.glob("*.zip"), *path.glob("*.csv")])
    for file in files:
        if file.suffix == ".zip":
            with zipfile.ZipFile(file) as archive:
                for name in archive.namelist():
                    if name.endswith(".csv"):
                        yield from csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8-sig"))
        else:
            with file.open(encoding="utf-8-sig", newline="") as opened:
                yield from csv.DictReader(opened)


def visits(rows: Iterator[dict[str, str]]) -> tuple[list[Visit], dict[str, int]]:
    """One visit for each patient and day that was booked on an earlier day, and how many rows were left out for which reason."""
    left_out: dict[str, int] = defaultdict(int)
    found: dict[tuple[int, date], Visit] = {}
    for row in rows:
        made, day = date.fromisoformat(row["ScheduledDay"][:10]), date.fromisoformat(row["AppointmentDay"][:10])
        if int(row["Age"]) < 0:
            left_out["an age below 0"] += 1
        elif made > day:
            left_out["booked after the appointment"] += 1
        elif made == day:
            left_out["booked on the same day"] += 1
        else:
            patient = int(Decimal(row["PatientId"]))  # some ids are written as 5.58997776694438E+14
            earlier = found.get((patient, day))
            left_out["another of the same patient and day"] += earlier is not None
            came = row["No-show"] == "No" or (earlier is not None and earlier.came)
            found[patient, day] = Visit(patient, day, row["Neighbourhood"], came)
    return sorted(found.values(), key=lambda visit: (visit.day, visit.place, visit.patient)), dict(left_out)


@dataclass(frozen=True)
class Fitted:
    """The records of the first weeks."""

    people: dict[int, Record]
    places: dict[str, Record]
    all: Record

    def rates_of_place(self, place: str) -> Rates:
        own = self.places.get(place, Record())
        return advice.rates_of_group(own, self.all - own)

    def chance(self, visit: Visit, towards: Rates) -> float:
        return advice.chance("confirmed", advice.rates_of_person(self.people.get(visit.patient, Record()), towards))


def fit(known: Sequence[Visit]) -> Fitted:
    people: dict[int, Record] = defaultdict(Record)
    places: dict[str, Record] = defaultdict(Record)
    total = Record()
    for visit in known:
        one = Record(1, 1, int(visit.came))
        people[visit.patient] += one
        places[visit.place] += one
        total += one
    return Fitted(dict(people), dict(places), total)


def pools(later: Sequence[Visit]) -> Iterator[list[Visit]]:
    """Groups of 24 from one neighbourhood and day, each neighbourhood and day shuffled and cut twenty times."""
    by_day: dict[tuple[date, str], list[Visit]] = defaultdict(list)
    for visit in later:
        by_day[visit.day, visit.place].append(visit)
    dice = random.Random(SEED)
    for people in by_day.values():
        for _ in range(DRAWS if len(people) >= POOL else 0):
            dice.shuffle(people)
            for start in range(0, len(people) - POOL + 1, POOL):
                yield people[start : start + POOL]


@dataclass
class Tally:
    """What a rule for the number of invitations led to."""

    groups: int = 0
    invited: int = 0
    census: int = 0
    inside: int = 0
    few: int = 0
    many: int = 0
    said_inside: float = 0.0
    said_few: float = 0.0
    said_many: float = 0.0

    def add(self, people: Sequence[Visit], chances: Sequence[float]) -> None:
        came = sum(visit.came for visit in people)
        distribution = advice.census(chances)
        few, many = advice.fewer_than(distribution, MINIMUM), advice.more_than(distribution, MAXIMUM)
        self.groups += 1
        self.invited += len(people)
        self.census += came
        self.few += came < MINIMUM
        self.many += came > MAXIMUM
        self.inside += MINIMUM <= came <= MAXIMUM
        self.said_few += few
        self.said_many += many
        self.said_inside += 1 - few - many

    def line(self, name: str) -> list[str]:
        n = self.groups
        pairs = ((self.said_inside, self.inside), (self.said_few, self.few), (self.said_many, self.many))
        return [name, f"{self.invited / n:.1f}", f"{self.census / n:.1f}", *(f"{100 * number / n:.1f}" for pair in pairs for number in pair)]


HEAD = ["Invited by", "Invited", "Came", "8 to 15: said", "8 to 15: was", "Under 8: said", "was", "Over 15: said", "was"]


def compare(fitted: Fitted, groups: Sequence[list[Visit]]) -> None:
    everybody = (fitted.all.came + 0.0) / fitted.all.held
    same_for_all = advice.most_invited([], everybody, most=MAXIMUM, too_many=TOO_MANY)
    tallies = {name: Tally() for name in ("our advice", "a fixed 12", f"everybody's rate: {same_for_all}")}
    by_number = {number: Tally() for number in range(12, 23, 2)}
    by_said: dict[int, Tally] = defaultdict(Tally)
    for people in groups:
        towards = fitted.rates_of_place(people[0].place)
        chances = [fitted.chance(visit, towards) for visit in people]
        numbers = (advice.most_invited(chances, towards.yes, most=MAXIMUM, too_many=TOO_MANY), 12, same_for_all)
        for tally, number in zip(tallies.values(), numbers, strict=True):
            tally.add(people[:number], chances[:number])
        for number, tally in by_number.items():
            tally.add(people[:number], chances[:number])
            said = advice.more_than(advice.census(chances[:number]), MAXIMUM)
            by_said[min(int(said * 10), 9)].add(people[:number], chances[:number])
    print("\nHow often, of 100 groups (said: by our arithmetic beforehand; was: in the data):")
    print_table(HEAD, [tally.line(name) for name, tally in tallies.items()])
    print("\nThe same for given numbers of invited people:")
    print_table(HEAD, [tally.line(str(number)) for number, tally in by_number.items()])
    print("\nWhere the chance of more than 15 was said to be so many in 100, it was:")
    print_table(
        ["Said between", "Groups", "Said", "Was"],
        [
            [f"{10 * tenth} and {10 * tenth + 10}", str(t.groups), f"{100 * t.said_many / t.groups:.1f}", f"{100 * t.many / t.groups:.1f}"]
            for tenth, t in sorted(by_said.items())
        ],
    )


def calibrate(fitted: Fitted, later: Sequence[Visit]) -> None:
    """Each person's chance against what they did, in tenths of the people by their chance."""
    towards = {place: fitted.rates_of_place(place) for place in {visit.place for visit in later}}
    told = sorted((fitted.chance(visit, towards[visit.place]), visit.came) for visit in later)
    size = len(told) // 10
    lines = []
    for tenth in range(10):
        part = told[tenth * size : (tenth + 1) * size if tenth < 9 else None]
        said, was = (100 * sum(pair[index] for pair in part) / len(part) for index in (0, 1))
        lines.append([str(tenth + 1), str(len(part)), f"{said:.1f}", f"{was:.1f}"])
    print("\nEach person's chance to come, in tenths of the people, the least likely first:")
    print_table(["Tenth", "People", "Said", "Was"], lines)
    rate = fitted.all.came / fitted.all.held
    ours, one = (sum((said - came) ** 2 for said, came in pairs) / len(told) for pairs in (told, [(rate, came) for _, came in told]))
    print(f"Mean squared error of the chances: {ours:.4f}; of the one rate for all: {one:.4f}.")


def main(path: str) -> None:
    folder = Path(path) if path else None
    if folder is None or not folder.exists():
        print("data not there: give the folder of the appointments as the first argument or in NOSHOW_DATA")
        return
    all_visits, left_out = visits(read(folder))
    known, later = [v for v in all_visits if v.day < SPLIT], [v for v in all_visits if v.day >= SPLIT]
    if not known or not later:
        print("data not there: no appointments on both sides of 14 May 2016")
        return
    fitted = fit(known)
    groups = list(pools(later))
    came = 100 * sum(v.came for v in later) / len(later)
    print(
        f"{len(known)} visits before {SPLIT} ({100 * fitted.all.came / fitted.all.held:.1f} in 100 came), {len(later)} from then on ({came:.1f} in 100 came)."
    )
    print("Rows left out: " + ", ".join(f"{number} {why}" for why, number in sorted(left_out.items())) + ".")
    seen = sum(v.patient in fitted.people for v in later)
    print(f"{len(groups)} groups of {POOL}; of the later visits {100 * seen / len(later):.0f} in 100 are by people with a record.")
    compare(fitted, groups)
    calibrate(fitted, later)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("NOSHOW_DATA", ""))
