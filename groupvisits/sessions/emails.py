"""What patients are told about a date, in which words: in their language, without any person's name, group, programme or reason.

Others read along on kitchen tables and lock screens, so nothing here says what kind of visit it is. A cancelled date, a moved date
and one person's cancellation are three different messages.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import force_locale, gettext

from groupvisits.core import clock
from groupvisits.core import language as speech
from groupvisits.patients.contacts import show_phone


@dataclass(frozen=True)
class Facts:
    """What the words are made of. Moments are in the time of the visit's place."""

    language: str
    clinic: str
    phone: str
    starts_at: datetime
    ends_at: datetime
    room: str = ""
    meeting_link: str = ""
    link: str = ""  # the person's own, to their pages
    is_asked: bool = True  # has not answered, or is asked again
    was: datetime | None = None
    until: datetime | None = None
    by_patient: bool = False
    at: datetime | None = None  # when the person is seen one-on-one
    at_place: str = ""


@dataclass(frozen=True)
class Words:
    subject: str
    text: str  # an e-mail
    short: str  # a text message
    script: str  # what a human says on the telephone


@dataclass(frozen=True)
class _Parts:
    """What differs from one kind to the next. `short` and `news` know their date, `news` may be followed by the date itself."""

    subject: str
    news: str
    ask: str
    short: str
    shows_date: bool = True
    answer: str = ""  # yes_no, no, or nothing to answer
    script: str = ""  # where it is not the short words


def words_for(kind: str, facts: Facts) -> Words:
    """The message about one date for one person, in their language."""
    with force_locale(facts.language):
        parts = _KINDS[kind](facts)
        lines = [gettext("Hello,"), "", parts.news]
        if parts.shows_date:
            lines += ["", _whole_date(facts), *_place(facts)]
        lines += ["", parts.ask]
        if facts.link:
            lines += ["", facts.link, "", gettext("The link works once. Please do not pass it on.")]
        lines += [gettext("Questions? Call %(phone)s.", phone=facts.phone)] if facts.phone else []
        tail = {"yes_no": gettext("Answer YES or NO. STOP ends texts."), "no": gettext("You cannot come? Answer NO. STOP ends texts.")}
        short = [parts.short, facts.link, tail.get(parts.answer, gettext("STOP ends texts."))]
        return Words(parts.subject, "\n".join([*lines, "", facts.clinic, ""]), " ".join(filter(None, short)), parts.script or parts.short)


def reply_for(kind: str, facts: Facts, *, next_channel: str = "") -> str:
    """What a text that came in is answered with: yes, no, waitlisted, full, stop, start or help."""
    with force_locale(facts.language):
        if kind == "stop":
            then = {
                "email": gettext("From now on we write e-mails instead."),
                "call": gettext("From now on we call you instead."),
            }.get(next_channel, "")
            return " ".join(
                filter(None, [gettext("%(clinic)s: you get no more texts from us.", clinic=facts.clinic), then, gettext("START brings them back.")])
            )
        said = {
            "yes": lambda: gettext("Thank you. We expect you on %(when)s.", when=_when(facts)),
            "no": lambda: gettext("Thank you for telling us. We do not expect you on %(when)s.", when=_when(facts)),
            "waitlisted": lambda: gettext(
                "Thank you. All places on %(when)s are taken now. You are on the waiting list, and we tell you when a place is free.", when=_when(facts)
            ),
            "full": lambda: gettext("All places on %(when)s are taken by now. We are sorry. A person from the clinic will answer you.", when=_when(facts)),
            "start": lambda: gettext("%(clinic)s: you get texts from us again. STOP ends them.", clinic=facts.clinic),
            "help": lambda: gettext("%(clinic)s: texts about your visits. Questions? Call %(phone)s. STOP ends texts.", clinic=facts.clinic, phone=facts.phone),
        }
        return said[kind]()


