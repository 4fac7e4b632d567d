"""Notes on the real database: written by one, signed, co-signed, returned, added to; found by nobody else."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from groupvisits.agenda import service as agenda
from groupvisits.audit import service as audit
from groupvisits.audit.models import AuditEntry
from groupvisits.core import clock
from groupvisits.core.actor import Actor
from groupvisits.core.errors import DomainError, NotAllowed, NotFound
from groupvisits.core.transaction import run, write
from groupvisits.extensions import db
from groupvisits.notes import queries, rules, service
from groupvisits.notes.models import ActionPlan, Note, NoteSignature, NoteVersion
from groupvisits.sessions import service as sessions
from groupvisits.sessions.models import SessionTeamMember
from groupvisits.slots import service as slots
from groupvisits.slots.queries import slot_of_seat
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("context")
WORDS = {
    "co_assess_patient": "Mornings are high.",
    "co_assess_clinician": "Fasting 150 to 180 on 5 of 7 days.",
    "plan_what": "Walk 15 minutes",
    "plan_confidence": "8",
}


def slot_id(cast: Cast, name: str) -> str:
    db.session.rollback()
    slot = slot_of_seat(db.session(), cast.seats[name])
    assert slot is not None
    return slot.id


def seen(cast: Cast, name: str = "rosa", by: Actor | None = None, *, finished: bool = True) -> str:
    """The patient has been seen one-on-one for four minutes, after ten in the group; returns the new note's id."""
    by = by or cast.osei
    run(sessions.open_session, cast.tomas, cast.session_id)
    run(sessions.check_in, cast.joanne, cast.session_id, cast.seats[name])
    with time_machine.travel(clock.now(), tick=False) as at:
        at.shift(600)
        run(slots.start, by, cast.session_id, slot_id=slot_id(cast, name))
        note_id = run(service.open_note, by, slot_id(cast, name))
        at.shift(240)
        if finished:
            run(slots.finish, by, cast.session_id, slot_id=slot_id(cast, name))
    return note_id


def stored(note_id: str) -> Note:
    db.session.rollback()
    return db.session.get_one(Note, note_id)


def save(cast: Cast, note_id: str, base: int | None = None, *, by: Actor | None = None, explicit: bool = False, **fields: str) -> dict[str, Any]:
    return run(
        service.save_draft,
        by or cast.osei,
        note_id,
        base_revision=stored(note_id).revision if base is None else base,
        fields=fields or WORDS,
        explicit=explicit,
    )


def signed(cast: Cast, name: str = "rosa") -> tuple[str, str]:
    note_id = seen(cast, name)
    save(cast, note_id)
    return note_id, sign(cast, note_id)["signature_id"]


def sign(cast: Cast, note_id: str, *, by: Actor | None = None, confirmed: bool = True, **more: Any) -> dict[str, Any]:
    return run(service.sign_note, by or cast.osei, note_id, revision=stored(note_id).revision, confirmed=confirmed, **more)


def cosign(
    cast: Cast, note_id: str, signature_id: str, *, by: Actor | None = None, presence: str = "discussed", confirmed: bool = True, attestation: str = ""
) -> dict[str, Any]:
    return run(service.cosign_note, by or cast.adler, note_id, signature_id=signature_id, presence=presence, attestation=attestation, confirmed=confirmed)


def test_a_one_on_one_has_one_note(cast: Cast) -> None:
    note_id = seen(cast)
    assert run(service.open_note, cast.osei, slot_id(cast, "rosa")) == note_id
    assert (stored(note_id).author_id, stored(note_id).patient_id, stored(note_id).state) == (cast.osei.id, cast.rosa.id, "draft")


def test_nobody_writes_about_somebody_they_have_not_seen(cast: Cast) -> None:
    seen(cast)
    with pytest.raises(rules.NotYetSeen):
        run(service.open_note, cast.osei, slot_id(cast, "gladys"))
    for somebody, refusal in ((cast.farrow, NotAllowed), (cast.adler, NotAllowed), (cast.tomas, NotAllowed), (cast.sol, NotFound)):
        with pytest.raises(refusal):
            run(service.open_note, somebody, slot_id(cast, "rosa"))


