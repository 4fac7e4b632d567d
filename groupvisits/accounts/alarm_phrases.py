"""The phrases at which a person is to look at once: the lists that come with the product, and which ones a clinic uses."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("alarm_phrases.json")


@dataclass(frozen=True)
class ShippedList:
    """`is_reviewed`: a person who speaks the language has read it (docs/translations.md). Without that it is off outside a demo."""

    is_reviewed: bool
    phrases: tuple[str, ...]


@cache
def shipped() -> Mapping[str, ShippedList]:
    """The lists that come with the product, by language."""
    return {language: ShippedList(each["reviewed"], tuple(each["phrases"])) for language, each in json.loads(_FILE.read_text("utf-8")).items()}


def in_use(own: Mapping[str, Sequence[str]] | None, offered: Collection[str], *, is_demo: bool) -> dict[str, tuple[str, ...]]:
    """The phrases a clinic watches for, by language: its own lists, and the shipped ones of the languages it offers to patients.

    English is always watched. A clinic's own list counts in any language: who wrote it has read it.
    """
    lists = {
        language: each.phrases for language, each in shipped().items() if language in ("en", *offered) and (each.is_reviewed or is_demo)
    } | {language: tuple(phrases) for language, phrases in (own or {}).items()}  # fmt: skip
    return {language: phrases for language, phrases in lists.items() if phrases}