def facts_of(
    clinic: Any,
    group_session: Any,
    *,
    language: str,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    was: datetime | None = None,
    until: datetime | None = None,
    at: datetime | None = None,
    **more: Any,
) -> Facts:
    """The facts of a date of this clinic; `starts_at` and `ends_at` where it is only looked at in a preview."""
    here = group_session.zone
    return Facts(
        language=language, clinic=clinic.name, phone=show_phone(clinic.phone),
        starts_at=clock.local(starts_at or group_session.starts_at, here), ends_at=clock.local(ends_at or group_session.ends_at, here),
        room=group_session.room, meeting_link=group_session.meeting_link, was=clock.local(was, here) if was else None,
        until=clock.local(until, here) if until else None, at=clock.local(at, here) if at else None, **more,
    )  # fmt: skip


def facts_as_noted(clinic: Any, group_session: Any, noted: Mapping[str, Any], *, language: str, is_asked: bool, link: str = "") -> Facts:
    """The facts of a date together with what a notice noted when it was planned."""
    was, until, at = (datetime.fromisoformat(noted[key]) if noted.get(key) else None for key in ("was", "until", "at"))
    return facts_of(
        clinic, group_session, language=language, link=link, is_asked=is_asked, was=was, until=until, by_patient=noted.get("by") == "patient", at=at,
        at_place=noted.get("place", ""),
    )  # fmt: skip


def summary(clinic: str, language: str) -> str:
    """The title in a calendar, which colleagues and family may see."""
    with force_locale(language):
        return gettext("Your visit at %(clinic)s", clinic=clinic)


def location(clinic: str, room: str) -> str:
    return f"{room}, {clinic}" if room else clinic


def _when(facts: Facts, moment: datetime | None = None) -> str:
    shown = moment or facts.starts_at
    return f"{speech.day(shown, facts.language)}, {speech.time(shown, facts.language)}"


def _whole_date(facts: Facts) -> str:
    start, end = (speech.time(moment, facts.language) for moment in (facts.starts_at, facts.ends_at))
    return gettext("%(day)s, %(start)s to %(end)s", day=speech.day(facts.starts_at, facts.language, year=True), start=start, end=end)


def _place(facts: Facts) -> list[str]:
    return [line for line in (facts.room, facts.meeting_link) if line]


def _invitation(facts: Facts) -> _Parts:
    return _Parts(
        gettext("Your visit at %(clinic)s", clinic=facts.clinic),
        gettext("you are invited to a visit at %(clinic)s:", clinic=facts.clinic),
        gettext("Can you come? Please tell us here:"),
        gettext("%(clinic)s: you are invited on %(when)s. Can you come?", clinic=facts.clinic, when=_when(facts)),
        answer="yes_no",
    )


def _update(facts: Facts) -> _Parts:
    if facts.was is None or facts.was == facts.starts_at:
        return _Parts(
            gettext("Your visit at %(clinic)s: another place", clinic=facts.clinic),
            gettext("the place of your visit has changed. The time stays the same:"),
            gettext("You do not need to do anything. Your pages:"),
            gettext("%(clinic)s: your visit on %(when)s is at another place: %(place)s.", clinic=facts.clinic, when=_when(facts), place=facts.room or "–"),
        )
    still = gettext("Does that still work for you? Your place is kept until you answer:")
    return _Parts(
        gettext("Your visit at %(clinic)s has moved", clinic=facts.clinic),
        gettext("your visit on %(was)s moves to:", was=_when(facts, facts.was)),
        still if facts.is_asked else gettext("You do not need to do anything. Your pages:"),
        gettext(
            "%(clinic)s: your visit on %(was)s moves to %(when)s. Does that still work for you?",
            clinic=facts.clinic, was=_when(facts, facts.was), when=_when(facts),
        )
        if facts.is_asked
        else gettext("%(clinic)s: your visit on %(was)s moves to %(when)s.", clinic=facts.clinic, was=_when(facts, facts.was), when=_when(facts)),
        answer="yes_no" if facts.is_asked else "",
    )  # fmt: skip


