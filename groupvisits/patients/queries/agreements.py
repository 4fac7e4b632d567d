"""Agreements: their texts, who has signed, and whose name is not shown. Programmes and groups are asked for through `participants`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flask import current_app
from sqlalchemy import bindparam, literal, select
from sqlalchemy.orm import Session

from groupvisits.accounts.models import StaffMember
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.language import LANGUAGES, current_language
from groupvisits.core.statements import Statement, columns, table_of
from groupvisits.patients.models import AgreementSignature, AgreementText, CarePartner, Patient
from groupvisits.patients.permissions import POLICY
from groupvisits.patients.queries.registry import clinic_of
from groupvisits.patients.rules import agreements as rules


class Participants(Protocol):
    """What the package that keeps programmes and groups answers about them (see sessions.queries.participants)."""

    def programmes_in(self, db: Session, clinic_id: str) -> dict[str, str]: ...

    def programmes_of(self, db: Session, patient_id: str) -> dict[str, str]: ...

    def group_for(self, db: Session, viewer: Actor, group_id: str) -> "GroupOfProgramme": ...


@dataclass(frozen=True)
class GroupOfProgramme:
    id: str
    clinic_id: str
    name: str
    programme_id: str
    member_ids: Collection[str]


@dataclass(frozen=True)
class Programme:
    """A programme as agreements know it, with its current text if there is one."""

    id: str
    clinic_id: str
    name: str
    text: AgreementText | None = None


@dataclass(frozen=True)
class Mine:
    """One programme's agreement for the patient who reads it: `state` as in rules.standing."""

    programme: Programme
    text: AgreementText
    state: str
    signature: AgreementSignature | None
    language: str
    words: str


@dataclass(frozen=True)
class Line:
    """One participant of a group: `who` names them in the staff's form ("patient:<id>", "care_partner:<id>")."""

    who: str
    name: str
    signer: str
    state: str
    signature: AgreementSignature | None


@dataclass(frozen=True)
class OfGroup:
    group: GroupOfProgramme
    programme: Programme
    lines: Sequence[Line]
    observers: Sequence[AgreementSignature]
    languages: Mapping[str, str]


def participants() -> Participants:
    return current_app.extensions["participants"]


def programme_for(db: Session, viewer: Actor, programme_id: str, *, action: str = "patients:write_agreement") -> Programme:
    """A programme of the viewer's clinic with its current text; NotFound elsewhere."""
    POLICY.require(viewer, action)
    name = participants().programmes_in(db, viewer.clinic_id).get(programme_id)
    if name is None:
        raise NotFound
    return Programme(programme_id, viewer.clinic_id, name, current_text(db, viewer.clinic_id, programme_id))


def programmes_with_texts(db: Session, viewer: Actor) -> list[Programme]:
    """All programmes of the viewer's clinic, each with its current text."""
    POLICY.require(viewer, "patients:write_agreement")
    texts = _current_texts(db, viewer.clinic_id)
    named = participants().programmes_in(db, viewer.clinic_id)
    return [Programme(programme_id, viewer.clinic_id, name, texts.get(programme_id)) for programme_id, name in named.items()]


def versions_of(db: Session, viewer: Actor, programme: Programme) -> Sequence[AgreementText]:
    """Every version ever published, the newest first."""
    POLICY.require(viewer, "patients:write_agreement", programme)
    query = select(AgreementText).where(AgreementText.clinic_id == viewer.clinic_id, AgreementText.programme_id == programme.id)
    return db.scalars(query.order_by(AgreementText.version.desc())).all()


def publishers_of(db: Session, viewer: Actor, versions: Sequence[AgreementText]) -> dict[str, str]:
    """Version's id -> who published it, also somebody who has left since."""
    POLICY.require(viewer, "patients:write_agreement")
    query = select(StaffMember.id, StaffMember.name).where(StaffMember.clinic_id == viewer.clinic_id, StaffMember.id.in_({v.published_by for v in versions}))
    names = {row.id: row.name for row in db.execute(query)}
    return {version.id: names[version.published_by] for version in versions if version.published_by in names}


def current_text(db: Session, clinic_id: str, programme_id: str) -> AgreementText | None:
    """The newest version, of a programme that the caller has found."""
    query = select(AgreementText).where(AgreementText.clinic_id == clinic_id, AgreementText.programme_id == programme_id)
    return db.scalar(query.order_by(AgreementText.version.desc()).limit(1))


def offered_languages(db: Session, viewer: Actor) -> dict[str, str]:
    """The languages of the viewer's clinic, by code, each by its own name."""
    return {code: LANGUAGES[code] for code in clinic_of(db, viewer).languages if code in LANGUAGES} or {"en": LANGUAGES["en"]}


