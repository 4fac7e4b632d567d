"""The questions of the form, kept as data so that a clinic's own can join them. Their texts are translated where they are shown."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

DATA = Path(__file__).with_name("items.json")


@dataclass(frozen=True)
class Word:
    """One answer to choose. `counts` is whether it says yes; None for an answer that is neither (it is left out of the count)."""

    value: str
    text: str
    counts: bool | None


@dataclass(frozen=True)
class Item:
    key: str
    kind: str  # "words" or "text"
    question: str
    result: str
    words: tuple[Word, ...] = ()

    def says_yes(self, value: Any) -> bool | None:
        return next((word.counts for word in self.words if word.value == value), None)


def _read() -> dict[str, Item]:
    data = json.loads(DATA.read_text(encoding="utf-8"))
    words = tuple(Word(**word) for word in data["words"])
    return {entry["key"]: _item(entry, words) for entry in data["items"]}


def _item(entry: dict[str, Any], words: tuple[Word, ...]) -> Item:
    aside = (Word(**entry["aside"], counts=None),) if "aside" in entry else ()
    return Item(entry["key"], entry["kind"], entry["question"], entry["result"], (*words, *aside) if entry["kind"] == "words" else ())


ITEMS = _read()


def asked(keys: list[str]) -> list[Item]:
    """The items of a form, in its order; one that no longer exists is left out."""
    return [ITEMS[key] for key in keys if key in ITEMS]


def extract(fileobj: IO[bytes], keywords: Any, comment_tags: Any, options: Any) -> Iterator[tuple[int, str, str, list[str]]]:
    """The texts of items.json for Babel ([extractors] items = groupvisits.feedback.items:extract)."""
    data = json.load(fileobj)
    entries = [*data["words"], *data["items"], *(entry["aside"] for entry in data["items"] if "aside" in entry)]
    for entry in entries:
        yield from ((1, "gettext", entry[name], []) for name in ("text", "question", "result") if name in entry)