def _date_cancelled(facts: Facts) -> _Parts:
    return _Parts(
        gettext("Your visit at %(clinic)s will not take place", clinic=facts.clinic),
        gettext("the visit at %(clinic)s on %(when)s will not take place. We are sorry.", clinic=facts.clinic, when=_when(facts)),
        gettext("Your other visits stay as they are. Your pages show when they are:"),
        gettext("%(clinic)s: the visit on %(when)s will not take place. We are sorry.", clinic=facts.clinic, when=_when(facts)),
        shows_date=False,
    )


def _seat_cancelled(facts: Facts) -> _Parts:
    if facts.by_patient:
        return _Parts(
            gettext("We have your answer, %(clinic)s", clinic=facts.clinic),
            gettext("thank you for telling us that you cannot come on %(when)s. Somebody else can have your place.", when=_when(facts)),
            gettext("Your other visits stay as they are. Your pages show when they are:"),
            gettext("%(clinic)s: thank you for telling us that you cannot come on %(when)s.", clinic=facts.clinic, when=_when(facts)),
            shows_date=False,
        )
    return _Parts(
        gettext("Your place at %(clinic)s is cancelled", clinic=facts.clinic),
        gettext("your place at %(clinic)s on %(when)s is cancelled. You do not need to come on that day.", clinic=facts.clinic, when=_when(facts)),
        gettext("Your other visits stay as they are. Is this a surprise to you? Then please call us. Your pages:"),
        gettext("%(clinic)s: your place on %(when)s is cancelled. Is this a surprise to you? Please call us.", clinic=facts.clinic, when=_when(facts)),
        shows_date=False,
    )


def _reminder(facts: Facts) -> _Parts:
    if facts.is_asked:
        return _Parts(
            gettext("Can you come? Your visit at %(clinic)s", clinic=facts.clinic),
            gettext("we do not know yet whether you can come to %(clinic)s:", clinic=facts.clinic),
            gettext("Can you come? Please tell us here. A no helps, too: then somebody else can have the place."),
            gettext("%(clinic)s: can you come on %(when)s? A no helps, too.", clinic=facts.clinic, when=_when(facts)),
            answer="yes_no",
        )
    return _Parts(
        gettext("Soon: your visit at %(clinic)s", clinic=facts.clinic),
        gettext("we look forward to seeing you at %(clinic)s:", clinic=facts.clinic),
        gettext("You cannot come after all? Please tell us here, so that somebody else can have your place:"),
        gettext("%(clinic)s: we look forward to seeing you on %(when)s.", clinic=facts.clinic, when=_when(facts)),
        answer="no",
    )


def _offer(facts: Facts) -> _Parts:
    until = _when(facts, facts.until) if facts.until else ""
    keep = gettext("We keep it for you until %(until)s. Would you like it? Please tell us here:", until=until)
    return _Parts(
        gettext("A place for you at %(clinic)s", clinic=facts.clinic),
        gettext("there is a place for you at %(clinic)s:", clinic=facts.clinic),
        keep if until else gettext("Would you like it? Please tell us here:"),
        gettext(
            "%(clinic)s: there is a place for you on %(when)s, kept until %(until)s. Would you like it?", clinic=facts.clinic, when=_when(facts), until=until
        )
        if until
        else gettext("%(clinic)s: there is a place for you on %(when)s. Would you like it?", clinic=facts.clinic, when=_when(facts)),
        answer="yes_no",
    )


def _offer_over(facts: Facts) -> _Parts:
    return _Parts(
        gettext("The place at %(clinic)s is not kept any more", clinic=facts.clinic),
        gettext("the place at %(clinic)s on %(when)s is not kept for you any more.", clinic=facts.clinic, when=_when(facts)),
        gettext("You can ask for a place again on your pages:"),
        gettext("%(clinic)s: the place on %(when)s is not kept for you any more.", clinic=facts.clinic, when=_when(facts)),
        shows_date=False,
    )


