"""Decisions about run sheets, census limits and one-on-one minutes, on values alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from groupvisits.core.errors import Conflict, Invalid, Refused, mark

MAX_PHASES = 20
CLINICIANS = "Clinicians"
OWNERS = (mark("Everybody"), mark("Facilitator"), mark("Clinicians"), mark("Nurse"), mark("Patients"))

# Starting points (BMC Prim Care 2019, s12875-019-0972-1): name, minutes, owner, prompt of each phase; and the layout that goes with it.
PRESETS: dict[str, tuple[str, str, tuple[tuple[str, int, str, str], ...]]] = {
    "chcc": (
        mark("Cooperative health care clinic, 120 minutes, one-on-ones at the end"),
        "after",
        (
            (mark("Arrive and eat"), 15, "Everybody", ""),
            (mark("Welcome"), 10, "Facilitator", mark("We meet to learn from each other. What is said here stays here.")),
            (mark("Topics"), 35, "Facilitator", mark("What brought you here today?")),
            (mark("Plans and next date"), 10, "Patients", mark("What will you do, how much, when and how often? How sure are you that you will?")),
            (mark("One-on-ones"), 45, CLINICIANS, ""),
            (mark("Feedback and close"), 5, "Facilitator", ""),
        ),
    ),
    "sma": (
        mark("Shared medical appointment, 90 minutes, one-on-ones at the end"),
        "after",
        (
            (mark("Arrive"), 10, "Everybody", ""),
            (mark("Welcome"), 5, "Facilitator", mark("We meet to learn from each other. What is said here stays here.")),
            (mark("Topics"), 30, "Facilitator", mark("Who has found something that helped?")),
            (mark("Plans"), 10, "Patients", ""),
            (mark("One-on-ones"), 30, CLINICIANS, ""),
            (mark("Feedback and close"), 5, "Facilitator", ""),
        ),
    ),
    "prenatal": (
        mark("Group prenatal care, 120 minutes, one-on-ones at the beginning"),
        "before",
        (
            (mark("One-on-ones"), 40, CLINICIANS, ""),
            (mark("Welcome"), 10, "Facilitator", mark("We meet to learn from each other. What is said here stays here.")),
            (mark("Topics"), 50, "Facilitator", mark("What has been on your mind since last time?")),
            (mark("Plans"), 15, "Patients", ""),
            (mark("Feedback and close"), 5, "Facilitator", ""),
        ),
    ),
    "physicals": (
        mark("Group physicals, 90 minutes, one-on-ones before"),
        "before",
        (
            (mark("One-on-ones"), 45, CLINICIANS, ""),
            (mark("Welcome"), 5, "Facilitator", ""),
            (mark("Topics"), 30, "Facilitator", mark("What do you want to ask that others may want to know too?")),
            (mark("Plans, feedback and close"), 10, "Facilitator", ""),
        ),
    ),
}


class RunSheetEmpty(Refused):
    message = mark("Add at least one phase, so that everybody knows how the visit runs.")


class PhaseUnclear(Invalid):
    message = mark("Phase %(number)s needs a name and between 1 and 240 minutes.")


class TooManyPhases(Refused):
    message = mark("A run sheet holds at most 20 phases.")


class TemplateNameTaken(Conflict):
    message = mark("Your clinic already has a template with this name. Choose another name.")


class CensusUnclear(Refused):
    message = mark("At least, best and at most must grow from the first to the last, for example 8, 10, 15.")


class RoleNotHeld(Refused):
    message = mark("This person does not have that role in your clinic. An administrator can give it to them.")


def check_run_sheet(phases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The phases as they are kept. Refuses an empty run sheet and a phase without a name or with impossible minutes."""
    if not phases:
        raise RunSheetEmpty(field="phases")
    if len(phases) > MAX_PHASES:
        raise TooManyPhases(field="phases")
    kept = []
    for number, phase in enumerate(phases, start=1):
        name, minutes = str(phase.get("name") or "").strip(), phase.get("minutes")
        if not name or not isinstance(minutes, int) or not 1 <= minutes <= 240:
            raise PhaseUnclear(field="phases", number=number)
        kept.append(
            {"name": name[:60], "minutes": minutes, "owner": str(phase.get("owner") or "")[:60], "prompt": str(phase.get("prompt") or "").strip()[:300]}
        )
    return kept


def preset_run_sheet(key: str) -> list[dict[str, Any]]:
    """The phases of a preset, in English; the person edits them before anything is saved."""
    return [{"name": name, "minutes": minutes, "owner": owner, "prompt": prompt} for name, minutes, owner, prompt in PRESETS[key][2]]


