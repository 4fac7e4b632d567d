"""Decisions about messages: when, by which channel, whether what was planned still fits, and what a text that comes in means."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from groupvisits.core.errors import Conflict, mark
from groupvisits.sessions.rules.states import COMES

REMINDER_DAYS = (7, 2)
FORM_DAYS = 7
LONGEST_AHEAD = 181  # a group may invite half a year before a date
QUIET_AFTER_NEWS = timedelta(hours=24)  # no reminder so soon after another message about the same date
FIRST_HOUR, LAST_HOUR = 8, 21  # texts ring in bedrooms: by the clock of the visit's place
REPLY_COUNTS_FOR = timedelta(days=14)  # a yes or no by text answers the last text about a date that was sent not longer ago
MOST_REPLIES, REPLIES_WITHIN = 10, timedelta(hours=1)  # texts in answer to one number: no loop and no prank runs up a bill
ASKED_BY_CALL = frozenset({"invitation", "update", "reminder", "offer"})
ANSWERED_ELSEWHERE = ASKED_BY_CALL - {"update"}  # only asked, so an answer makes the call needless; a moved date is news all the same

GONE = frozenset({"", "declined", "cancelled"})


class NothingToTell(Conflict):
    message = mark("This message does not fit any more: the date, the answer or the person has changed since. Nothing was sent.")


class NotOnTheList(Conflict):
    message = mark("This call was ticked already.")


@dataclass(frozen=True)
class Reach:
    """How somebody can be told something."""

    channel: str = ""  # what they chose: email, text, call, or "" for whatever works
    email: str = ""
    phone: str = ""
    agreed_to_texts: bool = False
    stopped_texts: bool = False

    @property
    def takes_texts(self) -> bool:
        return bool(self.phone) and self.agreed_to_texts and not self.stopped_texts


def channel_for(reach: Reach) -> str:
    """The chosen channel where it can work; else e-mail, else a text where they agreed and did not stop, else a call."""
    works = {"email": bool(reach.email), "text": reach.takes_texts, "call": True}
    if works.get(reach.channel):
        return reach.channel
    return "email" if reach.email else "text" if reach.takes_texts else "call"


def days_before(starts_at: datetime, zone: str, days: int) -> datetime:
    """The same time on the wall so many days earlier, whatever the clocks did in between."""
    local = starts_at.astimezone(ZoneInfo(zone))
    return (local - timedelta(days=days)).astimezone(UTC)


def hour_for_text(now: datetime, zone: str, starts_at: datetime) -> datetime:
    """Now, or the next morning at eight where it is night; at once if the visit begins before that morning is over."""
    local = now.astimezone(ZoneInfo(zone))
    if FIRST_HOUR <= local.hour < LAST_HOUR:
        return now
    day = local if local.hour < FIRST_HOUR else local + timedelta(days=1)
    morning = day.replace(hour=FIRST_HOUR, minute=0, second=0, microsecond=0).astimezone(UTC)
    return now if now < starts_at < morning + timedelta(hours=4) else morning


@dataclass(frozen=True)
class Standing:
    """How one person stands to one date at the moment a message about it is worded."""

    session_state: str
    starts_at: datetime
    now: datetime
    is_active: bool
    seat_state: str  # "" without a seat
    asked_again: bool
    was_told: bool  # anything about this date before, or they answered it
    told_at: datetime | None  # when last
    only_one_on_ones: bool = False  # the group does not meet


def kind_to_tell(kind: str, facts: Mapping[str, Any], standing: Standing) -> str:
    """Which message fits now, where `kind` was planned; "" where none does any more."""
    if not standing.is_active:
        return ""
    if kind == "missed_you":
        return kind if standing.seat_state == "no_show" else ""
    if standing.starts_at <= standing.now:
        return ""
    if (standing.session_state == "cancelled") != (kind == "date_cancelled"):
        return ""
    told = _OF_A_DATE_TO_COME[kind](facts, standing)
    return _IN_ITS_PLACE.get(told, "") if standing.only_one_on_ones else told


def is_worth_a_call(kind: str, facts: Mapping[str, Any]) -> bool:
    """Nobody is called only to hear their own answer again."""
    return kind != "confirmation" and not (kind == "seat_cancelled" and facts.get("by") == "patient")


def still_fits(kind: str, facts: Mapping[str, Any], standing: Standing) -> bool:
    """Whether what was sent may be sent again: what somebody was told already is no reason to say nothing."""
    return kind_to_tell(kind, facts, replace(standing, was_told=True, told_at=None)) == kind


def _invitation(_facts: Mapping[str, Any], standing: Standing) -> str:
    if standing.seat_state == "invited":
        return "invitation"
    return "confirmation" if standing.seat_state == "confirmed" and not standing.was_told else ""


def _update(facts: Mapping[str, Any], standing: Standing) -> str:
    # A yes from before messages were kept; and who waits asked for the place themself and knows of the date.
    if standing.seat_state in GONE or not (standing.was_told or standing.seat_state in COMES or standing.seat_state == "waitlisted"):
        return ""
    moved_back = facts.get("was") and datetime.fromisoformat(str(facts["was"])) == standing.starts_at
    return "" if moved_back and not facts.get("was_room") else "update"


def _date_cancelled(facts: Mapping[str, Any], standing: Standing) -> str:
    knows = standing.was_told or standing.seat_state in COMES or facts.get("waited")
    return "date_cancelled" if knows and standing.seat_state != "declined" else ""


def _seat_cancelled(facts: Mapping[str, Any], standing: Standing) -> str:
    return "seat_cancelled" if standing.seat_state in GONE and (standing.was_told or facts.get("waited")) else ""


def _reminder(_facts: Mapping[str, Any], standing: Standing) -> str:
    lately = standing.told_at is not None and standing.now - standing.told_at < QUIET_AFTER_NEWS
    return "reminder" if standing.seat_state in ("invited", "confirmed") and not lately else ""


def _offer(_facts: Mapping[str, Any], standing: Standing) -> str:
    return "offer" if standing.seat_state == "offered" else ""


def _offer_over(_facts: Mapping[str, Any], standing: Standing) -> str:
    return "" if standing.seat_state == "offered" or standing.seat_state in COMES else "offer_over"


def _confirmation(_facts: Mapping[str, Any], standing: Standing) -> str:
    return "confirmation" if standing.seat_state == "confirmed" else ""


def _form_opens(_facts: Mapping[str, Any], standing: Standing) -> str:
    return "form_opens" if standing.seat_state == "confirmed" and not standing.asked_again else ""


def _one_on_one(_facts: Mapping[str, Any], standing: Standing) -> str:
    return "one_on_one" if standing.seat_state == "confirmed" and standing.only_one_on_ones else ""


def _group_meets(_facts: Mapping[str, Any], standing: Standing) -> str:
    return "group_meets" if standing.seat_state == "confirmed" else ""


# Where the group does not meet, whoever said yes is told their own time instead; nobody is asked to anything.
_IN_ITS_PLACE = {
    "one_on_one": "one_on_one", "update": "one_on_one", "reminder": "one_on_one", "confirmation": "one_on_one",
    "date_cancelled": "date_cancelled", "seat_cancelled": "seat_cancelled", "offer_over": "offer_over",
}  # fmt: skip
_OF_A_DATE_TO_COME = {
    "invitation": _invitation, "update": _update, "date_cancelled": _date_cancelled, "seat_cancelled": _seat_cancelled, "reminder": _reminder,
    "offer": _offer, "offer_over": _offer_over, "confirmation": _confirmation, "form_opens": _form_opens,
    "one_on_one": _one_on_one, "group_meets": _group_meets,
}  # fmt: skip


def planned_ahead(starts_at: datetime, zone: str, seat_state: str, invite_days: int) -> list[tuple[str, str, datetime]]:
    """(kind, occasion, due) of what everybody on the list of a date is told beforehand.

    Seven days before, whoever said yes is asked for their form and so is reminded; whoever has not answered is asked again.
    """
    day = starts_at.astimezone(ZoneInfo(zone)).date().isoformat()  # a date that moved is reminded of anew
    ahead = [("reminder", f"{days} {day}", days_before(starts_at, zone, days)) for days in REMINDER_DAYS if days != FORM_DAYS or seat_state == "invited"]
    if seat_state == "confirmed":
        ahead.append(("form_opens", day, days_before(starts_at, zone, FORM_DAYS)))
    if seat_state == "invited":
        ahead.append(("invitation", "", days_before(starts_at, zone, invite_days)))
    return ahead


def is_worth_planning(kind: str, due: datetime, now: datetime) -> bool:
    """An invitation that is late is sent all the same, a form is asked for while there is time; a reminder belongs to its day."""
    return due <= now and (kind != "reminder" or now - due < timedelta(hours=24))


# Words that people send, without accents and signs. Only a whole message counts: "yes, but my sister comes too" is for a human to read.
WORDS: dict[str, frozenset[str]] = {
    "yes": frozenset({"yes", "y", "yes please", "yes thank you", "si", "si gracias", "si por favor", "sim", "sim obrigado", "sim obrigada", "wi", "wi mesi", "oui"}),
    "no": frozenset({"no", "n", "no thanks", "no thank you", "no gracias", "nao", "nao obrigado", "nao obrigada", "non", "non mesi"}),
    # The words of the United States' carriers and of our languages. "Cancel" may mean the visit: a human reads it.
    "stop": frozenset({"stop", "stop all", "stopall", "unsubscribe", "end", "quit", "optout", "opt out", "revoke", "alto", "parar", "pare", "detener", "baja", "sair", "cancelar textos", "kanpe", "sispann", "rete"}),
    "start": frozenset({"start", "unstop", "resume", "empezar", "comenzar", "iniciar", "comecar", "komanse"}),
    "help": frozenset({"help", "info", "ayuda", "ajuda", "ed", "ede m"}),
}  # fmt: skip
MAX_INCOMING = 1600  # ten joined texts; what is longer is cut


def understood(words: str) -> str:
    """yes, no, stop, start, help, or "" where a human must read it."""
    plain = unicodedata.normalize("NFKD", words.casefold())
    said = " ".join(re.sub(r"[^\w\s]|_", " ", "".join(c for c in plain if not unicodedata.combining(c))).split())
    return next((meaning for meaning, known in WORDS.items() if said in known), "")