def _confirmation(facts: Facts) -> _Parts:
    return _Parts(
        gettext("We expect you at %(clinic)s", clinic=facts.clinic),
        gettext("thank you. We expect you at %(clinic)s:", clinic=facts.clinic),
        gettext("You cannot come after all? Please tell us here, so that somebody else can have your place:"),
        gettext("%(clinic)s: thank you. We expect you on %(when)s.", clinic=facts.clinic, when=_when(facts)),
        answer="no",
    )


def _form_opens(facts: Facts) -> _Parts:
    return _Parts(
        gettext("Soon: your visit at %(clinic)s", clinic=facts.clinic),
        gettext("we look forward to seeing you at %(clinic)s:", clinic=facts.clinic),
        gettext("What matters to you? If you like, tell us before you come. You cannot come after all? Tell us here, too:"),
        gettext("%(clinic)s: we look forward to seeing you on %(when)s. What matters to you? Tell us beforehand:", clinic=facts.clinic, when=_when(facts)),
        answer="no",
        script=gettext("%(clinic)s: we look forward to seeing you on %(when)s.", clinic=facts.clinic, when=_when(facts)),
    )


def _missed_you(facts: Facts) -> _Parts:
    return _Parts(
        gettext("We missed you at %(clinic)s", clinic=facts.clinic),
        gettext("we missed you at %(clinic)s on %(when)s. We hope you are well.", clinic=facts.clinic, when=_when(facts)),
        gettext("You are welcome next time. Was something in the way that we can help with? Please call us. Your next visits:"),
        gettext("%(clinic)s: we missed you on %(when)s and hope you are well. You are welcome next time.", clinic=facts.clinic, when=_when(facts)),
        shows_date=False,
    )


def _one_on_one(facts: Facts) -> _Parts:
    day, time = speech.day(facts.starts_at, facts.language), speech.time(facts.at or facts.starts_at, facts.language)
    place = facts.at_place or facts.room
    come = (
        gettext("You are still seen, one-on-one: come at about %(time)s, %(place)s.", time=time, place=place)
        if place
        else gettext("You are still seen, one-on-one: come at about %(time)s.", time=time)
    )
    return _Parts(
        gettext("Your visit at %(clinic)s: another time", clinic=facts.clinic),
        gettext("we do not meet all together on %(day)s.", day=day) + " " + come,
        gettext("In your calendar the visit may still have its old time: this one counts. You cannot come? Please tell us here:"),
        gettext("%(clinic)s: we do not meet all together on %(day)s.", clinic=facts.clinic, day=day) + " " + come,
        shows_date=False,
        answer="no",
    )


def _group_meets(facts: Facts) -> _Parts:
    return _Parts(
        gettext("Your visit at %(clinic)s: the usual time", clinic=facts.clinic),
        gettext("we meet all together after all. Please come at the usual time, not at the one we told you last:"),
        gettext("You cannot come after all? Please tell us here, so that somebody else can have your place:"),
        gettext(
            "%(clinic)s: we meet all together after all. Please come on %(when)s, not at the time we told you last.", clinic=facts.clinic, when=_when(facts)
        ),
        answer="no",
    )


_KINDS: dict[str, Callable[[Facts], _Parts]] = {
    "invitation": _invitation, "update": _update, "date_cancelled": _date_cancelled, "seat_cancelled": _seat_cancelled, "reminder": _reminder,
    "offer": _offer, "offer_over": _offer_over, "confirmation": _confirmation, "form_opens": _form_opens, "missed_you": _missed_you,
    "one_on_one": _one_on_one, "group_meets": _group_meets,
}  # fmt: skip

KINDS = frozenset(_KINDS)
