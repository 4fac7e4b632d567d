"""The first visit of an empty installation, and a clinic's settings."""

from collections.abc import Mapping, Sequence

from groupvisits.accounts import alarm_phrases, queries, rules
from groupvisits.accounts.models import Clinic, Installation, StaffMember, StaffRole
from groupvisits.accounts.permissions import POLICY
from groupvisits.audit import service as audit
from groupvisits.core import actor as actors
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.transaction import Transaction

REVIEWED_LANGUAGES = ("en",)  # docs/translations.md


def ensure_setup_code(tx: Transaction) -> str | None:
    """A fresh one-time code for the first visitor, or None where there is a clinic already. Older codes no longer work."""
    if queries.has_clinic(tx):
        return None
    installation = tx.get(Installation, 1)
    if installation is None:
        installation = Installation(id=1, is_demo=False, made_at=clock.now())
        tx.add(installation)
    code = f"{ids.new_code(4)}-{ids.new_code(4)}"
    installation.setup_code = ids.fingerprint(ids.tidy_code(code))
    return code


def set_up(
    tx: Transaction,
    *,
    code: str,
    clinic_name: str,
    zone: str,
    country: str,
    subdivision: str | None = None,
    phone: str,
    emergency_number: str,
    paper: str,
    name: str,
    email: str,
    hashed_password: str,
) -> str:
    """The clinic and its first administrator exist; return the administrator's id. Refuses a wrong code and an installation that has a clinic."""
    if queries.has_clinic(tx):
        raise rules.AlreadySetUp
    tx.get(Installation, 1, with_for_update=True)  # one first visitor at a time
    queries.check_setup_code(tx, code)
    clinic = Clinic(
        id=ids.new_id(), name=clinic_name, zone=zone, country=country, subdivision=rules.check_subdivision(country, subdivision), phone=phone,
        emergency_number=emergency_number, paper=paper, languages=["en"], two_factor_required=True, is_demo=False, created_at=clock.now(),
    )  # fmt: skip
    tx.add(clinic)
    tx.flush()
    member = StaffMember(id=ids.new_id(), clinic_id=clinic.id, name=name, email=email.strip().lower(), active=True, password=hashed_password, fs_uniquifier=ids.new_token(),
                         create_datetime=clock.now())  # fmt: skip
    member.roles = [StaffRole(name="admin")]
    tx.add(member)
    tx.get_one(Installation, 1).setup_code = ""
    tx.flush()
    audit.record(tx, actors.staff(member.id, clinic.id, {"admin"}), "accounts:set_up", clinic)
    return member.id


def change_settings(
    tx: Transaction,
    actor: Actor,
    *,
    name: str,
    zone: str,
    country: str,
    phone: str,
    emergency_number: str,
    paper: str,
    languages: Sequence[str],
    subdivision: str | None = None,
    wall_calls: bool = False,
) -> None:
    """The clinic's settings are these. Languages nobody has reviewed are refused outside a demo."""
    clinic = tx.get_one(Clinic, actor.clinic_id)
    POLICY.require(actor, "accounts:change_settings")
    chosen = ["en", *(code for code in languages if code != "en")]
    rules.check_languages(chosen, reviewed=REVIEWED_LANGUAGES, is_demo=clinic.is_demo)
    clinic.name, clinic.zone, clinic.country, clinic.phone = name, zone, country, phone
    clinic.subdivision = rules.check_subdivision(country, subdivision)
    clinic.emergency_number, clinic.paper, clinic.languages, clinic.wall_calls = emergency_number, paper, chosen, wall_calls
    audit.record(tx, actor, "accounts:change_settings", clinic, languages=chosen)


def change_alarm_phrases(tx: Transaction, actor: Actor, *, written: Mapping[str, str]) -> None:
    """From the next word on the clinic watches for these phrases, one a line, by language. A list that is the shipped one stays the shipped one.

    Refuses phrases that are too long or too short to mean anything, more than 300 in one language, and none in a language that patients
    can choose. The record keeps how many there are.
    """
    clinic = tx.get_one(Clinic, actor.clinic_id)
    POLICY.require(actor, "accounts:change_settings")
    offered = {"en", *clinic.languages}
    lists = {language: rules.read_phrases(text, f"phrases_{language}", is_needed=language in offered) for language, text in written.items()}
    shipped = alarm_phrases.in_use(None, clinic.languages, is_demo=clinic.is_demo)
    own = {language: phrases for language, phrases in lists.items() if tuple(phrases) != shipped.get(language, ())}
    if (own or None) == clinic.alarm_phrases:
        return
    clinic.alarm_phrases = own or None
    audit.record(tx, actor, "accounts:change_alarm_phrases", clinic, own={language: len(phrases) for language, phrases in own.items()})


def restore_alarm_phrases(tx: Transaction, actor: Actor) -> None:
    """The clinic watches for the phrases that come with the product again."""
    clinic = tx.get_one(Clinic, actor.clinic_id)
    POLICY.require(actor, "accounts:change_settings")
    if clinic.alarm_phrases is None:
        return
    clinic.alarm_phrases = None
    audit.record(tx, actor, "accounts:change_alarm_phrases", clinic, own={})
