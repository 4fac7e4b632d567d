"""What a draft is, when it may be signed, and the exact bytes that are signed. Pure decisions: time is an argument."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from groupvisits.core.errors import Conflict, Refused, mark

BLOCKS = ("co_assess", "co_decide", "co_design", "co_deliver")
SIDES = ("patient", "clinician")
WORDS = tuple(f"{block}_{side}" for block in BLOCKS for side in SIDES)
FIELDS = (*WORDS, "plan_what", "plan_when", "plan_confidence")
EDITABLE = ("draft", "returned")
SURE_ENOUGH = 7  # below it, what is in the way is talked about before the plan is kept (DOMAIN 4)
VERSION_EVERY = timedelta(minutes=1)
LOST_LETTERS = 20

Draft = dict[str, Any]


class DraftChanged(Conflict):
    message = mark("This note was changed on another page meanwhile. Choose for each part which words to keep.")


class NoteIsSigned(Conflict):
    message = mark("This note is signed. Its words cannot change any more; you can add to it.")


class NotSigned(Conflict):
    message = mark("This note is not signed at the moment. Load the page again to see what became of it.")


class OtherSignature(Conflict):
    message = mark("This note was signed again meanwhile. Load the page again and read the new text.")


class NotYetSeen(Refused):
    message = mark("A note can be written once the person has been called.")


class OneOnOneRuns(Refused):
    message = mark("The one-on-one has not been finished, so its minutes are not known yet. Finish it first, then sign.")


class NoteEmpty(Refused):
    message = mark("Your own words are empty. Write in your words what happened in this one-on-one.")


class NoteCopied(Refused):
    message = mark("Your words are the same as in another patient's note of this visit. Write what was said with this person.")


class NamesAnother(Refused):
    message = mark("“%(name)s” is also in this group. A note must not name another patient. Change it, or say that it is someone else.")


class PlanIncomplete(Refused):
    message = mark("The plan has no number yet: ask how sure they are, from 0 to 10.")


class NotThemselves(Refused):
    message = mark("This is not right. Nothing was signed. Please type it again.")

    def __init__(self) -> None:
        super().__init__(field="secret")


class PresenceMissing(Refused):
    message = mark("Say where you were.")


class KeyPartMissing(Refused):
    message = mark("Say in your own words which part you were there for.")


class CommentMissing(Refused):
    message = mark("Write what should be changed, so that it can be.")


class WordsMissing(Refused):
    message = mark("Write what you want to add.")


class ChoiceMissing(Refused):
    message = mark("Choose which words to keep.")


# ---------- drafts ----------


def draft_of(fields: Mapping[str, Any]) -> Draft:
    """The draft that these form fields mean; line ends and spaces at the ends do not matter."""
    draft: Draft = {block: {side: _tidy(fields.get(f"{block}_{side}")) for side in SIDES} for block in BLOCKS}
    confidence = fields.get("plan_confidence")
    draft["plan"] = {
        "what": _tidy(fields.get("plan_what")),
        "when": _tidy(fields.get("plan_when")),
        "confidence": int(confidence) if confidence not in (None, "") else None,
    }
    return draft


def fields_of(draft: Mapping[str, Any]) -> dict[str, str]:
    """The other way round; a draft nobody has written in yet has empty fields."""
    fields = {f"{block}_{side}": draft.get(block, {}).get(side, "") for block in BLOCKS for side in SIDES}
    plan = draft.get("plan", {})
    confidence = plan.get("confidence")
    return {**fields, "plan_what": plan.get("what", ""), "plan_when": plan.get("when", ""), "plan_confidence": "" if confidence is None else str(confidence)}


def has_plan(draft: Mapping[str, Any]) -> bool:
    """A plan counts once it says what, and how sure they are."""
    plan = draft.get("plan", {})
    return bool(plan.get("what")) and plan.get("confidence") is not None


def differing(saved: Mapping[str, str], mine: Mapping[str, str]) -> list[str]:
    return [name for name in FIELDS if name in mine and mine[name] != saved[name]]


def chosen(saved: Mapping[str, str], mine: Mapping[str, str], choices: Mapping[str, str | None]) -> dict[str, str]:
    """The fields after somebody chose "mine" or "saved" wherever the two differ. No choice is made for them."""
    result = dict(saved)
    for name in differing(saved, mine):
        if choices.get(name) not in ("mine", "saved"):
            raise ChoiceMissing(field=f"choice_{name}")
        if choices[name] == "mine":
            result[name] = mine[name]
    return result


def keeps_version(last_kept_at: datetime | None, now: datetime, before: Draft, after: Draft, *, explicit: bool) -> bool:
    """Whether the text before a change is kept: at most one a minute while somebody writes, but always before much is taken away."""
    if not any(fields_of(before).values()):
        return False
    lost = sum(len(value) for value in fields_of(before).values()) - sum(len(value) for value in fields_of(after).values())
    return explicit or last_kept_at is None or now - last_kept_at >= VERSION_EVERY or lost >= LOST_LETTERS


def _tidy(value: Any) -> str:
    return str(value or "").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()


# ---------- before signing ----------


@dataclass(frozen=True)
class Person:
    """Somebody else in the group: the names a note must not hold."""

    called: tuple[str, ...]  # given and display name: found however they are written
    family: tuple[str, ...]  # found only with a capital: "Day" is a name, "day" is not


@dataclass(frozen=True)
class Findings:
    """What stands between a draft and its signature."""

    is_empty: bool
    is_copied: bool
    named: tuple[str, ...]
    plan_incomplete: bool
    runs: bool
    low_confidence: bool

    @property
    def in_the_way(self) -> bool:
        return self.is_empty or self.is_copied or self.plan_incomplete or self.runs


def find(
    draft: Draft, *, own_names: Collection[str], others: Sequence[Person], other_drafts: Sequence[tuple[Draft, Collection[str]]], slot_state: str
) -> Findings:
    """Look a draft over. `other_drafts` are the other patients' notes of the session, each with its patient's names."""
    text = own_text(draft)
    plan = draft.get("plan", {})
    return Findings(
        is_empty=not text,
        is_copied=bool(text) and any(_without(text, own_names) == _without(own_text(other), names) for other, names in other_drafts),
        named=names_in("\n".join(value for name, value in fields_of(draft).items() if name != "plan_confidence"), own_names=own_names, others=others),
        plan_incomplete=bool(plan.get("what")) and plan.get("confidence") is None,
        runs=slot_state not in ("finished", "missed"),
        low_confidence=has_plan(draft) and plan["confidence"] < SURE_ENOUGH,
    )


def check_can_be_signed(findings: Findings, someone_else: Collection[str]) -> None:
    """Refuse what must not be signed. `someone_else` are names the author says belong to nobody of this group."""
    if findings.runs:
        raise OneOnOneRuns
    if findings.is_empty:
        raise NoteEmpty
    if findings.is_copied:
        raise NoteCopied
    if findings.plan_incomplete:
        raise PlanIncomplete(field="plan_confidence")
    check_names(findings.named, someone_else)


def check_names(named: Collection[str], someone_else: Collection[str]) -> None:
    for name in named:
        if name not in someone_else:
            raise NamesAnother(field="someone_else", name=name)


def own_text(draft: Mapping[str, Any]) -> str:
    """The clinician's words of all blocks: the individual text of the note."""
    return "\n".join(filter(None, (draft.get(block, {}).get("clinician", "").strip() for block in BLOCKS)))


