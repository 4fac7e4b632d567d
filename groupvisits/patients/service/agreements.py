"""Agreements: a new version of the text, a signature on the phone or on paper, and its withdrawal, which bites at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select

from groupvisits.audit import service as audit
from groupvisits.core import clock, ids
from groupvisits.core.actor import Actor
from groupvisits.core.errors import NotFound
from groupvisits.core.transaction import Transaction
from groupvisits.patients.events import ConsentsChanged
from groupvisits.patients.models import AgreementSignature, AgreementText, CarePartner, Patient
from groupvisits.patients.permissions import POLICY
from groupvisits.patients.queries import agreements as queries
from groupvisits.patients.rules import agreements as rules


def publish_text(
    tx: Transaction, actor: Actor, programme_id: str, *, texts: Mapping[str, str], consents: Sequence[str], valid_months: int, seen: int
) -> dict[str, Any]:
    """A new version of the programme's agreement asks everybody again; earlier versions stay as they were signed.

    `seen` is the version the page showed (0: none): refuses with PublishedMeanwhile when there is a newer one. Refuses without any
    text, and texts in languages that the clinic does not offer. The text in force once more asks nobody again.
    """
    programme = queries.programme_for(tx, actor, programme_id)
    offered = queries.offered_languages(tx, actor)
    words = rules.read_texts(texts, offered)
    rules.check_months(valid_months)
    asked, current = [key for key in rules.CONSENTS if key in consents], programme.text
    if current is not None and (current.words, current.consents, current.valid_months) == (words, asked, valid_months):
        return {"text_id": current.id, "version": current.version, "already": True}
    number = current.version if current else 0
    if number != seen:
        raise rules.PublishedMeanwhile
    text = AgreementText(
        id=ids.new_id(), clinic_id=actor.clinic_id, programme_id=programme_id, version=number + 1, words=words, consents=asked, valid_months=valid_months,
        published_at=clock.now(), published_by=actor.id,
    )  # fmt: skip
    with tx.refused_as(rules.PublishedMeanwhile(), "uq_agreement_texts"):
        tx.add(text)
    audit.record(tx, actor, "patients:publish_agreement", text, programme=programme_id, version=text.version, languages=sorted(words), asked=text.consents)
    return {"text_id": text.id, "version": text.version}


def sign(tx: Transaction, actor: Actor, programme_id: str, *, text_id: str, language: str, signer_name: str, answers: Mapping[str, str]) -> dict[str, Any]:
    """The patient has signed the current text on their phone, with their answer to each consent. What they signed before is replaced.

    Refuses a text that is no longer the current one, a consent without an answer, and no name. The same again changes nothing.
    """
    _hold(tx, actor.id)
    mine = queries.my_agreement(tx, actor, programme_id)
    POLICY.require(actor, "patients:sign", mine.programme)
    name, consents = _read(mine.text, text_id, signer_name, answers)
    language = language if language in mine.text.words else mine.language
    if mine.signature is not None and _says_the_same(mine.signature, mine.text, name, consents):
        return {"signature_id": mine.signature.id}
    signature = _signature(mine.text, "patient", name, language, consents, "phone", patient_id=actor.id)
    return _put_down(tx, actor, signature)


def enter_signature(
    tx: Transaction, actor: Actor, group_id: str, *, text_id: str, who: str, way: str, language: str, signer_name: str, answers: Mapping[str, str]
) -> dict[str, Any]:
    """A signature given on paper or on the clinic's tablet is on record: of a member, of a care partner, or of an observer.

    `who` is "patient:<id>", "care_partner:<id>" or "observer". Refuses people who do not belong to the group, and like `sign`.
    The same again, while it is valid, changes nothing.
    """
    found = queries.agreements_of_group(tx, actor, group_id)
    text = found.programme.text
    if text is None:
        raise NotFound
    line = next((line for line in found.lines if line.who == who), None)
    if line is None and who != "observer":
        raise rules.SignerNeeded(field="who")
    name, consents = _read(text, text_id, signer_name or (line.name if line else ""), answers)
    language = language if language in text.words else rules.text_in(text.words, language, list(found.languages))
    theirs = [line.signature] if line else found.observers
    for before in theirs:
        if before and _says_the_same(before, text, name, consents):
            return {"signature_id": before.id, "already": True}
    whom = _whose(tx, line.who) if line else {}
    signature = _signature(text, line.signer if line else "observer", name, language, consents, way if way in ("paper", "tablet") else "paper", **whom)
    return _put_down(tx, actor, signature)


def withdraw(tx: Transaction, actor: Actor, programme_id: str) -> None:
    """The patient's signature for this programme has ended, with every consent in it, also in rooms that are open now. Twice is once."""
    _hold(tx, actor.id)
    mine = queries.my_agreement(tx, actor, programme_id)
    POLICY.require(actor, "patients:sign", mine.programme)
    if mine.signature is not None:
        _end(tx, actor, mine.signature, "withdrawn")