def layout_of(run_sheet: Sequence[Mapping[str, Any]]) -> str:
    """When one-on-ones are in such a visit: where the clinicians' phases stand beside the longest of the others, else beside the discussion."""
    own = [index for index, phase in enumerate(run_sheet) if phase.get("owner") == CLINICIANS]
    others = [index for index in range(len(run_sheet)) if index not in own]
    if not own or not others:
        return "parallel"
    longest = max(others, key=lambda index: int(run_sheet[index]["minutes"]))
    return "before" if own[-1] < longest else "after" if own[0] > longest else "parallel"


def are_all_meant(people: int, maximum: int) -> bool:
    """Whether a list of newcomers is so short that all of it may be meant for one group: not everybody who stands in it comes each time."""
    return people <= maximum * 2


def check_census(minimum: int, target: int, maximum: int) -> None:
    if not 1 <= minimum <= target <= maximum <= 60:
        raise CensusUnclear(field="maximum")


@dataclass(frozen=True)
class Window:
    """When one-on-ones run inside a visit: `start` minutes after its beginning, for `minutes`."""

    start: int
    minutes: int


def one_on_one_window(layout: str, run_sheet: Sequence[Mapping[str, Any]], session_minutes: int) -> Window:
    """The part of the visit that one-on-ones can use.

    The phases that belong to the clinicians, where the run sheet has such; else the longest phase, which is the discussion that
    one-on-ones run beside (layout "parallel"), or what stands before or after it. Without a run sheet, the whole visit.
    """
    if not run_sheet:
        return Window(0, session_minutes)
    minutes = [int(phase["minutes"]) for phase in run_sheet]
    own = [index for index, phase in enumerate(run_sheet) if phase.get("owner") == CLINICIANS]
    if own:
        return Window(sum(minutes[: own[0]]), sum(minutes[own[0] : own[-1] + 1]))
    longest = minutes.index(max(minutes))
    if layout == "before" and longest:
        return Window(0, sum(minutes[:longest]))
    if layout == "after" and longest < len(minutes) - 1:
        return Window(sum(minutes[: longest + 1]), sum(minutes[longest + 1 :]))
    return Window(sum(minutes[:longest]), minutes[longest])


@dataclass(frozen=True)
class MinuteCheck:
    """Whether everybody's one-on-one fits: minutes needed against minutes that the clinicians have."""

    people: int
    slot_minutes: int
    providers: int
    window: int

    @property
    def needed(self) -> int:
        return self.people * self.slot_minutes

    @property
    def available(self) -> int:
        return self.window * self.providers

    @property
    def short(self) -> int:
        """Minutes that are missing."""
        return max(self.needed - self.available, 0)

    @property
    def left_over(self) -> int:
        """People without a one-on-one: half a one-on-one at the end of a clinician's time is none."""
        return max(self.people - self.places_each * self.providers, 0)

    @property
    def places_each(self) -> int:
        return self.window // self.slot_minutes

    @property
    def providers_needed(self) -> int | None:
        """How many clinicians would make it fit; None when a single one-on-one is longer than the time for them."""
        return ceil(self.people / self.places_each) if self.places_each else None

    @property
    def people_that_fit(self) -> int:
        return self.places_each * self.providers

    @property
    def slot_that_fits(self) -> int | None:
        """The longest one-on-one in whole minutes with which everybody fits these clinicians; None when it would be under two."""
        each = ceil(self.people / self.providers) if self.providers else 0
        return longest if each and (longest := self.window // each) >= 2 else None

    @property
    def window_that_fits(self) -> int | None:
        """How many minutes for one-on-ones these clinicians need for everybody."""
        return ceil(self.people / self.providers) * self.slot_minutes if self.providers else None


MOST_NUMBERS = 1000
NAMED = 8  # how many of the wrong ones a message names


class UnknownNumbers(Refused):
    message = mark("Nobody active has these record numbers: %(numbers)s. Nobody was added: put them right, or take them out.")


class TooManyNumbers(Refused):
    message = mark("No more than %(most)s record numbers at once. Nobody was added.")


class IsMember(Conflict):
    message = mark("This person is a member of the group. Remove them as a member first, on the page of the group.")


class LaterStep(Conflict):
    message = mark("Take the later step back first.")


class MemberSince(Conflict):
    message = mark("This person has been a member for longer than today. Remove them as a member on the page of the group instead.")


def check_numbers(numbers: Sequence[str]) -> None:
    if len(numbers) > MOST_NUMBERS:
        raise TooManyNumbers(field="numbers", most=MOST_NUMBERS)


def named(numbers: Sequence[str]) -> str:
    """The first few, each cut to a length that leaves the message readable."""
    shown = ", ".join(number[:40] for number in numbers[:NAMED])
    return f"{shown} (+{len(numbers) - NAMED})" if len(numbers) > NAMED else shown