def names_in(text: str, *, own_names: Collection[str], others: Sequence[Person]) -> tuple[str, ...]:
    """The names of other members that a text holds, as they are written in the registry, in the order of the alphabet."""
    plain = _plain(text)
    own = {_plain(name).casefold() for name in own_names}
    found = set()
    for person in others:
        for name in person.called:
            if _worth_a_look(name, own) and re.search(_as_word(name), plain, re.IGNORECASE):
                found.add(name)
        for name in person.family:
            if _worth_a_look(name, own) and re.search(_as_word(name), plain):
                found.add(name)
    return tuple(sorted(found))


def marked(text: str, names: Collection[str]) -> list[tuple[str, bool]]:
    """The text in pieces, with whether a piece is one of the names, for showing where they stand."""
    if not names:
        return [(text, False)]
    text = unicodedata.normalize("NFC", text)
    pieces, at = [], 0
    for hit in re.finditer("|".join(_as_word(name) for name in names), _plain(text), re.IGNORECASE):
        pieces += [(text[at : hit.start()], False), (text[hit.start() : hit.end()], True)]
        at = hit.end()
    return [piece for piece in [*pieces, (text[at:], False)] if piece[0]]


def _worth_a_look(name: str, own: Collection[str]) -> bool:
    return len(name) > 2 and _plain(name).casefold() not in own


def _as_word(name: str) -> str:
    return rf"(?<!\w){re.escape(_plain(name))}(?!\w)"


def _plain(text: str) -> str:
    """Without accents, letter by letter, so that places in the text stay where they are."""
    return "".join(unicodedata.normalize("NFD", letter)[0] for letter in unicodedata.normalize("NFC", text))


def _without(text: str, names: Collection[str]) -> str:
    """The text as a copy would leave it: another name filled in makes no other note."""
    plain = _plain(text).casefold()
    for name in sorted(names, key=len, reverse=True):
        plain = re.sub(_as_word(name.casefold()), "", plain)
    return " ".join(re.findall(r"\w+", plain))


# ---------- states and signatures ----------


def check_can_write(state: str) -> None:
    if state not in EDITABLE:
        raise NoteIsSigned


def check_waits_for_cosignature(state: str) -> None:
    if state != "signed":
        raise NotSigned


def check_has_signature(state: str) -> None:
    """Also a returned note keeps the signature it had, but until it is signed again it is written, not added to."""
    if state not in ("signed", "cosigned"):
        raise NotSigned


def check_attestation(presence: str | None, attestation: str) -> None:
    """The attending said where they were; whoever was there for a part says which."""
    if presence not in ("whole_time", "key_part", "discussed", "read_after"):
        raise PresenceMissing(field="presence")
    if presence == "key_part" and not attestation.strip():
        raise KeyPartMissing(field="attestation")


def canonical(content: Mapping[str, Any]) -> bytes:
    """The one way to write this content as bytes: JSON with sorted keys, no spaces, UTF-8 in NFC."""
    return unicodedata.normalize("NFC", json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))).encode()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def check_newer(revision: int, base_revision: int) -> None:
    if revision != base_revision:
        raise DraftChanged
