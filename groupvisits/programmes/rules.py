"""Decisions about run sheets, census limits and one-on-one minutes, on values alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from groupvisits.core.errors import Conflict, Invalid, Refused, mark

MAX_PHASES = 20
CLINICIANS = "Clinicians"
SAID = ("prompt", "watch")  # of each phase, for whoever leads the visit: what to say, and what to watch; older run sheets have no "watch"
OWNERS = (mark("Everybody"), mark("Facilitator"), mark("Clinicians"), mark("Nurse"), mark("Patients"))

# fmt: off
# Starting points (BMC Prim Care 2019, s12875-019-0972-1): name, minutes, owner, what to say, what to watch in each phase; and the layout that goes with it.
PRESETS: dict[str, tuple[str, str, tuple[tuple[str, int, str, str, str], ...]]] = {
    "chcc": (
        mark("Cooperative health care clinic, 120 minutes, one-on-ones at the end"),
        "after",
        (
            (
                mark("Arrive and eat"), 15, "Everybody", mark("Welcome, it is good that you came. Take some food and sit where you like."),
                mark("Who is new, who sits alone, who has no phone or slip. Somebody who looks unwell goes to a clinician now."),
            ),
            (
                mark("Welcome"), 10, "Facilitator", mark("We meet to learn from each other. What is said here stays here."),
                mark("Say that listening is fine, too. Nobody has to tell their numbers. Look for nods before you go on."),
            ),
            (
                mark("Topics"), 35, "Facilitator", mark("What brought you here today?"),
                mark("Who has not spoken yet. When a question comes to you or a clinician, ask first: who here has met this?"),
            ),
            (
                mark("Plans and next date"), 10, "Patients", mark("What will you do, how much, when and how often? How sure are you that you will?"),
                mark("The plan is theirs, not ours. Below 7 of 10, ask what would make it easier, and make it smaller."),
            ),
            (
                mark("One-on-ones"), 45, CLINICIANS, mark("You are called one after the other. Until then: what would you tell somebody who comes here for the first time?"),
                mark("Who must leave early, who has waited long, who does not look at a phone. Nobody goes home unseen without a word."),
            ),
            (
                mark("Feedback and close"), 5, "Facilitator", mark("Thank you for coming. Please tell us on the form what we should change: nobody can see who said what."),
                mark("Everybody knows the next date and has the form, on the phone or on paper. Who stays behind may want to tell you something."),
            ),
        ),
    ),
    "sma": (
        mark("Shared medical appointment, 90 minutes, one-on-ones at the end"),
        "after",
        (
            (
                mark("Arrive"), 10, "Everybody", mark("Welcome. Find a chair that suits you. We check you in one at a time."),
                mark("Names and numbers are said quietly. Who is new or looks worried: one word alone now helps more than ten later."),
            ),
            (
                mark("Welcome"), 5, "Facilitator", mark("We meet to learn from each other. What is said here stays here."),
                mark("Keep it short. Say that listening is fine, too, and where to go if somebody feels unwell."),
            ),
            (
                mark("Topics"), 30, "Facilitator", mark("Who has found something that helped?"),
                mark("The same two voices: thank them, and ask for one who has not spoken. Advice as “you should”: ask what they did themselves."),
            ),
            (
                mark("Plans"), 10, "Patients", mark("What is one small thing you will try before we meet again? How sure are you, from 0 to 10?"),
                mark("Plans that somebody else would like. Below 7 of 10, ask the group what made it easier for them."),
            ),
            (
                mark("One-on-ones"), 30, CLINICIANS, mark("You are called one after the other. Until then, talk on: what would you like to know from each other?"),
                mark("The next person should be near the door. What comes up now about one person alone belongs into their one-on-one."),
            ),
            (
                mark("Feedback and close"), 5, "Facilitator", mark("What did you take from today? One word is enough. Then the short form: nobody can see who said what."),
                mark("Everybody knows the next date. Topics that found no time: say aloud that they are kept for next time."),
            ),
        ),
    ),
    "prenatal": (
        mark("Group prenatal care, 120 minutes, one-on-ones at the beginning"),
        "before",
        (
            (
                mark("One-on-ones"), 40, CLINICIANS, mark("While one of us is seen alone, the others get to know each other. How have you been since last time?"),
                mark("Who comes back quiet or upset: go and sit there. If it takes longer, say when the group begins."),
            ),
            (
                mark("Welcome"), 10, "Facilitator", mark("We meet to learn from each other. What is said here stays here."),
                mark("Partners and friends are welcome and promise the same. Those who come for the first time know one name beside them."),
            ),
            (
                mark("Topics"), 50, "Facilitator", mark("What has been on your mind since last time?"),
                mark("Fears that come as a joke. Somebody who answers for her: ask her first. No birth is told as the right one."),
            ),
            (
                mark("Plans"), 15, "Patients", mark("What is one thing you will do for yourself before we meet again? Who could help you with it?"),
                mark("One thing, not five. Below 7 of 10 sure, make it smaller together. Nobody has to tell theirs aloud."),
            ),
            (
                mark("Feedback and close"), 5, "Facilitator", mark("Thank you for today. Please fill in the short form: nobody can see who said what."),
                mark("Everybody knows the next date and whom to call before it. Who lingers may want to ask something alone."),
            ),
        ),
    ),
    "physicals": (
        mark("Group physicals, 90 minutes, one-on-ones before"),
        "before",
        (
            (
                mark("One-on-ones"), 45, CLINICIANS, mark("You are seen alone first. What you are told there is yours: you decide whether you bring it to the group."),
                mark("Nothing is heard through the door. Who waits knows how long it takes, and who comes back has a chair and some water."),
            ),
            (
                mark("Welcome"), 5, "Facilitator", mark("Thank you for your patience. Now it is your time to ask. What is said here stays here."),
                mark("Who is still in a one-on-one: keep a chair, and say what they missed. Listening is fine, too."),
            ),
            (
                mark("Topics"), 30, "Facilitator", mark("What do you want to ask that others may want to know too?"),
                mark("Results that are compared as if it were a race. A question about one body alone: offer to answer it in private."),
            ),
            (
                mark("Plans, feedback and close"), 10, "Facilitator", mark("What will you do with what you heard today? How sure are you, from 0 to 10? Then the short form."),
                mark("Below 7 of 10, ask what would make it easier. Everybody knows the next date and how results reach them."),
            ),
        ),
    ),
}
# fmt: on


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
        said = {key: _one_line(phase.get(key)) for key in SAID}
        kept.append({"name": name[:60], "minutes": minutes, "owner": str(phase.get("owner") or "")[:60], **said})
    return kept


def _one_line(text: Any) -> str:
    return " ".join(str(text or "").split())[:300]


def preset_run_sheet(key: str) -> list[dict[str, Any]]:
    """The phases of a preset, in English; the person edits them before anything is saved."""
    return [dict(zip(("name", "minutes", "owner", *SAID), phase, strict=True)) for phase in PRESETS[key][2]]


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
