"""What participants agree to: versions, granular consents, how long a signature is valid, and what a consent covers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta

from groupvisits.core.errors import Conflict, Refused, mark

# Each is asked for itself, with no answer chosen beforehand. Nothing else in the product waits for a signature.
CONSENTS = ("name_on_screens", "results_on_board", "contact_by_peers")
MAX_TEXT = 6000
MAX_SIGNER_NAME = 120
MONTHS = (1, 60)
EXPIRES_SOON = timedelta(days=30)


class TextNeeded(Refused):
    message = mark("Write the text in at least one language.")


class TextTooLong(Refused):
    message = mark("This is too long. Please keep it to %(most)s characters.")


class LanguageNotOffered(Refused):
    message = mark("Your clinic does not offer this language.")


class MonthsWrong(Refused):
    message = mark("Enter a number of months from %(least)s to %(most)s.")


class PublishedMeanwhile(Conflict):
    message = mark("Somebody published a newer version meanwhile. Look at it, then publish yours again. What you wrote is still here.")


class NewerText(Conflict):
    message = mark("The clinic has changed this text meanwhile. Please read the new one. Nothing was signed.")


class NameNeeded(Refused):
    message = mark("Enter your name. It is your signature.")


class SignerNeeded(Refused):
    message = mark("Choose who signed.")


class AnswerNeeded(Refused):
    message = mark("Choose yes or no. Both are fine.")


@dataclass(frozen=True)
class Signed:
    """A signature as the rules see it: of which text, until when, and how it ended ("withdrawn", "replaced" or "")."""

    text_id: str
    valid_until: datetime
    consents: Mapping[str, bool]
    ended_because: str = ""


def read_texts(texts: Mapping[str, str], offered: Collection[str]) -> dict[str, str]:
    """The texts by language, empty ones left out. Refuses none at all, a language that the clinic does not offer, and what is too long."""
    kept = {}
    for language, written in texts.items():
        text = "\n".join(line.rstrip() for line in written.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n"))
        if not text:
            continue
        if language not in offered:
            raise LanguageNotOffered(field=f"text_{language}")
        if len(text) > MAX_TEXT:
            raise TextTooLong(field=f"text_{language}", most=MAX_TEXT)
        kept[language] = text
    if not kept:
        raise TextNeeded(field=f"text_{next(iter(texts), 'en')}")
    return kept


def check_months(months: int) -> None:
    if not MONTHS[0] <= months <= MONTHS[1]:
        raise MonthsWrong(field="valid_months", least=MONTHS[0], most=MONTHS[1])


def valid_until(signed_at: datetime, months: int) -> datetime:
    """The end of a signature's validity; 31 January and one month is the last of February."""
    return signed_at + relativedelta(months=months)


def read_answers(answers: Mapping[str, str], asked: Sequence[str]) -> dict[str, bool]:
    """Each consent that is asked, answered "yes" or "no". Refuses with AnswerNeeded, naming the field, whatever was left open."""
    for key in asked:
        if answers.get(key) not in ("yes", "no"):
            raise AnswerNeeded(field=key)
    return {key: answers[key] == "yes" for key in asked}


def read_name(name: str) -> str:
    kept = " ".join("".join(c for c in name if c.isprintable()).split())[:MAX_SIGNER_NAME]
    if not any(c.isalnum() for c in kept):
        raise NameNeeded(field="signer_name")
    return kept


def standing(signed: Signed | None, current_text_id: str, now: datetime) -> str:
    """How somebody stands to the agreement: none, withdrawn, expired, newer (a new version asks again), expires (soon) or signed."""
    if signed is None or signed.ended_because == "replaced":
        return "none"
    if signed.ended_because:
        return "withdrawn"
    if signed.valid_until <= now:
        return "expired"
    if signed.text_id != current_text_id:
        return "newer"
    return "expires" if signed.valid_until - now <= EXPIRES_SOON else "signed"


def hides_name(last: Signed | None) -> bool:
    """Whether others' screens show "Guest" instead of this person's name, going by the last signature they gave.

    A withdrawal hides it, and so does a "no", which stays a no after the signature has expired. Whoever has not been asked yet is
    shown as before: by the name they chose with the clinic, and beside a topic only if they ticked that.
    """
    if last is None:
        return False
    return last.ended_because == "withdrawn" or last.consents.get("name_on_screens") is False


def text_in(texts: Mapping[str, str], language: str, offered: Sequence[str]) -> str:
    """The language in which somebody reads the text: their own if there is one, else the first of the clinic's that has one."""
    return next((code for code in (language, *offered, *texts) if code in texts), "")