def test_saving_the_same_words_twice_is_the_same_as_once(cast: Cast) -> None:
    note_id = seen(cast)
    first = save(cast, note_id, 0)
    assert save(cast, note_id, 0) == first  # the acknowledgement was lost: the same words again, from the old base
    assert stored(note_id).revision == 1


def test_an_older_page_does_not_overwrite(cast: Cast) -> None:
    note_id = seen(cast)
    save(cast, note_id, 0, co_assess_clinician="first")
    with pytest.raises(rules.DraftChanged):
        save(cast, note_id, 0, co_assess_clinician="second")
    assert rules.own_text(stored(note_id).draft) == "first"


def test_earlier_texts_are_kept_once_a_minute_and_can_come_back(cast: Cast) -> None:
    note_id = seen(cast)
    with time_machine.travel(clock.now(), tick=False) as at:
        for words in ("one", "two", "three"):
            save(cast, note_id, co_assess_clinician=words)
            at.shift(10)
        at.shift(60)
        save(cast, note_id, co_assess_clinician="four")
    kept = queries.versions_for(db.session(), cast.osei, note_id)
    assert [rules.own_text(version.draft) for version in kept] == ["three", "one"]
    run(service.use_version, cast.osei, note_id, revision=kept[1].revision, base_revision=stored(note_id).revision)
    assert rules.own_text(stored(note_id).draft) == "one"
    assert rules.own_text(queries.versions_for(db.session(), cast.osei, note_id)[0].draft) == "four"
    with pytest.raises(NotFound):
        run(service.use_version, cast.osei, note_id, revision=99, base_revision=stored(note_id).revision)


def test_a_version_of_another_note_does_not_come_back_here(cast: Cast) -> None:
    note_id = seen(cast)
    with write() as tx:
        other = Note(id="other", clinic_id=cast.clinic_id, session_id=cast.session_id, slot_id=slot_id(cast, "marcus"), patient_id=cast.marcus.id, author_id=cast.farrow.id,
                     state="draft", draft={}, revision=0, saved_at=clock.now(), created_at=clock.now())  # fmt: skip
        tx.add(other)
        tx.flush()
        tx.add(NoteVersion(note_id="other", revision=7, draft={}, saved_at=clock.now()))
    with pytest.raises(NotFound):
        run(service.use_version, cast.osei, note_id, revision=7, base_revision=0)
    with pytest.raises(NotFound):
        run(service.use_version, cast.osei, "other", revision=7, base_revision=0)


def test_a_signature_holds_the_exact_words_and_two_kinds_of_minutes(cast: Cast) -> None:
    note_id, signature_id = signed(cast)
    row = db.session.get_one(NoteSignature, signature_id)
    content = json.loads(row.content)
    assert row.content == rules.canonical(content)
    assert row.sha256 == rules.digest(row.content)
    assert content["blocks"]["co_assess"] == {"patient": "Mornings are high.", "clinician": "Fasting 150 to 180 on 5 of 7 days."}
    assert (content["patient"]["name"], content["author"]["name"], content["plan"]["confidence"]) == ("Rosa Delgado", "Dr Hana Osei", 8)
    assert (row.individual_seconds, content["individual_seconds"]) == (240, 240)
    assert row.group_seconds == content["group_seconds"] <= 600
    assert stored(note_id).state == "signed"
    with pytest.raises(rules.NoteIsSigned):
        save(cast, note_id, co_assess_clinician="other words")
    with pytest.raises(rules.NoteIsSigned):
        sign(cast, note_id)


@pytest.mark.parametrize("table", ["note_signatures", "note_addenda"])
@pytest.mark.parametrize("change", ["UPDATE {0} SET note_id = note_id", "DELETE FROM {0}"])
def test_the_database_refuses_to_change_what_was_signed(cast: Cast, table: str, change: str) -> None:
    note_id, _ = signed(cast)
    run(service.add_to_note, cast.osei, note_id, kind="addendum", words="Also a new lamp.")
    with pytest.raises(DBAPIError, match="signed text never changes"), write() as tx:
        tx.execute(text(change.format(table)))


def test_nothing_is_signed_without_proof_of_who_it_is(cast: Cast) -> None:
    note_id = seen(cast)
    save(cast, note_id)
    with pytest.raises(rules.NotThemselves):
        sign(cast, note_id, confirmed=False)
    assert stored(note_id).state == "draft"
    signature_id = sign(cast, note_id)["signature_id"]
    with pytest.raises(rules.NotThemselves):
        cosign(cast, note_id, signature_id, confirmed=False)
    assert stored(note_id).state == "signed"


