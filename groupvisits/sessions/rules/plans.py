"""Previews of changed dates: what is in the way of each, which choices there are, and what the choices made come to."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from groupvisits.core.errors import Conflict, Refused, mark
from groupvisits.sessions.rules import series

LEAVE = ("keep", "skip")  # the date stays where it is; the new date is left out
ROOMS_OFFERED = 3


class ChoiceNeeded(Refused):
    message = mark("Choose what to do with this date.")


class OneAnswerCameIn(Conflict):
    message = mark("One answer came in. Look again: nothing has been changed.")


class TwoAnswersCameIn(Conflict):
    message = mark("Two answers came in. Look again: nothing has been changed.")


class AnswersCameIn(Conflict):
    message = mark("%(count)s answers came in. Look again: nothing has been changed.")


class NothingChanges(Refused):
    message = mark("With these choices nothing changes. Go back, or choose otherwise.")


class DatesOverlap(Refused):
    message = mark("With these choices two dates of this group are at the same time. Choose otherwise for one of them.")


class FirstDayNeeded(Refused):
    message = mark("Enter the first day. The weeks are counted from it.")


class DaysNeeded(Refused):
    message = mark("Enter at least one day.")


class DateHasPassed(Refused):
    message = mark("This is in the past. Choose a day and a time to come.")


class AlreadyApplied(Conflict):
    message = mark("This was done before. Begin with a new look at the dates.")


@dataclass(frozen=True)
class Busy:
    """Something that takes a room or people at a time: another visit, or a booking (`what`) of the room."""

    session_id: str
    what: str
    room: str
    starts_at: datetime
    ends_at: datetime
    zone: str = ""
    group_id: str = ""

    def during(self, starts_at: datetime, ends_at: datetime) -> bool:
        return self.starts_at < ends_at and self.ends_at > starts_at


@dataclass(frozen=True)
class Question:
    """One clash of one date. `kind`: clock (`about` is missing or twice), closed, room, team. `options` are values of the choice."""

    kind: str
    about: str
    options: tuple[str, ...]
    between: tuple[datetime, datetime] | None = None
    because: str = ""


@dataclass(frozen=True)
class Line:
    """One date of a preview. `state`: new, moves, exists, cancelled, skipped, stays (as it is), unplaced (no day is left for it)."""

    key: str
    state: str
    was: datetime | None = None  # on the wall
    wall: datetime | None = None
    starts_at: datetime | None = None
    session_id: str = ""
    room: str = ""
    room_was: str = ""
    fate: str = ""  # what a holiday or closure did: moved, kept, skipped
    because: str = ""
    answers: int = 0
    waiting: int = 0
    questions: tuple[Question, ...] = ()
    elsewhere: tuple[str, ...] = ()  # patients who have another visit then
    patients: frozenset[str] = frozenset()  # who is told
    staff: frozenset[str] = frozenset()
    changed: tuple[str, ...] = ()  # every seat as it was looked at

    @property
    def acts(self) -> bool:
        return self.state in ("new", "moves")


@dataclass(frozen=True)
class Decision:
    """What becomes of one line once everything is chosen."""

    line: Line
    starts_at: datetime
    room: str
    without: frozenset[str] = frozenset()  # staff members who are elsewhere


def field_of(line: Line, question: Question) -> str:
    return f"choice-{line.key}-{question.kind}"


def same_room(one: str, other: str) -> bool:
    return bool(one.strip()) and one.strip().casefold() == other.strip().casefold()


def clashes(line: Line, *, span: tuple[datetime, datetime], busy: Sequence[Busy], rooms: Sequence[str], team_elsewhere: Mapping[str, Busy]) -> Line:
    """The line with what is in its way. `rooms` are those the clinic uses; only those that are free then are offered."""
    leave = "keep" if line.state == "moves" else "skip"
    there = [entry for entry in busy if entry.during(*span)]
    questions = list(line.questions)
    taken = next((entry for entry in there if same_room(entry.room, line.room)), None)
    if taken is not None:
        free = [room for room in rooms if not any(same_room(entry.room, room) for entry in there)][:ROOMS_OFFERED]
        options = (*(f"room:{room}" for room in free), "no-room", leave)
        questions.append(Question("room", line.room, options, (taken.starts_at, taken.ends_at), taken.what))
    if team_elsewhere:
        first = next(iter(team_elsewhere.values()))
        questions.append(Question("team", ", ".join(sorted(team_elsewhere)), ("without", "with", leave), (first.starts_at, first.ends_at), first.what))
    return replace(line, questions=tuple(questions))


def decide(lines: Sequence[Line], choices: Mapping[str, str], *, zone: str, team_away: Mapping[str, frozenset[str]]) -> list[Decision]:
    """What is done with each date that acts. Refuses with ChoiceNeeded until there is a choice for each question.

    `team_away`: the staff members who are elsewhere, by the line's key.
    """
    made: list[Decision] = []
    for line in lines:
        if not line.acts:
            continue
        if any(choices.get(field_of(line, question)) in LEAVE and choices[field_of(line, question)] in question.options for question in line.questions):
            continue  # left as it is: nothing else needs an answer
        chosen = {question.kind: _chosen(line, question, choices) for question in line.questions}
        assert line.wall is not None
        starts_at = series.moment(line.wall, zone, chosen.get("clock", ""))
        assert starts_at is not None
        room = chosen.get("room", "")
        made.append(
            Decision(
                line, starts_at, room=line.room if not room else room.removeprefix("room:") if room.startswith("room:") else "",
                without=team_away.get(line.key, frozenset()) if chosen.get("team") == "without" else frozenset(),
            )
        )  # fmt: skip
    return made


def _chosen(line: Line, question: Question, choices: Mapping[str, str]) -> str:
    name = field_of(line, question)
    if choices.get(name) not in question.options:
        raise ChoiceNeeded(field=name)
    return choices[name]


def check_apart(spans: Sequence[tuple[datetime, datetime]]) -> None:
    """Refuse with DatesOverlap where two dates of one group would be at the same time."""
    ordered = sorted(spans)
    if any(earlier[1] > later[0] for earlier, later in pairwise(ordered)):
        raise DatesOverlap


def fingerprint(lines: Sequence[Line], *, minutes: int, zone: str) -> str:
    """The same as long as everything the preview says is, and how long and by which clock the dates are."""
    said = [
        [minutes, zone],
        *([line.key, line.state, str(line.was), str(line.wall), line.room, line.fate, line.because, line.waiting, sorted(line.patients), sorted(line.staff),
         [[q.kind, q.about, q.because, str(q.between), *q.options] for q in line.questions], list(line.elsewhere), list(line.changed)]
        for line in lines),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def changed_since(answers: int) -> Conflict:
    """The refusal that says what came in meanwhile."""
    if answers == 1:
        return OneAnswerCameIn()
    if answers == 2:
        return TwoAnswersCameIn()
    return AnswersCameIn(count=answers) if answers else series.PlanChanged()


def rule_as_json(rule: series.Rule) -> dict[str, Any]:
    """The rule as a wish keeps it."""
    return {
        "kind": rule.kind, "starts": f"{rule.starts:%H:%M}", "week": rule.week, "weekday": rule.weekday, "every_weeks": rule.every_weeks,
        "first_day": rule.first_day.isoformat() if rule.first_day else None, "days": [day.isoformat() for day in rule.days],
    }  # fmt: skip


def rule_from_json(kept: Mapping[str, Any]) -> series.Rule:
    return series.Rule(
        kind=kept["kind"], starts=time.fromisoformat(kept["starts"]), week=kept["week"], weekday=kept["weekday"], every_weeks=kept["every_weeks"],
        first_day=date.fromisoformat(kept["first_day"]) if kept["first_day"] else None, days=tuple(date.fromisoformat(day) for day in kept["days"]),
    )  # fmt: skip


def check_rule(rule: series.Rule) -> series.Rule:
    """The rule with what follows from it: a rule in weeks has the weekday of its first day. Refuses one that lacks its days."""
    if rule.kind == "weekly" and rule.first_day is None:
        raise FirstDayNeeded(field="first_day")
    if rule.kind == "dates" and not rule.days:
        raise DaysNeeded(field="chosen_days")
    return replace(rule, weekday=rule.first_day.weekday()) if rule.kind == "weekly" and rule.first_day else rule


def invitation_due(starts_at: datetime, invite_days: int, now: datetime) -> datetime:
    """When the invitation to a date is sent: `invite_days` before it, at once when it is nearer."""
    return max(now, starts_at - timedelta(days=invite_days))


def looked_at(seen: str) -> datetime | None:
    """The moment in what a preview gave to be given back; None where it cannot be read."""
    try:
        moment = datetime.fromisoformat(seen.partition(" ")[0])
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def is_same(seen: str, now_seen: str) -> bool:
    """Whether two looks at a plan showed the same, whenever they were."""
    return seen.partition(" ")[2] == now_seen.partition(" ")[2]