def my_agreements(db: Session, viewer: Actor) -> list[Mine]:
    """The agreements of the viewing patient: of the programmes they take part in, and of those they once signed for."""
    POLICY.require(viewer, "patients:sign")
    last = _last_signatures(db, AgreementSignature.patient_id == viewer.id, AgreementSignature.signer == "patient")
    by_programme = {signature.programme_id: signature for signature in last}
    named = participants().programmes_in(db, viewer.clinic_id)
    wanted = {**participants().programmes_of(db, viewer.id), **{key: named[key] for key in by_programme if key in named}}
    texts, offered, now = _current_texts(db, viewer.clinic_id), list(offered_languages(db, viewer)), clock.now()
    found = []
    for programme_id, name in wanted.items():
        text, signature = texts.get(programme_id), by_programme.get(programme_id)
        if text is None:
            continue
        language = rules.text_in(text.words, current_language(), offered)
        state = rules.standing(as_signed(signature), text.id, now)
        found.append(Mine(Programme(programme_id, viewer.clinic_id, name, text), text, state, signature, language, text.words[language]))
    return found


def my_agreement(db: Session, viewer: Actor, programme_id: str) -> Mine:
    """One of the viewing patient's agreements; NotFound for any other programme."""
    mine = next((each for each in my_agreements(db, viewer) if each.programme.id == programme_id), None)
    if mine is None:
        raise NotFound
    return mine


def agreements_of_group(db: Session, viewer: Actor, group_id: str) -> OfGroup:
    """Who of a group has signed, who has not, and whose signature expires; members, their care partners, and observers of the programme."""
    POLICY.require(viewer, "patients:enter_signatures")
    group = participants().group_for(db, viewer, group_id)
    programme = programme_for(db, viewer, group.programme_id, action="patients:enter_signatures")
    members = db.scalars(select(Patient).where(Patient.clinic_id == viewer.clinic_id, Patient.id.in_(group.member_ids))).all()
    partners = db.scalars(select(CarePartner).where(CarePartner.patient_id.in_([p.id for p in members]), CarePartner.ended_at.is_(None))).all()
    of_programme = AgreementSignature.programme_id == group.programme_id
    last = _last_signatures(db, of_programme, AgreementSignature.clinic_id == viewer.clinic_id)
    signed = {_who(signature): signature for signature in last if signature.signer != "observer"}
    text_id, now = programme.text.id if programme.text else "", clock.now()

    def line(who: str, name: str, signer: str) -> Line:
        return Line(who, name, signer, rules.standing(as_signed(signed.get(who)), text_id, now), signed.get(who))

    lines = []
    for member in sorted(members, key=lambda p: (p.family_name.lower(), p.given_name.lower(), p.id)):
        lines.append(line(f"patient:{member.id}", member.name, "patient"))
        lines += [line(f"care_partner:{p.id}", p.name, "care_partner") for p in sorted(partners, key=lambda p: p.name) if p.patient_id == member.id]
    observers = [signature for signature in last if signature.signer == "observer" and not signature.ended_at]
    return OfGroup(group, programme, lines, observers, offered_languages(db, viewer))


def hidden_names(db: Session, patient_ids: Collection[str], programme_id: str) -> frozenset[str]:
    """Whose name other people's screens do not show in visits of this programme. For packages above, inside their own reads."""
    if not patient_ids:
        return frozenset()
    last = _last_signatures(
        db, AgreementSignature.programme_id == programme_id, AgreementSignature.patient_id.in_(patient_ids), AgreementSignature.signer == "patient"
    )
    return frozenset(str(signature.patient_id) for signature in last if rules.hides_name(as_signed(signature)))


def hides_name(db: Session, patient_id: str, programme_id: str) -> bool:
    """The same of one patient, by a statement."""
    return rules.hides_name(as_signed(_LAST_OF.one(db, patient_id=patient_id, programme_id=programme_id)))


_SIGNATURES = table_of(AgreementSignature)
_LAST_OF = Statement(
    select(*columns(AgreementSignature, "text_id", "valid_until", "consents", "ended_at", "ended_because"))
    .where(_SIGNATURES.c.patient_id == bindparam("patient_id"), _SIGNATURES.c.programme_id == bindparam("programme_id"), _SIGNATURES.c.signer == "patient")
    .order_by(_SIGNATURES.c.signed_at.desc(), _SIGNATURES.c.id.desc())
    .limit(literal(1))
)


def as_signed(signature: Any) -> rules.Signed | None:
    if signature is None:
        return None
    return rules.Signed(signature.text_id, signature.valid_until, signature.consents, signature.ended_because if signature.ended_at else "")


def _who(signature: AgreementSignature) -> str:
    return f"care_partner:{signature.care_partner_id}" if signature.signer == "care_partner" else f"{signature.signer}:{signature.patient_id}"


def _last_signatures(db: Session, *where: Any) -> list[AgreementSignature]:
    """For each person and programme the last signature; each observer's for itself."""
    last: dict[tuple[str, str], AgreementSignature] = {}
    for signature in db.scalars(select(AgreementSignature).where(*where).order_by(AgreementSignature.signed_at, AgreementSignature.id)):
        who = signature.id if signature.signer == "observer" else _who(signature)
        last[signature.programme_id, who] = signature
    return list(last.values())


def _current_texts(db: Session, clinic_id: str) -> dict[str, AgreementText]:
    query = select(AgreementText).where(AgreementText.clinic_id == clinic_id).order_by(AgreementText.version)
    return {text.programme_id: text for text in db.scalars(query)}