def enter_withdrawal(tx: Transaction, actor: Actor, group_id: str, signature_id: str) -> None:
    """A withdrawal that somebody told the staff; the same as if they had tapped it themselves. Twice is once."""
    found = queries.agreements_of_group(tx, actor, group_id)
    theirs = [line.signature for line in found.lines if line.signature is not None] + list(found.observers)
    signature = next((each for each in theirs if each.id == signature_id), None)
    if signature is None:
        gone = tx.get(AgreementSignature, signature_id)
        if gone is not None and gone.clinic_id == actor.clinic_id and gone.programme_id == found.programme.id and gone.ended_at is not None:
            return
        raise NotFound
    _end(tx, actor, signature, "withdrawn")


def _read(text: AgreementText, text_id: str, signer_name: str, answers: Mapping[str, str]) -> tuple[str, dict[str, bool]]:
    if text.id != text_id:
        raise rules.NewerText
    consents = rules.read_answers(answers, text.consents)
    return rules.read_name(signer_name), consents


def _says_the_same(before: AgreementSignature, text: AgreementText, name: str, consents: dict[str, bool]) -> bool:
    """Whether what somebody signed before is in force still and is this very text, with the same name and answers."""
    same = (before.text_id, before.signer_name, before.consents) == (text.id, name, consents)
    return same and before.ended_at is None and before.valid_until > clock.now()


def _signature(text: AgreementText, signer: str, name: str, language: str, consents: dict[str, bool], way: str, **whom: str) -> AgreementSignature:
    now = clock.now()
    return AgreementSignature(
        id=ids.new_id(), clinic_id=text.clinic_id, text_id=text.id, programme_id=text.programme_id, signer=signer, signer_name=name, language=language,
        consents=consents, way=way, signed_at=now, valid_until=rules.valid_until(now, text.valid_months), **whom,
    )  # fmt: skip


def _whose(tx: Transaction, who: str) -> dict[str, str]:
    kind, _, person_id = who.partition(":")
    if kind == "patient":
        return {"patient_id": person_id}
    return {"care_partner_id": person_id, "patient_id": tx.get_one(CarePartner, person_id).patient_id}


def _hold(tx: Transaction, patient_id: str) -> None:
    """Two phones of one person, or a phone and the desk, sign one after the other: what is read after this stays true."""
    tx.execute(select(Patient.id).where(Patient.id == patient_id).with_for_update())


def _put_down(tx: Transaction, actor: Actor, signature: AgreementSignature) -> dict[str, Any]:
    if signature.patient_id:
        _hold(tx, signature.patient_id)
        for before in tx.scalars(_in_force(signature)):
            before.ended_at, before.ended_because = signature.signed_at, "replaced"
    tx.add(signature)
    tx.flush()
    audit.record(
        tx, actor, "patients:sign_agreement", signature, programme=signature.programme_id, version=signature.text_id, patient=signature.patient_id,
        signer=signature.signer, way=signature.way, consents=signature.consents,
    )  # fmt: skip
    _tell(tx, signature)
    return {"signature_id": signature.id}


def _in_force(signature: AgreementSignature) -> Select[AgreementSignature]:
    """What the same person has signed for the programme and has not ended, as the database has it now, not as it was read before."""
    same = (AgreementSignature.programme_id == signature.programme_id, AgreementSignature.signer == signature.signer)
    whose = (AgreementSignature.patient_id == signature.patient_id, AgreementSignature.care_partner_id.is_not_distinct_from(signature.care_partner_id))
    return select(AgreementSignature).where(*same, *whose, AgreementSignature.ended_at.is_(None)).order_by(AgreementSignature.id)


def _end(tx: Transaction, actor: Actor, signature: AgreementSignature, because: str) -> None:
    if signature.ended_at is not None:
        return
    signature.ended_at, signature.ended_because = clock.now(), because
    tx.flush()
    audit.record(tx, actor, "patients:withdraw_agreement", signature, programme=signature.programme_id, patient=signature.patient_id, signer=signature.signer)
    _tell(tx, signature)


def _tell(tx: Transaction, signature: AgreementSignature) -> None:
    if signature.signer == "patient" and signature.patient_id:
        tx.announce(ConsentsChanged(signature.patient_id, signature.programme_id))
