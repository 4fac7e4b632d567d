"""Collects the texts of code and templates into the catalogues and compiles them; `--check` only says whether that was done.

What patients read must be translated into every language (docs/translations.md says who has reviewed it); what staff read may be.
"""

import io
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the feedback form's questions are data and come with an extractor of their own
FOLDER = ROOT / "groupvisits" / "translations"
LANGUAGES = ("es", "pt", "ht")
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "mark": None, "mark_plural": (1, 2)}
# Pages and messages that a patient may meet.
FOR_PATIENTS = (
    "templates/live/patient", "templates/live/strings", "templates/live/join", "templates/live/slip", "templates/live/waiting", "templates/live/my_", "templates/live/parts",
    "templates/home/my", "templates/agenda/", "templates/patients/agreement_mine", "templates/patients/agreements_mine", "templates/patients/my_", "groupvisits/home/my",
    "groupvisits/agenda/views", "groupvisits/patients/rules/agreements", "groupvisits/patients/views/reach", "groupvisits/patients/views/names", "groupvisits/patients/agreement_forms", "groupvisits/patients/views/agreements",
    "templates/feedback/feedback_form", "templates/feedback/thanks", "templates/feedback/unknown", "templates/feedback/not_now",
    "templates/feedback/handed_out", "groupvisits/feedback/items.json", "groupvisits/feedback/forms", "groupvisits/feedback/rules",
    "templates/core/layout", "templates/core/error", "templates/core/macros",
    "groupvisits/sessions/emails", "templates/sessions/own_calendar", "templates/patients/my_reach", "groupvisits/patients/views/reach", "templates/accounts/link", "groupvisits/patients/emails", "templates/interop/_slip_card", "templates/interop/feedback_cards", "templates/sessions/slip", "groupvisits/agenda/rules", "groupvisits/agenda/forms", "groupvisits/slots/rules", "groupvisits/core/errors", "groupvisits/core/web",
    "groupvisits/core/sockets", "groupvisits/sessions/rules/waiting", "groupvisits/core/forms", "groupvisits/core/commands", "groupvisits/live/rules", "groupvisits/live/forms",
)  # fmt: skip


def collected() -> Catalog:
    """Every text with the places it stands in."""
    catalog = Catalog(project="groupvisits", fuzzy=False)
    for folder, method in (("groupvisits", "python"), ("templates", "jinja2")):
        found = extract_from_dir(
            str(ROOT / folder),
            [("**.py", "python"), ("**/items.json", "groupvisits.feedback.items:extract")] if method == "python" else [("**.html", "jinja2")],
            keywords=KEYWORDS,
        )
        for name, line, message, _comments, _context in found:
            catalog.add(message, locations=[(f"{folder}/{name}", line)])
    return catalog


def brought_up_to_date(language: str, template: Catalog) -> Catalog:
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    catalog = read_po(io.BytesIO(path.read_bytes()), locale=language) if path.exists() else Catalog(locale=language, project="groupvisits")
    catalog.update(template, no_fuzzy_matching=True, keep_user_comments=False)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    return catalog


def as_po(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    # Without places and header dates, so that a catalogue changes only when a text does.
    write_po(buffer, catalog, no_location=True, omit_header=True, sort_output=True, width=0)
    header = (
        f'msgid ""\nmsgstr ""\n"Language: {catalog.locale}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )
    return header.encode() + buffer.getvalue()


def as_mo(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    kept = read_po(io.BytesIO(as_po(catalog)), locale=catalog.locale)
    kept.creation_date = kept.revision_date = datetime(2026, 1, 1, tzinfo=UTC)  # else the same texts make another file every minute
    write_mo(buffer, kept)
    return buffer.getvalue()


def untranslated_for_patients(language: str, template: Catalog) -> list[str]:
    catalog = brought_up_to_date(language, template)
    missing = []
    for message in template:
        if not message.id or not any(place.startswith(FOR_PATIENTS) for place, _ in message.locations):
            continue
        kept = catalog.get(message.id[0] if isinstance(message.id, tuple) else message.id)
        strings = kept.string if kept and isinstance(kept.string, tuple | list) else (kept.string if kept else "",)
        if not all(strings):
            missing.append(message.id[0] if isinstance(message.id, tuple) else message.id)
    return missing


def in_two_languages(catalogs: dict[str, Catalog]) -> list[str]:
    """Texts that stand in two languages letter for letter: one was filled with the other's, and its readers would meet a foreign page.

    Spanish and Portuguese share short phrases ("Abrir esta visita"), so between these two only four words or more count.
    """
    same = []
    for one, other, fewest in (("es", "ht", 1), ("pt", "ht", 1), ("es", "pt", 4)):
        for message in catalogs[one]:
            text, twin = _as_one(message), catalogs[other].get(message.id)
            words = re.findall(r"[^\W\d_]+", re.sub(r"%\(\w+\)s", "", text))
            if message.id and len(words) >= fewest and text != message.id and twin is not None and _as_one(twin) == text:
                same.append(f"{one} and {other} both say {text!r}.")
    return same


def _as_one(message: Message) -> str:
    return message.string if isinstance(message.string, str) else " ".join(message.string or ())


def main() -> int:
    check = "--check" in sys.argv
    template, problems = collected(), []
    catalogs = {language: brought_up_to_date(language, template) for language in LANGUAGES}
    problems += in_two_languages(catalogs)
    for language in LANGUAGES:
        folder = FOLDER / language / "LC_MESSAGES"
        catalog = catalogs[language]
        for name, content in (("messages.po", as_po(catalog)), ("messages.mo", as_mo(catalog))):
            path = folder / name
            if check and (not path.exists() or path.read_bytes() != content):
                problems.append(f"{path.relative_to(ROOT)} is not up to date: run `make translations`.")
            if not check:
                folder.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        missing = untranslated_for_patients(language, template)
        if missing:
            problems.append(f"{language}: {len(missing)} texts that patients read are not translated, such as {missing[0]!r}.")
    print("\n".join(problems) or "The catalogues are up to date.")
    return 1 if problems and check else 0


if __name__ == "__main__":
    raise SystemExit(main())