def test_a_draft_changed_after_it_was_read_is_not_signed(cast: Cast) -> None:
    note_id = seen(cast)
    save(cast, note_id)
    with pytest.raises(rules.DraftChanged):
        run(service.sign_note, cast.osei, note_id, revision=0, confirmed=True)


def test_what_must_not_be_signed_is_refused(cast: Cast) -> None:
    note_id = seen(cast, finished=False)
    save(cast, note_id)
    with pytest.raises(rules.OneOnOneRuns):
        sign(cast, note_id)
    run(slots.finish, cast.osei, cast.session_id, slot_id=slot_id(cast, "rosa"))
    save(cast, note_id, co_assess_patient="Only hers")
    with pytest.raises(rules.NoteEmpty):
        sign(cast, note_id)
    save(cast, note_id, co_assess_clinician="Heard from Walter and Marcus.")  # Walter is of the clinic, not of this group
    with pytest.raises(rules.NamesAnother) as refusal:
        sign(cast, note_id)
    assert refusal.value.params == {"name": "Marcus"}
    assert sign(cast, note_id, someone_else=["Marcus"])


def test_the_same_words_are_not_signed_for_two_people(cast: Cast) -> None:
    signed(cast)
    theirs = seen(cast, "gladys")
    save(cast, theirs)
    with pytest.raises(rules.NoteCopied):
        sign(cast, theirs)


def test_the_attending_says_where_they_were(cast: Cast) -> None:
    note_id, signature_id = signed(cast)
    with pytest.raises(rules.PresenceMissing):
        cosign(cast, note_id, signature_id, presence="")
    cosign(cast, note_id, signature_id, presence="key_part", attestation="The plan.")
    row = db.session.scalar(db.select(NoteSignature).where(NoteSignature.kind == "cosignature"))
    assert row is not None
    content = json.loads(row.content)
    assert (content["signature_id"], content["presence"], content["attestation"], content["signed_by"]["name"]) == (
        signature_id,
        "key_part",
        "The plan.",
        "Dr Ruth Adler",
    )
    assert (row.presence, row.individual_seconds, stored(note_id).state) == ("key_part", 240, "cosigned")
    with pytest.raises(rules.NotSigned):
        cosign(cast, note_id, signature_id)


def test_a_returned_note_is_written_again_and_signed_again(cast: Cast) -> None:
    note_id, first = signed(cast)
    with pytest.raises(rules.CommentMissing):
        run(service.return_note, cast.adler, note_id, signature_id=first, comment=" ")
    run(service.return_note, cast.adler, note_id, signature_id=first, comment="Say how often she checks.")
    assert (stored(note_id).state, stored(note_id).returned_because) == ("returned", "Say how often she checks.")
    save(cast, note_id, **{**WORDS, "co_decide_clinician": "Three days a week."})
    with time_machine.travel(clock.now() + timedelta(minutes=1)):
        second = sign(cast, note_id)["signature_id"]
    assert stored(note_id).returned_because == ""
    with pytest.raises(rules.OtherSignature):
        cosign(cast, note_id, first)
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        cosign(cast, note_id, second)
    assert db.session.scalar(db.select(db.func.count()).select_from(NoteSignature)) == 3
    assert queries.reading_for(db.session(), cast.adler, note_id, clock.now()).signature.row.id == second  # type: ignore[union-attr]


def test_an_addition_is_dated_now_and_names_nobody(cast: Cast) -> None:
    note_id = seen(cast)
    save(cast, note_id)
    with pytest.raises(rules.NotSigned):
        run(service.add_to_note, cast.osei, note_id, kind="addendum", words="Too early")
    signature_id = sign(cast, note_id)["signature_id"]
    before = db.session.get_one(NoteSignature, signature_id).content
    with pytest.raises(rules.NamesAnother):
        run(service.add_to_note, cast.osei, note_id, kind="late_entry", words="Gladys drove her.")
    with pytest.raises(rules.WordsMissing):
        run(service.add_to_note, cast.osei, note_id, kind="late_entry", words="  ")
    run(service.add_to_note, cast.osei, note_id, kind="late_entry", words="Gladys drove her.", someone_else=["Gladys"])
    run(service.add_to_note, cast.adler, note_id, kind="addendum", words="Seen.")
    db.session.rollback()
    reading = queries.reading_for(db.session(), cast.osei, note_id, clock.now())
    assert [(added.by, added.row.kind) for added in reading.addenda] == [("Dr Hana Osei", "late_entry"), ("Dr Ruth Adler", "addendum")]
    assert reading.signature is not None
    assert (reading.signature.row.content, reading.signature.is_intact) == (before, True)


