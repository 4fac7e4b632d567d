"""Who sees whom when, and which state may follow which. Pure decisions: time is an argument.

A one-on-one goes planned -> called -> coming -> started -> finished. Whoever did not come is `missed` and may be called again.
Every act sets a state, so that a phone or an impatient finger may send it twice.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from groupvisits.core.errors import Conflict, Refused, mark

CALLED = ("called", "coming")
WAITING = ("planned", "missed")
OVER = ("finished", "missed")
ANSWERS = ("coming", "help")


class NobodyToSee(Refused):
    message = mark("No resident is on this visit's team, so there is nobody to plan one-on-ones with. Add a resident to the team first.")


class FinishFirst(Conflict):
    message = mark("Somebody is still with you. Finish that one-on-one first.")


class SomebodyIsComing(Conflict):
    message = mark("Somebody is already on the way to you. Start with them, or say that they did not come.")


class AlreadySeen(Conflict):
    message = mark("This one-on-one is finished already.")


class NotStarted(Conflict):
    message = mark("This one-on-one has not been started.")


class InProgress(Conflict):
    message = mark("This one-on-one has begun. Finish it instead.")


class CallEnded(Conflict):
    message = mark("This call has ended. Please ask a member of staff when your turn is.")


class UnseenUnexplained(Refused):
    message = mark("First say what happened with everybody who came and was not seen one-on-one. Still to say: %(number)s.")


@dataclass(frozen=True)
class Planned:
    """What planning needs to know of a slot that exists."""

    seat_id: str
    provider_id: str
    position: int
    planned_at: datetime
    state: str


@dataclass(frozen=True)
class Assignment:
    seat_id: str
    provider_id: str
    position: int
    planned_at: datetime


def plan(
    seat_ids: Sequence[str], provider_ids: Sequence[str], existing: Sequence[Planned], *, begins_at: datetime, minutes: int, now: datetime
) -> list[Assignment]:
    """A place in somebody's list for every seat that has none, spread evenly, in the order given; nobody else moves.

    Somebody not seen yet, who was to see somebody who is no longer in `provider_ids`, is given to another. No time lies in the past.
    Time planned for somebody who is missed is free for the next.
    """
    if not provider_ids:
        return []
    kept = [slot for slot in existing if slot.state not in WAITING or slot.provider_id in provider_ids]
    has_place = {slot.seat_id for slot in kept}
    positions = {p: max((s.position for s in kept if s.provider_id == p), default=0) for p in provider_ids}
    waited_for = sorted((s for s in kept if s.state != "missed"), key=lambda s: s.position)
    lists: dict[str, list[Planned | Assignment]] = {p: [s for s in waited_for if s.provider_id == p] for p in provider_ids}
    made = []
    for seat_id in seat_ids:
        if seat_id in has_place:
            continue
        provider_id = min(provider_ids, key=lambda p: len(lists[p]))
        last = lists[provider_id][-1] if lists[provider_id] else None
        planned_at = max(begins_at if last is None else last.planned_at + timedelta(minutes=minutes), _whole_minute(now))
        positions[provider_id] += 1
        made.append(Assignment(seat_id, provider_id, positions[provider_id], planned_at))
        lists[provider_id].append(made[-1])
    return made


def _whole_minute(now: datetime) -> datetime:
    rest = timedelta(seconds=now.second, microseconds=now.microsecond)
    return now if not rest else now - rest + timedelta(minutes=1)


def check_can_call(state: str) -> None:
    if state == "started":
        raise InProgress
    if state == "finished":
        raise AlreadySeen


def check_can_start(state: str) -> None:
    if state == "finished":
        raise AlreadySeen


def check_is_free(others: Mapping[str, str]) -> list[str]:
    """One person at a time: refuse while another of the resident's slots (id -> state) is started or somebody is on the way.

    Returns the ids of calls nobody has answered: these people go back to their place in the list.
    """
    if "started" in others.values():
        raise FinishFirst
    if "coming" in others.values():
        raise SomebodyIsComing
    return [slot_id for slot_id, state in others.items() if state == "called"]


def check_can_finish(state: str) -> None:
    if state not in ("started", "finished"):
        raise NotStarted


def check_can_miss(state: str) -> None:
    if state == "started":
        raise InProgress
    if state == "finished":
        raise AlreadySeen


def answered(state: str, answer: str) -> str:
    """The state after the patient answered. An answer that arrives late, when they are inside already, changes nothing."""
    if state in WAITING:
        raise CallEnded
    if state in ("started", "finished"):
        return state
    return "coming" if answer == "coming" else "called"


def check_can_tell(state: str) -> None:
    if state in WAITING:
        raise CallEnded


def at_close(state: str) -> str:
    """What becomes of a slot when the visit ends."""
    return {"started": "finished", "finished": "finished"}.get(state, "missed")


def check_unseen(came: Collection[str], reasons: Mapping[str, str]) -> None:
    """Nobody who came goes home unseen without a word why: refuses with UnseenUnexplained. `came`: seats of those who were not seen."""
    if missing := [seat_id for seat_id in came if not reasons.get(seat_id, "").strip()]:
        raise UnseenUnexplained(field="unseen", number=len(missing))


def without_patient(state: str, *, is_expected: bool) -> str:
    """What becomes of a slot whose patient is not here (any more). Who is still expected keeps their place in the list."""
    if state in ("started", "finished"):
        return state
    if not is_expected:
        return "missed"
    return "planned" if state in CALLED else state


@dataclass(frozen=True)
class Waiting:
    """A slot of one resident as the choice of the next person sees it."""

    slot_id: str
    patient_id: str
    state: str
    is_here: bool


def next_slot(in_order: Sequence[Waiting], talking: Collection[str]) -> str | None:
    """Who to call next: the first who is here and not in the middle of their own topic; else whoever is; else who was missed."""
    here = [w for w in in_order if w.is_here and w.state in WAITING]
    fitting: Collection[tuple[str, bool]] = (("planned", False), ("planned", True), ("missed", False), ("missed", True))
    for state, is_talking in fitting:
        for waiting in here:
            if waiting.state == state and (waiting.patient_id in talking) == is_talking:
                return waiting.slot_id
    return None


def individual_seconds(started_at: datetime | None, finished_at: datetime | None, now: datetime) -> int:
    """How long the one-on-one has lasted. Never added to the group's time."""
    return 0 if started_at is None else max(0, round(((finished_at or now) - started_at).total_seconds()))


def group_seconds(
    opened_at: datetime | None,
    arrived_at: datetime | None,
    closed_at: datetime | None,
    started_at: datetime | None,
    finished_at: datetime | None,
    now: datetime,
) -> int:
    """How long the patient was in the group: from opening or their arrival to the end, without their own one-on-one. Never added to it."""
    if opened_at is None or arrived_at is None:
        return 0
    begin, end = max(opened_at, arrived_at), closed_at or now
    away = 0
    if started_at is not None:
        away = max(0, (min(finished_at or now, end) - max(started_at, begin)).total_seconds())
    return max(0, round((end - begin).total_seconds() - away))