def test_the_same_addition_by_the_same_person_stands_there_once(cast: Cast) -> None:
    note_id, _ = signed(cast)
    first = run(service.add_to_note, cast.osei, note_id, kind="addendum", words="Also a new lamp.")
    assert run(service.add_to_note, cast.osei, note_id, kind="addendum", words="Also a new lamp. ") == {**first, "already": True}
    others = [(cast.adler, "addendum", "Also a new lamp."), (cast.osei, "late_entry", "Also a new lamp."), (cast.osei, "addendum", "And a rug.")]
    assert not any("already" in run(service.add_to_note, who, note_id, kind=kind, words=words) for who, kind, words in others)
    db.session.rollback()
    assert len(queries.reading_for(db.session(), cast.osei, note_id, clock.now()).addenda) == 4


def test_nobody_else_finds_a_note(cast: Cast) -> None:
    note_id, signature_id = signed(cast)
    for stranger in (cast.farrow, cast.joanne, cast.tomas, cast.nia, cast.ivo, cast.quinn, cast.ada, cast.rosa, cast.marcus, cast.sol):
        for act in (
            lambda who=stranger: run(service.read_note, who, note_id),
            lambda who=stranger: save(cast, note_id, 0, by=who),
            lambda who=stranger: sign(cast, note_id, by=who),
            lambda who=stranger: cosign(cast, note_id, signature_id, by=who),
            lambda who=stranger: run(service.return_note, who, note_id, signature_id=signature_id, comment="x"),
            lambda who=stranger: run(service.add_to_note, who, note_id, kind="addendum", words="x"),
            lambda who=stranger: queries.reading_for(db.session(), who, note_id, clock.now()),
        ):
            with pytest.raises(NotFound):
                act()


def test_an_attending_finds_a_note_only_once_it_is_signed(cast: Cast) -> None:
    note_id = seen(cast)
    with pytest.raises(NotFound):
        run(service.read_note, cast.adler, note_id)
    save(cast, note_id)
    signature_id = sign(cast, note_id)["signature_id"]
    run(service.read_note, cast.adler, note_id)
    for act in (
        lambda: save(cast, note_id, by=cast.adler),
        lambda: sign(cast, note_id, by=cast.adler),
        lambda: cosign(cast, note_id, signature_id, by=cast.osei),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_an_attending_reads_what_was_signed_and_nothing_around_it(cast: Cast) -> None:
    note_id, _ = signed(cast)
    for look in (queries.topics_for, queries.versions_for, queries.findings_for):
        with pytest.raises(NotAllowed):
            look(db.session(), cast.adler, note_id)


def test_who_is_on_the_team_in_another_role_finds_their_note_no_more(cast: Cast) -> None:
    note_id, _ = signed(cast)
    with write() as tx:
        tx.execute(db.update(SessionTeamMember).where(SessionTeamMember.staff_member_id == cast.osei.id).values(role="nurse"))
    now_nurse = Actor("staff", cast.osei.id, cast.clinic_id, frozenset({"resident", "nurse"}), "Dr Hana Osei")
    with pytest.raises(NotFound):
        run(service.read_note, now_nurse, note_id)


def test_who_is_off_the_team_finds_their_note_no_more(cast: Cast) -> None:
    note_id, _ = signed(cast)
    with write() as tx:
        tx.execute(db.delete(SessionTeamMember).where(SessionTeamMember.staff_member_id == cast.osei.id))
    with pytest.raises(NotFound):
        run(service.read_note, cast.osei, note_id)
    assert queries.notes_for(db.session(), cast.osei)[1] == []


def test_nobody_cosigns_what_they_wrote(cast: Cast) -> None:
    with write() as tx:
        tx.add(SessionTeamMember(session_id=cast.session_id, staff_member_id=cast.osei.id, role="attending"))
    note_id, signature_id = signed(cast)
    both = Actor("staff", cast.osei.id, cast.clinic_id, frozenset({"resident", "attending"}), "Dr Hana Osei")
    with pytest.raises(NotAllowed):
        cosign(cast, note_id, signature_id, by=both)
    assert queries.notes_to_cosign(db.session(), both) == []


def test_each_look_is_on_record_without_a_word_of_it(cast: Cast) -> None:
    note_id, signature_id = signed(cast)
    run(service.read_note, cast.adler, note_id)
    cosign(cast, note_id, signature_id)
    entries = db.session.scalars(db.select(AuditEntry).where(AuditEntry.subject_id == note_id).order_by(AuditEntry.number)).all()
    assert [entry.action for entry in entries] == ["notes:open", "notes:save", "notes:sign", "notes:read", "notes:cosign"]
    assert "Mornings" not in json.dumps([entry.details for entry in entries])
    assert list(audit.verify(db.session())) == []


def test_a_refused_act_leaves_nothing(cast: Cast) -> None:
    note_id = seen(cast)
    before = stored(note_id).saved_at
    with pytest.raises(DomainError):
        sign(cast, note_id)
    assert (stored(note_id).state, stored(note_id).saved_at) == ("draft", before)
    assert db.session.scalar(db.select(db.func.count()).select_from(NoteSignature)) == 0


def test_the_lists_hold_what_is_to_do(cast: Cast) -> None:
    note_id = seen(cast)
    seen_too = seen(cast, "gladys")
    run(sessions.check_in, cast.joanne, cast.session_id, cast.seats["frank"])
    run(slots.start, cast.osei, cast.session_id, slot_id=slot_id(cast, "frank"))
    save(cast, note_id)
    signature_id = sign(cast, note_id)["signature_id"]
    unfinished, waiting, done = queries.notes_for(db.session(), cast.osei)
    assert ([line.note.id for line in unfinished], [line.note.id for line in waiting], done) == ([seen_too], [note_id], [])
    assert [line.patient for line in queries.unwritten_for(db.session(), cast.osei, clock.now())] == ["Frank Tully"]
    assert [line.patient for line in queries.notes_to_cosign(db.session(), cast.adler)] == ["Rosa Delgado"]
    assert queries.states_of(db.session(), cast.osei, cast.session_id)[slot_id(cast, "rosa")] == (note_id, "signed")
    cosign(cast, note_id, signature_id)
    db.session.rollback()
    assert [line.note.id for line in queries.notes_for(db.session(), cast.osei)[2]] == [note_id]
    assert queries.notes_to_cosign(db.session(), cast.adler) == []
    with pytest.raises(NotAllowed):
        queries.notes_to_cosign(db.session(), cast.osei)


def test_only_the_author_quotes_what_the_patient_asked_for_alone(cast: Cast) -> None:
    note_id = seen(cast, finished=False)
    run(agenda.propose_topic, cast.rosa, cast.session_id, words="My pills make me dizzy", route="one_on_one", shows_name=False)
    run(agenda.propose_topic, cast.marcus, cast.session_id, words="My feet", route="one_on_one", shows_name=False)
    assert [topic.words for topic in queries.topics_for(db.session(), cast.osei, note_id)] == ["My pills make me dizzy"]
    with pytest.raises(NotFound):
        queries.topics_for(db.session(), cast.farrow, note_id)


def test_a_plan_belongs_to_its_patient(cast: Cast) -> None:
    note_id = seen(cast)
    save(cast, note_id, plan_what="Walk", plan_when="After dinner")
    assert db.session.scalars(db.select(ActionPlan)).all() == []  # nobody asked yet how sure she is
    save(cast, note_id, plan_what="Walk", plan_when="After dinner", plan_confidence="8")
    db.session.rollback()
    plan = db.session.scalars(db.select(ActionPlan)).one()
    assert (plan.patient_id, plan.what, plan.when_how_often, plan.confidence) == (cast.rosa.id, "Walk", "After dinner", 8)
    save(cast, note_id, plan_what="")
    db.session.rollback()
    assert db.session.scalars(db.select(ActionPlan)).all() == []
